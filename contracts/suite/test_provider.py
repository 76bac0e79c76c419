"""The endpoint, real and mocked, against every provider rule.

First the four ways of observing, then one test a rule on all that was seen. A test that is run alone observes first.
"""

from __future__ import annotations

import pytest

from contracts.document import load
from contracts.phases import PHASES
from contracts.run import Run

implementations = pytest.mark.parametrize(
    "implementation",
    [pytest.param("real", marks=pytest.mark.provider), pytest.param("mock", marks=pytest.mark.mock)],
)
RULES = [rule.id for rule in load().rules.values() if rule.role == "provider"]


@implementations
@pytest.mark.parametrize("phase", PHASES)
def test_observation(refresh_run: Run, refresh_session: str | None, implementation: str, phase: str) -> None:
    """No exchange of this phase breaks a MUST."""
    judgement = refresh_run.observe(implementation, phase, refresh_session)
    if judgement.halted:
        pytest.fail(refresh_run.learn().show(judgement.halted), pytrace=False)
    rules = load().rules
    seen = refresh_run.broken_in(implementation, phase)
    broken = [id for id in seen if rules[id].level == "MUST" and judgement.verdict_of(id) == "fail"]
    judgement.rules.update(broken)  # what is seen broken counts, even if the run ends before its own test
    if broken:
        pytest.fail(f"broken by exchanges of this phase: {', '.join(broken)}", pytrace=False)


@implementations
@pytest.mark.parametrize("rule", RULES)
def test_rule(refresh_run: Run, refresh_session: str | None, implementation: str, rule: str) -> None:
    """Every exchange that exercises the rule keeps it."""
    judgement = refresh_run.observe(implementation, list(PHASES)[-1], refresh_session)
    judgement.rules.add(rule)
    verdict = judgement.verdict_of(rule)
    if verdict in ("fail", "fixed"):
        said = judgement.tallies[rule].findings
        actual = refresh_run.learn().show(said[0].actual) if said else "a known deviation is no longer seen"
        pytest.fail(f"{rule}: {actual}", pytrace=False)
    if verdict in ("not-exercised", "blocked"):
        pytest.skip(f"{verdict}: {load().rules[rule].text}")
