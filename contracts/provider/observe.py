"""The observer: sends probes to one target within a budget, keeps the evidence, and has every exchange judged at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from typing import Any, Final

from contracts.model.document import load
from contracts.model.exchange import Exchange, Failure, Request, Response, Situation
from contracts.model.limits import CAUSE_REQUESTS, LARGE_ENOUGH, MAX_REQUESTS, MAX_SECONDS
from contracts.provider.company import Company
from contracts.provider.custody import RAN_OUT, Asked, Custody, Loss
from contracts.provider.politeness import Halted, Politeness, TimeSpent
from contracts.provider.probes import BEARER, Probe
from contracts.provider.session_loss import SessionLoss
from contracts.provider.target import Target
from contracts.rules.engine import Breach, Evaluator, Finding
from contracts.rules.evidence import Evidence
from contracts.rules.provider import RULE_SET, Memory
from contracts.rules.target_health import TargetHealth, is_not_now, is_refusal, is_unavailable
from contracts.rules.verdict import OTHER_REFUSED, SAME_CUSTOMER
from contracts.watchdog import Stuck, guarded

Answers = Sequence[Response | Failure]
ASKED_AGAIN: Final = Probe("asked again")


class BudgetSpent(Exception):
    """No request is left."""


class Observer:
    """Observes one target. `budget` is the most requests in all; `rate`, `sleep`, `clock`, `on_wait` are those of `Politeness`.

    Nothing is sent once `max_seconds` have passed since the first request. `on_exchange` is called with every exchange, before it
    is judged.
    """

    def __init__(
        self,
        target: Target,
        *,
        budget: int = MAX_REQUESTS,
        max_seconds: float = MAX_SECONDS,
        rate: float = 0.0,
        evaluator: Evaluator[Exchange, Memory] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        on_exchange: Callable[[Exchange], None] = lambda exchange: None,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.target = target
        self.budget = budget
        self._kept_for_causes = 0
        self._asking = False
        self.enough: frozenset[str] = frozenset()  # rules; once all of them are broken, only their cause is asked for
        self.evaluator = evaluator or Evaluator(RULE_SET)
        self.evidence = Evidence()
        self.requests = 0
        self.target_health = TargetHealth()
        self.halted: str | None = None
        self.cut_short: str | None = None
        self.company = Company(target.sender.deadline, expired=target.expired_cookie is not None, anonymous=target.anonymous)
        self.first_seen: dict[str, int] = {}
        self.phases: dict[str, int] = {}  # how many requests each phase has sent
        self.unsent: Iterator[tuple[Probe, ...]] = iter(())  # what the budget left over of the plan
        self._politeness = Politeness(
            target, self.target_health, rate=rate, most_seconds=max_seconds, sleep=sleep, clock=clock, on_wait=on_wait
        )
        self._session_loss = SessionLoss(target)
        self._custody = Custody(target)
        self._other_custody = Custody(replace(target, customer=target.other)) if target.other else None
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
        """How many requests may still be sent; those that are kept for questions about the cause do not count before these."""
        if self.enough and not self._asking and all(self.evaluator.tallies[rule_id].broken for rule_id in self.enough):
            return 0
        return max(0, self.budget - self._kept_for_causes - self.requests)

    def keep_for_causes(self) -> None:
        """Keep a few requests for questions about the cause of what will be broken, if the budget is large enough."""
        self._kept_for_causes = CAUSE_REQUESTS if self.budget >= LARGE_ENOUGH else 0

    def ask_for_causes(self) -> None:
        """Begin to ask for the cause of what was broken: the requests that were kept for this may be sent now."""
        self._kept_for_causes = 0
        self._asking = True

    @property
    def notes(self) -> tuple[str, ...]:
        """What was waited for, and what is not judged."""
        return self._politeness.notes

    def probe(self, probe: Probe) -> tuple[Exchange, list[Finding]]:
        """Send one probe. Where the target says that it is not now to be had (429, 503), it is sent again when it may be.

        BudgetSpent, TimeSpent, Halted: nothing more can be sent.
        """
        return self._ask((probe,), self.company.beside((probe,), self.requests_left - 1))[0]

    def probe_two(self, first: Probe, second: Probe) -> list[Finding]:
        """Send two probes that overlap. Errors as `probe`."""
        group = (first, second)
        sent = self._ask(group, self.company.beside(group, self.requests_left - 2))
        return [finding for _, findings in sent[:2] for finding in findings]

    def probe_strangers(self) -> bool:
        """Send some of the strangers' probes that wait, at the same time; whether there were any. Errors as `probe`."""
        strangers = self.company.rest(self.requests_left)
        if strangers:
            self._ask((), strangers)
        return bool(strangers)

    def _ask(self, group: tuple[Probe, ...], strangers: tuple[Probe, ...]) -> list[tuple[Exchange, list[Finding]]]:
        """Send a group of probes with strangers' beside it, again where the target says that it is not now to be had.

        The last exchanges of the group, with what rules found in them.
        """
        tries = 0
        last: list[tuple[Exchange, list[Finding]]] = []
        while True:
            sent = self._send(group, strangers, again=tries > 0)
            mine, others = sent[: len(group)], sent[len(group) :]
            last = mine or last
            refused = [exchange for exchange, _ in sent if _is_put_off(exchange)]
            strangers = tuple(probe for probe, (exchange, _) in zip(strangers, others, strict=True) if _is_put_off(exchange))
            if not any(_is_put_off(exchange) for exchange, _ in mine):
                group = ()
            if not refused or not self._politeness.ask_again(refused[0].answer, tries, alone=len(group) < 2):
                return last
            tries += 1

    def send(self, probes: tuple[Probe, ...]) -> list[Finding]:
        """Send one probe, or two that overlap. Errors as `probe`."""
        return self.probe_two(*probes) if len(probes) == 2 else self.probe(*probes)[1]

    def wait(self, seconds: float) -> bool:
        """Send nothing for so long, if the time allows it; whether it did."""
        if there := self._politeness.has_time(seconds):
            self._sleep(seconds)
        return there

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.halted = self.halted or reason

    def cut(self, reason: str) -> None:
        """Remember why the observation ended before its budget, though what was seen can be judged."""
        self.cut_short = self.cut_short or f"{self.requests} of {self.budget} requests were sent; {reason}"

    def finish(self) -> None:
        """Judge what was held back, once nothing more is sent, unless the target is gone for good."""
        if not self.halted and self.target_health.answers:
            self._judge_pending()
        if self._other_refused and not self._other_accepted:
            self.note(OTHER_REFUSED)
        elif self._other_custody and self._other_custody.dead:
            self.note(f"the second customer: {self._other_custody.dead}")
        elif self.evaluator.memory.owners.same_customer:
            self.note(SAME_CUSTOMER)

    def _send(
        self, group: tuple[Probe, ...], strangers: tuple[Probe, ...] = (), *, again: bool = False
    ) -> list[tuple[Exchange, list[Finding]]]:
        """Send a probe, or two that overlap, with strangers' beside it; each exchange with what rules found in it."""
        probes = (*group, *strangers)
        if self.requests_left < len(probes):
            raise BudgetSpent
        self._politeness.pace(len(probes))
        for custody in self._custodies.values():
            custody.begin()
        with self._guarded():
            started, after = time.time(), self._after
            probes = tuple(map(self.target.as_sent, probes))
            requests = [self.target.request(probe) for probe in probes]
            answers, order = self._answers(requests, len(group))
            replacers = self._taken(probes, requests, answers, order)
            for probe, answer in zip(probes, answers, strict=True):
                self.company.heard(probe.method, answer)
        losses, asked = self._looked_into(probes, requests, answers)
        with self._guarded():
            exchanges = []
            for number, (probe, request, answer) in enumerate(zip(probes, requests, answers, strict=True)):
                beside = number >= len(group) and len(probes) > 1
                by_another = any(probes[which].other is probe.other for which in replacers - {number})
                situation = self._situation(probe, answer, after, by_another=by_another, beside=beside)
                loss = losses.get(probe.other)
                if loss and probe.session == "valid" and isinstance(answer, Response) and not answer.claims_success:
                    situation = replace(situation, **_as_told(loss))
                exchanges.append(self._record(request, answer, situation, started))
            self._after = exchanges[max(0, len(group) - 1)].as_predecessor
            for other, request, answer in asked:
                session = "valid" if isinstance(answer, Response) and answer.claims_success else "unknown"
                situation = Situation(ASKED_AGAIN.name, session, self._after, customer=_who(other))
                exchanges.append(self._record(request, answer, situation, started))
                self._after = exchanges[-1].as_predecessor
            sent = list(zip(exchanges, self._judge(exchanges, again=again), strict=True))
        if reason := self._session_loss.reason_to_stop:
            raise Halted(reason)
        if self._custody.dead and not self.target.renew_session():
            raise Halted(self._custody.dead)
        self._politeness.consider([*answers, *(answer for _, _, answer in asked)], again=again)
        return sent[: len(probes)]

    def _answers(self, requests: list[Request], together: int) -> tuple[Answers, list[int]]:
        """The answers to requests, of which the first `together` overlap, and the order in which they arrived."""
        sender = self.target.sender
        if len(requests) == 1:
            return (sender.send(requests[0]),), [0]
        order: list[int] = []
        answers = sender.send_all(requests, together=together, on_answer=order.append)
        return answers, list(dict.fromkeys([*order, *range(len(requests))]))

    def _taken(self, probes: Sequence[Probe], requests: list[Request], answers: Answers, order: list[int]) -> set[int]:
        """Follow the cookies of the answers to the customer as they arrived; which of the answers replaced the session."""
        replacers, alone = set(), len({probe.other for probe in probes}) == 1
        for which in order:
            probe, answer = probes[which], answers[which]
            if probe.session != "valid" or not isinstance(answer, Response):
                continue
            custody, number = self._custodies[probe.other], self.requests + 1 + which
            if custody.take(requests[which], answer, number, overlaps=probe.overlaps and alone):
                replacers.add(which)
        return replacers

    @property
    def _custodies(self) -> dict[bool, Custody]:
        """The custody of the customer, and that of the second one."""
        return {False: self._custody, True: self._other_custody or self._custody}

    def _looked_into(
        self, probes: Sequence[Probe], requests: list[Request], answers: Answers
    ) -> tuple[dict[bool, Loss | None], list[tuple[bool, Request, Response | Failure]]]:
        """What took the session from refused requests of each customer, where that can be shown, and what was asked for it."""
        asked: list[tuple[bool, Request, Response | Failure]] = []

        def ask(other: bool) -> Asked | None:
            number = self.requests + len(probes) + len(asked) + 1
            if number > self.budget:
                return None
            try:
                self._politeness.pace(1)
            except TimeSpent:
                return None
            with self._guarded():
                request = self.target.request(replace(ASKED_AGAIN, other=other))
                answer = self.target.sender.send(request)
            asked.append((other, request, answer))
            return (request, answer, number) if isinstance(answer, Response) else None

        losses: dict[bool, Loss | None] = {}
        for other in sorted({probe.other for probe in probes}):
            mine = [
                (request, answer)
                for probe, request, answer in zip(probes, requests, answers, strict=True)
                if probe.other is other and probe.session == "valid" and probe.method == load().method
                if isinstance(answer, Response)
            ]
            custody = self._custodies[other]
            doubted = [request for request, answer in mine if custody.doubts(request, answer)]
            if doubted and len(doubted) == len(mine) and not self.target.anonymous and not self._session_loss.doubted:
                losses[other] = custody.look_into(doubted[0], self.requests + 1, partial(ask, other))
        return losses, asked

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Limit what an exchange and its judgement may take."""
        try:
            with guarded(f"exchange {self.requests + 1}", self.target.sender.deadline):
                yield
        except Stuck as stuck:
            raise Halted(str(stuck)) from None

    def _situation(self, probe: Probe, answer: Response | Failure, after: str, *, by_another: bool, beside: bool) -> Situation:
        session = "none" if self.target.anonymous and probe.session == "valid" else probe.session
        if session == "valid" and not probe.other and self._session_loss.explains(answer, self.requests + 1):
            session = "unknown"
        if probe.other and isinstance(answer, Response):
            self._other_accepted |= answer.claims_success
            self._other_refused |= is_refusal(answer)
            gone = not self._other_accepted or (self._other_custody and self._other_custody.dead)
            if gone and is_refusal(answer):
                session = "unknown"  # it may never have been good, or has shown to be lost
        conditions = set(probe.conditions)
        if after not in ("start", "success"):
            conditions.add(("after", f"after a {after}"))
        if probe.overlaps or beside:
            conditions.add(("overlap", "overlapping another"))
        overlaps, who = probe.overlaps or beside, _who(probe.other)
        return Situation(probe.name, session, after, overlaps, frozenset(conditions), by_another, customer=who)

    def _record(self, request: Request, answer: Response | Failure, situation: Situation, started: float) -> Exchange:
        """Keep an exchange until it is judged."""
        self.requests += 1
        exchange = Exchange(request, answer, situation, self.requests, started)
        self._on_exchange(exchange)
        self._pending.append(exchange)
        return exchange

    def _judge(self, exchanges: list[Exchange], *, again: bool) -> list[list[Finding]]:
        """Judge exchanges, after those that were held back, unless the target is unavailable; what rules found in each."""
        found: dict[int, list[Finding]] = {}
        held = {exchange.index for exchange in exchanges if is_unavailable(exchange.answer)}
        for exchange in exchanges:
            if exchange.index in held:
                self.evidence.keep(exchange)
        if len(held) < len(exchanges):
            if self._politeness.excuses(again=again):
                self._excuse(but=held)
            found = self._judge_pending(but=held)
        for exchange in exchanges:
            self.target_health.count(exchange)
        return [found.get(exchange.index, []) for exchange in exchanges]

    def _excuse(self, but: Set[int]) -> None:
        """Leave out earlier answers 503: the target said itself that it was not to be had, and came back."""
        excused = {exchange.index for exchange in self._pending if is_not_now(exchange.answer)} - but
        self._pending = [exchange for exchange in self._pending if exchange.index not in excused]
        self._politeness.excused(len(excused))

    def _judge_pending(self, but: Set[int] = frozenset()) -> dict[int, list[Finding]]:
        """Judge what was held back, except the exchanges with these numbers; findings by number."""
        found = {}
        for exchange in self._pending:
            if exchange.index in but:
                continue
            findings = found[exchange.index] = self.evaluator.add(exchange)
            for finding in findings:
                self.first_seen.setdefault(finding.rule, exchange.index)
            telling = bool(findings) or self._asking or exchange.situation.session == BEARER
            self.evidence.keep(exchange, broke=telling, results=self.evaluator.results)
        self._pending = [exchange for exchange in self._pending if exchange.index in but]
        return found


def _who(other: bool) -> str:
    """The customer, as a situation names them."""
    return "other" if other else "first"


def _is_put_off(exchange: Exchange) -> bool:
    """Whether the target said that it is not now to be had."""
    return is_not_now(exchange.answer) or (exchange.response is not None and exchange.response.status == 429)


def _as_told(loss: Loss) -> dict[str, Any]:
    """What took the session, as members of a situation."""
    return {"session": "unknown"} if loss == RAN_OUT else {"lost": loss.words, "lost_by": loss.by}
