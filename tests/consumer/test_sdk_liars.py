"""Every SDK that lies is caught, whatever else is known of the published one; one that is better than the list is red too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.consumer.sdk import available
from contracts.model.document import load
from contracts.rules.judgement import ConsumerJudgement
from contracts.rules.known_deviations import Deviation
from tests.clients.javascript import FIXED, LIARS, ODD, Changed
from tests.conftest import SEEN, Row
from tests.kit.clients import AT_PAGE_LOAD
from tests.kit.judgements import blamed
from tests.kit.sdks import Stage, judge, listed

missing = available(None)
pytestmark = [pytest.mark.sdk, pytest.mark.skipif(missing is not None, reason=missing or "")]

MUST = {rule.id for rule in load().rules.values() if rule.role == "consumer" and rule.level == "MUST"}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A browser, started when it first plays."""
    stage = Stage()
    try:
        yield stage
    finally:
        stage.close()


def judged(stage: Stage, sdk: Changed, request: pytest.FixtureRequest) -> ConsumerJudgement:
    """What the gate says of a changed SDK, noted in the table of all."""
    judgement = judge(stage, sdk)
    rule = sdk.breaks or next(iter(sdk.fixes), "")
    others = tuple(sorted(red(judgement) - {rule}))
    seen = judgement.first_seen.get(rule)
    request.config.stash[SEEN].append(Row(sdk.name, rule, seen, judgement.verdict, others))
    return judgement


def red(judgement: ConsumerJudgement) -> set[str]:
    """The rules that keep it from being conformant."""
    return blamed(judgement, "fail", "fixed")


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.name)
def test_liar_is_caught(liar: Changed, stage: Stage, request: pytest.FixtureRequest) -> None:
    """The gate names the rule that the SDK breaks, though much is known, and no other rule but those that turn red with it."""
    judgement = judged(stage, liar, request)
    assert judgement.verdicts[liar.breaks] == ("fail" if liar.breaks in MUST else "warn")
    assert red(judgement) - {liar.breaks} == set(liar.others)
    if liar.breaks in MUST:
        assert judgement.verdict == "non-conformant"


@pytest.mark.parametrize("sdk", FIXED, ids=lambda sdk: sdk.name)
def test_what_was_put_right_is_red(sdk: Changed, stage: Stage, request: pytest.FixtureRequest) -> None:
    """The gate says which entries of the list are out of date, and that is all that it finds."""
    judgement = judged(stage, sdk, request)
    gone = {d for rule in judgement.verdicts for d in judgement.observer.allowances.fixed(rule)}
    assert gone == {d for d in listed(stage) if is_about(d, sdk)}
    assert blamed(judgement, "fixed") == set(sdk.fixes)
    assert blamed(judgement, "fail", "warn") == set()
    assert judgement.verdict == "non-conformant"


def is_about(deviation: Deviation, sdk: Changed) -> bool:
    """Whether this is an entry that the SDK puts right."""
    return deviation.rule in sdk.fixes and sdk.about in dict(deviation.when)


@pytest.mark.parametrize("sdk", ODD, ids=lambda sdk: sdk.name)
def test_odd_sdk_is_not_blamed(sdk: Changed, stage: Stage, request: pytest.FixtureRequest) -> None:
    """The gate finds it as conformant as the published one, and warns of nothing that is not known."""
    judgement = judged(stage, sdk, request)
    assert blamed(judgement, "fail", "fixed", "warn", "error") == set()
    assert judgement.verdict == "conformant", judgement.reason


def test_every_must_has_a_javascript_liar() -> None:
    """No rule that an SDK must keep goes untried, and none that only a page can break."""
    assert {liar.breaks for liar in LIARS} >= MUST | AT_PAGE_LOAD


def test_every_entry_of_the_list_is_put_right_by_one(stage: Stage) -> None:
    """Whatever the list knows, the gate would notice that it is no longer so."""
    assert [d.condition for d in listed(stage) if not any(is_about(d, sdk) for sdk in FIXED)] == []


def test_names_are_unique() -> None:
    """A name means one SDK."""
    names = [one.name for one in (*LIARS, *FIXED, *ODD)]
    assert len(names) == len(set(names))
