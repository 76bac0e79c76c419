"""Answers that an environment gave, for clients to meet: one row, two verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from contracts.model.answers import Answer
from contracts.model.document import load
from contracts.model.exchange import Exchange, Response, described
from contracts.model.scenario import LANDING, Scenario
from contracts.rules.engine import Evaluator
from contracts.rules.evidence import is_whole
from contracts.rules.provider import RULE_SET

MOST: Final = 25
PREFIX: Final = "recorded-"
# The rest belongs to the connection it came by, or would lead a client elsewhere or change what its browser holds.
KEPT_HEADERS: Final = ("content-type", "cache-control", "retry-after", "vary", "allow")


@dataclass(frozen=True)
class Row:
    """One recorded answer: what was asked, and the rules that provider and clients broke with it."""

    exchange: int
    what: str
    provider: tuple[str, ...]
    consumers: dict[str, tuple[str, ...]]

    def as_data(self) -> dict[str, Any]:
        """The row for `report.json`."""
        consumers = {name: list(rules) for name, rules in self.consumers.items()}
        return {"exchange": self.exchange, "answer": self.what, "provider": list(self.provider), "consumers": consumers}


class Recorded:
    """The first answer to a POST of each kind that there was."""

    def __init__(self, evidence: Iterable[Exchange]) -> None:
        self._exchanges: dict[int, Exchange] = {}
        self.scenarios: list[Scenario] = []
        seen: set[frozenset[tuple[str, str]]] = set()
        for x in evidence:
            if not isinstance(x.answer, Response) or x.request.method != load().method or len(seen) >= MOST:
                continue
            if not is_whole(x.answer):
                continue
            scenario = Scenario(f"{PREFIX}{x.index}", _answer(x.answer))
            if scenario.conditions not in seen:
                seen.add(scenario.conditions)
                self.scenarios.append(scenario)
                self._exchanges[x.index] = x

    def rows(self, broken: dict[str, dict[str, tuple[str, ...]]]) -> list[Row]:
        """A row for each answer; `broken` is client to scenario to the rules that it broke there."""
        rows = []
        for scenario, (index, x) in zip(self.scenarios, self._exchanges.items(), strict=True):
            provider = tuple(finding.rule for finding in Evaluator(RULE_SET).add(x))
            consumers = {name: rules.get(scenario.name, ()) for name, rules in broken.items()}
            rows.append(Row(index, described(scenario.conditions, 9), provider, consumers))
        return rows


def _answer(response: Response) -> Answer:
    headers = [(name, value) for name, value in response.headers if name.lower() in KEPT_HEADERS]
    if 300 <= response.status < 400 and response.header("location"):
        headers.append(("location", LANDING))
    return Answer(response.status, tuple(headers), response.body)
