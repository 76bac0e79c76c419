"""The gate as a function: observe a provider, judge everything, conclude. The pytest suite and the tests both use it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from contracts import phases
from contracts.document import load
from contracts.observer import Observer
from contracts.providers.live import Provider
from contracts.rules import Finding
from contracts.settings import Deviation, Settings
from contracts.verdict import Conclusion, blocked_rules, conclude, verdict_of


@dataclass
class Judgement:
    """What was found of one provider. `rules` are the ones that were asked for (all, unless some were deselected)."""

    provider: Provider
    observer: Observer
    rules: set[str] = field(default_factory=set)
    known: tuple[Deviation, ...] = ()

    @property
    def _blocked(self) -> frozenset[str]:
        return blocked_rules(anonymous=self.provider.anonymous, session_refused=self.session_refused)

    @property
    def session_refused(self) -> bool:
        """Whether the target never accepted the session."""
        return self.observer.signs.session_refused

    def verdict_of(self, id: str) -> str:
        """The verdict of one rule on the evidence so far, known deviations applied."""
        seen = verdict_of(id, self.observer.judging.tallies.get(id), blocked=self._blocked)
        # A deviation that names nobody is one of the target, never of the built-in mock.
        names = (self.provider.name, None if self.provider.kind == "real" else self.provider.name)
        listed = [d for d in self.known if d.rule == id and d.implementation in names]
        if not listed or seen in ("not-exercised", "blocked"):
            return seen
        return "fixed" if seen == "pass" else "known" if seen in {d.verdict for d in listed} else seen

    @property
    def verdicts(self) -> dict[str, str]:
        """Rule id to verdict; what was not asked for is not-exercised."""
        ids = [r.id for r in load().rules.values() if r.role == "provider"]
        return {id: self.verdict_of(id) if id in self.rules else "not-exercised" for id in ids}

    @property
    def findings(self) -> list[Finding]:
        """The kept findings of the rules that were asked for, in the order of the document."""
        verdicts = self.verdicts
        tallies = self.observer.judging.tallies
        return [f for id in verdicts if verdicts[id] in ("fail", "warn", "known") for f in tallies[id].findings]

    @property
    def conclusion(self) -> Conclusion:
        """What is to be said of the provider."""
        signs = self.observer.signs
        return conclude(
            self.verdicts,
            halted=self.observer.halted,
            anonymous=self.provider.anonymous,
            session_refused=self.session_refused,
            foreign=signs.no_endpoint(self.provider.path),
        )

    @property
    def verdict(self) -> str:
        """conformant, non-conformant or incomplete."""
        return self.conclusion.verdict

    @property
    def reason(self) -> str | None:
        """Why, in one sentence."""
        return self.conclusion.reason

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.observer.requests


def judge_provider(
    provider: Provider,
    *,
    budget: int = Settings.max_requests,
    rate: float = 0.0,
    seed: int = 0,
    only: Iterable[str] = tuple(phases.PHASES),
    sleep: Callable[[float], None] = time.sleep,
) -> Judgement:
    """Observe a provider in all phases under one budget of requests and judge it by every rule."""
    observer = Observer(provider, budget=budget, rate=rate, sleep=sleep)
    for phase in only:
        phases.run(observer, phase, seed)
    return Judgement(provider, observer, set(observer.judging.tallies))
