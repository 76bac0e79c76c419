"""The cause of a broken rule: what the requests that broke it have in common, and no request that kept it has. Pure.

It is found among the exchanges that are kept, so a recording of them gives the same cause. A rule that is broken only by chance
is told as such: in how many of its requests, whatever they were.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from contracts.model.exchange import Exchange
from contracts.rules.engine import OK, Breach
from contracts.rules.traits import Row, Trait, candidates, row_of
from contracts.rules.verdict import PROMISES

ALWAYS: Final = "every time, whatever is sent"
LUCK: Final = 0.02  # how probable it may be that requests share a trait although it has nothing to do with the fault
TOGETHER: Final = 3  # most traits that are named where they were always sent together
NUMBERS: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
Results = Mapping[int, Mapping[str, Breach]]


@dataclass(frozen=True)
class Cause:
    """When a rule is broken, in `words`.

    `suspects` are the traits that every request had that broke it, and none that kept it. `by_chance` says that requests alike
    broke it and kept it. `exchanges` are the numbers of those that broke it.
    """

    words: str
    exchanges: tuple[int, ...]
    suspects: tuple[Trait, ...] = ()
    by_chance: bool = False


class Causes:
    """The causes of broken rules, among the exchanges of one endpoint. `results` holds what each rule found in each of them."""

    def __init__(self, exchanges: Mapping[int, Exchange], results: Results) -> None:
        self.exchanges = exchanges
        self._results = results
        self._rows = {number: row_of(exchange) for number, exchange in exchanges.items() if exchange.situation.probe}
        self._names = {name for row in self._rows.values() for name in row}
        self._causes: dict[str, Cause] = {}

    def of(self, rule_id: str) -> Cause:
        """The cause of a rule that is broken.

        The rules of the promise share a fault by chance: any of them may be blamed for a refresh that was refused, depending on
        what else was sent.
        """
        if rule_id not in self._causes:
            self._causes[rule_id] = self._found(rule_id)
        return self._causes[rule_id]

    def _found(self, rule_id: str) -> Cause:
        family = PROMISES if rule_id in PROMISES else frozenset({rule_id})
        broken, kept = self._split({rule_id}, family)
        own = self._cause(broken, kept)
        if (own.suspects and own.words) or len(family) == 1 or own.words == ALWAYS:
            return own
        for other in sorted(family - {rule_id}):
            cause = self._cause(*self._split({other}, family))
            if cause.suspects and set(broken) <= set(cause.exchanges):
                return replace(cause, exchanges=own.exchanges)
        shared = self._cause(*self._split(family, family))
        return shared if shared.by_chance else own

    def _split(self, rules: frozenset[str] | set[str], family: frozenset[str]) -> tuple[list[int], list[int]]:
        """The exchanges that broke one of the rules, and those that kept one of the family and broke none."""
        broken, kept = [], []
        for number in self._rows:
            found = self._results.get(number, {})
            faults = {rule_id for rule_id in family if rule_id in found and found[rule_id] != OK}
            if faults & rules:
                broken.append(number)
            elif not faults and any(rule_id in found for rule_id in family) and self._counts(number, family):
                kept.append(number)
        return broken, kept

    def _counts(self, number: int, family: frozenset[str]) -> bool:
        """Whether an exchange speaks against a fault. A refresh that may be refused, and was, shows nothing."""
        response = self.exchanges[number].response
        return family != PROMISES or (response is not None and response.claims_success)

    def _cause(self, broken: Sequence[int], kept: Sequence[int]) -> Cause:
        bad, good = [self._rows[n] for n in broken], [self._rows[n] for n in kept]
        numbers = tuple(broken)
        if not bad:
            return Cause("", numbers)
        if not good:
            return Cause(ALWAYS if len(bad) > 1 else "", numbers)
        traits = sorted(candidates(bad, self._names), key=lambda trait: trait.order)
        exact = [trait for trait in traits if not any(trait.of(row) for row in good)]
        if exact:
            return Cause(_together(exact) if len(bad) > 1 else "", numbers, tuple(exact))
        if pair := _pair(traits, good, len(bad)):
            return Cause(" and ".join(trait.short for trait in pair) if len(bad) > 1 else "", numbers, pair)
        if several := _several(bad, good):
            return Cause(" or ".join(trait.words for trait in several), numbers, several)
        return _by_chance(numbers, bad, good, traits)


def _together(traits: Sequence[Trait]) -> str:
    """The traits in words: each alone could be the cause."""
    named = [trait.words for trait in traits[:TOGETHER]]
    more = len(traits) - len(named)
    return " or ".join(named) + (f" or {more} more things that were sent with it" if more else "")


def _pair(traits: Sequence[Trait], good: Sequence[Row], broken: int) -> tuple[Trait, Trait] | None:
    """Two traits that only broken requests have both. Two requests lack so much that what they lack says little."""
    traits = [trait for trait in traits if broken > 2 or not trait.is_absent]
    having = {trait: {n for n, row in enumerate(good) if trait.of(row)} for trait in traits}
    pairs = itertools.combinations(traits, 2)
    return next((pair for pair in pairs if not having[pair[0]] & having[pair[1]]), None)


def _several(bad: Sequence[Row], good: Sequence[Row]) -> tuple[Trait, ...]:
    """A few traits each of which only broken requests have, and more than one of them; all broken requests have one of them."""
    fine = {pair for row in good for pair in row.items()}
    names = {name for row in good for name in row}
    found: list[Trait] = []
    left = list(bad)
    while left and len(found) < TOGETHER:
        pairs = Counter(pair for row in left for pair in row.items() if pair not in fine)
        whole = Counter(name for row in left for name in row if name not in names)
        options = [*((count, Trait(name)) for name, count in whole.items()), *((n, Trait(*pair)) for pair, n in pairs.items())]
        count, best = min(options, key=lambda option: (-option[0], option[1].order), default=(0, None))
        if best is None or count < 2:
            return ()
        found.append(best)
        left = [row for row in left if not best.of(row)]
    return tuple(found) if not left else ()


def _by_chance(numbers: tuple[int, ...], bad: Sequence[Row], good: Sequence[Row], traits: Sequence[Trait]) -> Cause:
    """A fault that shows only now and then, perhaps only in requests of a kind."""
    alike = {frozenset(row.items()) for row in bad} & {frozenset(row.items()) for row in good}
    total = len(bad) + len(good)

    def luck(trait: Trait) -> float:
        return float(((len(bad) + sum(trait.of(row) for row in good)) / total) ** len(bad))

    telling = min(traits, key=luck, default=None)
    if telling and luck(telling) < LUCK:
        among = len(bad) + sum(telling.of(row) for row in good)
        return Cause(f"{_share(len(bad), among)}, {telling.words}", numbers, by_chance=bool(alike))
    if not alike and len(bad) == 1:
        return Cause("", numbers)
    return Cause(f"{_share(len(bad), total)}, whatever is sent", numbers, by_chance=bool(alike))


def _share(broken: int, of: int) -> str:
    """How often, in words."""
    every = round(of / broken)
    if every < 2:
        return f"in {broken} of {of} calls"
    return f"one call in {NUMBERS[every - 2] if every <= len(NUMBERS) + 1 else every}"
