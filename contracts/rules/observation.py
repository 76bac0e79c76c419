"""What was seen of a client, now or in a recording: the outcomes, and what the rules found in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from contracts.model.outcome import Outcome
from contracts.rules.consumer import RULE_SET, Memory
from contracts.rules.engine import NOTHING, Breach, Carried, Evaluator, Finding
from contracts.rules.known_deviations import Allowances

KEPT_FINDINGS: Final = 200  # of one rule, so that every scenario that breaks it is named


class OutcomeLog:
    """Keeps outcomes as evidence and has each judged once, in their order. `allowances` are the client's known deviations."""

    def __init__(self, allowances: Allowances) -> None:
        self.allowances = allowances
        self.evaluator: Evaluator[Outcome, Memory] = Evaluator(RULE_SET, excuse=allowances, kept=KEPT_FINDINGS)
        self.evidence: dict[int, Outcome] = {}
        self.results: dict[int, Mapping[str, Breach]] = {}  # by the number of an outcome: what each rule found in it
        self.first_seen: dict[str, int] = {}
        self.halted: str | None = None
        self.cut_short: str | None = None  # a client is never hurried
        self._broken: dict[str, list[str]] = {}  # by the name of a scenario: the rules that it broke

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.halted = self.halted or reason

    def judge(self, outcomes: Iterable[Outcome], carried: Mapping[int, Carried] = MappingProxyType({})) -> list[Finding]:
        """Judge outcomes and keep them as evidence. `carried`: the results of rules elsewhere, by the number of the outcome."""
        found: list[Finding] = []
        for outcome in outcomes:
            self.evidence[outcome.index] = outcome
            self.allowances.meet(outcome)
            broken = self.evaluator.add(outcome, carried.get(outcome.index, NOTHING))
            self.results[outcome.index] = self.evaluator.results
            for finding in broken:
                self.first_seen.setdefault(finding.rule, outcome.index)
                self._broken.setdefault(outcome.scenario.name, []).append(finding.rule)
            found += broken
        return found

    def broken_by(self, prefix: str) -> dict[str, tuple[str, ...]]:
        """The rules that the client broke with each scenario whose name begins so, known deviations included."""
        names = dict.fromkeys(outcome.scenario.name for outcome in self.evidence.values())
        return {name: tuple(self._broken.get(name, ())) for name in names if name.startswith(prefix)}
