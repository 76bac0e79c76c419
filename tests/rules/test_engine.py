"""How cases are judged and counted: one judgement a rule and case, the smallest breaches kept, what all of them share."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from contracts.rules.engine import NOTHING, OK, Breach, Evaluator, Finding, RuleSet, Tally

A, B, C = ("header", "a"), ("header", "b"), ("query", "c")


@dataclass(frozen=True)
class Number:
    """A case: a number, with conditions."""

    value: int
    index: int = 1
    conditions: frozenset[tuple[str, str]] = frozenset()
    size: int = 0


@dataclass
class Memory:
    """What was judged before."""

    seen: list[int] = field(default_factory=list)


def book() -> RuleSet[Number, Memory]:
    """Two rules: a number is even, unless it is zero; it is small."""
    made = RuleSet[Number, Memory](Memory)

    @made.rule("even")
    def even(n: Number, memory: Memory) -> Breach | None:
        memory.seen.append(n.value)
        if not n.value:
            return None
        return OK if n.value % 2 == 0 else Breach("an even number", str(n.value))

    @made.rule("small")
    def small(n: Number, memory: Memory) -> Breach | None:
        return OK if n.value < 10 else Breach("a small number", str(n.value))

    return made


def finding(actual: str, exchange: int = 1, size: int = 0, known: bool = False) -> Finding:
    """A finding of a rule."""
    return Finding("even", "an even number", actual, exchange, size, known)


def test_each_rule_is_asked_once_a_case() -> None:
    """Each rule is asked once a case, and what it said is known until the next case."""
    evaluator = Evaluator(book())
    assert [f.rule for f in evaluator.add(Number(13, 7))] == ["even", "small"]
    assert evaluator.results == {"even": Breach("an even number", "13"), "small": Breach("a small number", "13")}
    assert evaluator.add(Number(0)) == []
    assert evaluator.results == {"small": OK}
    assert evaluator.memory.seen == [13, 0]


def test_a_rule_that_said_nothing_was_not_exercised() -> None:
    """A rule that said nothing was not exercised; one that held was, and a broken one counts as both."""
    evaluator = Evaluator(book())
    for value in (0, 2, 13, 15):
        evaluator.add(Number(value))
    counts = {id: (tally.exercised, tally.broken, tally.excused) for id, tally in evaluator.tallies.items()}
    assert counts == {"even": (3, 2, 0), "small": (4, 2, 0)}


def test_only_what_was_asked_for_is_judged() -> None:
    """Only the rules that were asked for are judged, in that order."""
    assert list(Evaluator(book(), ["small"]).tallies) == ["small"]
    assert list(Evaluator(book(), []).tallies) == []
    assert list(Evaluator(book()).tallies) == ["even", "small"]


def test_a_finding_says_what_it_is_about() -> None:
    """A finding has the rule, what was expected and what was there, the case, and how unusual it was."""
    case = Number(13, 7, frozenset({A}), 1)
    assert Evaluator(book(), ["even"]).add(case) == [Finding("even", "an even number", "13", 7, 1, False)]


def test_what_is_excused_is_counted_apart() -> None:
    """A known deviation is a breach all the same, and is counted apart."""
    evaluator = Evaluator(book(), excuse=lambda rule, n: rule == "even" and n.value == 13)
    found = [evaluator.add(Number(value)) for value in (13, 15)]
    assert [[f.known for f in findings] for findings in found] == [[True, False], [False, False]]
    assert (evaluator.tallies["even"].broken, evaluator.tallies["even"].excused) == (2, 1)
    assert evaluator.tallies["small"].excused == 0


def test_what_was_said_elsewhere_stands_in_place_of_what_is_said_here() -> None:
    """A breach, an OK or nothing that was said elsewhere counts; the rule is asked all the same, for it remembers."""
    evaluator = Evaluator(book())
    assert evaluator.add(Number(2), {"even": Breach("e", "a")}) == [Finding("even", "e", "a", 1)]
    assert evaluator.add(Number(13), {"even": OK, "small": None}) == []
    assert evaluator.results == {"even": OK}
    assert evaluator.add(Number(3), {"even": Breach("", "")}) == []
    assert evaluator.memory.seen == [2, 13, 3]
    assert evaluator.tallies["even"].exercised == 3
    assert evaluator.tallies["small"].exercised == 2
    assert dict(NOTHING) == {}


def test_the_smallest_breaches_are_kept() -> None:
    """Three breaches are kept unless more are wanted: the smaller and the earlier first, known ones last."""
    tally = Tally()
    for one in (
        finding("known", size=0, known=True),
        finding("late", 9, 1),
        finding("early", 3, 1),
        finding("large", 1, 5),
        finding("small", 8, 0),
    ):
        tally.add(one, frozenset())
    assert [f.actual for f in tally.findings] == ["small", "early", "late"]
    assert tally.broken == 5
    assert tally.excused == 1
    assert [len(t.findings) for t in Evaluator(book(), kept=1).tallies.values()] == [0, 0]


@pytest.mark.parametrize("kept", [1, 2, 5])
def test_so_many_are_kept(kept: int) -> None:
    """As many breaches are kept as the evaluator was told to keep."""
    evaluator = Evaluator(book(), ["even"], kept=kept)
    for value in (1, 3, 5, 7):
        evaluator.add(Number(value))
    assert [f.actual for f in evaluator.tallies["even"].findings] == ["1", "3", "5", "7"][:kept]


def test_what_reads_the_same_is_kept_once() -> None:
    """Of breaches that read the same the smallest is kept; known and unknown ones are not the same."""
    tally = Tally()
    for size in (2, 0, 1):
        tally.add(finding("the same", size=size), frozenset())
    tally.add(finding("the same", size=0, known=True), frozenset())
    assert [(f.size, f.known) for f in tally.findings] == [(0, False), (0, True)]


def test_what_all_breaches_share() -> None:
    """Breaches share the conditions of the first, less those that any other did without."""
    tally = Tally()
    assert tally.shared is None
    tally.add(finding("1"), frozenset({A, B}))
    assert tally.shared == {A, B}
    tally.add(finding("2"), frozenset({B, C}))
    assert tally.shared == {B}
    tally.add(finding("3"), frozenset())
    assert tally.shared == frozenset()
    tally.add(finding("4"), frozenset({B}))
    assert tally.shared == frozenset()


@pytest.mark.parametrize("one", [Breach("e", "a"), finding("x")])
def test_what_was_said_is_not_changed(one: Breach | Finding) -> None:
    """Breaches and findings are evidence and cannot be changed."""
    with pytest.raises(FrozenInstanceError):
        one.expected = "x"  # type: ignore[misc]


def test_a_rule_is_judged_by_one_function() -> None:
    """A second function for the same rule is an error."""
    made = book()
    with pytest.raises(ValueError, match="two judgements for the rule even"):
        made.rule("even")(lambda n, memory: None)
