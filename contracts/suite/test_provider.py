"""Judges the endpoint, real and mocked, by every provider rule.

The first tests observe, one phase each. Then one test for each rule judges everything that was seen. It observes first if it runs
alone.
"""

from __future__ import annotations

import pytest

from contracts.model.document import load
from contracts.model.part import Part
from contracts.provider.phases import PHASES
from contracts.run import Run
from contracts.suite.judging import judged, observed

implementations = pytest.mark.parametrize(
    "part",
    [pytest.param(part, id=part.value, marks=getattr(pytest.mark, part.value)) for part in (Part.PROVIDER, Part.MOCK)],
)
ASKING = list(PHASES)[-1]  # the phase that asks for the cause of what the others found
RULES = [rule.id for rule in load().rules.values() if rule.role == "provider"]


@implementations
@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase != ASKING])
def test_provider_observation(refresh_run: Run, part: Part, phase: str) -> None:
    """No exchange of this phase breaks a MUST."""
    judgement = refresh_run.observe(part, phase)
    observed(refresh_run, part, judgement, phase, by="exchanges")


@implementations
@pytest.mark.parametrize("rule", RULES)
def test_provider_rule(refresh_run: Run, part: Part, rule: str, request: pytest.FixtureRequest) -> None:
    """Every exchange that exercises the rule keeps it."""
    judged(refresh_run, refresh_run.observe(part, ASKING), rule, request.node)
