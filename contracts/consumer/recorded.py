"""Answers of an environment, played to clients: one row shows what the provider and the clients broke with an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from contracts.model.answers import Answer
from contracts.model.document import load
from contracts.model.exchange import Exchange, Response, described
from contracts.model.scenario import LANDING, RECORDED, Scenario
from contracts.rules.engine import Evaluator
from contracts.rules.evidence import is_whole
from contracts.rules.provider import RULE_SET

MOST: Final = 25
# Other headers belong to the connection, would lead a client elsewhere, or would change what its browser stores.
KEPT_HEADERS: Final = ("content-type", "cache-control", "retry-after", "vary", "allow")


@dataclass(frozen=True)
class Row:
    """One recorded answer: its exchange, the answer in words, and the rules that the provider and the clients broke with it."""

    exchange: int
    what: str
    provider: tuple[str, ...]
    consumers: dict[str, tuple[str, ...]]

    def as_data(self) -> dict[str, Any]:
        """The row for `report.json`."""
        consumers = {name: list(rules) for name, rules in self.consumers.items()}
        return {"exchange": self.exchange, "answer": self.what, "provider": list(self.provider), "consumers": consumers}


class Recorded:
    """The first recorded answer to a POST of each kind."""

    def __init__(self, evidence: Iterable[Exchange]) -> None:
        self._exchanges: dict[int, Exchange] = {}
        self.scenarios: list[Scenario] = []
        seen: set[frozenset[tuple[str, str]]] = set()
        for exchange in evidence:
            if not isinstance(exchange.answer, Response) or exchange.request.method != load().method or len(seen) >= MOST:
                continue
            if not is_whole(exchange.answer):
                continue
            scenario = Scenario(f"{RECORDED}{exchange.index}", _answer(exchange.answer))
            if scenario.conditions not in seen:
                seen.add(scenario.conditions)
                self.scenarios.append(scenario)
                self._exchanges[exchange.index] = exchange

    def rows(self, broken: dict[str, dict[str, tuple[str, ...]]]) -> list[Row]:
        """A row for each answer. `broken`: for each client and each scenario, the rules that the client broke."""
        rows = []
        for scenario, (index, exchange) in zip(self.scenarios, self._exchanges.items(), strict=True):
            provider = tuple(finding.rule for finding in Evaluator(RULE_SET).add(exchange))
            consumers = {name: rules.get(scenario.name, ()) for name, rules in broken.items()}
            rows.append(Row(index, described(scenario.conditions, 9), provider, consumers))
        return rows


def _answer(response: Response) -> Answer:
    headers = [(name, value) for name, value in response.headers if name.lower() in KEPT_HEADERS]
    if 300 <= response.status < 400 and response.header("location"):
        headers.append(("location", LANDING))
    return Answer(response.status, tuple(headers), response.body)
