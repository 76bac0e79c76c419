"""Judges clients by every consumer rule: one in Python (the reference or the project's own), and the Twilight SDK in a browser.

The first tests observe, one phase each. Then one test for each rule judges everything that was seen. It observes first if it runs
alone.
"""

from __future__ import annotations

import pytest

from contracts.consumer.observe import PHASES
from contracts.consumer.protocol import RefreshConsumer
from contracts.model.document import load
from contracts.model.part import Part
from contracts.run import Run
from contracts.suite.judging import judged, observed

RULES = [rule.id for rule in load().rules.values() if rule.role == "consumer"]


@pytest.mark.consumer
@pytest.mark.parametrize("phase", PHASES)
def test_consumer_observation(refresh_run: Run, refresh_consumer: RefreshConsumer, phase: str) -> None:
    """No outcome of this phase breaks a MUST."""
    observed(refresh_run, Part.CONSUMER, refresh_run.watch(refresh_consumer, phase), phase, by="outcomes")


@pytest.mark.consumer
@pytest.mark.parametrize("rule", RULES)
def test_consumer_rule(refresh_run: Run, refresh_consumer: RefreshConsumer, rule: str, request: pytest.FixtureRequest) -> None:
    """Every outcome that exercises the rule keeps it."""
    judged(refresh_run, refresh_run.watch(refresh_consumer, PHASES[-1]), rule, request.node)


@pytest.mark.sdk
@pytest.mark.parametrize("phase", PHASES)
def test_sdk_observation(refresh_run: Run, refresh_sdk: None, phase: str) -> None:
    """No outcome of this phase breaks a MUST; known deviations do not count."""
    observed(refresh_run, Part.SDK, refresh_run.watch_sdk(phase), phase, by="outcomes")


@pytest.mark.sdk
@pytest.mark.parametrize("rule", RULES)
def test_sdk_rule(refresh_run: Run, refresh_sdk: None, rule: str, request: pytest.FixtureRequest) -> None:
    """Every outcome that exercises the rule keeps it; known deviations do not count."""
    judged(refresh_run, refresh_run.watch_sdk(PHASES[-1]), rule, request.node)
