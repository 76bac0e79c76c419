"""A sequence of scenarios while it is played to a client in this process, and the outcomes that become of it.

    RunningSequence
    ├── Running …           one scenario while it is played
    │   └── Attempt …       one refresh() of it
    └── Notification …      an event, in the order in which events were heard

Events may come late, twice or from another thread, so it is decided only in the end which scenario an event belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.consumer.script import Log
from contracts.model.exchange import Kind
from contracts.model.limits import EVENT_WAIT_SECONDS
from contracts.model.outcome import Call, Event, Outcome, linked
from contracts.model.scenario import Scenario

LONGEST: Final = 4000  # characters of an error that are kept; reports cut it further, once secrets are taken out


@dataclass
class Attempt:
    """One refresh() while it runs. `error` is the very object that was raised; `at` is of `time.monotonic()`."""

    settled: str = "pending"
    at: float = 0.0
    value: Any = None
    error: BaseException | None = None

    def call(self, began: float, now: float) -> Call:
        """The attempt as it is now; a pending one has lasted until now."""
        ended = now if self.settled == "pending" else self.at
        return Call(self.settled, ended - began, self.value, "" if self.error is None else in_words(self.error))


@dataclass(eq=False)
class Running:
    """One scenario while it is played. `began` is of `time.monotonic()`, `started` is seconds since the epoch."""

    number: int
    scenario: Scenario
    token_before: Any
    began: float
    started: float
    attempts: tuple[Attempt, ...] = ()
    calls: tuple[Call, ...] = ()  # the attempts as they were when the scenario ended
    token_after: Any = None
    log: Log | None = None

    @property
    def pending(self) -> bool:
        """Whether an attempt has not settled yet."""
        return any(attempt.settled == "pending" for attempt in self.attempts)

    @property
    def first_request(self) -> float | None:
        """When its first request was sent, in seconds since the epoch; None if none was, as far as is known."""
        return self.log.exchanges[0].started if self.log and self.log.exchanges else None

    @property
    def owes_event(self) -> bool:
        """Whether an event is expected: after every failure, and whenever a call was rejected."""
        return self.scenario.kind is Kind.FAILED or any(call.settled == "rejected" for call in self.calls)

    @property
    def event_due(self) -> float:
        """The last moment at which its event would be in time. While calls are pending nobody waits for it."""
        settled = self.calls and all(call.settled != "pending" for call in self.calls)
        return self.began + max(call.at for call in self.calls) + EVENT_WAIT_SECONDS if settled else 0.0


@dataclass(frozen=True)
class Notification:
    """An event as one listener heard it: when (on both clocks), with which argument, and while which scenario was played."""

    listener: int
    at: float
    moment: float
    argument: Any
    during: Running


@dataclass(eq=False)
class RunningSequence:
    """The scenarios of a sequence that have begun, and the events. `former` are rejections of earlier sequences."""

    former: list[BaseException] = field(default_factory=list)
    scenarios: list[Running] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)

    @property
    def errors(self) -> list[BaseException]:
        """All rejections so far. An event that carries one of them comes too late to count in a later sequence."""
        own = (attempt.error for running in self.scenarios for attempt in running.attempts)
        return self.former + [error for error in own if error is not None]

    @property
    def progress(self) -> tuple[int, int]:
        """How many events were heard and how many attempts have settled."""
        return len(self.notifications), sum(a.settled != "pending" for running in self.scenarios for a in running.attempts)

    def owner(self, notification: Notification) -> Running | None:
        """The scenario that an event belongs to; None if it belongs to an earlier sequence.

        It is the one whose rejection the event carries, else the one that was played when the event was heard. If that one had
        not sent anything yet, the event comes from the one before.
        """
        during = notification.during
        position = self.scenarios.index(during)
        latest_first = self.scenarios[position::-1]
        for running in latest_first:
            if any(_related(notification.argument, attempt.error) for attempt in running.attempts):
                return running
        if any(_related(notification.argument, error) for error in self.former):
            return None
        too_early = during.first_request is not None and notification.moment < during.first_request
        return latest_first[1] if too_early and position else during

    def last_event_due(self) -> float:
        """The last moment at which an event that is missing could still come in time."""
        heard = self._by_number()
        due = (running.event_due for running in self.scenarios if running.owes_event and not heard[running.number])
        return max(due, default=0.0)

    def outcomes(self, mode: str) -> list[Outcome]:
        """The outcome of each scenario, in their order."""
        heard = self._by_number()
        return linked([_outcome(running, heard[running.number], mode) for running in self.scenarios])

    def _by_number(self) -> dict[int, list[Notification]]:
        """The events by the number of the scenario that they belong to."""
        found: dict[int, list[Notification]] = {running.number: [] for running in self.scenarios}
        for notification in tuple(self.notifications):
            if running := self.owner(notification):
                found[running.number].append(notification)
        return found


def _outcome(running: Running, notifications: Sequence[Notification], mode: str) -> Outcome:
    log = running.log or Log(running.scenario)
    return Outcome(
        running.scenario,
        running.calls,
        tuple(_event(notification, running.began) for notification in notifications),
        tuple(log.exchanges),
        tuple(log.strays),
        running.token_before,
        running.token_after,
        client=mode,
        index=running.number,
        started=running.started,
    )


def _event(notification: Notification, began: float) -> Event:
    argument = notification.argument
    is_error = isinstance(argument, BaseException)
    return Event(notification.listener, notification.at - began, is_error, _status(argument), in_words(argument))


def _status(argument: object) -> int | None:
    """The HTTP status of the response that an error carries."""
    for name in ("status_code", "status"):
        with suppress(Exception):  # a property may raise whatever it likes
            status = getattr(argument.response, name)  # type: ignore[attr-defined]
            if isinstance(status, int) and not isinstance(status, bool):
                return status
    return None


def _related(argument: object, error: BaseException | None) -> bool:
    """Whether one of the two is the other, or was raised from the other or while the other was handled."""
    return error is not None and (any(e is argument for e in _chain(error)) or any(e is error for e in _chain(argument)))


def _chain(error: object) -> Iterator[object]:
    """An error, its causes and its contexts."""
    seen: list[object] = []
    left = [error]
    while left:
        one = left.pop()
        if isinstance(one, BaseException) and not any(one is other for other in seen):
            seen.append(one)
            left += [one.__cause__, one.__context__]
            yield one


def in_words(error: object) -> str:
    """An error, or whatever takes its place, in words; the type alone where a client's own class cannot even be printed."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:
        text = type(error).__name__
    return text[:LONGEST]
