"""Plays scenarios to a client in this process, and says what came of them.

    Player
    └── _Scene …        one scenario while it is played
        └── _Take …     one refresh() of it
    _Heard …            events, in the order in which they were heard; whose they are is decided at the end

Events may come late, twice or from another thread, so they are only counted when everything is over.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Self

from contracts.consumers import CannotBeJudged, RefreshConsumer
from contracts.consumers.script import Part, Script
from contracts.consumers.turns import Turns
from contracts.exchange import Kind
from contracts.outcome import LISTENERS, THROWN, Call, Event, Outcome, linked
from contracts.rules.consumer import IMPATIENT_SECONDS, LATE_SECONDS, PATIENT_TIMES, SETTLING_SECONDS
from contracts.scenario import Lane, Scenario

TURN_SECONDS: Final = 0.02  # a short turn of the event loop
ENDING_SECONDS: Final = 1.0  # for each step of stopping what is left
STOOD_STILL: Final = 0.3  # seconds without a turn, after which neither a client's time limits nor the player's mean anything
TRIES: Final = 3
LONGEST: Final = 4000  # characters of an error that are kept; what is shown of it is cut after secrets are taken out
MEMBERS: Final = ("token", "on_refresh_failed", "refresh")

Stage = Callable[[], AbstractContextManager[object]]


class ConsumerUnusable(CannotBeJudged):
    """What was given as a client cannot be used as one; the message names what is missing."""


@dataclass
class _Take:
    """One refresh() as it went. `error` is the very object that was raised."""

    settled: str = "pending"
    at: float = 0.0
    value: Any = None
    error: BaseException | None = None


@dataclass(eq=False)
class _Scene:
    """One scenario while it is played. Times are those of `time.monotonic()`, `started` is seconds since the epoch."""

    number: int
    scenario: Scenario
    token_before: Any
    began: float
    started: float
    takes: tuple[_Take, ...] = ()
    calls: tuple[Call, ...] = ()  # the takes as they were when the scene ended
    token_after: Any = None
    part: Part | None = None

    @property
    def asked(self) -> float | None:
        """When its first request was sent, in seconds since the epoch."""
        return self.part.exchanges[0].started if self.part and self.part.exchanges else None


@dataclass(frozen=True)
class _Heard:
    """An event as it was heard: by which listener, when (on both clocks), with what, and during which scene."""

    listener: int
    at: float
    moment: float
    what: Any
    during: _Scene


class Player:
    """One client under test, in this process. It lives on one event loop, since clients keep connections.

    `make` makes the client on that loop; `stage` brings the script to it for as long as it plays; `patience` is how many seconds
    after the end of an exchange its calls may take.
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
        self._left = 0  # scenarios that left calls pending
        self._make, self._script, self._patience, self._stage = make, script, patience, stage
        self._consumer: RefreshConsumer | None = None
        self._numbers = itertools.count(1)
        self._scenes: list[_Scene] = []  # of the lane in hand, the last one being on
        self._heard: list[_Heard] = []
        self._former: list[BaseException] = []  # rejections of earlier lanes; what is heard of them now comes too late to count
        self._loop = loop or asyncio.new_event_loop()

    @classmethod
    def of(cls, consumer: RefreshConsumer, script: Script, *, reached_at: str | None = None) -> Self:
        """The player of a client that exists. Its requests by httpx are intercepted, but for those to `reached_at`."""
        from contracts import __version__
        from contracts.consumers.intercept import intercepted
        from contracts.consumers.python import RefreshClient

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
        """From now on play to this client."""
        if self._consumer is not None and consumer is not self._consumer:
            self._finish()
        self._make = lambda: consumer

    def play(self, lanes: Sequence[Lane]) -> list[Outcome]:
        """What came of the lanes, one after the other."""
        return [outcome for lane in lanes for outcome in self.meet(lane.scenarios, lane.mode)]

    def meet(self, scenarios: Sequence[Scenario], mode: str = "") -> list[Outcome]:
        """What came of the scenarios, in their order; numbered on from one time to the next.

        They are played again where the process stood still meanwhile; a client that makes it do so is judged all the same.
        """
        for _ in range(TRIES):
            with Turns() as turns:
                outcomes = self._once(scenarios, mode)
            if turns.longest < STOOD_STILL:
                break
        return outcomes

    def _once(self, scenarios: Sequence[Scenario], mode: str) -> list[Outcome]:
        playing = self._loop.create_task(self._meet(scenarios, mode))
        try:
            with self._stage():
                return self._loop.run_until_complete(playing)
        finally:
            playing.cancel()  # an interrupt leaves it half done

    def close(self) -> None:
        """Stop whatever is left of the client, within seconds, whether it wants to or not."""
        if self._loop.is_closed():
            return
        try:
            self._finish()
            generators = self._loop.create_task(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(_cancel({generators}, first=ENDING_SECONDS))
        finally:
            self._loop.close()

    # --- playing ------------------------------------------------------------------------------------------------------

    async def _meet(self, scenarios: Sequence[Scenario], mode: str) -> list[Outcome]:
        consumer = self._consumer or await self._start()
        self._former += [take.error for scene in self._scenes for take in scene.takes if take.error is not None]
        self._scenes, self._heard = [], []
        tasks: set[asyncio.Task[None]] = set()
        try:
            for scenario in scenarios:
                await self._play(consumer, scenario, tasks)
            await self._late_events()
        finally:
            await _cancel(tasks)
        heard = self._sorted()
        return linked([_outcome(scene, heard[scene.number], mode) for scene in self._scenes])

    async def _start(self) -> RefreshConsumer:
        """Make the client and listen to it."""
        consumer = self._make()
        for name in MEMBERS[1:]:
            if not callable(getattr(consumer, name, None)):
                raise ConsumerUnusable(f"{type(consumer).__name__} cannot be used as a client: it has no method {name}()")
        for number in range(LISTENERS):
            try:
                registered = consumer.on_refresh_failed(partial(self._hear, number))
                if inspect.isawaitable(registered):
                    await registered
            except Exception as error:
                name = type(consumer).__name__
                raise ConsumerUnusable(f"{name} takes no listener: on_refresh_failed() raised {_words(error)}") from error
        self._consumer = consumer
        return consumer

    async def _play(self, consumer: RefreshConsumer, scenario: Scenario, tasks: set[asyncio.Task[None]]) -> None:
        """Play one scenario; its calls are added to the tasks, since they may outlast it."""
        number = next(self._numbers)
        self._script.prepare(number, scenario)
        scene = _Scene(number, scenario, _token(consumer), time.monotonic(), time.time())
        self._scenes.append(scene)
        self._script.begin(number)
        scene.takes = tuple(_Take() for _ in range(scenario.calls))
        calls = {asyncio.create_task(_take(consumer, take)) for take in scene.takes}
        tasks |= calls
        if calls:
            done, _ = await asyncio.wait(calls, timeout=scenario.seconds + self._waits())
            for task in done:
                task.result()  # nothing, or what no client may swallow, such as an interrupt
        self._left += any(take.settled == "pending" for take in scene.takes)
        scene.token_after = _token(consumer)
        scene.part = self._script.end(number)
        self.requests += len(scene.part.exchanges) if scenario.delivery.reaches else 0
        scene.calls = tuple(_call(take, scene.began) for take in scene.takes)

    def _waits(self) -> float:
        """Seconds after an exchange that calls may take; little, once it is plain that this client leaves calls pending."""
        return self._patience if self._left < PATIENT_TIMES else min(self._patience, IMPATIENT_SECONDS)

    async def _late_events(self) -> None:
        """Wait as long as an event that is missing could still come in time; in any case for what is due right now."""
        await asyncio.sleep(TURN_SECONDS)
        known, due = None, 0.0
        while True:
            settled = sum(take.settled != "pending" for scene in self._scenes for take in scene.takes)
            if known != (len(self._heard), settled):  # else nothing has changed; to sort hundreds of events takes a while
                known, heard = (len(self._heard), settled), self._sorted()
                due = max((_event_due(s) for s in self._scenes if _owes_event(s) and not heard[s.number]), default=0.0)
            if time.monotonic() >= due:
                return
            await asyncio.sleep(TURN_SECONDS)

    def _finish(self) -> None:
        """End the client that is in use, on the loop it lived on."""
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

    # --- events -------------------------------------------------------------------------------------------------------

    def _hear(self, listener: int, what: Any = None, *more: Any) -> None:
        if not self._scenes:
            return
        heard = _Heard(listener, time.monotonic(), time.time(), what, self._scenes[-1])
        self._heard.append(heard)
        calling = any(take.settled == "pending" for take in heard.during.takes)
        scene = heard.during if calling else self._scene_of(heard)
        if listener == 0 and scene is not None and scene.scenario.throwing:
            raise RuntimeError(THROWN)

    def _scene_of(self, heard: _Heard) -> _Scene | None:
        """The scene whose rejection the event carries, None if that is of an earlier lane; otherwise the one that was on.

        What is heard before that one has sent anything comes from the one before.
        """
        on = self._scenes.index(heard.during)
        earlier = self._scenes[on::-1]
        for scene in earlier:
            if any(_related(heard.what, take.error) for take in scene.takes):
                return scene
        if any(_related(heard.what, error) for error in self._former):
            return None
        too_early = heard.during.asked is not None and heard.moment < heard.during.asked
        return earlier[1] if too_early and on else heard.during

    def _sorted(self) -> dict[int, list[_Heard]]:
        """The events by the number of the scene that they belong to."""
        found: dict[int, list[_Heard]] = {scene.number: [] for scene in self._scenes}
        for heard in tuple(self._heard):
            if scene := self._scene_of(heard):
                found[scene.number].append(heard)
        return found


async def _take(consumer: RefreshConsumer, take: _Take) -> None:
    """Call refresh() once and note how it ended."""
    try:
        made = consumer.refresh()
        take.value = await made if inspect.isawaitable(made) else made
        take.settled = "resolved"
    except (Exception, asyncio.CancelledError) as error:  # a client may cancel its own work; when the player does, nobody looks
        take.settled, take.error = "rejected", error
    take.at = time.monotonic()


async def _cancel(tasks: set[asyncio.Task[Any]] | set[Any], first: float = 0.0) -> None:
    """Wait for tasks, cancel those that are left, and forget how they ended. One that will not be cancelled is left behind."""
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
        raise ConsumerUnusable(f"{name} cannot be used as a client: reading its token raised {_words(error)}") from error


def _owes_event(scene: _Scene) -> bool:
    """Whether an event is to be expected: of a failure, and of whatever was rejected."""
    return scene.scenario.kind is Kind.FAILED or any(call.settled == "rejected" for call in scene.calls)


def _event_due(scene: _Scene) -> float:
    """Until when an event of the scene would be in time; never, while its calls are pending."""
    settled = scene.calls and all(call.settled != "pending" for call in scene.calls)
    return scene.began + max(call.at for call in scene.calls) + LATE_SECONDS if settled else 0.0


def _related(what: object, error: BaseException | None) -> bool:
    """Whether one is the other, or was raised from it or while it was handled."""
    return error is not None and (any(e is what for e in _chain(error)) or any(e is error for e in _chain(what)))


def _chain(error: object) -> Iterator[object]:
    seen: list[object] = []
    left = [error]
    while left:
        one = left.pop()
        if isinstance(one, BaseException) and not any(one is other for other in seen):
            seen.append(one)
            left += [one.__cause__, one.__context__]
            yield one


def _words(error: object) -> str:
    """An error, or what was given for one, in words; a client's own classes may fail even at that."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:
        text = type(error).__name__
    return text[:LONGEST]


def _status(what: object) -> int | None:
    """The HTTP status of the response that an error carries."""
    for name in ("status_code", "status"):
        with suppress(Exception):  # a property may raise whatever it likes
            status = getattr(what.response, name)  # type: ignore[attr-defined]
            if isinstance(status, int) and not isinstance(status, bool):
                return status
    return None


def _call(take: _Take, began: float) -> Call:
    ended = time.monotonic() if take.settled == "pending" else take.at
    return Call(take.settled, ended - began, take.value, "" if take.error is None else _words(take.error))


def _outcome(scene: _Scene, heard: Sequence[_Heard], mode: str) -> Outcome:
    part = scene.part or Part(scene.scenario)
    events = (
        Event(h.listener, h.at - scene.began, isinstance(h.what, BaseException), _status(h.what), _words(h.what)) for h in heard
    )
    return Outcome(
        scene.scenario,
        scene.calls,
        tuple(events),
        tuple(part.exchanges),
        tuple(part.strays),
        scene.token_before,
        scene.token_after,
        client=mode,
        index=scene.number,
        started=scene.started,
    )
