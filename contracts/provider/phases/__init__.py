"""The four ways in which a provider is observed, in the order in which they are run under one budget.

    named       the polite pass: named probes, then every pair of conditions
    generated   requests that schemathesis makes from the document
    properties  requests that Hypothesis makes: header values, order, repetition; shrunk when one breaks a rule
    sessions    a state machine over log-in, refresh, overlap, expiry and log-out

Each is a function from an observer to nothing: what it saw is in the observer's evidence and tallies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.provider.observe import BudgetSpent, Halted, Observer


def named(observer: Observer, seed: int) -> None:
    """The polite pass."""
    from contracts.provider.phases.named import observe

    observe(observer, seed)


def generated(observer: Observer, seed: int) -> None:
    """Cases by schemathesis."""
    from contracts.provider.phases.generated import observe

    observe(observer, observer.left // 3)


def properties(observer: Observer, seed: int) -> None:
    """Cases by Hypothesis."""
    from contracts.provider.phases.properties import observe

    observe(observer, observer.left // 2, seed)


def sessions(observer: Observer, seed: int) -> None:
    """A state machine by Hypothesis."""
    from contracts.provider.phases.sessions import observe

    observe(observer, observer.left, seed)


PHASES: Final[dict[str, Callable[[Observer, int], None]]] = {
    "named": named,
    "generated": generated,
    "properties": properties,
    "sessions": sessions,
}


LAST: Final = "sessions"


def run(observer: Observer, phase: str, seed: int = 0) -> None:
    """Run one phase; what ends it early is remembered by the observer. A halted observer sends nothing more."""
    if observer.halted:
        return
    try:
        PHASES[phase](observer, seed)
    except BudgetSpent:
        pass
    except Halted as halt:
        observer.note(str(halt))
    if phase == LAST:
        observer.settle()
