"""Endpoints that nobody thought of: made up of all that the contract leaves open, and broken in one place.

`MADE_UP_EXAMPLES=20000 pytest tests/provider/test_made_up_liars.py --hypothesis-seed=random` tries many more than the tests do.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.model.document import load
from contracts.rules.engine import Evaluator
from contracts.rules.provider import RULE_SET
from tests.kit.judgements import blamed
from tests.kit.made_up import BREAKAGES, Breakage, Condition, Endpoint, Style, broken, styles

MUST = {rule.id for rule in load().rules.values() if rule.role == "provider" and rule.level == "MUST"}
EXAMPLES = int(os.environ.get("MADE_UP_EXAMPLES", "0"))
many = settings(
    max_examples=EXAMPLES or 150,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
one_of_each = pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: f"{breakage.rule}: {breakage.sentence}")


@many
@given(styles())
def test_what_the_contract_leaves_open_is_not_blamed(style: Style) -> None:
    """A conforming endpoint is neither blamed nor advised, however it spells its answers."""
    judgement = Endpoint(style).judged()
    assert blamed(judgement, "fail", "warn") == set()
    assert judgement.halted is None


@many
@given(broken())
def test_the_rule_that_was_broken_is_named(case: tuple[Style, Breakage, tuple[Condition, ...]]) -> None:
    """The rule that a made-up endpoint breaks is named wherever the fault hides, and no other MUST is."""
    style, breakage, conditions = case
    named(Endpoint(style, breakage, conditions), breakage)


@one_of_each
def test_each_breakage_is_named(breakage: Breakage) -> None:
    """Each breakage is named in the plainest endpoint there is."""
    named(Endpoint(Style(), breakage), breakage)


def named(endpoint: Endpoint, breakage: Breakage) -> None:
    """The gate says which rule the breakage breaks."""
    judgement = endpoint.judged()
    assert judgement.verdicts[breakage.rule] == ("fail" if breakage.rule in MUST else "warn")
    if breakage.alone:
        assert blamed(judgement, "fail") <= {breakage.rule}


@one_of_each
def test_without_its_rule_a_breakage_is_not_named(breakage: Breakage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A breakage is not named when its rule says nothing: so each of these tests can fail."""
    monkeypatch.setitem(RULE_SET.judges, breakage.rule, lambda exchange, memory: None)
    assert Evaluator(RULE_SET).tallies[breakage.rule].exercised == 0
    with pytest.raises(AssertionError):
        named(Endpoint(Style(), breakage), breakage)


def test_most_rules_about_answers_have_a_breakage() -> None:
    """The rules without a breakage are about the wire, time, overlap and sessions, which a handler in this process lacks."""
    rest = MUST - {breakage.rule for breakage in BREAKAGES}
    assert rest == {
        "one-answer-in-time",
        "no-input-needed",
        "extras-change-nothing",
        "repeats-hold",
        "concurrent-calls-hold",
        "session-is-kept",
        "token-belongs-to-customer",
    }
