"""Scenarios that Hypothesis makes, met in one go; one that breaks a MUST unexpectedly is shrunk to the smallest that does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from contracts.model.document import load
from contracts.model.scenario import Scenario
from contracts.rules.engine import Finding

EXAMPLES: Final = 60
SHRINKS: Final = 80  # scenarios that looking for a smaller one may cost

Meet = Callable[[Sequence[Scenario]], list[Finding]]


class Broken(AssertionError):
    """A MUST was broken by the scenario in hand; Hypothesis looks for a smaller one."""


def observe(meet: Meet, seed: int, told: Collection[str] = ()) -> None:
    """Let a client meet scenarios made by Hypothesis, the same for a seed; of the rules `told` there is smaller evidence."""
    made = _made(seed)
    if _broken(meet(made), told):
        _shrink(meet, seed, told)


def _broken(findings: Sequence[Finding], told: Collection[str]) -> list[str]:
    rules = load().rules
    return [f.rule for f in findings if rules[f.rule].level == "MUST" and not f.known and f.rule not in told]


def _made(seed: int) -> list[Scenario]:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    from contracts.consumer.strategies import scenarios

    made: list[Scenario] = []

    @seeded(seed)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios())
    def collect(scenario: Scenario) -> None:
        made.append(replace(scenario, name=f"generated-{len(made) + 1}", named=False))

    collect()
    return made


def _shrink(meet: Meet, seed: int, told: Collection[str]) -> None:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis.errors import Flaky

    from contracts.consumer.strategies import scenarios

    met = 0

    @seeded(seed)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(scenarios())
    def holds(scenario: Scenario) -> None:
        nonlocal met
        met += 1
        if met > EXAMPLES + SHRINKS:
            return
        broken = _broken(meet([replace(scenario, name=f"shrunk-{met}", named=False)]), told)
        if broken:
            raise Broken(broken[0])

    with contextlib.suppress(Broken, Flaky):  # the evidence holds the smallest; an intermittent fault is a fault too
        holds()
