"""Plays scenarios that Hypothesis makes, all in one go, and shrinks one that breaks a MUST unexpectedly."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from contracts.generation import Generation
from contracts.model.document import load
from contracts.model.scenario import Scenario
from contracts.rules.engine import Finding

EXAMPLES: Final = 60
SHRINKS: Final = 80  # the most scenarios that the search for a smaller one may cost, beyond as many examples again

Play = Callable[[Sequence[Scenario]], list[Finding]]


def observe(play: Play, seed: int, known: Collection[str] = ()) -> None:
    """Play generated scenarios to a client, the same for a seed. Rules in `known` have smaller evidence already."""
    if _broken(play(_made(seed)), known):
        _shrink(play, seed, known)


def _broken(findings: Sequence[Finding], known: Collection[str]) -> str | None:
    """The first MUST that was broken unexpectedly."""
    rules = load().rules
    unexpected = (f.rule for f in findings if rules[f.rule].level == "MUST" and not f.known and f.rule not in known)
    return next(unexpected, None)


def _made(seed: int) -> list[Scenario]:
    from contracts.consumer.strategies import scenarios

    made: list[Scenario] = []

    def collect(scenario: Scenario) -> None:
        made.append(replace(scenario, name=f"generated-{len(made) + 1}", named=False))

    Generation(seed).each(scenarios(), collect, EXAMPLES)
    return made


def _shrink(play: Play, seed: int, known: Collection[str]) -> None:
    """Look for the smallest scenario that breaks a MUST; the evidence holds all that were tried."""
    from contracts.consumer.strategies import scenarios

    tried = 0

    def attempt(scenario: Scenario) -> str | None:
        nonlocal tried
        tried += 1
        if tried > EXAMPLES + SHRINKS:
            return None
        return _broken(play([replace(scenario, name=f"shrunk-{tried}", named=False)]), known)

    Generation(seed).each(scenarios(), attempt, EXAMPLES, shrink=True)
