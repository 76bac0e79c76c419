"""Recorded tracks, judged again by the same rules: nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.consumer.observe import ConsumerObserver
from contracts.har import Track
from contracts.model.exchange import Exchange
from contracts.model.outcome import Outcome
from contracts.model.scenario import ScenarioSequence
from contracts.rules.engine import NOTHING, Breach, Evaluator
from contracts.rules.judgement import ConsumerJudgement, ProviderJudgement, Subject
from contracts.rules.known_deviations import Allowances, Deviation
from contracts.rules.provider import RULE_SET
from contracts.rules.target_health import TargetHealth


@dataclass
class RecordedTarget:
    """An endpoint that was observed elsewhere."""

    name: str
    kind: str
    version: str | None
    anonymous: bool
    path: str


class ReplayedTarget:
    """The exchanges of an endpoint, judged in their order."""

    def __init__(self, track: Track, path: str) -> None:
        facts = track.facts
        name, kind, version = str(facts["name"]), str(facts["kind"]), facts.get("version")
        self.provider = RecordedTarget(name, kind, version, bool(facts.get("anonymous")), path)
        self.evidence: dict[int, Exchange] = {}
        self.results: dict[int, Mapping[str, Breach]] = {}
        self.first_seen: dict[str, int] = {}
        self.evaluator = Evaluator(RULE_SET)
        self.requests = int(facts["requests"])
        self.halted: str | None = facts.get("halted")
        self.target_health = TargetHealth(**facts["signs"]) if "signs" in facts else TargetHealth()
        for x in track.exchanges:
            self._meet(x, track)
            if "signs" not in facts:
                self.target_health.note(x)

    def _meet(self, exchange: Exchange, track: Track) -> None:
        self.evidence[exchange.index] = exchange
        if exchange.index in track.judged:
            for finding in self.evaluator.add(exchange, track.carried.get(exchange.index, NOTHING)):
                self.first_seen.setdefault(finding.rule, exchange.index)
            self.results[exchange.index] = self.evaluator.results

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.halted = self.halted or reason


@dataclass
class RecordedClient:
    """A client that was observed elsewhere: nothing can be played to it."""

    name: str
    kind: str
    version: str | None
    requests: int
    modes: tuple[str, ...] = ("",)
    slow_modes: tuple[str, ...] = ()
    loads: bool = False

    def play(self, sequences: Sequence[ScenarioSequence]) -> list[Outcome]:
        """Nothing comes of it."""
        return []

    def close(self) -> None:
        """There is nothing to stop."""


def judged(
    track: Track,
    *,
    path: str = "",
    known: tuple[Deviation, ...] = (),
    known_of: Callable[[Subject], Iterable[Deviation]] = lambda client: (),
) -> ProviderJudgement | ConsumerJudgement:
    """The judgement of a track. `known` are the known deviations of an endpoint at `path`, `known_of` those of a client."""
    facts = track.facts
    if facts["role"] == "provider":
        return ProviderJudgement(ReplayedTarget(track, path), known, remark=track.remark)
    client = RecordedClient(str(facts["name"]), str(facts["kind"]), facts.get("version"), int(facts["requests"]))
    observer = ConsumerObserver(client, Allowances(known_of(client)), patience=0)
    observer.judge(track.outcomes, track.carried)
    observer.halted = facts.get("halted")
    return ConsumerJudgement(observer, remark=track.remark)
