"""The observer: sends probes to one provider within its budget, keeps the evidence, and has every exchange judged at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NoReturn

from contracts.model.cookies import http_date
from contracts.model.exchange import Exchange, Failure, Request, Response, Situation
from contracts.model.limits import MAX_REQUESTS
from contracts.provider.probes import Probe
from contracts.provider.target import Customer, Provider
from contracts.rules.engine import Breach, Evaluator, Finding
from contracts.rules.evidence import Evidence
from contracts.rules.provider import RULE_SET, Memory
from contracts.rules.target_health import ABSENT, TargetHealth, is_lost, is_refusal, is_unavailable
from contracts.rules.verdict import SESSION_REFUSED
from contracts.watchdog import Stuck, guarded

IN_A_ROW: Final = 5  # errors of the environment, or answers 429, after which going on would be neither polite nor useful
LOOK_AFTER: Final = 8  # answers after which a target that is no refresh endpoint shows
LOST_AFTER: Final = 3  # refusals after a lost answer by which the session shows to be lost with it


class BudgetSpent(Exception):
    """No request is left."""


class Halted(Exception):
    """Going on makes no sense; the message says why and what to do."""


class Observer:
    """Observes one provider. `rate` is the most requests a second (0: no limit), `budget` the most in all.

    `learn` is told of every exchange.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        budget: int = MAX_REQUESTS,
        rate: float = 0.0,
        evaluator: Evaluator[Exchange, Memory] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        learn: Callable[[Exchange], None] = lambda x: None,
    ) -> None:
        self.provider = provider
        self.budget = budget
        self.evaluator = evaluator or Evaluator(RULE_SET)
        self.evidence = Evidence()
        self.requests = 0
        self.target_health = TargetHealth()
        self.halted: str | None = None
        self.first_seen: dict[str, int] = {}
        self._rate = rate
        self._sleep = sleep
        self._learn = learn
        self._next = 0.0
        self._after = "start"
        self._failures = self._refusals = 0
        self._looked = False
        self._held: list[Exchange] = []  # not yet judged: a target that is away for good is not to blame
        self._doubt: int | None = None  # the exchange with whose answer a new session may have been lost
        self._lost = 0  # refusals since

    @property
    def results(self) -> Mapping[int, Mapping[str, Breach]]:
        """What each rule said of the exchanges that are kept."""
        return self.evidence.results

    @property
    def left(self) -> int:
        """How many requests may still be sent."""
        return max(0, self.budget - self.requests)

    def probe(self, probe: Probe) -> tuple[Exchange, list[Finding]]:
        """Send one probe. After a 429 it is sent once more, when the answer said it may be.

        BudgetSpent, Halted: there is nothing to go on with.
        """
        found = self._once(probe)
        if found[0].response and found[0].response.status == 429:
            self._wait_as_told(found[0].response)
            return self._once(probe)
        return found

    def both(self, first: Probe, second: Probe) -> list[Finding]:
        """Send two probes that overlap. Errors as `probe`."""
        if self.left < 2:
            raise BudgetSpent
        self._pace(2)
        probes, found = (first, second), []
        with self._guard():
            started, session, after = time.time(), self.provider.customer.replaced, self._after
            requests = self.provider.request(first), self.provider.request(second)
            answers = self.provider.sender.send_two(*requests)
            for probe, answer in zip(probes, answers, strict=True):
                self._follow(probe, answer)
            moved = self.provider.customer.replaced > session
            for probe, request, answer, other in zip(probes, requests, answers, answers[::-1], strict=True):
                won = isinstance(other, Response) and other.claims_success
                situation = self._situation(probe, answer, after, session_replaced=moved and won)
                found += self._record(request, answer, situation, started)
        self._look(*answers)
        for answer in answers:
            if isinstance(answer, Response) and answer.status == 429:
                self._wait_as_told(answer)
                break
        return found

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.halted = self.halted or reason

    def settle(self) -> None:
        """Judge what was held back, once nothing more is sent: a target that went away for good is not to blame for it."""
        if not self.halted and self.target_health.answers:
            self._judge_held()

    @property
    def _nobody_there(self) -> bool:
        """Whether nothing that was sent reached anybody."""
        return len(self._held) == self.requests and not self.target_health.answers

    # --- the parts ----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _guard(self) -> Iterator[None]:
        """What one exchange and its judgement may take."""
        try:
            with guarded(f"exchange {self.requests + 1}", self.provider.sender.deadline):
                yield
        except Stuck as stuck:
            raise Halted(str(stuck)) from None

    def _once(self, probe: Probe) -> tuple[Exchange, list[Finding]]:
        if not self.left:
            raise BudgetSpent
        self._pace(1)
        with self._guard():
            started = time.time()
            request = self.provider.request(probe)
            answer = self.provider.sender.send(request)
            self._follow(probe, answer)
            found = self._record(request, answer, self._situation(probe, answer, self._after), started)
        self._look(answer)
        return self._last, found

    def _follow(self, probe: Probe, answer: Response | Failure) -> None:
        if probe.session == "valid" and isinstance(answer, Response):
            self.provider.customer.follow(answer)

    def _situation(self, probe: Probe, answer: Response | Failure, after: str, session_replaced: bool = False) -> Situation:
        session = "none" if self.provider.anonymous and probe.session == "valid" else probe.session
        if session == "valid" and self._may_be_lost(answer):
            session = "unknown"
        conditions = set(probe.conditions)
        if after not in ("start", "success"):
            conditions.add(("after", f"after a {after}"))
        if probe.overlaps:
            conditions.add(("overlap", "overlapping another"))
        return Situation(probe.name, session, after, probe.overlaps, frozenset(conditions), session_replaced)

    def _may_be_lost(self, answer: Response | Failure) -> bool:
        """Whether the session is refused, and may have been replaced by an answer that did not come."""
        if is_lost(answer):
            self._doubt = self.requests + 1
        elif isinstance(answer, Response) and answer.claims_success:
            self._doubt, self._lost = None, 0
        elif isinstance(answer, Response) and is_refusal(answer) and self._doubt is not None:
            self._lost += 1
            if self.provider.log_in is not None:
                self.provider.customer, self._doubt = Customer.of(self.provider.log_in()), None
            return True
        return False

    def _record(self, request: Request, answer: Response | Failure, situation: Situation, started: float) -> list[Finding]:
        self.requests += 1
        self._last = x = Exchange(request, answer, situation, self.requests, started)
        self._after = x.came_as
        self._learn(x)
        self._held.append(x)
        found = [] if is_unavailable(answer) else self._judge_held()
        if is_unavailable(answer):
            self.evidence.keep(x)
        self.target_health.note(x)
        return found

    def _judge_held(self) -> list[Finding]:
        found = []
        for x in self._held:
            broke = self.evaluator.add(x)
            for finding in broke:
                self.first_seen.setdefault(finding.rule, x.index)
            self.evidence.keep(x, broke=bool(broke), results=self.evaluator.results)
            found += broke
        self._held.clear()
        return found

    def _look(self, *answers: Response | Failure) -> None:
        """Stop where going on cannot lead to a verdict, and wait where the answer asks for it."""
        last = answers[-1]
        for answer in answers:
            failed = isinstance(answer, Failure) or is_unavailable(answer)
            self._failures = self._failures + 1 if failed else 0
            if isinstance(answer, Response) and answer.status != 429:
                self._refusals = 0
        if self._failures and (self._failures >= IN_A_ROW or self._nobody_there):
            self._give_up(last)
        if self._lost >= LOST_AFTER:
            raise Halted(f"the answer to request {self._doubt} did not come, and the session was lost with it; log in again")
        if not self._looked and self.target_health.answers >= LOOK_AFTER:
            self._looked = True
            if reason := self.target_health.no_endpoint(self.provider.path):
                raise Halted(reason)
            if self.target_health.session_refused:
                raise Halted(SESSION_REFUSED)
        if isinstance(last, Response) and is_unavailable(last) and last.header("retry-after"):
            wait = retry_after(last)
            self._sleep(wait if wait <= self.provider.sender.deadline else 0)

    def _give_up(self, last: Response | Failure) -> NoReturn:
        if isinstance(last, Response):
            raise Halted(
                f"{IN_A_ROW} requests in a row were not answered; the last: {last.status}; try again when the target is up"
            )
        if last.kind not in ABSENT:
            raise Halted(f"{IN_A_ROW} requests in a row had no well-formed answer; the last: {last.message}")
        if self.target_health.answers:
            raise Halted(f"{self.provider.base_url} went away: {last.message}; try again when it is up")
        raise Halted(f"{self.provider.base_url} cannot be reached: {last.message}; {_hint(last)}")

    def _pace(self, requests: int) -> None:
        if self._rate:
            now = time.monotonic()
            if now < self._next:
                self._sleep(self._next - now)
            self._next = max(now, self._next) + requests / self._rate

    def _wait_as_told(self, response: Response) -> None:
        self._refusals += 1
        wait = retry_after(response)
        deadline = self.provider.sender.deadline
        if wait > deadline:
            raise Halted(f"the target asks to wait {wait:.0f} s (429), longer than --refresh-deadline; try again later")
        if self._refusals >= IN_A_ROW:
            raise Halted("the target goes on answering 429; lower --refresh-rate or try again later")
        self._sleep(wait)


def _hint(failure: Failure) -> str:
    if failure.kind != "tls":
        return "check --base-url and that it is up"
    if "self-signed" in failure.message or "local issuer" in failure.message:
        return "give its CA with --refresh-ca"
    return "check its certificate and that it speaks TLS there"


def retry_after(response: Response) -> float:
    """Seconds to wait after a 429; one when it does not say."""
    said = (response.header("retry-after") or "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    then = http_date(said)
    return 1.0 if then is None else max(0.0, then - time.time())
