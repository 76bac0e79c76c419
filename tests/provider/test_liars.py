"""Every liar is caught by its rule; no odd provider is blamed."""

from __future__ import annotations

import pytest

from contracts.model.document import load
from contracts.settings import Settings
from tests.conftest import SEEN, Row
from tests.kit import replays
from tests.kit.endpoints import FEW, judged
from tests.kit.judgements import blamed
from tests.liars import BEYOND, LIARS, ODD, Liar, Odd

MUST = {rule.id for rule in load().rules.values() if rule.role == "provider" and rule.level == "MUST"}
SHOULD = {rule.id for rule in load().rules.values() if rule.role == "provider" and rule.level == "SHOULD"}


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.name)
def test_liar_is_caught(liar: Liar, request: pytest.FixtureRequest) -> None:
    """The gate names the rule that the liar breaks and, where it breaks just that, blames no other MUST."""
    with liar.make() as running:
        judgement = judged(running, deadline=liar.deadline, budget=FEW if liar.always else Settings.max_requests)
    others = blamed(judgement, "fail") & MUST - {liar.rule}
    row = Row(liar.name, liar.rule, judgement.first_seen.get(liar.rule), judgement.verdict, tuple(sorted(others)))
    request.config.stash[SEEN].append(row)
    assert judgement.verdicts[liar.rule] == ("fail" if liar.rule in MUST else "warn")
    assert judgement.verdict == ("non-conformant" if liar.rule in MUST else "conformant")
    if liar.always and liar.just:
        assert not others
    replays.same(judgement)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_odd_provider_is_not_blamed(odd: Odd, request: pytest.FixtureRequest) -> None:
    """The gate finds an odd provider conformant, and warns of nothing but what is allowed."""
    with odd.make() as running:
        judgement = judged(running)
    failed = blamed(judgement, "fail")
    row = Row(odd.name, "", None, judgement.verdict, tuple(sorted(failed)))
    request.config.stash[SEEN].append(row)
    assert not failed
    assert blamed(judgement, "warn") <= set(odd.warns)
    assert judgement.verdict == "conformant", judgement.reason
    replays.same(judgement)


def test_every_provider_rule_has_a_liar() -> None:
    """Each provider rule is broken by a liar, and no liar names a rule that is not there."""
    assert {liar.rule for liar in LIARS} == MUST | SHOULD


def test_names_are_unique() -> None:
    """No two servers have the same name."""
    names = [one.name for one in (*LIARS, *BEYOND, *ODD)]
    assert len(names) == len(set(names))


def test_the_median_liar_is_seen_by_the_twelfth_request(request: pytest.FixtureRequest) -> None:
    """Half of the liars are seen within twelve requests, for the most telling probes come first."""
    seen = sorted(row.seen for row in request.config.stash[SEEN] if row.rule in MUST | SHOULD and row.seen)
    if len(seen) < len(LIARS):
        pytest.skip("not all liars were run")
    assert seen[len(seen) // 2] <= 12
