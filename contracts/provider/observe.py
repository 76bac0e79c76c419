"""The observer: sends probes to one target within a budget, keeps the evidence, and has every exchange judged at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from contracts.model.document import load
from contracts.model.exchange import Exchange, Failure, Request, Response, Situation
from contracts.model.limits import MAX_REQUESTS
from contracts.provider.custody import RAN_OUT, Asked, Custody, Loss
from contracts.provider.politeness import Halted, Politeness
from contracts.provider.probes import Probe
from contracts.provider.session_loss import SessionLoss
from contracts.provider.target import Target
from contracts.rules.engine import Breach, Evaluator, Finding
from contracts.rules.evidence import Evidence
from contracts.rules.provider import RULE_SET, Memory
from contracts.rules.target_health import TargetHealth, is_unavailable
from contracts.watchdog import Stuck, guarded

Answers = Sequence[Response | Failure]
ASKED_AGAIN: Final = Probe("asked again")


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
        self._politeness = Politeness(target, self.target_health, rate=rate, sleep=sleep, clock=clock)
        self._session_loss = SessionLoss(target)
        self._custody = Custody(target)
        self._on_exchange = on_exchange
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

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.halted = self.halted or reason

    def finish(self) -> None:
        """Judge what was held back, once nothing more is sent, unless the target is gone for good."""
        if not self.halted and self.target_health.answers:
            self._judge_pending()

    def _send(self, *probes: Probe) -> list[tuple[Exchange, list[Finding]]]:
        """Send one probe, or two that overlap; each exchange with what rules found in it."""
        if self.requests_left < len(probes):
            raise BudgetSpent
        self._politeness.pace(len(probes))
        self._custody.begin()
        with self._guarded():
            started, after = time.time(), self._after
            requests = [self.target.request(probe) for probe in probes]
            answers, order = self._answers(requests)
            replacers = self._taken(probes, requests, answers, order)
        loss, asked = self._looked_into(probes, requests, answers)
        with self._guarded():
            sent = []
            for number, (probe, request, answer) in enumerate(zip(probes, requests, answers, strict=True)):
                situation = self._situation(probe, answer, after, by_another=bool(replacers - {number}))
                if loss and probe.session == "valid" and isinstance(answer, Response) and not answer.claims_success:
                    situation = replace(situation, **_as_told(loss))
                sent.append(self._record(request, answer, situation, started))
            for request, answer in asked:
                session = "valid" if isinstance(answer, Response) and answer.claims_success else "unknown"
                self._record(request, answer, Situation(ASKED_AGAIN.name, session, self._after), started)
        if reason := self._session_loss.reason_to_stop:
            raise Halted(reason)
        if self._custody.dead and not self.target.renew_session():
            raise Halted(self._custody.dead)
        self._politeness.consider([*answers, *(answer for _, answer in asked)])
        return sent

    def _answers(self, requests: list[Request]) -> tuple[tuple[Response | Failure, ...], list[int]]:
        """The answers to one request or two, and the order in which they arrived."""
        sender = self.target.sender
        if len(requests) == 1:
            return (sender.send(requests[0]),), [0]
        order: list[int] = []
        answers = sender.send_two(requests[0], requests[1], order.append)
        return answers, list(dict.fromkeys([*order, 0, 1]))

    def _taken(self, probes: Sequence[Probe], requests: list[Request], answers: Answers, order: list[int]) -> set[int]:
        """Follow the cookies of the answers to the customer as they arrived; which of the answers replaced the session."""
        replacers = set()
        for which in order:
            probe, answer = probes[which], answers[which]
            if probe.session == "valid" and isinstance(answer, Response):
                number = self.requests + 1 + which
                if self._custody.take(requests[which], answer, number, overlaps=probe.overlaps):
                    replacers.add(which)
        return replacers

    def _looked_into(
        self, probes: Sequence[Probe], requests: list[Request], answers: Answers
    ) -> tuple[Loss | None, list[tuple[Request, Response | Failure]]]:
        """What took the session from a refused request, if that can be shown, and the exchanges that showed it."""
        asked: list[tuple[Request, Response | Failure]] = []

        def ask() -> Asked | None:
            number = self.requests + len(probes) + len(asked) + 1
            if number > self.budget:
                return None
            self._politeness.pace(1)
            with self._guarded():
                request = self.target.request(ASKED_AGAIN)
                answer = self.target.sender.send(request)
            asked.append((request, answer))
            return (request, answer, number) if isinstance(answer, Response) else None

        mine = [
            (request, answer)
            for probe, request, answer in zip(probes, requests, answers, strict=True)
            if probe.session == "valid" and probe.method == load().method and isinstance(answer, Response)
        ]
        doubted = [request for request, answer in mine if self._custody.doubts(request, answer)]
        if not doubted or self.target.anonymous or self._session_loss.doubted or len(doubted) < len(mine):
            return None, []
        return self._custody.look_into(doubted[0], self.requests + 1, ask), asked

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Limit what an exchange and its judgement may take."""
        try:
            with guarded(f"exchange {self.requests + 1}", self.target.sender.deadline):
                yield
        except Stuck as stuck:
            raise Halted(str(stuck)) from None

    def _situation(self, probe: Probe, answer: Response | Failure, after: str, *, by_another: bool) -> Situation:
        session = "none" if self.target.anonymous and probe.session == "valid" else probe.session
        if session == "valid" and self._session_loss.explains(answer, self.requests + 1):
            session = "unknown"
        conditions = set(probe.conditions)
        if after not in ("start", "success"):
            conditions.add(("after", f"after a {after}"))
        if probe.overlaps:
            conditions.add(("overlap", "overlapping another"))
        return Situation(probe.name, session, after, probe.overlaps, frozenset(conditions), by_another)

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
            self.evidence.keep(exchange, broke=bool(findings), results=self.evaluator.results)
            found += findings
        self._pending.clear()
        return found


def _as_told(loss: Loss) -> dict[str, Any]:
    """What took the session, as members of a situation."""
    return {"session": "unknown"} if loss == RAN_OUT else {"lost": loss.words, "lost_by": loss.by}
