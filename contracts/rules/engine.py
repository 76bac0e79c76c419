"""The engine: applies the rules to cases and counts the results. A rule is a pure function, registered under its id.

A rule returns None for a case that does not exercise it, `OK` for one that keeps it, and a `Breach` for one that breaks it. The
difference between None and `OK` matters: a rule that no case exercised is `not-exercised`, and has not passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Generic, Protocol, TypeVar


@dataclass(frozen=True)
class Breach:
    """What was expected and what was found, in words for a person. `case` is the number of an earlier case that is to blame."""

    expected: str
    actual: str
    case: int | None = None


OK: Final = Breach("", "")
Carried = Mapping[str, Breach | None]
"""Rule id to its result for a case that was judged elsewhere; None: the case did not exercise the rule."""
NOTHING: Final[Carried] = MappingProxyType({})


class Case(Protocol):
    """What rules judge: an exchange or an outcome. It has a number, the conditions that were unusual, and a size."""

    @property
    def index(self) -> int: ...
    @property
    def conditions(self) -> frozenset[tuple[str, str]]: ...
    @property
    def size(self) -> int: ...


CaseT = TypeVar("CaseT", bound=Case)
MemoryT = TypeVar("MemoryT")


class RuleSet(Generic[CaseT, MemoryT]):
    """The rules of one role by id, and `memory`, which makes the memory that they share during a run."""

    def __init__(self, memory: Callable[[], MemoryT]) -> None:
        self.memory = memory
        self.judges: dict[str, Callable[[CaseT, MemoryT], Breach | None]] = {}

    def rule(
        self, rule_id: str
    ) -> Callable[[Callable[[CaseT, MemoryT], Breach | None]], Callable[[CaseT, MemoryT], Breach | None]]:
        """Register a function as the rule that has this id in the document. ValueError: the id is taken."""

        def register(judge: Callable[[CaseT, MemoryT], Breach | None]) -> Callable[[CaseT, MemoryT], Breach | None]:
            if rule_id in self.judges:
                raise ValueError(f"two judgements for the rule {rule_id}")
            self.judges[rule_id] = judge
            return judge

        return register


@dataclass(frozen=True)
class Finding:
    """One case that broke a rule. `exchange` is its number in the evidence, `size` the size of the case.

    `known` means that the breach is a known deviation.
    """

    rule: str
    expected: str
    actual: str
    exchange: int
    size: int = 0
    known: bool = False


@dataclass
class Tally:
    """How many cases exercised and broke one rule, the smallest findings, and the conditions that all broken cases share."""

    exercised: int = 0
    broken: int = 0
    excused: int = 0  # how many of the broken ones are known deviations
    findings: list[Finding] = field(default_factory=list)
    shared: frozenset[tuple[str, str]] | None = None
    kept: int = 3  # how many findings are kept, smallest first; the rest is only counted

    def add(self, finding: Finding, conditions: frozenset[tuple[str, str]]) -> None:
        """Count one more case that broke the rule."""
        self.broken += 1
        self.excused += finding.known
        smallest_first = sorted([*self.findings, finding], key=lambda f: (f.known, f.size, f.exchange))
        # A finding with the same words as a smaller one adds nothing.
        different: dict[tuple[str, bool], Finding] = {}
        for candidate in smallest_first:
            different.setdefault((candidate.actual, candidate.known), candidate)
        self.findings = list(different.values())[: self.kept]
        self.shared = conditions if self.shared is None else self.shared & conditions


class Evaluator(Generic[CaseT, MemoryT]):
    """Judges cases one by one, in the order in which they happened, and keeps a tally for each rule.

    `excuse` tells whether a rule's breach by a case is a known deviation.
    """

    def __init__(
        self,
        rule_set: RuleSet[CaseT, MemoryT],
        rules: Iterable[str] | None = None,
        *,
        excuse: Callable[[str, CaseT], bool] = lambda rule, case: False,
        kept: int = Tally.kept,
    ) -> None:
        judges = {rule_id: rule_set.judges[rule_id] for rule_id in (rules if rules is not None else rule_set.judges)}
        self._excuse = excuse
        self.memory = rule_set.memory()
        self.results: dict[str, Breach] = {}  # the result of each rule that the last case exercised
        self.tallies: dict[str, Tally] = {rule_id: Tally(kept=kept) for rule_id in judges}
        self._judges = [(rule_id, judge, self.tallies[rule_id]) for rule_id, judge in judges.items()]

    def add(self, case: CaseT, carried: Carried = NOTHING) -> list[Finding]:
        """Judge one more case, and return its findings. The results in `carried` replace those of the same rules here."""
        findings = []
        self.results = results = {}
        memory = self.memory
        for rule_id, judge, tally in self._judges:
            breach = judge(case, memory)
            if carried and rule_id in carried:
                breach = carried[rule_id]
            if breach is None:
                continue
            results[rule_id] = breach
            tally.exercised += 1
            if breach is not OK and breach != OK:  # the OK of a recording is another object
                known = self._excuse(rule_id, case)
                finding = Finding(rule_id, breach.expected, breach.actual, breach.case or case.index, case.size, known)
                tally.add(finding, case.conditions)
                findings.append(finding)
        return findings
