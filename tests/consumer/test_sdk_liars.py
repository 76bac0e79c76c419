"""Every SDK that lies is caught, whatever else is known of the published one, and one that fixes a known deviation is red."""

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
    """A browser, which starts with the first play."""
    stage = Stage()
    try:
        yield stage
    finally:
        stage.close()


def judged(stage: Stage, sdk: Changed, request: pytest.FixtureRequest) -> ConsumerJudgement:
    """The judgement of a changed SDK, which is also kept for the table of all."""
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
    """The gate names the rule that the SDK breaks, whatever else is known, and no other rule but those that turn red with it."""
    judgement = judged(stage, liar, request)
    assert judgement.verdicts[liar.breaks] == ("fail" if liar.breaks in MUST else "warn")
    assert red(judgement) - {liar.breaks} == set(liar.others)
    if liar.breaks in MUST:
        assert judgement.verdict == "non-conformant"


@pytest.mark.parametrize("sdk", FIXED, ids=lambda sdk: sdk.name)
def test_fixed_deviations_are_red(sdk: Changed, stage: Stage, request: pytest.FixtureRequest) -> None:
    """If an SDK fixes a known deviation, the gate names the entries that are out of date, and finds nothing else."""
    judgement = judged(stage, sdk, request)
    gone = {d for rule in judgement.verdicts for d in judgement.observation.allowances.fixed(rule)}
    assert gone == {d for d in listed(stage) if is_about(d, sdk)}
    assert blamed(judgement, "fixed") == set(sdk.fixes)
    assert blamed(judgement, "fail", "warn") == set()
    assert judgement.verdict == "non-conformant"


def is_about(deviation: Deviation, sdk: Changed) -> bool:
    """Whether the SDK fixes this deviation."""
    return deviation.rule in sdk.fixes and sdk.about in dict(deviation.when)


@pytest.mark.parametrize("sdk", ODD, ids=lambda sdk: sdk.name)
def test_odd_sdk_is_not_blamed(sdk: Changed, stage: Stage, request: pytest.FixtureRequest) -> None:
    """The gate finds an odd SDK as conformant as the published one, and warns of nothing that is not known."""
    judgement = judged(stage, sdk, request)
    assert blamed(judgement, "fail", "fixed", "warn", "error") == set()
    assert judgement.verdict == "conformant", judgement.reason


def test_every_must_has_a_javascript_liar() -> None:
    """Every MUST has a liar, and so has every rule that only a page can break."""
    assert {liar.breaks for liar in LIARS} >= MUST | AT_PAGE_LOAD


def test_every_known_deviation_is_fixed_by_one_sdk(stage: Stage) -> None:
    """For every entry of the list there is an SDK that fixes it, so the gate would notice an entry that is out of date."""
    assert [d.condition for d in listed(stage) if not any(is_about(d, sdk) for sdk in FIXED)] == []


def test_names_are_unique() -> None:
    """No two changed SDKs have the same name."""
    names = [one.name for one in (*LIARS, *FIXED, *ODD)]
    assert len(names) == len(set(names))
