"""Drives Hypothesis for whoever observes with generated cases: the same settings for all, and the same cases for a seed.

    Generation
    ├── each       tries the examples of a strategy one after the other; may shrink one that breaks a rule
    ├── walk       walks through a state machine, whose steps are wrapped in `step`
    └── step       does one piece of work, unless an earlier one raised an error

An error of a case or a step ends the generation: nothing more is done, and the error is raised when Hypothesis has returned.
Hypothesis never sees it, because it would run the case again to find out more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from hypothesis import settings
    from hypothesis.stateful import RuleBasedStateMachine
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


class Broken(AssertionError):
    """The case in hand breaks a rule; Hypothesis looks for a smaller one."""


class Generation:
    """One run of Hypothesis. `seed` decides which cases it makes."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._error: Exception | None = None

    @property
    def ended(self) -> bool:
        """Whether an error has ended it."""
        return self._error is not None

    def step(self, work: Callable[[], T]) -> T | None:
        """Do a piece of work and return its result; None if an error, now or before, has ended the generation."""
        if self._error is None:
            try:
                return work()
            except Exception as error:
                self._error = error
        return None

    def each(
        self,
        strategy: SearchStrategy[T],
        case: Callable[[T], str | None],
        examples: int,
        *,
        shrink: bool = False,
        go_on: bool = False,
    ) -> None:
        """Try up to so many examples. `case` returns the id of a rule that the example breaks, None if it breaks none.

        `shrink`: once a rule is broken, try smaller and smaller examples. `go_on`: before that, try further ones.
        """
        from hypothesis import given, seed
        from hypothesis.errors import Flaky

        @seed(self._seed)
        @_settings(examples, shrink=shrink, report_multiple_bugs=go_on)
        @given(strategy)
        def attempt(example: T) -> None:
            broken = self.step(lambda: case(example))
            if broken and shrink:
                raise Broken(broken)

        with contextlib.suppress(Broken, Flaky):  # a case that breaks a rule only now and then has broken it all the same
            attempt()
        self._release()

    def walk(self, machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
        """Walk so often, and so many steps each time, through a state machine."""
        from hypothesis import seed
        from hypothesis.stateful import run_state_machine_as_test

        seed(self._seed)(machine)
        run_state_machine_as_test(machine, settings=_settings(examples, stateful_step_count=steps))
        self._release()

    def _release(self) -> None:
        if self._error is not None:
            raise self._error


def _settings(examples: int, *, shrink: bool = False, **others: Any) -> settings:
    """No database, since an example may hold a secret, and no deadline or health check, since targets may be slow."""
    from hypothesis import HealthCheck, Phase, settings

    return settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        **others,
    )
