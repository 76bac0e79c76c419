"""Judges recorded tracks again by the same rules, without sending anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from contracts.har import Track
from contracts.model.exchange import Exchange
from contracts.rules.engine import NOTHING, Breach, Evaluator
from contracts.rules.judgement import ConsumerJudgement, ProviderJudgement, Subject
from contracts.rules.known_deviations import Allowances, Deviation
from contracts.rules.observation import OutcomeLog
from contracts.rules.provider import RULE_SET
from contracts.rules.target_health import TargetHealth


@dataclass(frozen=True)
class RecordedTarget:
    """An endpoint in a recording."""

    name: str
    kind: str
    version: str | None
    anonymous: bool
    path: str


class ReplayedTarget:
    """Judges the recorded exchanges of an endpoint in order. It takes the place of an observer."""

    def __init__(self, track: Track, path: str) -> None:
        facts = track.facts
        name, kind, version = str(facts["name"]), str(facts["kind"]), facts.get("version")
        self.target = RecordedTarget(name, kind, version, bool(facts.get("anonymous")), path)
        self.evidence: dict[int, Exchange] = {}
        self.results: dict[int, Mapping[str, Breach]] = {}
        self.first_seen: dict[str, int] = {}
        self.evaluator = Evaluator(RULE_SET)
        self.requests = int(facts["requests"])
        self.phases = {str(phase): int(sent) for phase, sent in facts.get("phases", {}).items()}
        self.halted: str | None = facts.get("halted")
        self.cut_short: str | None = facts.get("cut_short")
        self.notes = tuple(map(str, facts.get("notes", ())))
        self.target_health = TargetHealth(**facts["signs"]) if "signs" in facts else TargetHealth()
        for exchange in track.exchanges:
            self._judge(exchange, track)
            if "signs" not in facts:
                self.target_health.count(exchange)

    def _judge(self, exchange: Exchange, track: Track) -> None:
        self.evidence[exchange.index] = exchange
        if exchange.index in track.judged:
            for finding in self.evaluator.add(exchange, track.carried.get(exchange.index, NOTHING)):
                self.first_seen.setdefault(finding.rule, exchange.index)
            self.results[exchange.index] = self.evaluator.results

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.halted = self.halted or reason


@dataclass(frozen=True)
class RecordedClient:
    """A client in a recording."""

    name: str
    kind: str
    version: str | None


class ReplayedClient(OutcomeLog):
    """Judges the recorded outcomes of a client. It takes the place of an observer."""

    def __init__(self, track: Track, known_of: Callable[[Subject], Iterable[Deviation]]) -> None:
        facts = track.facts
        self.client = RecordedClient(str(facts["name"]), str(facts["kind"]), facts.get("version"))
        super().__init__(Allowances(known_of(self.client)))
        self.requests = int(facts["requests"])
        self.judge(track.outcomes, track.carried)
        self.halted = facts.get("halted")


def judged(
    track: Track,
    *,
    path: str = "",
    known: tuple[Deviation, ...] = (),
    known_of: Callable[[Subject], Iterable[Deviation]] = lambda client: (),
) -> ProviderJudgement | ConsumerJudgement:
    """The judgement of a track. `known` are the known deviations of an endpoint at `path`; `known_of` gives those of a client."""
    if track.facts["role"] == "provider":
        return ProviderJudgement(ReplayedTarget(track, path), known, remark=track.remark)
    return ConsumerJudgement(ReplayedClient(track, known_of), remark=track.remark)
