"""The ways of observing a target, in the order in which they run under one budget.

    named       the polite pass: the named probes, then every pair of conditions
    generated   requests that schemathesis makes from the schema of each parameter: examples, boundaries, just outside
    properties  requests in which Hypothesis combines parameters, in any order and repetition; one that breaks a rule is shrunk
    sessions    a state machine of log-in, refresh, overlap, expiry and log-out
    causes      where a MUST was broken, a few questions about what it depends on

Each is a function that gives an observer work. What came of it is in the observer's evidence and tallies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.model.limits import LEAST_GENERATED, MAX_REQUESTS
from contracts.provider.observe import BudgetSpent, Observer
from contracts.provider.politeness import Halted, TimeSpent
from contracts.provider.probes import BEARER, Probe


def named(observer: Observer, seed: int) -> None:
    """The polite pass, with nothing left over."""
    from contracts.provider.phases.named import observe

    observe(observer, seed)


def named_first(observer: Observer, seed: int) -> None:
    """The polite pass; from the default budget on, it leaves each of the next two phases its share."""
    from contracts.provider.phases.named import observe

    observe(observer, seed, kept=2 * LEAST_GENERATED if observer.budget >= MAX_REQUESTS else 0)


def generated(observer: Observer, seed: int) -> None:
    """Requests that schemathesis makes."""
    from contracts.provider.phases.generated import observe

    observe(observer, _share(observer, of=3))


def properties(observer: Observer, seed: int) -> None:
    """Requests that Hypothesis makes."""
    from contracts.provider.phases.properties import observe

    observe(observer, _share(observer, of=2), seed)


def _share(observer: Observer, *, of: int) -> int:
    """One of so many equal shares of the requests that are left, but no less than a phase is to have."""
    left = observer.requests_left
    return max(left // of, min(left, LEAST_GENERATED if observer.budget >= MAX_REQUESTS else 0))


def sessions(observer: Observer, seed: int) -> None:
    """The state machine of a customer."""
    from contracts.provider.phases.sessions import observe

    observe(observer, observer.requests_left, seed)


def causes(observer: Observer, seed: int) -> None:
    """Questions about the cause of what was broken; then the rest of the plan, where these leave room for it.

    From the default budget on, the last request of all asks whether the token alone is accepted.
    """
    from contracts.provider.phases.causes import observe

    observe(observer)
    for probes in observer.unsent:
        if observer.requests_left <= len(probes):
            break
        observer.send(probes)
    curious = observer.budget >= MAX_REQUESTS and not observer.enough and not observer.target.anonymous
    if curious and observer.requests_left and observer.target.customer.token:
        observer.probe(TOKEN_ALONE)  # last, for an environment may end the session over it


PHASES: Final[dict[str, Callable[[Observer, int], None]]] = {
    "named": named,
    "generated": generated,
    "properties": properties,
    "sessions": sessions,
    "causes": causes,
}
LAST: Final = "causes"
TOKEN_ALONE: Final = Probe("the last token alone", session=BEARER, headers=(("authorization", "Bearer {token}"),))


def run(observer: Observer, phase: str, seed: int = 0, *, alone: bool = False) -> None:
    """Run one phase; `alone` says that no other follows.

    The observer remembers what ends it early; once it is halted or its time is up, it sends nothing more.
    """
    if observer.halted:
        return
    before = observer.requests
    try:
        if not observer.cut_short:
            (PHASES[phase] if alone or phase != "named" else named_first)(observer, seed)
    except BudgetSpent:
        pass
    except TimeSpent as spent:
        observer.cut(str(spent))
    except Halted as halt:
        observer.note(str(halt))
    finally:
        observer.phases[phase] = observer.requests - before
    if phase == LAST:
        observer.finish()
