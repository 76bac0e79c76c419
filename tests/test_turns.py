"""Whether the process stood still is noticed, whatever held it up."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from contracts.consumers import turns as module
from contracts.consumers.turns import BEAT_SECONDS, Turns

ENOUGH = 60.0  # seconds; nobody waits for so long unless a test fails


class Clock:
    """A clock that shows the next of some times whenever it is looked at; `read` is set once all were shown."""

    def __init__(self, *gaps: float) -> None:
        self.times = itertools.accumulate(gaps, initial=100.0)
        self.now = 0.0
        self.read = threading.Event()

    def __call__(self) -> float:
        try:
            self.now = next(self.times)
        except StopIteration:
            self.read.set()
            self.now += BEAT_SECONDS
        return self.now


def test_a_process_that_waits_has_its_turns() -> None:
    """A client that takes its time, or blocks its loop, does not hold up the process: the beats go on meanwhile."""
    clock = Clock(*[BEAT_SECONDS] * 5)
    with Turns(clock) as turns:
        assert clock.read.wait(ENOUGH)
    assert turns.longest == pytest.approx(0.0, abs=1e-6)


def test_the_longest_time_without_a_turn_counts() -> None:
    """What is noted is the longest gap between two beats, beyond the beat itself."""
    clock = Clock(BEAT_SECONDS, 0.5, BEAT_SECONDS, 0.2, BEAT_SECONDS)
    with Turns(clock) as turns:
        assert clock.read.wait(ENOUGH)
    assert turns.longest == pytest.approx(0.5 - BEAT_SECONDS)


def test_a_process_that_stands_still_is_noticed() -> None:
    """One long step of the interpreter holds up every thread, for as long as it takes, but for a beat."""
    with Turns() as turns:
        time.sleep(2 * BEAT_SECONDS)
        begun = time.monotonic()
        sum(range(20_000_000))
        held = time.monotonic() - begun
        time.sleep(2 * BEAT_SECONDS)
    assert turns.longest > held - 2 * BEAT_SECONDS > 0


def test_the_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of scenarios are played; none takes the rest of a beat more for this."""
    monkeypatch.setattr(module, "BEAT_SECONDS", 3600.0)
    with Turns():
        pass
