"""A stall of the process is noticed, whatever causes it."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from contracts.consumer import stalls as module
from contracts.consumer.stalls import BEAT_SECONDS, Stalls

ENOUGH = 60.0  # seconds; nobody waits for so long unless a test fails


class Clock:
    """A clock that shows the next of some times whenever it is read; `read` is set once all were shown."""

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


def test_a_process_that_only_waits_does_not_stall() -> None:
    """While a client takes its time or blocks its loop, the beats go on, so the process does not stall."""
    clock = Clock(*[BEAT_SECONDS] * 5)
    with Stalls(clock) as stalls:
        assert clock.read.wait(ENOUGH)
    assert stalls.longest == pytest.approx(0.0, abs=1e-6)


def test_the_longest_stall_counts() -> None:
    """The longest gap between two beats is kept, without the beat itself."""
    clock = Clock(BEAT_SECONDS, 0.5, BEAT_SECONDS, 0.2, BEAT_SECONDS)
    with Stalls(clock) as stalls:
        assert clock.read.wait(ENOUGH)
    assert stalls.longest == pytest.approx(0.5 - BEAT_SECONDS)


def test_a_process_that_stalls_is_noticed() -> None:
    """One long step of the interpreter stalls every thread for as long as it takes."""
    with Stalls() as stalls:
        time.sleep(2 * BEAT_SECONDS)
        begun = time.monotonic()
        sum(range(20_000_000))
        held = time.monotonic() - begun
        time.sleep(2 * BEAT_SECONDS)
    assert stalls.longest > held - 2 * BEAT_SECONDS > 0


def test_the_end_waits_for_no_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the block ends, the rest of a beat is not waited for, because thousands of scenarios are played."""
    monkeypatch.setattr(module, "BEAT_SECONDS", 3600.0)
    with Stalls():
        pass
