"""One run of the suite: which implementations it judges, how, and what is reported in the end."""

from __future__ import annotations

import contextlib
import shlex
import time
from pathlib import Path

from contracts import phases
from contracts.gate import Judgement
from contracts.observer import Observer
from contracts.providers.live import Provider, live, mocked
from contracts.redaction import Redactor
from contracts.report import machine
from contracts.rules import Finding
from contracts.settings import Settings
from contracts.verdict import Conclusion, conclude_all


class Run:
    """Observes each implementation once, when the first test asks for it; closed at the end of the session."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.judgements: dict[str, Judgement] = {}
        self.redactor = Redactor()
        self._done: set[tuple[str, str]] = set()
        self._broke: dict[tuple[str, str], list[str]] = {}
        self._closing = contextlib.ExitStack()
        self._begun = time.monotonic()

    def judge(self, implementation: str, session: str | None) -> Judgement:
        """The judgement of `real` (the target, or the built-in store) or `mock`, made when it is first asked for."""
        if implementation not in self.judgements:
            provider = self._mock() if implementation == "mock" else self._real(session)
            settings = self.settings
            rate = settings.rate if provider.kind == "real" else 0.0
            observer = Observer(provider, budget=settings.max_requests, rate=rate)
            self.judgements[implementation] = Judgement(provider, observer, known=settings.known)
        return self.judgements[implementation]

    def observe(self, implementation: str, phase: str, session: str | None) -> Judgement:
        """Run a phase, after those that come before it; none is run twice."""
        judgement = self.judge(implementation, session)
        for name in phases.PHASES:
            if (implementation, name) not in self._done:
                self._done.add((implementation, name))
                before = {id: t.broken for id, t in judgement.observer.judging.tallies.items()}
                try:
                    phases.run(judgement.observer, name, self.settings.seed)
                except Exception as error:  # a traceback would show locals, and those hold secrets
                    judgement.observer.note(f"the suite itself failed ({_place(error)}); please report it")
                after = judgement.observer.judging.tallies
                self._broke[implementation, name] = [id for id, count in before.items() if after[id].broken > count]
            if name == phase:
                break
        return judgement

    def broken_in(self, implementation: str, phase: str) -> list[str]:
        """Ids of the rules that exchanges of a phase broke."""
        return self._broke.get((implementation, phase), [])

    def close(self) -> None:
        """Stop what was started."""
        self._closing.close()

    @property
    def conclusion(self) -> Conclusion:
        """The conclusion of the whole run."""
        return conclude_all((j.provider.name, j.conclusion) for j in self.judgements.values())

    def learn(self) -> Redactor:
        """The redactor, knowing every secret of the run."""
        for secret in (self.settings.cookie, self.settings.expired_cookie):
            self.redactor.learn_cookies(secret or "")
        for value in self.settings.headers.values():
            self.redactor.learn(value)
        for judgement in self.judgements.values():
            for x in judgement.observer.evidence.values():
                self.redactor.learn_exchange(x)
        return self.redactor

    def write(self) -> Path:
        """Write the report; where it is."""
        data = machine.report(
            list(self.judgements.values()),
            self.conclusion,
            seconds=time.monotonic() - self._begun,
            seed=self.settings.seed,
            redactor=self.learn(),
            rerun=self.rerun,
        )
        return machine.write(data, self.settings.report)

    def rerun(self, judgement: Judgement, finding: Finding) -> str:
        """The line that runs a finding again."""
        s, usual = self.settings, Settings()
        mock = judgement.provider.kind == "mock"
        words = ["pytest", "--pyargs", "contracts", "-m", "mock" if mock else "provider", "-k", finding.rule]
        given = "" if mock or not s.cookie else "REFRESH_COOKIE=… "
        if s.base_url and not mock:
            words += ["--base-url", s.base_url]
            words += ["--refresh-path", s.path] if s.path != usual.path else []
            words += ["--refresh-ca", s.ca] if s.ca else []
            words += ["--refresh-anonymous"] if s.anonymous else []
            given += "REFRESH_EXPIRED_COOKIE=… " if s.expired_cookie else ""
            given += "REFRESH_HEADERS=… " if s.headers else ""
        for option, value, default in (
            ("--refresh-max-requests", s.max_requests, usual.max_requests),
            ("--refresh-deadline", s.deadline, usual.deadline),
            ("--hypothesis-seed", s.seed, usual.seed),
        ):
            words += [option, f"{value:g}" if isinstance(value, float) else str(value)] if value != default else []
        return given + shlex.join(words)

    # --- what is judged -----------------------------------------------------------------------------------------------

    def _real(self, session: str | None) -> Provider:
        s = self.settings
        if s.base_url:
            return live(
                s.base_url,
                None if s.anonymous else session,
                expired=s.expired_cookie,
                deadline=s.deadline,
                ca=s.ca,
                path=s.path,
                headers=s.headers,
            )
        from contracts.providers.serving import serve
        from contracts.providers.store import Store

        store = Store()
        provider = live(self._closing.enter_context(serve(store.app)), store.log_in(), deadline=s.deadline, name="store")
        provider.expired = store.log_in()
        store.expire(provider.expired)
        provider.log_in, provider.expire, provider.log_out = store.log_in, store.expire, store.log_out
        return provider

    def _mock(self) -> Provider:
        from contracts.providers.mock import RefreshMock

        mock = RefreshMock()
        return mocked(mock.handler, mock.session)


def _place(error: BaseException) -> str:
    """An error of our own in a few words: its type and the line that raised it, without its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"
