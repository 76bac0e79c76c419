"""The judgement of one implementation: the verdict of each rule, and the conclusion.

Judgement
├── ProviderJudgement     judges an endpoint by its exchanges
└── ConsumerJudgement     judges a client by its outcomes

A judgement reads an observation, made now or recorded earlier. It changes nothing in it, except the reason why it ended.
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
    """The implementation that is judged. `kind` is real or mock; `version` is None if it is unknown."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def version(self) -> str | None: ...


class ObservedTarget(Subject, Protocol):
    """An endpoint that was observed. `anonymous` means that no session was given."""

    @property
    def anonymous(self) -> bool: ...
    @property
    def path(self) -> str: ...


class Tallies(Protocol):
    """The tallies of the rules."""

    @property
    def tallies(self) -> dict[str, Tally]: ...


class Observation(Protocol):
    """What was observed of an implementation: the results of the rules for each case, and why it ended early, if it did."""

    halted: str | None
    cut_short: str | None
    first_seen: dict[str, int]

    @property
    def evaluator(self) -> Tallies: ...
    @property
    def results(self) -> Mapping[int, Mapping[str, Breach]]: ...
    @property
    def requests(self) -> int: ...
    def note(self, reason: str) -> None: ...


class TargetObservation(Observation, Protocol):
    """What was observed of an endpoint. `notes` tell a reader how it was asked: what was waited for, and what is not judged."""

    @property
    def target(self) -> ObservedTarget: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def evidence(self) -> Mapping[int, Exchange]: ...
    @property
    def phases(self) -> Mapping[str, int]: ...
    @property
    def target_health(self) -> TargetHealth: ...


class ClientObservation(Observation, Protocol):
    """What was observed of a client. `allowances` decided for each breach whether it is a known deviation."""

    @property
    def client(self) -> Subject: ...
    @property
    def evidence(self) -> Mapping[int, Outcome]: ...
    @property
    def allowances(self) -> Allowances: ...
    def broken_by(self, prefix: str) -> dict[str, tuple[str, ...]]: ...


@dataclass
class Judgement(ABC):
    """The judgement of one implementation.

    `rules` are the ids of the selected rules: all, unless some were deselected. `remark` tells a reader the limits of a recording
    that another program made; None if there are none.
    """

    observation: Observation
    remark: str | None = field(default=None, kw_only=True)
    rules: set[str] = field(default_factory=set, kw_only=True)
    role: ClassVar[str] = ""
    cases: ClassVar[str] = ""  # the plural of what is judged: exchanges or outcomes

    @property
    @abstractmethod
    def subject(self) -> Subject:
        """The implementation."""

    @abstractmethod
    def verdict_of(self, rule_id: str) -> str:
        """The verdict of one rule on the evidence so far, with known deviations applied."""

    @abstractmethod
    def reasons(self, rule_id: str) -> Sequence[str]:
        """Why the known deviations of a rule are accepted, in the words of their lists."""

    @property
    @abstractmethod
    def conclusion(self) -> Conclusion:
        """The conclusion for the implementation."""

    @property
    def name(self) -> str:
        """The name of the implementation in verdicts and reports."""
        return self.subject.name

    @property
    def kind(self) -> str:
        """Whether the implementation is `real` or `mock`."""
        return self.subject.kind

    @property
    def version(self) -> str | None:
        """The version of the implementation; None if it is unknown."""
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
    def cut_short(self) -> str | None:
        """Why the observation ended before its budget, though what was seen can be judged; None if it did not."""
        return self.observation.cut_short

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how the implementation was observed."""
        return ()

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
        """Rule id to verdict. A rule that was not selected is not-exercised."""
        bound = [rule.id for rule in load().rules.values() if rule.role == self.role]
        return {rule_id: self.verdict_of(rule_id) if rule_id in self.rules else "not-exercised" for rule_id in bound}

    @property
    def findings(self) -> list[Finding]:
        """The kept findings of the selected rules, in the order of the document.

        Known findings are included only if the verdict of their rule is `known`.
        """
        shown = {
            rule_id: verdict == "known" for rule_id, verdict in self.verdicts.items() if verdict in ("fail", "warn", "known")
        }
        return [f for rule_id, known in shown.items() for f in self.tallies[rule_id].findings if known or not f.known]

    @property
    def verdict(self) -> str:
        """The verdict of the conclusion: conformant, non-conformant or incomplete."""
        return self.conclusion.verdict

    @property
    def reason(self) -> str | None:
        """The reason of the conclusion in one sentence; None if there is nothing to say."""
        return self.conclusion.reason


@dataclass
class ProviderJudgement(Judgement):
    """The judgement of an endpoint. `known` are its known deviations."""

    observation: TargetObservation
    known: tuple[Deviation, ...] = ()
    role = "provider"
    cases = "exchanges"

    @property
    def subject(self) -> Subject:
        return self.observation.target

    @property
    def phases(self) -> Mapping[str, int]:
        """How many requests each phase has sent."""
        return self.observation.phases

    @property
    def notes(self) -> tuple[str, ...]:
        return self.observation.notes

    @property
    def session_refused(self) -> bool:
        """Whether the target refused the session every time."""
        return self.observation.target_health.session_refused

    def verdict_of(self, rule_id: str) -> str:
        blocked = blocked_rules(anonymous=self.observation.target.anonymous, session_refused=self.session_refused)
        seen = verdict_of(rule_id, self.tallies.get(rule_id), blocked=blocked)
        listed = self._listed(rule_id)
        if not listed or seen in ("not-exercised", "blocked"):
            return seen
        return "fixed" if seen == "pass" else "known" if seen in {d.verdict for d in listed} else seen

    def reasons(self, rule_id: str) -> Sequence[str]:
        return [f"{d.why}{f' (since {d.since})' if d.since else ''}" for d in self._listed(rule_id)]

    def _listed(self, rule_id: str) -> list[Deviation]:
        """The known deviations of a rule. One without an implementation applies to a real target, never to the built-in mock."""
        names = (self.name, None if self.kind == "real" else self.name)
        return [d for d in self.known if d.rule == rule_id and d.implementation in names]

    @property
    def conclusion(self) -> Conclusion:
        seen = self.observation
        return conclude(
            self.verdicts,
            halted=seen.halted,
            cut_short=seen.cut_short,
            anonymous=seen.target.anonymous,
            session_refusal=seen.target_health.session_refusal,
            foreign=seen.target_health.no_endpoint(seen.target.path),
            recorded=self.remark is not None,
            asked=self.rules,
        )


@dataclass
class ConsumerJudgement(Judgement):
    """The judgement of a client. Its known deviations are matched breach by breach, while its outcomes are judged."""

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
        return conclude(self.verdicts, halted=self.observation.halted, asked=self.rules)
