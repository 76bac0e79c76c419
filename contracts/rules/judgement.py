"""What was found of one implementation: the verdict of each rule, and the conclusion.

Judgement
├── ProviderJudgement     of an endpoint, by its exchanges
└── ConsumerJudgement     of a client, by its outcomes

A judgement reads an observation, made now or recorded earlier, and changes nothing in it but the reason for which it ended.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from contracts.model.document import load
from contracts.model.exchange import Exchange
from contracts.model.outcome import Outcome
from contracts.rules.engine import Breach, Finding, Tally
from contracts.rules.known_deviations import Allowances, Deviation
from contracts.rules.target_health import TargetHealth
from contracts.rules.verdict import Conclusion, blocked_rules, conclude, verdict_of


class Subject(Protocol):
    """What is judged: its name, whether it is real or mock, and its version, if that is known."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def version(self) -> str | None: ...


class ObservedTarget(Subject, Protocol):
    """An endpoint that was observed."""

    @property
    def anonymous(self) -> bool: ...
    @property
    def path(self) -> str: ...


class Tallies(Protocol):
    """What rules found."""

    @property
    def tallies(self) -> dict[str, Tally]: ...


class Observation(Protocol):
    """What was seen of an implementation: what the rules said of each case, and why it ended early, if it did."""

    halted: str | None
    first_seen: dict[str, int]

    @property
    def evaluator(self) -> Tallies: ...
    @property
    def results(self) -> Mapping[int, Mapping[str, Breach]]: ...
    @property
    def requests(self) -> int: ...
    def note(self, reason: str) -> None: ...


class TargetObservation(Observation, Protocol):
    """What was seen of an endpoint."""

    @property
    def provider(self) -> ObservedTarget: ...
    @property
    def evidence(self) -> Mapping[int, Exchange]: ...
    @property
    def target_health(self) -> TargetHealth: ...


class ClientObservation(Observation, Protocol):
    """What was seen of a client; `allowances` told its known deviations apart, breach by breach."""

    @property
    def client(self) -> Subject: ...
    @property
    def evidence(self) -> Mapping[int, Outcome]: ...
    @property
    def allowances(self) -> Allowances: ...
    def broken_by(self, prefix: str) -> dict[str, tuple[str, ...]]: ...


@dataclass
class Judgement(ABC):
    """What was found of one implementation.

    `rules` are the ones that were asked for: all, unless some were deselected. `remark` says what a reader should know of a
    recording that somebody else made, since it shows less than an observation.
    """

    observation: Observation
    remark: str | None = field(default=None, kw_only=True)
    rules: set[str] = field(default_factory=set, kw_only=True)
    role: ClassVar[str] = ""
    cases: ClassVar[str] = ""  # what it was judged by: exchanges, outcomes

    @property
    @abstractmethod
    def subject(self) -> Subject:
        """The implementation."""

    @abstractmethod
    def verdict_of(self, rule_id: str) -> str:
        """The verdict of one rule on the evidence so far, known deviations applied."""

    @abstractmethod
    def reasons(self, rule_id: str) -> Sequence[str]:
        """Why the known deviations of a rule are accepted, as their lists say."""

    @property
    @abstractmethod
    def conclusion(self) -> Conclusion:
        """What is concluded of the implementation."""

    @property
    def name(self) -> str:
        """The implementation, as verdicts and reports call it."""
        return self.subject.name

    @property
    def kind(self) -> str:
        """real or mock."""
        return self.subject.kind

    @property
    def version(self) -> str | None:
        """The implementation's version, where it is known."""
        return self.subject.version

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.observation.requests

    @property
    def halted(self) -> str | None:
        """Why the observation ended early, if it did."""
        return self.observation.halted

    @property
    def first_seen(self) -> dict[str, int]:
        """Rule id to the number of the first exchange or outcome that broke it."""
        return self.observation.first_seen

    @property
    def tallies(self) -> dict[str, Tally]:
        """Rule id to its tally."""
        return self.observation.evaluator.tallies

    @property
    def verdicts(self) -> dict[str, str]:
        """Rule id to verdict; a rule that was not asked for is not-exercised."""
        bound = [rule.id for rule in load().rules.values() if rule.role == self.role]
        return {rule_id: self.verdict_of(rule_id) if rule_id in self.rules else "not-exercised" for rule_id in bound}

    @property
    def findings(self) -> list[Finding]:
        """The kept findings of the rules that were asked for, in the order of the document.

        Known findings are shown only where the verdict of their rule is `known`.
        """
        shown = {
            rule_id: verdict == "known" for rule_id, verdict in self.verdicts.items() if verdict in ("fail", "warn", "known")
        }
        return [f for rule_id, known in shown.items() for f in self.tallies[rule_id].findings if known or not f.known]

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

    observation: TargetObservation
    known: tuple[Deviation, ...] = ()
    role = "provider"
    cases = "exchanges"

    @property
    def subject(self) -> Subject:
        return self.observation.provider

    @property
    def session_refused(self) -> bool:
        """Whether the target never accepted the session."""
        return self.observation.target_health.session_refused

    def verdict_of(self, rule_id: str) -> str:
        blocked = blocked_rules(anonymous=self.observation.provider.anonymous, session_refused=self.session_refused)
        seen = verdict_of(rule_id, self.tallies.get(rule_id), blocked=blocked)
        listed = self._listed(rule_id)
        if not listed or seen in ("not-exercised", "blocked"):
            return seen
        return "fixed" if seen == "pass" else "known" if seen in {d.verdict for d in listed} else seen

    def reasons(self, rule_id: str) -> Sequence[str]:
        return [f"{d.why}{f' (since {d.since})' if d.since else ''}" for d in self._listed(rule_id)]

    def _listed(self, rule_id: str) -> list[Deviation]:
        """The known deviations of a rule. One that names nobody is of the target, never of the built-in mock."""
        names = (self.name, None if self.kind == "real" else self.name)
        return [d for d in self.known if d.rule == rule_id and d.implementation in names]

    @property
    def conclusion(self) -> Conclusion:
        seen = self.observation
        return conclude(
            self.verdicts,
            halted=seen.halted,
            anonymous=seen.provider.anonymous,
            session_refused=self.session_refused,
            foreign=seen.target_health.no_endpoint(seen.provider.path),
            recorded=self.remark is not None,
        )


@dataclass
class ConsumerJudgement(Judgement):
    """What was found of a client. Its known deviations are told apart breach by breach, while it is judged."""

    observation: ClientObservation
    role = "consumer"
    cases = "outcomes"

    @property
    def subject(self) -> Subject:
        return self.observation.client

    def verdict_of(self, rule_id: str) -> str:
        seen = verdict_of(rule_id, self.tallies.get(rule_id))
        return "fixed" if seen in ("pass", "known") and self.observation.allowances.fixed(rule_id) else seen

    def reasons(self, rule_id: str) -> Sequence[str]:
        allowances = self.observation.allowances
        if self.verdict_of(rule_id) == "fixed":
            return [f"{d.condition}: {d.why}" for d in allowances.fixed(rule_id)]
        return allowances.why(rule_id)

    @property
    def conclusion(self) -> Conclusion:
        return conclude(self.verdicts, halted=self.observation.halted)
