"""The observer: sends probes to one target within a budget, keeps the evidence, and has every exchange judged at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping

from contracts.model.exchange import Exchange, Failure, Request, Response, Situation
from contracts.model.limits import MAX_REQUESTS
from contracts.provider.politeness import Halted, Politeness
from contracts.provider.probes import BEARER, Probe
from contracts.provider.session_loss import SessionLoss
from contracts.provider.target import Target
from contracts.rules.engine import Breach, Evaluator, Finding
from contracts.rules.evidence import Evidence
from contracts.rules.provider import RULE_SET, Memory
from contracts.rules.target_health import TargetHealth, is_refusal, is_unavailable
from contracts.rules.verdict import OTHER_REFUSED, SAME_CUSTOMER
from contracts.watchdog import Stuck, guarded


class BudgetSpent(Exception):
    """No request is left."""


class Observer:
    """Observes one target. `budget` is the most requests in all; `rate`, `sleep` and `clock` are those of `Politeness`.

    `on_exchange` is called with every exchange, before it is judged.
    """

    def __init__(
        self,
        target: Target,
        *,
        budget: int = MAX_REQUESTS,
        rate: float = 0.0,
        evaluator: Evaluator[Exchange, Memory] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        on_exchange: Callable[[Exchange], None] = lambda exchange: None,
    ) -> None:
        self.target = target
        self.budget = budget
        self.evaluator = evaluator or Evaluator(RULE_SET)
        self.evidence = Evidence()
        self.requests = 0
        self.target_health = TargetHealth()
        self.halted: str | None = None
        self.first_seen: dict[str, int] = {}
        self.phases: dict[str, int] = {}  # how many requests each phase has sent
        self.unsent: Iterator[tuple[Probe, ...]] = iter(())  # what the budget left over of the plan
        self._politeness = Politeness(target, self.target_health, rate=rate, sleep=sleep, clock=clock)
        self._session_loss = SessionLoss(target)
        self._on_exchange = on_exchange
        self._sleep = sleep
        self._other_accepted = self._other_refused = False
        self._after = "start"
        self._pending: list[Exchange] = []  # not judged yet, since nobody is to blame if the target is gone for good

    @property
    def results(self) -> Mapping[int, Mapping[str, Breach]]:
        """The result of each rule, for each exchange that is kept."""
        return self.evidence.results

    @property
    def requests_left(self) -> int:
        """How many requests may still be sent."""
        return max(0, self.budget - self.requests)

    def probe(self, probe: Probe) -> tuple[Exchange, list[Finding]]:
        """Send one probe. After a 429 it is sent once more, when the answer allows it.

        BudgetSpent, Halted: nothing more can be sent.
        """
        (sent,) = self._send(probe)
        if sent[0].response and sent[0].response.status == 429:
            self._politeness.wait_after_429(sent[0].response)
            (sent,) = self._send(probe)
        return sent

    def probe_two(self, first: Probe, second: Probe) -> list[Finding]:
        """Send two probes that overlap. Errors as `probe`."""
        sent = self._send(first, second)
        for exchange, _ in sent:
            if exchange.response and exchange.response.status == 429:
                self._politeness.wait_after_429(exchange.response)
                break
        return [finding for _, findings in sent for finding in findings]

    def send(self, probes: tuple[Probe, ...]) -> list[Finding]:
        """Send one probe, or two that overlap. Errors as `probe`."""
        return self.probe_two(*probes) if len(probes) == 2 else self.probe(*probes)[1]

    def wait(self, seconds: float) -> None:
        """Send nothing for so long."""
        self._sleep(seconds)

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.halted = self.halted or reason

    def finish(self) -> None:
        """Judge what was held back, once nothing more is sent, unless the target is gone for good."""
        if not self.halted and self.target_health.answers:
            self._judge_pending()
        if self._other_refused and not self._other_accepted:
            self.note(OTHER_REFUSED)
        elif self.evaluator.memory.owners.same_customer:
            self.note(SAME_CUSTOMER)

    def _send(self, *probes: Probe) -> list[tuple[Exchange, list[Finding]]]:
        """Send one probe, or two that overlap; each exchange with what rules found in it."""
        if self.requests_left < len(probes):
            raise BudgetSpent
        self._politeness.pace(len(probes))
        with self._guarded():
            started, after = time.time(), self._after
            customers = [self.target.who_sends(probe) for probe in probes]
            replacements = [customer.replacements for customer in customers]
            requests = [self.target.request(probe) for probe in probes]
            answers = self._answers(requests)
            for probe, customer, answer in zip(probes, customers, answers, strict=True):
                if probe.session == "valid" and isinstance(answer, Response):
                    customer.update_from(answer)
            sent = []
            for number, (probe, request, answer) in enumerate(zip(probes, requests, answers, strict=True)):
                customer = customers[number]
                others = [other for n, other in enumerate(answers) if n != number and customers[n] is customer]
                by_another = customer.replacements > replacements[number] and any(
                    isinstance(other, Response) and other.claims_success for other in others
                )
                sent.append(self._record(request, answer, self._situation(probe, answer, after, by_another), started))
        if reason := self._session_loss.reason_to_stop:
            raise Halted(reason)
        self._politeness.consider(answers)
        return sent

    def _answers(self, requests: list[Request]) -> tuple[Response | Failure, ...]:
        sender = self.target.sender
        return sender.send_two(*requests) if len(requests) == 2 else (sender.send(requests[0]),)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Limit what an exchange and its judgement may take."""
        try:
            with guarded(f"exchange {self.requests + 1}", self.target.sender.deadline):
                yield
        except Stuck as stuck:
            raise Halted(str(stuck)) from None

    def _situation(self, probe: Probe, answer: Response | Failure, after: str, session_replaced: bool) -> Situation:
        session = "none" if self.target.anonymous and probe.session == "valid" else probe.session
        if session == "valid" and not probe.other and self._session_loss.explains(answer, self.requests + 1):
            session = "unknown"
        if probe.other and isinstance(answer, Response):
            self._other_accepted |= answer.claims_success
            if not self._other_accepted and is_refusal(answer):
                session = "unknown"  # it may never have been good
                self._other_refused = True
        conditions = set(probe.conditions)
        if after not in ("start", "success"):
            conditions.add(("after", f"after a {after}"))
        if probe.overlaps:
            conditions.add(("overlap", "overlapping another"))
        customer = "other" if probe.other else "first"
        return Situation(probe.name, session, after, probe.overlaps, frozenset(conditions), session_replaced, customer)

    def _record(
        self, request: Request, answer: Response | Failure, situation: Situation, started: float
    ) -> tuple[Exchange, list[Finding]]:
        """Keep an exchange, and judge it with those that were held back, unless the target is unavailable."""
        self.requests += 1
        exchange = Exchange(request, answer, situation, self.requests, started)
        self._after = exchange.as_predecessor
        self._on_exchange(exchange)
        self._pending.append(exchange)
        if is_unavailable(answer):
            self.evidence.keep(exchange)
            findings = []
        else:
            findings = self._judge_pending()
        self.target_health.count(exchange)
        return exchange, findings

    def _judge_pending(self) -> list[Finding]:
        found = []
        for exchange in self._pending:
            findings = self.evaluator.add(exchange)
            for finding in findings:
                self.first_seen.setdefault(finding.rule, exchange.index)
            telling = bool(findings) or exchange.situation.session == BEARER
            self.evidence.keep(exchange, broke=telling, results=self.evaluator.results)
            found += findings
        self._pending.clear()
        return found
