"""The ways of observing a target, in the order in which they run under one budget.

    named       the polite pass: the named probes, then every pair of conditions
    generated   requests that schemathesis makes from the document
    properties  requests that Hypothesis makes, with any header values, order and repetition; one that breaks a rule is shrunk
    sessions    a state machine of log-in, refresh, overlap, expiry and log-out
    causes      where a MUST was broken, a few questions about what it depends on

Each is a function that gives an observer work. What came of it is in the observer's evidence and tallies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.provider.observe import BudgetSpent, Observer
from contracts.provider.politeness import Halted, TimeSpent


def named(observer: Observer, seed: int) -> None:
    """The polite pass."""
    from contracts.provider.phases.named import observe

    observe(observer, seed)


def generated(observer: Observer, seed: int) -> None:
    """Requests that schemathesis makes."""
    from contracts.provider.phases.generated import observe

    observe(observer, observer.requests_left // 3)


def properties(observer: Observer, seed: int) -> None:
    """Requests that Hypothesis makes."""
    from contracts.provider.phases.properties import observe

    observe(observer, observer.requests_left // 2, seed)


def sessions(observer: Observer, seed: int) -> None:
    """The state machine of a customer."""
    from contracts.provider.phases.sessions import observe

    observe(observer, observer.requests_left, seed)


def causes(observer: Observer, seed: int) -> None:
    """Questions about the cause of what was broken."""
    from contracts.provider.phases.causes import observe

    observe(observer)


PHASES: Final[dict[str, Callable[[Observer, int], None]]] = {
    "named": named,
    "generated": generated,
    "properties": properties,
    "sessions": sessions,
    "causes": causes,
}
LAST: Final = "causes"


def run(observer: Observer, phase: str, seed: int = 0) -> None:
    """Run one phase. The observer remembers what ends it early; once it is halted or its time is up, it sends nothing more."""
    if observer.halted:
        return
    try:
        if not observer.cut_short:
            PHASES[phase](observer, seed)
    except BudgetSpent:
        pass
    except TimeSpent as spent:
        observer.cut(str(spent))
    except Halted as halt:
        observer.note(str(halt))
    if phase == LAST:
        observer.finish()
