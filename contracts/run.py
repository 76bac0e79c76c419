"""One run of the suite. It observes each implementation once, when the first test asks for it, and ends in a `RunResult`."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, cast

from contracts import __version__
from contracts.consumer.observe import PHASES, Client, ConsumerObserver
from contracts.consumer.protocol import CannotBeJudged
from contracts.consumer.script import Script
from contracts.model.errors import location
from contracts.model.exchange import Exchange
from contracts.model.part import Part
from contracts.provider import phases
from contracts.provider.observe import Observer
from contracts.provider.target import Target
from contracts.redaction.redactor import Redactor
from contracts.result import RunResult, recorded
from contracts.rules import known_deviations
from contracts.rules.judgement import ConsumerJudgement, Judgement, ProviderJudgement, Subject
from contracts.rules.known_deviations import Allowances, Deviation
from contracts.settings import Settings

if TYPE_CHECKING:
    from contracts.consumer.protocol import RefreshConsumer
    from contracts.har import Track

DOING: Final = {
    "scenarios": "playing the named scenarios",
    "generated": "playing generated answers",
    "recorded": "playing the answers of the target",
}
JudgementT = TypeVar("JudgementT", ProviderJudgement, ConsumerJudgement)


class Progress(Protocol):
    """Shows the progress of the run."""

    def tell(self, name: str, sent: int, budget: int, doing: str) -> None: ...
    def say(self, text: str) -> None: ...
    def end(self) -> None: ...


class PhaseLog:
    """Remembers which phases ran, which rules each broke, and in which phase an observation ended early."""

    def __init__(self, progress: Progress | None) -> None:
        self.ended_in: dict[Part, str] = {}
        self._progress = progress
        self._done: set[tuple[Part, str]] = set()
        self._broken: dict[tuple[Part, str], list[str]] = {}

    def broken_in(self, part: Part, phase: str) -> list[str]:
        """The ids of the rules that were broken in a phase, without known deviations."""
        return self._broken.get((part, phase), [])

    def read(self, part: Part, phase: str, judgement: Judgement) -> None:
        """Note that a recording was judged instead of running the phase."""
        self._note(part, phase, judgement, {})

    def due(self, part: Part, until: str, all_phases: Iterable[str], judgement: Judgement) -> Iterator[str]:
        """The phases up to `until` that have not run yet. After the caller has run one, what it broke is noted."""
        for phase in _up_to(until, all_phases):
            if (part, phase) not in self._done:
                self._done.add((part, phase))
                before = _unexcused(judgement)
                yield phase
                self._note(part, phase, judgement, before)

    @contextlib.contextmanager
    def guarded(self, judgement: Judgement) -> Iterator[None]:
        """Run a phase. An error of the suite itself ends the observation, but is not a finding."""
        try:
            yield
        except CannotBeJudged as error:
            judgement.observation.note(str(error))
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None  # otherwise pytest would show the traceback, with its values under --full-trace
        except Exception as error:  # a traceback may show locals, which hold secrets
            judgement.observation.note(f"the suite itself failed ({location(error)}); please report it")
        finally:
            if self._progress:
                self._progress.end()

    def _note(self, part: Part, phase: str, judgement: Judgement, before: Mapping[str, int]) -> None:
        if judgement.halted or judgement.cut_short:
            self.ended_in.setdefault(part, phase)
        self._broken[part, phase] = [rule_id for rule_id, n in _unexcused(judgement).items() if n > before.get(rule_id, 0)]


class Run:
    """Observes implementations for the tests of the suite, or judges the recorded `tracks` instead, if they are given."""

    def __init__(
        self,
        settings: Settings,
        argv: Sequence[str] = (),
        tracks: Mapping[Part, Track] | None = None,
        progress: Progress | None = None,
        suite_args: Sequence[str] = RunResult.suite_args,
        asked: Mapping[Part, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        self.settings = settings
        self.tracks = tracks
        self.session: str | None = None  # the customer's Cookie header; the suite logs in to the built-in store by itself
        self.other_session: str | None = None  # that of a second customer
        self.missing: dict[str, str] = {}  # implementation that was asked for and is missing, to a sentence
        self.redactor = Redactor()
        self.phases = PhaseLog(progress)
        self._progress = progress
        self._asked = asked  # the rules that are asked for, of the parts of which not all are
        self._argv, self._suite_args = tuple(argv), tuple(suite_args)
        self._providers: dict[Part, ProviderJudgement] = {}
        self._consumers: dict[Part, ConsumerJudgement] = {}
        self._observers: dict[Part, Observer] = {}
        self._clients: dict[Part, ConsumerObserver] = {}
        self._closing = contextlib.ExitStack()
        self._script = Script(settings.path)
        self._begun, self._started = time.monotonic(), time.time()
        self._endpoint: str | None = None

    # --- providers ----------------------------------------------------------------------------------------------------

    def observe(self, part: Part, phase: str) -> ProviderJudgement:
        """Run a phase on the real endpoint or the mock, after the phases before it. No phase runs twice."""
        if self.tracks is not None:
            return self._again(part, phase, self._providers)
        if part not in self._providers:
            target = _mock() if part is Part.MOCK else self._real()
            rate = self.settings.rate if target.kind == "real" else 0.0
            seen = partial(self._seen, target.name)
            observer = Observer(
                target,
                budget=self.settings.max_requests,
                max_seconds=self.settings.max_seconds,
                rate=rate,
                on_exchange=seen,
                on_wait=partial(self._waits, target.name),
            )
            observer.keep_for_causes()
            observer.enough = self._asked.get(part, frozenset())
            self._observers[part] = observer
            self._providers[part] = ProviderJudgement(observer, known=self.settings.known)
        judgement = self._providers[part]
        for name in self.phases.due(part, phase, phases.PHASES, judgement):
            with self.phases.guarded(judgement):
                phases.run(self._observers[part], name, self.settings.seed)
        return judgement

    def _seen(self, name: str, exchange: Exchange) -> None:
        """Learn the secrets of a finished exchange, and show the progress."""
        self.redactor.learn_exchange(exchange)
        if self._progress:
            self._progress.tell(name, exchange.index, self.settings.max_requests, exchange.situation.probe)

    def _waits(self, name: str, text: str) -> None:
        """Show why nothing seems to happen."""
        if self._progress:
            self._progress.say(f"{name}: {text}")

    def _real(self) -> Target:
        """The target, or the built-in store behind a real socket."""
        s = self.settings
        if s.base_url:
            cookie = None if s.anonymous else self.session
            options = {"path": s.path, "ca": s.ca, "other_cookie": self.other_session}
            return Target.at(
                s.base_url, cookie, expired_cookie=s.expired_cookie, deadline=s.deadline, headers=s.headers, **options
            )
        from contracts.provider.serving import serve
        from contracts.provider.store import Store

        store = Store()
        url = self._closing.enter_context(serve(store.app))
        target = Target.at(url, store.log_in("7"), other_cookie=store.log_in("8"), deadline=s.deadline, name="store")
        target.version = __version__
        target.expired_cookie = store.log_in()
        store.expire(target.expired_cookie)
        target.log_in, target.expire, target.log_out = store.log_in, store.expire, store.log_out
        return target

    # --- consumers ----------------------------------------------------------------------------------------------------

    def watch(self, consumer: RefreshConsumer, phase: str) -> ConsumerJudgement:
        """Play the scenarios of a phase to a client in this process, after the phases before it. No phase runs twice."""
        if self.tracks is not None:
            return self._again(Part.CONSUMER, phase, self._consumers)
        from contracts.consumer.player import Player

        if Part.CONSUMER not in self._consumers:
            self._watch(Part.CONSUMER, Player.of(consumer, self._script, reached_at=self._endpoint))
        client = self._clients[Part.CONSUMER].client
        if isinstance(client, Player):
            client.use(consumer)
        return self._play(Part.CONSUMER, phase)

    def watch_sdk(self, phase: str) -> ConsumerJudgement:
        """Play the scenarios of a phase to the Twilight SDK in a browser. CannotBeJudged: something that it needs is missing."""
        if self.tracks is not None:
            return self._again(Part.SDK, phase, self._consumers)
        from contracts.consumer.sdk import Twilight, find_bundle

        if Part.SDK not in self._consumers:
            sdk = Twilight(find_bundle(self.settings.sdk))
            unusable = None
            try:
                sdk.identify()
            except CannotBeJudged as error:
                unusable = str(error)
            self._watch(Part.SDK, sdk)
            if unusable:
                self._clients[Part.SDK].note(unusable)
        return self._play(Part.SDK, phase)

    @property
    def endpoint(self) -> str:
        """The base URL of a real socket on which the scenarios are played to clients in this process."""
        if self._endpoint is None:
            from contracts.consumer.socket_stage import serve_script

            self._endpoint = self._closing.enter_context(serve_script(self._script))
        return self._endpoint

    def _watch(self, part: Part, client: Client) -> None:
        self._closing.callback(client.close)
        self._clients[part] = observer = ConsumerObserver(
            client, Allowances(self._known(client)), patience=self.settings.deadline
        )
        self._consumers[part] = ConsumerJudgement(observer)

    def _known(self, client: Subject) -> list[Deviation]:
        """The known deviations of a client: those that ship with the package, and those that the user listed."""
        if self.settings.strict:
            return []
        listed = (*known_deviations.shipped(client.name, client.version), *self.settings.known)
        return [d for d in listed if d.implementation in (None, client.name)]

    def _play(self, part: Part, until: str) -> ConsumerJudgement:
        judgement, observer = self._consumers[part], self._clients[part]
        for phase in self.phases.due(part, until, PHASES, judgement):
            if self._progress:
                self._progress.say(f"{judgement.name}: {DOING[phase]}")
            with self.phases.guarded(judgement):
                if phase == "recorded":
                    observer.replay(recorded(self.settings, self._providers).scenarios)
                else:
                    observer.run(phase, self.settings.seed)
        return judgement

    # --- recordings ---------------------------------------------------------------------------------------------------

    def _again(self, part: Part, phase: str, judgements: dict[Part, JudgementT]) -> JudgementT:
        """Judge the recording of an implementation, when its first phase is asked for."""
        from contracts.har import replaying

        if part not in judgements:
            track = (self.tracks or {})[part]
            for exchange in itertools.chain(track.exchanges, *(outcome.exchanges for outcome in track.outcomes)):
                self.redactor.learn_exchange(exchange)
            judgements[part] = cast(
                "JudgementT", replaying.judged(track, path=self.settings.path, known=self.settings.known, known_of=self._known)
            )
            self.phases.read(part, phase, judgements[part])
        return judgements[part]

    # --- the end ------------------------------------------------------------------------------------------------------

    def learned(self) -> Redactor:
        """The redactor, after it has learned the secrets of the user and those of the exchanges in findings."""
        s = self.settings
        for secret in (self.session, self.other_session, s.cookie, s.other_cookie, s.expired_cookie):
            self.redactor.learn_cookies(secret or "")
        for value in self.settings.headers.values():
            self.redactor.learn(value)
        for judgement in self._providers.values():
            for finding in judgement.findings:
                if exchange := judgement.observation.evidence.get(finding.exchange):
                    self.redactor.learn_exchange(exchange)
        return self.redactor

    def finish(self, *, interrupted: bool = False) -> RunResult | None:
        """Stop everything that was started, and return the result; None if nothing was judged."""
        self._closing.close()
        judgements: dict[Part, Judgement] = {**self._providers, **self._consumers}
        if not judgements and not self.missing:
            return None
        if interrupted:
            for judgement in judgements.values():
                judgement.observation.note("the run was interrupted")
        return RunResult(
            self.settings,
            judgements,
            self.missing,
            self._argv,
            self._suite_args,
            started=self._started,
            seconds=time.monotonic() - self._begun,
            has_session=bool(self.session),
            has_other=bool(self.other_session),
            replayed=self.tracks is not None,
        )


def _mock() -> Target:
    """The built-in mock, in this process."""
    from contracts.provider.mock import RefreshMock

    mock = RefreshMock()
    return Target.in_process(mock.handler, mock.session, other_cookie=mock.other_session)


def _unexcused(judgement: Judgement) -> dict[str, int]:
    """Rule id to the number of cases that broke it, without known deviations."""
    return {rule_id: tally.broken - tally.excused for rule_id, tally in judgement.tallies.items()}


def _up_to(phase: str, all_phases: Iterable[str]) -> Iterator[str]:
    for name in all_phases:
        yield name
        if name == phase:
            return
