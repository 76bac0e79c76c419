"""One run of the suite: which implementations it judges, how, and what is reported in the end."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from contracts import __version__
from contracts.consumer.observe import PHASES, Client, ConsumerObserver, Subject
from contracts.consumer.protocol import CannotBeJudged
from contracts.consumer.recorded import PREFIX, Recorded, Row
from contracts.consumer.script import Script
from contracts.judge import ConsumerJudgement, Judgement, ProviderJudgement
from contracts.model.errors import location
from contracts.model.exchange import Exchange
from contracts.model.part import Part
from contracts.provider import phases
from contracts.provider.observe import Observer
from contracts.provider.target import Target
from contracts.redaction.redactor import Redactor
from contracts.report import json as json_report
from contracts.report.progress import Line, Progress
from contracts.report.publish import Account
from contracts.rules import known_deviations
from contracts.rules.known_deviations import Allowances, Deviation
from contracts.rules.verdict import Conclusion, conclude_all
from contracts.settings import Settings
from contracts.watchdog import Stuck, guarded

if TYPE_CHECKING:
    from contracts.consumer.protocol import RefreshConsumer
    from contracts.har import Track

REPORT_SECONDS: Final = 60.0
DOING: Final = {
    "scenarios": "it meets what an endpoint may do",
    "generated": "it meets answers that are made up for it",
    "recorded": "it meets what the target answered",
}
JudgementT = TypeVar("JudgementT", ProviderJudgement, ConsumerJudgement)


class Run:
    """Observes each implementation once, when the first test asks for it; closed at the end of the session."""

    def __init__(
        self,
        settings: Settings,
        words: Sequence[str] = (),
        tracks: Mapping[Part, Track] | None = None,
        line: Line | None = None,
        where: Sequence[str] = ("--pyargs", "contracts"),
    ) -> None:
        self.settings = settings
        self.where = tuple(
            where
        )  # the suite, as it was named: a project may have it in a module of its own, with its own fixtures
        self.progress = Progress(line)
        self.tracks = tracks  # what is judged again instead, by its part
        self.words = tuple(words)  # of the command line
        self.providers: dict[Part, ProviderJudgement] = {}
        self.consumers: dict[Part, ConsumerJudgement] = {}
        self.missing: dict[str, str] = {}  # what was asked for and is not there: implementation to a sentence
        self.session: str | None = None  # the Cookie header of the customer, where the suite does not log in by itself
        self.needs_session = self.needs_sdk = False  # whether the run can say nothing without
        self.redactor = Redactor()
        self.closing = contextlib.ExitStack()
        self.script = Script(settings.path)
        self._observers: dict[Part, Observer] = {}
        self.ended_in: dict[Part, str] = {}  # the phase in which an observation ended early
        self._done: set[tuple[Part, str]] = set()
        self._broke: dict[tuple[Part, str], list[str]] = {}
        self._begun, self.started = time.monotonic(), time.time()
        self._endpoint: str | None = None

    @property
    def judgements(self) -> dict[Part, Judgement]:
        """All judgements by part."""
        return {**self.providers, **self.consumers}

    # --- providers ----------------------------------------------------------------------------------------------------

    def observe(self, implementation: Part, phase: str) -> ProviderJudgement:
        """Run a phase on the real endpoint or the mock, after the phases that come before it; none runs twice."""
        if self.tracks is not None:
            return self._again(implementation, phase, self.providers)
        if implementation not in self.providers:
            target = self._mock() if implementation == Part.MOCK else self._real()
            rate = self.settings.rate if target.kind == "real" else 0.0
            observer = Observer(
                target,
                budget=self.settings.max_requests,
                rate=rate,
                on_exchange=partial(self._seen, target.name),
            )
            self._observers[implementation] = observer
            self.providers[implementation] = ProviderJudgement(observer, known=self.settings.known)
        judgement = self.providers[implementation]
        for name in _until(phase, phases.PHASES):
            with self._phase(implementation, name, judgement) as due:
                if due:
                    phases.run(self._observers[implementation], name, self.settings.seed)
        return judgement

    def _seen(self, name: str, x: Exchange) -> None:
        """An exchange is over."""
        self.redactor.learn_exchange(x)
        self.progress.tell(name, x.index, self.settings.max_requests, x.situation.probe)

    def _real(self) -> Target:
        s = self.settings
        if s.base_url:
            return Target.at(
                s.base_url,
                None if s.anonymous else self.session,
                expired_cookie=s.expired_cookie,
                deadline=s.deadline,
                ca=s.ca,
                path=s.path,
                headers=s.headers,
            )
        from contracts.provider.serving import serve
        from contracts.provider.store import Store

        store = Store()
        target = Target.at(self.closing.enter_context(serve(store.app)), store.log_in(), deadline=s.deadline, name="store")
        target.version = __version__
        target.expired_cookie = store.log_in()
        store.expire(target.expired_cookie)
        target.log_in, target.expire, target.log_out = store.log_in, store.expire, store.log_out
        return target

    def _mock(self) -> Target:
        from contracts.provider.mock import RefreshMock

        mock = RefreshMock()
        return Target.in_process(mock.handler, mock.session)

    # --- consumers ----------------------------------------------------------------------------------------------------

    def watch(self, consumer: RefreshConsumer, phase: str) -> ConsumerJudgement:
        """Let a client in this process meet the scenarios of a phase, after those that come before it; none twice."""
        if self.tracks is not None:
            return self._again(Part.CONSUMER, phase, self.consumers)
        from contracts.consumer.player import Player

        if Part.CONSUMER not in self.consumers:
            player = Player.of(consumer, self.script, reached_at=self._endpoint)
            self.closing.callback(player.close)
            self._watched(Part.CONSUMER, player)
        client = self.consumers[Part.CONSUMER].observer.client
        if isinstance(client, Player):
            client.use(consumer)
        return self._watch(Part.CONSUMER, phase)

    def watch_sdk(self, phase: str) -> ConsumerJudgement:
        """Let the Twilight SDK meet the scenarios of a phase, in a browser. CannotBeJudged: something is not there for it."""
        if self.tracks is not None:
            return self._again(Part.SDK, phase, self.consumers)
        from contracts.consumer.sdk import Twilight, find_bundle

        if Part.SDK not in self.consumers:
            sdk = Twilight(find_bundle(self.settings.sdk))
            self.closing.callback(sdk.close)
            try:
                sdk.identify()
                unusable = None
            except CannotBeJudged as error:
                unusable = str(error)
            self._watched(Part.SDK, sdk)
            if unusable:
                self.consumers[Part.SDK].note(unusable)
        return self._watch(Part.SDK, phase)

    @property
    def endpoint(self) -> str:
        """Base URL of a real socket on which the scenarios are played to clients in this process."""
        if self._endpoint is None:
            from contracts.consumer.socket_stage import serve_script

            self._endpoint = self.closing.enter_context(serve_script(self.script))
        return self._endpoint

    def _watched(self, implementation: Part, client: Client) -> None:
        observer = ConsumerObserver(client, Allowances(self._listed(client)), patience=self.settings.deadline)
        self.consumers[implementation] = ConsumerJudgement(observer)

    def _listed(self, client: Subject) -> list[Deviation]:
        """The known deviations of a client: those that ship with the package, and those of the user."""
        if self.settings.strict:
            return []
        listed = (*known_deviations.shipped(client.name, client.version), *self.settings.known)
        return [d for d in listed if d.implementation in (None, client.name)]

    def _watch(self, implementation: Part, phase: str) -> ConsumerJudgement:
        judgement = self.consumers[implementation]
        for name in _until(phase, PHASES):
            with self._phase(implementation, name, judgement) as due:
                if due:
                    self.progress.say(f"{judgement.name}: {DOING[name]}")
                if due and name == "recorded":
                    judgement.observer.replay(self.recorded.scenarios)
                elif due:
                    judgement.observer.run(name, self.settings.seed)
        return judgement

    @property
    def recorded(self) -> Recorded:
        """What the target answered in this run, for clients to meet; nothing without `--base-url`."""
        target = self.providers.get(Part.PROVIDER)
        foreign = target and (self.settings.base_url or self.tracks)
        return Recorded(target.observer.evidence.values() if target and foreign else ())

    @property
    def rows(self) -> list[Row]:
        """What was recorded and replayed: what the target and the clients broke with each answer."""
        if not self.consumers:
            return []
        return self.recorded.rows({j.name: j.observer.broken_by(PREFIX) for j in self.consumers.values()})

    # --- recordings ---------------------------------------------------------------------------------------------------

    def _again(self, part: Part, phase: str, judgements: dict[Part, JudgementT]) -> JudgementT:
        """Judge what was recorded of an implementation, when its first phase is asked for."""
        from contracts.har import replaying

        if part not in judgements:
            track = (self.tracks or {})[part]
            for x in track.exchanges:
                self.redactor.learn_exchange(x)
            for o in track.outcomes:
                for x in o.exchanges:
                    self.redactor.learn_exchange(x)
            judgement = replaying.judged(track, self.settings, self._listed)
            judgements[part] = cast("JudgementT", judgement)
            if judgement.halted:
                self.ended_in[part] = phase
            self._broke[part, phase] = [id for id, t in judgement.tallies.items() if t.broken > t.excused]
        return judgements[part]

    # --- both ---------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _phase(self, implementation: Part, phase: str, judgement: Judgement) -> Iterator[bool]:
        """Whether a phase is due; notes what it breaks. What fails in the suite itself ends the observation and is no finding."""
        due = (implementation, phase) not in self._done
        self._done.add((implementation, phase))
        before = {id: t.broken - t.excused for id, t in judgement.tallies.items()}
        try:
            yield due
        except CannotBeJudged as error:
            judgement.note(str(error))
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None  # pytest would show the place, and with --full-trace the values there
        except Exception as error:  # a traceback would show locals, and those hold secrets
            judgement.note(f"the suite itself failed ({location(error)}); please report it")
        finally:
            self.progress.end()
        if judgement.halted:
            self.ended_in.setdefault(implementation, phase)
        if due:
            after = judgement.tallies
            self._broke[implementation, phase] = [id for id, n in before.items() if after[id].broken - after[id].excused > n]

    def broken_in(self, implementation: Part, phase: str) -> list[str]:
        """Ids of the rules that were broken in a phase, known deviations aside."""
        return self._broke.get((implementation, phase), [])

    def close(self) -> None:
        """Stop what was started."""
        self.closing.close()

    @property
    def conclusion(self) -> Conclusion:
        """The conclusion of the whole run."""
        missing = [(name, Conclusion("incomplete", sentence)) for name, sentence in self.missing.items()]
        return conclude_all([*((j.name, j.conclusion) for j in self.judgements.values()), *missing])

    def learn(self) -> Redactor:
        """The redactor, knowing what the user gave and what the exchanges carried that findings speak of."""
        for secret in (self.settings.cookie, self.settings.expired_cookie):
            self.redactor.learn_cookies(secret or "")
        for value in self.settings.headers.values():
            self.redactor.learn(value)
        for judgement in self.providers.values():
            for finding in judgement.findings:
                if x := judgement.observer.evidence.get(finding.exchange):
                    self.redactor.learn_exchange(x)
        return self.redactor

    def account(self, *, interrupted: bool = False) -> Account | None:
        """End the run, and say what was judged; None when nothing was. It never raises: a failure is said as the reason."""
        from contracts.report import terminal
        from contracts.report.cards import cards
        from contracts.report.details import details

        self.close()
        if not self.judgements and not self.missing:
            return None
        if interrupted:
            for judgement in self.judgements.values():
                judgement.note("the run was interrupted")
        folder = str(self.settings.report)
        try:
            with guarded("making the report", REPORT_SECONDS):
                shown = list(cards(self))
                return Account(self.report(), list(terminal.lines(self, shown)), folder, details(self, shown), self._har())
        except Exception as error:  # a traceback would show locals, and those hold secrets
            what = (
                str(error) if isinstance(error, Stuck) else f"the report could not be made ({location(error)}); please report it"
            )
            self.providers, self.consumers, self.missing = {}, {}, {"the suite": what}
            return Account(self.report(), [], folder)

    def _har(self) -> str | None:
        """What was seen, to be judged again; a recording stays as it is."""
        from contracts.har.writing import har

        if self.tracks is not None or not self.judgements:
            return None
        return har(self.judgements, self.learn(), seed=self.settings.seed, started=self.started)

    def report(self) -> dict[str, Any]:
        """The report as data."""
        return json_report.report(
            list(self.judgements.values()),
            self.conclusion,
            seconds=time.monotonic() - self._begun,
            seed=self.settings.seed,
            redactor=self.learn(),
            rerun=self.rerun,
            recorded=self.rows,
        )

    def rerun(self, judgement: Judgement, rule: str) -> str:
        """The line that judges an implementation by a rule again."""
        s, usual = self.settings, Settings()
        part = next(name for name, j in self.judgements.items() if j is judgement)
        words = ["pytest", *self.where, "-m", part, "-k", rule]
        given = ""
        if s.replay:
            words += ["--refresh-replay", str(s.replay)]
        if s.base_url and part == Part.PROVIDER and not s.replay:
            given += "REFRESH_COOKIE=… " if s.cookie else ""
            given += "REFRESH_EXPIRED_COOKIE=… " if s.expired_cookie else ""
            given += "REFRESH_HEADERS=… " if s.headers else ""
            words += ["--base-url", s.base_url]
            words += ["--refresh-ca", s.ca] if s.ca else []
            words += ["--refresh-anonymous"] if s.anonymous else []
        words += ["--refresh-sdk", str(s.sdk)] if s.sdk and part == Part.SDK else []
        words += ["--refresh-strict"] if s.strict else []
        for option, value, default in (
            ("--refresh-path", s.path, usual.path),
            ("--refresh-max-requests", s.max_requests, usual.max_requests),
            ("--refresh-deadline", s.deadline, usual.deadline),
            ("--hypothesis-seed", s.seed, usual.seed),
        ):
            words += [option, f"{value:g}" if isinstance(value, float) else str(value)] if value != default else []
        return given + shlex.join(words)


def _until(phase: str, all_phases: Iterable[str]) -> Iterator[str]:
    """The phases up to this one."""
    for name in all_phases:
        yield name
        if name == phase:
            return
