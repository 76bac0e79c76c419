"""Every client that lies is caught by its rule, and no odd client is blamed."""

from __future__ import annotations

import pytest

from contracts.model.document import load
from tests.clients.kit import Liar, Odd
from tests.clients.odd import ODD
from tests.clients.python import LIARS
from tests.conftest import SEEN, Row
from tests.kit import replays
from tests.kit.clients import AT_PAGE_LOAD, NEEDS_REAL_TIME, judged
from tests.kit.judgements import blamed

CONSUMER = [rule for rule in load().rules.values() if rule.role == "consumer"]
MUST = {rule.id for rule in CONSUMER if rule.level == "MUST"}
SHOULD = {rule.id for rule in CONSUMER if rule.level == "SHOULD"}


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.name)
def test_liar_is_caught(liar: Liar, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate names the rule that the client breaks, and blames no other MUST but those that break with it."""
    judgement = judged(liar.make(), monkeypatch)
    others = blamed(judgement, "fail") - {liar.rule}
    row = Row(liar.name, liar.rule, judgement.first_seen.get(liar.rule), judgement.verdict, tuple(sorted(others)))
    request.config.stash[SEEN].append(row)
    assert judgement.halted is None
    assert judgement.verdicts[liar.rule] == ("fail" if liar.rule in MUST else "warn")
    assert judgement.verdict == ("non-conformant" if liar.rule in MUST else "conformant")
    assert others <= set(liar.others)
    if LIARS.index(liar) % 4 == 0:  # one in four is enough, since each takes half a second
        replays.same(judgement)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_odd_client_is_not_blamed(odd: Odd, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate finds an odd client conformant, and warns of nothing but what is allowed."""
    judgement = judged(odd.make(), monkeypatch, quick=odd.name not in NEEDS_REAL_TIME, only=("scenarios", "generated"))
    row = Row(odd.name, "", None, judgement.verdict, tuple(sorted(blamed(judgement, "fail"))))
    request.config.stash[SEEN].append(row)
    assert judgement.halted is None
    assert blamed(judgement, "fail") == set()
    assert blamed(judgement, "warn") <= set(odd.warns)
    assert judgement.verdict == "conformant", judgement.reason


def test_every_consumer_rule_has_a_liar() -> None:
    """Every rule that needs no page has a liar, and every liar names a rule of the document."""
    assert {liar.rule for liar in LIARS} == (MUST | SHOULD) - AT_PAGE_LOAD


def test_names_are_unique() -> None:
    """No two clients have the same name."""
    names = [one.name for one in (*LIARS, *ODD)]
    assert len(names) == len(set(names))
