"""Rules: one pure function each, registered under its id; the words and the level stand in the document.

A rule yields nothing when it has nothing to say of an exchange, `OK` when the exchange keeps it, and a `Breach` when the
exchange breaks it. That difference makes `not-exercised` visible: a rule that never spoke is not a rule that passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from contracts.exchange import Exchange


@dataclass(frozen=True)
class Breach:
    """What was expected and what was there, in words for a person."""

    expected: str
    actual: str


OK: Final = Breach("", "")


@dataclass
class Memory:
    """What earlier exchanges of the same run leave behind for later judgements; bounded by the number of conditions."""

    last_token: str | None = None
    tokens: set[int] = field(default_factory=set)
    plain_success: bool = False  # a bare POST of the logged-in session was once answered as a success
    innocent: set[tuple[str, str]] = field(default_factory=set)  # conditions under which a logged-in refresh was a success
    explained: list[frozenset[tuple[str, str]]] = field(default_factory=list)  # the suspects of those that were not


Judge = Callable[[Exchange, Memory], Iterator[Breach]]
RULES: dict[str, Judge] = {}


def rule(id: str) -> Callable[[Judge], Judge]:
    """Register a judgement under the id that it has in the document."""

    def register(judge: Judge) -> Judge:
        if id in RULES:
            raise ValueError(f"two judgements for the rule {id}")
        RULES[id] = judge
        return judge

    return register


@dataclass(frozen=True)
class Finding:
    """A rule broken by an exchange (its index in the evidence); `size` is how many conditions were unusual there."""

    rule: str
    expected: str
    actual: str
    exchange: int
    size: int = 0


@dataclass
class Tally:
    """Of one rule: how many exchanges exercised it, how many broke it, the smallest of those, and what all of them share."""

    exercised: int = 0
    broken: int = 0
    findings: list[Finding] = field(default_factory=list)
    shared: frozenset[tuple[str, str]] | None = None

    def add(self, finding: Finding, exchange: Exchange) -> None:
        """One more exchange that broke the rule."""
        self.broken += 1
        self.findings = sorted([*self.findings, finding], key=lambda f: (f.size, f.exchange))[:KEPT_FINDINGS]
        conditions = exchange.situation.conditions
        self.shared = conditions if self.shared is None else self.shared & conditions


KEPT_FINDINGS: Final = 3  # the smallest tell all; the rest is counted


class Judging:
    """Judges exchanges one by one, in the order they were made, and keeps a tally for every rule."""

    def __init__(self, rules: Iterable[str] | None = None) -> None:
        self._rules = [(id, RULES[id]) for id in (rules if rules is not None else RULES)]
        self.memory = Memory()
        self.tallies: dict[str, Tally] = {id: Tally() for id, _ in self._rules}

    def add(self, exchange: Exchange) -> list[Finding]:
        """Judge one more exchange; the findings that it adds."""
        found = []
        for id, judge in self._rules:
            tally = self.tallies[id]
            for breach in judge(exchange, self.memory):
                tally.exercised += 1
                if breach is not OK:
                    finding = Finding(id, breach.expected, breach.actual, exchange.index, len(exchange.situation.conditions))
                    tally.add(finding, exchange)
                    found.append(finding)
                break  # one judgement a rule and exchange
        return found


from contracts.rules import provider as _provider  # noqa: E402,F401 - registers the rules
