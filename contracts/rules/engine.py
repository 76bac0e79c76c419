"""Rules: one pure function each, registered under its id; the words and the level stand in the document.

A rule says nothing (None) of an exchange that does not exercise it, `OK` of one that keeps it, and a `Breach` of one that breaks
it. That difference makes `not-exercised` visible: a rule that never spoke is not a rule that passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Generic, Protocol, TypeVar


@dataclass(frozen=True)
class Breach:
    """What was expected and what was there, in words for a person."""

    expected: str
    actual: str


OK: Final = Breach("", "")
Carried = Mapping[str, Breach | None]
"""What rules said of a case that was judged elsewhere; None: nothing."""
NOTHING: Final[Carried] = MappingProxyType({})


class Case(Protocol):
    """What rules judge: an exchange, or the outcome of one; its number, what was unusual about it, and how much that is."""

    @property
    def index(self) -> int: ...
    @property
    def conditions(self) -> frozenset[tuple[str, str]]: ...
    @property
    def size(self) -> int: ...


CaseT = TypeVar("CaseT", bound=Case)
MemoryT = TypeVar("MemoryT")


class RuleSet(Generic[CaseT, MemoryT]):
    """The judgements of one role by their ids, and how a memory is made that they share during a run."""

    def __init__(self, memory: Callable[[], MemoryT]) -> None:
        self.memory = memory
        self.judges: dict[str, Callable[[CaseT, MemoryT], Breach | None]] = {}

    def rule(
        self, rule_id: str
    ) -> Callable[[Callable[[CaseT, MemoryT], Breach | None]], Callable[[CaseT, MemoryT], Breach | None]]:
        """Register a judgement under the id that it has in the document."""

        def register(judge: Callable[[CaseT, MemoryT], Breach | None]) -> Callable[[CaseT, MemoryT], Breach | None]:
            if rule_id in self.judges:
                raise ValueError(f"two judgements for the rule {rule_id}")
            self.judges[rule_id] = judge
            return judge

        return register


@dataclass(frozen=True)
class Finding:
    """A rule broken by a case (its number in the evidence); `size` as the case says it: the smallest tells most.

    `known`: it was excused, being a known deviation.
    """

    rule: str
    expected: str
    actual: str
    exchange: int
    size: int = 0
    known: bool = False


@dataclass
class Tally:
    """Of one rule: how many cases exercised it, how many broke it, the smallest of those, and what all of them share."""

    exercised: int = 0
    broken: int = 0
    excused: int = 0  # of the broken ones, those that are known deviations
    findings: list[Finding] = field(default_factory=list)
    shared: frozenset[tuple[str, str]] | None = None
    kept: int = 3  # the smallest tell all; the rest is counted

    def add(self, finding: Finding, conditions: frozenset[tuple[str, str]]) -> None:
        """One more case that broke the rule."""
        self.broken += 1
        self.excused += finding.known
        found = sorted([*self.findings, finding], key=lambda f: (f.known, f.size, f.exchange))
        # What is word for word the same as a smaller one tells nothing more.
        different: dict[tuple[str, bool], Finding] = {}
        for one in found:
            different.setdefault((one.actual, one.known), one)
        self.findings = list(different.values())[: self.kept]
        self.shared = conditions if self.shared is None else self.shared & conditions


class Evaluator(Generic[CaseT, MemoryT]):
    """Judges cases one by one, in the order they were made, and keeps a tally for every rule.

    `excuse` says of a breach of a rule whether it is a known deviation.
    """

    def __init__(
        self,
        book: RuleSet[CaseT, MemoryT],
        rules: Iterable[str] | None = None,
        *,
        excuse: Callable[[str, CaseT], bool] = lambda rule, case: False,
        kept: int = Tally.kept,
    ) -> None:
        judges = {id: book.judges[id] for id in (rules if rules is not None else book.judges)}
        self._excuse = excuse
        self.memory = book.memory()
        self.results: dict[str, Breach] = {}  # what the rules said of the last case: `OK`, or a breach
        self.tallies: dict[str, Tally] = {id: Tally(kept=kept) for id in judges}
        self._judges = [(id, judge, self.tallies[id]) for id, judge in judges.items()]

    def add(self, case: CaseT, carried: Carried = NOTHING) -> list[Finding]:
        """Judge one more case; the findings that it adds. `carried`: what rules said of it elsewhere and cannot see here."""
        found = []
        self.results = results = {}
        memory = self.memory
        for id, judge, tally in self._judges:
            breach = judge(case, memory)
            if carried and id in carried:
                breach = carried[id]
            if breach is None:
                continue
            results[id] = breach
            tally.exercised += 1
            if breach is not OK and breach != OK:  # a recording has an OK of its own
                known = self._excuse(id, case)
                finding = Finding(id, breach.expected, breach.actual, case.index, case.size, known)
                tally.add(finding, case.conditions)
                found.append(finding)
        return found
