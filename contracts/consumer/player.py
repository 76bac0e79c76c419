"""Plays scenarios to a client in this process. What becomes of them is kept in running.py until it is an outcome."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import Any, Final, Self

from contracts.consumer.protocol import CannotBeJudged, RefreshConsumer
from contracts.consumer.running import Attempt, Notification, Running, RunningSequence, in_words
from contracts.consumer.script import Script
from contracts.consumer.stalls import Stalls
from contracts.model.limits import IMPATIENT_SECONDS, PATIENT_SCENARIOS, SETTLING_SECONDS
from contracts.model.outcome import LISTENERS, THROWN, Outcome
from contracts.model.scenario import Scenario, ScenarioSequence

TURN_SECONDS: Final = 0.02  # a short turn of the event loop
ENDING_SECONDS: Final = 1.0  # for each step of stopping a client
LONGEST_STALL: Final = 0.3  # seconds; after a longer one, time limits have run out that a client or the player meant to keep
TRIES: Final = 3
METHODS: Final = ("on_refresh_failed", "refresh")

Stage = Callable[[], AbstractContextManager[object]]


class ConsumerUnusable(CannotBeJudged):
    """The object that was given as a client cannot be used as one; the message names what is missing."""


class Player:
    """One client under test, in this process. It lives on one event loop, since clients keep connections.

    `make` makes the client on that loop; `stage` brings the script to it for as long as it plays; `patience` is how many seconds
    its calls may take after the exchange has ended.
    """

    modes: tuple[str, ...] = ("",)
    slow_modes: tuple[str, ...] = ()
    loads: bool = False

    def __init__(
        self,
        make: Callable[[], RefreshConsumer],
        script: Script,
        *,
        name: str,
        kind: str,
        version: str | None = None,
        patience: float = SETTLING_SECONDS,
        stage: Stage = nullcontext,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.name, self.kind, self.version = name, kind, version
        self.requests = 0  # that reached the endpoint
        self._left_pending = 0  # scenarios in which calls were left pending
        self._make, self._script, self._patience, self._stage = make, script, patience, stage
        self._consumer: RefreshConsumer | None = None
        self._numbers = itertools.count(1)
        self._sequence = RunningSequence()
        self._loop = loop or asyncio.new_event_loop()

    @classmethod
    def of(cls, consumer: RefreshConsumer, script: Script, *, reached_at: str | None = None) -> Self:
        """The player of a client that exists. Its requests by httpx are intercepted, except those to `reached_at`."""
        from contracts import __version__
        from contracts.consumer.httpx_stage import intercepted
        from contracts.consumer.reference import RefreshClient

        own = type(consumer) is RefreshClient
        return cls(
            lambda: consumer,
            script,
            name="python" if own else type(consumer).__name__,
            kind="mock" if own else "real",
            version=__version__ if own else None,
            stage=partial(intercepted, script, reached_at),
        )

    def use(self, consumer: RefreshConsumer) -> None:
        """From now on, play to this client."""
        if self._consumer is not None and consumer is not self._consumer:
            self._finish()
        self._make = lambda: consumer

    def play(self, sequences: Sequence[ScenarioSequence]) -> list[Outcome]:
        """Play the sequences one after the other and return the outcome of each scenario."""
        return [outcome for sequence in sequences for outcome in self.play_scenarios(sequence.scenarios, sequence.mode)]

    def play_scenarios(self, scenarios: Sequence[Scenario], mode: str = "") -> list[Outcome]:
        """Play scenarios and return their outcomes in order; their numbers go on from one play to the next.

        If the process stalled meanwhile, they are played again. A client that makes it stall every time is judged all the same.
        """
        for _ in range(TRIES):
            with Stalls() as stalls:
                outcomes = self._play_once(scenarios, mode)
            if stalls.longest < LONGEST_STALL:
                break
        return outcomes

    def _play_once(self, scenarios: Sequence[Scenario], mode: str) -> list[Outcome]:
        playing = self._loop.create_task(self._play_sequence(scenarios, mode))
        try:
            with self._stage():
                return self._loop.run_until_complete(playing)
        finally:
            playing.cancel()  # after an interrupt it is still under way

    def close(self) -> None:
        """Stop whatever is left of the client, within seconds, even against its will."""
        if self._loop.is_closed():
            return
        try:
            self._finish()
            generators = self._loop.create_task(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(_cancel({generators}, first=ENDING_SECONDS))
        finally:
            self._loop.close()

    # --- playing ------------------------------------------------------------------------------------------------------

    async def _play_sequence(self, scenarios: Sequence[Scenario], mode: str) -> list[Outcome]:
        consumer = self._consumer or await self._start()
        self._sequence = RunningSequence(self._sequence.errors)
        tasks: set[asyncio.Task[None]] = set()
        try:
            for scenario in scenarios:
                await self._play(consumer, scenario, tasks)
            await self._late_events()
        finally:
            await _cancel(tasks)
        return self._sequence.outcomes(mode)

    async def _start(self) -> RefreshConsumer:
        """Make the client and register listeners with it."""
        consumer = self._make()
        for name in METHODS:
            if not callable(getattr(consumer, name, None)):
                raise ConsumerUnusable(f"{type(consumer).__name__} cannot be used as a client: it has no method {name}()")
        for number in range(LISTENERS):
            try:
                registered = consumer.on_refresh_failed(partial(self._notify, number))
                if inspect.isawaitable(registered):
                    await registered
            except Exception as error:
                name = type(consumer).__name__
                raise ConsumerUnusable(f"{name} takes no listener: on_refresh_failed() raised {in_words(error)}") from error
        self._consumer = consumer
        return consumer

    async def _play(self, consumer: RefreshConsumer, scenario: Scenario, tasks: set[asyncio.Task[None]]) -> None:
        """Play one scenario. Its calls are added to `tasks`, since they may outlast it."""
        number = next(self._numbers)
        self._script.prepare(number, scenario)
        running = Running(number, scenario, _token(consumer), time.monotonic(), time.time())
        self._sequence.scenarios.append(running)
        self._script.begin(number)
        running.attempts = tuple(Attempt() for _ in range(scenario.calls))
        calls = {asyncio.create_task(_call(consumer, attempt)) for attempt in running.attempts}
        tasks |= calls
        if calls:
            done, _ = await asyncio.wait(calls, timeout=scenario.seconds + self._settling_seconds())
            for task in done:
                task.result()  # nothing, or what no client may swallow, such as an interrupt
        self._left_pending += running.pending
        running.token_after = _token(consumer)
        running.log = self._script.end(number)
        self.requests += len(running.log.exchanges) if scenario.delivery.reaches else 0
        running.calls = tuple(attempt.call(running.began, time.monotonic()) for attempt in running.attempts)

    def _settling_seconds(self) -> float:
        """Seconds that calls may take after an exchange: few once the client has left calls pending several times."""
        patient = self._left_pending < PATIENT_SCENARIOS
        return self._patience if patient else min(self._patience, IMPATIENT_SECONDS)

    async def _late_events(self) -> None:
        """Wait as long as an event that is missing could still come in time, and always for what is due right now."""
        progress, due = None, math.inf
        while True:
            await asyncio.sleep(TURN_SECONDS)
            if progress != self._sequence.progress:  # otherwise nothing has changed, and finding out takes a while
                progress, due = self._sequence.progress, self._sequence.last_event_due()
            if time.monotonic() >= due:
                return

    def _notify(self, listener: int, argument: Any = None, *more: Any) -> None:
        """A listener hears an event; the first one throws where the scenario says so."""
        sequence = self._sequence
        if not sequence.scenarios:
            return
        current = sequence.scenarios[-1]
        notification = Notification(listener, time.monotonic(), time.time(), argument, current)
        sequence.notifications.append(notification)
        owner = current if current.pending else sequence.owner(notification)
        if listener == 0 and owner is not None and owner.scenario.throwing:
            raise RuntimeError(THROWN)

    def _finish(self) -> None:
        """End the client that is in use, on the loop where it lives."""
        consumer, self._consumer = self._consumer, None
        self._loop.run_until_complete(self._end(consumer))

    async def _end(self, consumer: RefreshConsumer | None) -> None:
        aclose = getattr(consumer, "aclose", None)
        if callable(aclose):
            with suppress(Exception):  # it may be closed already, and how well it closes is not judged
                closing = aclose()
                if inspect.isawaitable(closing):
                    await _cancel({asyncio.ensure_future(closing)}, first=ENDING_SECONDS)
        await _cancel(asyncio.all_tasks() - {asyncio.current_task()})


async def _call(consumer: RefreshConsumer, attempt: Attempt) -> None:
    """Call refresh() once and keep how it ended."""
    try:
        made = consumer.refresh()
        attempt.value = await made if inspect.isawaitable(made) else made
        attempt.settled = "resolved"
    except (
        Exception,
        asyncio.CancelledError,
    ) as error:  # a client may cancel its own work; if the player cancels it, nobody looks
        attempt.settled, attempt.error = "rejected", error
    attempt.at = time.monotonic()


async def _cancel(tasks: set[asyncio.Task[Any]] | set[Any], first: float = 0.0) -> None:
    """Wait for tasks, cancel those that are left, and forget how they ended. One that cannot be cancelled is left behind."""
    if not tasks:
        return
    _, pending = await asyncio.wait(tasks, timeout=first)
    for task in pending:
        task.cancel()
    if pending:
        await asyncio.wait(pending, timeout=ENDING_SECONDS)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # or asyncio would report it


def _token(consumer: RefreshConsumer) -> Any:
    try:
        return consumer.token
    except Exception as error:
        name = type(consumer).__name__
        raise ConsumerUnusable(f"{name} cannot be used as a client: reading its token raised {in_words(error)}") from error
