"""The driver of Hypothesis: the same cases for a seed, the smallest case that breaks a rule, and an end at the first error."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from contracts.generation import Generation


def drawn(seed: int) -> list[int]:
    """The numbers that a seed makes."""
    numbers: list[int] = []
    Generation(seed).each(st.integers(), numbers.append, 20)
    return numbers


def test_a_seed_makes_the_same_cases() -> None:
    """Two runs with one seed try the same cases, and another seed makes others."""
    assert len(drawn(1)) == 20
    assert drawn(1) == drawn(1) != drawn(2)


@pytest.mark.parametrize("go_on", [False, True])
def test_the_smallest_case_is_tried(go_on: bool) -> None:
    """A case that breaks a rule is shrunk as far as possible, and breaking it is no error."""
    broke: list[int] = []

    def case(number: int) -> str | None:
        if number < 1000:
            return None
        broke.append(number)
        return "too-large"

    Generation(0).each(st.integers(), case, 100, shrink=True, go_on=go_on)
    assert min(broke) == 1000


def test_a_case_that_breaks_a_rule_is_left_alone_without_shrinking() -> None:
    """Where nothing is to be shrunk, all cases are tried once, whatever they break."""
    tried: list[int] = []

    def case(number: int) -> str:
        tried.append(number)
        return "always-broken"

    Generation(0).each(st.integers(), case, 20)
    assert len(tried) == 20


@pytest.mark.parametrize("shrink", [False, True])
def test_an_error_ends_the_generation(shrink: bool) -> None:
    """The first error of a case is raised as it is, and no further case is tried, not even to reproduce it."""
    tried: list[int] = []

    def case(number: int) -> None:
        tried.append(number)
        if len(tried) == 3:
            raise ZeroDivisionError("the third case")

    with pytest.raises(ZeroDivisionError, match="the third case"):
        Generation(0).each(st.integers(), case, 20, shrink=shrink)
    assert len(tried) == 3


def test_an_error_ends_a_walk() -> None:
    """The first error of a step is raised once the walk is over, and later steps do nothing."""
    generation, done = Generation(0), []

    def work() -> None:
        done.append(generation.ended)
        raise ZeroDivisionError

    class Machine(RuleBasedStateMachine):
        @rule()
        def go(self) -> None:
            """Take a step."""
            assert generation.step(work) is None

    with pytest.raises(ZeroDivisionError):
        generation.walk(Machine, examples=2, steps=5)
    assert done == [False]
    assert generation.ended
