"""The gate as functions: observe an implementation, judge everything, conclude. The pytest suite and the tests both use it.

Judgement
├── ProviderJudgement     of an endpoint, by its exchanges
└── ConsumerJudgement     of a client, by its outcomes
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from contracts.consumer.observe import Client, ConsumerObserver, Subject
from contracts.model.document import load
from contracts.model.exchange import Exchange
from contracts.model.limits import DEADLINE, MAX_REQUESTS
from contracts.provider import phases
from contracts.provider.observe import Observer
from contracts.provider.target import Target
from contracts.rules.engine import Breach, Finding, Tally
from contracts.rules.known_deviations import Allowances, Deviation
from contracts.rules.target_health import TargetHealth
from contracts.rules.verdict import Conclusion, blocked_rules, conclude, verdict_of


class Tallies(Protocol):
    """What rules found."""

    @property
    def tallies(self) -> dict[str, Tally]: ...


class Watched(Protocol):
    """An implementation as it was observed, now or in a recording: what its cases showed, and why it ended early, if it did."""

    halted: str | None
    first_seen: dict[str, int]

    @property
    def evaluator(self) -> Tallies: ...
    @property
    def results(self) -> Mapping[int, Mapping[str, Breach]]: ...
    @property
    def requests(self) -> int: ...
    def note(self, reason: str) -> None: ...


class ObservedTarget(Subject, Protocol):
    """An endpoint that was observed."""

    anonymous: bool
    path: str


class WatchedTarget(Watched, Protocol):
    """An endpoint as it was observed."""

    @property
    def target(self) -> ObservedTarget: ...
    @property
    def evidence(self) -> Mapping[int, Exchange]: ...
    @property
    def target_health(self) -> TargetHealth: ...


@dataclass
class Judgement(ABC):
    """What was found of one implementation. `rules` are the ones that were asked for (all, unless some were deselected).

    `remark` is what is to be known of a recording that somebody else made: it shows less than an observation.
    """

    observer: Watched
    remark: str | None = field(default=None, kw_only=True)
    rules: set[str] = field(default_factory=set, kw_only=True)
    role: ClassVar[str] = ""
    cases: ClassVar[str] = ""  # what it was judged by: exchanges, outcomes

    @property
    @abstractmethod
    def _subject(self) -> Subject:
        """The implementation."""

    @abstractmethod
    def verdict_of(self, id: str) -> str:
        """The verdict of one rule on the evidence so far, known deviations applied."""

    @property
    @abstractmethod
    def conclusion(self) -> Conclusion:
        """What is to be said of the implementation."""

    @property
    def name(self) -> str:
        """The implementation, as verdicts and reports call it."""
        return self._subject.name

    @property
    def kind(self) -> str:
        """real or mock."""
        return self._subject.kind

    @property
    def version(self) -> str | None:
        """The implementation's version, where it has one that can be known."""
        return self._subject.version

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.observer.requests

    @property
    def halted(self) -> str | None:
        """Why the observation ended early, if it did."""
        return self.observer.halted

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.observer.note(reason)

    @property
    def tallies(self) -> dict[str, Tally]:
        """Rule id to its tally."""
        return self.observer.evaluator.tallies

    @property
    def first_seen(self) -> dict[str, int]:
        """Rule id to the number of the first exchange or outcome that broke it."""
        return self.observer.first_seen

    @property
    def verdicts(self) -> dict[str, str]:
        """Rule id to verdict; what was not asked for is not-exercised."""
        ids = [r.id for r in load().rules.values() if r.role == self.role]
        return {id: self.verdict_of(id) if id in self.rules else "not-exercised" for id in ids}

    @property
    def findings(self) -> list[Finding]:
        """The kept findings of what was asked for, in the order of the document; of a broken rule, none that is known."""
        shown = {id: verdict == "known" for id, verdict in self.verdicts.items() if verdict in ("fail", "warn", "known")}
        return [f for id, known in shown.items() for f in self.tallies[id].findings if known or not f.known]

    @property
    def verdict(self) -> str:
        """conformant, non-conformant or incomplete."""
        return self.conclusion.verdict

    @property
    def reason(self) -> str | None:
        """Why, in one sentence."""
        return self.conclusion.reason


@dataclass
class ProviderJudgement(Judgement):
    """What was found of an endpoint."""

    observer: WatchedTarget
    known: tuple[Deviation, ...] = ()
    role = "provider"
    cases = "exchanges"

    @property
    def _subject(self) -> Subject:
        return self.observer.target

    @property
    def session_refused(self) -> bool:
        """Whether the target never accepted the session."""
        return self.observer.target_health.session_refused

    def verdict_of(self, id: str) -> str:
        blocked = blocked_rules(anonymous=self.observer.target.anonymous, session_refused=self.session_refused)
        seen = verdict_of(id, self.tallies.get(id), blocked=blocked)
        listed = self.listed(id)
        if not listed or seen in ("not-exercised", "blocked"):
            return seen
        return "fixed" if seen == "pass" else "known" if seen in {d.verdict for d in listed} else seen

    def listed(self, id: str) -> list[Deviation]:
        """The known deviations of a rule. One that names nobody is of the target, never of the built-in mock."""
        names = (self.name, None if self.kind == "real" else self.name)
        return [d for d in self.known if d.rule == id and d.implementation in names]

    @property
    def conclusion(self) -> Conclusion:
        target_health = self.observer.target_health
        return conclude(
            self.verdicts,
            halted=self.halted,
            anonymous=self.observer.target.anonymous,
            session_refused=self.session_refused,
            foreign=target_health.no_endpoint(self.observer.target.path),
            recorded=self.remark is not None,
        )


@dataclass
class ConsumerJudgement(Judgement):
    """What was found of a client. Its known deviations are told apart breach by breach, while it is judged."""

    observer: ConsumerObserver
    role = "consumer"
    cases = "outcomes"

    @property
    def _subject(self) -> Subject:
        return self.observer.client

    def verdict_of(self, id: str) -> str:
        seen = verdict_of(id, self.tallies.get(id))
        return "fixed" if seen in ("pass", "known") and self.observer.allowances.fixed(id) else seen

    @property
    def conclusion(self) -> Conclusion:
        return conclude(self.verdicts, halted=self.halted)


def judge_provider(
    target: Target,
    *,
    budget: int = MAX_REQUESTS,
    rate: float = 0.0,
    seed: int = 0,
    only: Iterable[str] = tuple(phases.PHASES),
    sleep: Callable[[float], None] = time.sleep,
) -> ProviderJudgement:
    """Observe a target in all phases under one budget of requests and judge it by every rule."""
    observer = Observer(target, budget=budget, rate=rate, sleep=sleep)
    for phase in only:
        phases.run(observer, phase, seed)
    observer.finish()
    return ProviderJudgement(observer, rules=set(observer.evaluator.tallies))


def judge_consumer(
    client: Client,
    *,
    known: Iterable[Deviation] = (),
    patience: float = DEADLINE,
    seed: int = 0,
    only: Iterable[str] = ("scenarios", "generated"),
) -> ConsumerJudgement:
    """Let a client meet every scenario and judge what it made of them by every consumer rule."""
    observer = ConsumerObserver(client, Allowances(known), patience=patience)
    for phase in only:
        observer.run(phase, seed)
    return ConsumerJudgement(observer, rules=set(observer.evaluator.tallies))
