"""Recorded tracks, judged again by the same rules: nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.consumers.observer import ConsumerObserver, Subject
from contracts.exchange import Exchange
from contracts.gate import ConsumerJudgement, ProviderJudgement
from contracts.har import Track
from contracts.known import Deviation, Excuses
from contracts.outcome import Outcome
from contracts.rules import NOTHING, Breach, Judging
from contracts.rules.provider import BOOK
from contracts.scenario import Lane
from contracts.settings import Settings
from contracts.signs import Signs


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
        self.said: dict[int, Mapping[str, Breach]] = {}
        self.first_seen: dict[str, int] = {}
        self.judging = Judging(BOOK)
        self.requests = int(facts["requests"])
        self.halted: str | None = facts.get("halted")
        self.signs = Signs(**facts["signs"]) if "signs" in facts else Signs()
        for x in track.exchanges:
            self._meet(x, track)
            if "signs" not in facts:
                self.signs.note(x)

    def _meet(self, x: Exchange, track: Track) -> None:
        self.evidence[x.index] = x
        if x.index in track.judged:
            for finding in self.judging.add(x, track.carried.get(x.index, NOTHING)):
                self.first_seen.setdefault(finding.rule, x.index)
            self.said[x.index] = self.judging.said

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

    def play(self, lanes: Sequence[Lane]) -> list[Outcome]:
        """Nothing comes of it."""
        return []

    def close(self) -> None:
        """There is nothing to stop."""


def judged(
    track: Track,
    settings: Settings,
    listed: Callable[[Subject], Iterable[Deviation]] = lambda client: (),
) -> ProviderJudgement | ConsumerJudgement:
    """The judgement of a track; `listed` are the known deviations of a client."""
    facts = track.facts
    if facts["role"] == "provider":
        return ProviderJudgement(ReplayedTarget(track, settings.path), settings.known, remark=track.remark)
    client = RecordedClient(str(facts["name"]), str(facts["kind"]), facts.get("version"), int(facts["requests"]))
    observer = ConsumerObserver(client, Excuses(listed(client)), patience=0)
    observer.judge(track.outcomes, track.carried)
    observer.halted = facts.get("halted")
    return ConsumerJudgement(observer, remark=track.remark)
