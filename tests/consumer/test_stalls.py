"""Whether the process stood still is noticed, whatever held it up."""

from __future__ import annotations

import time

from contracts.consumer.stalls import BEAT_SECONDS, Stalls


def test_a_process_that_waits_has_its_turns() -> None:
    """A client that takes its time, or blocks its loop, does not hold up the process."""
    with Stalls() as turns:
        time.sleep(1.0)
    assert turns.longest < 0.8


def test_a_process_that_stands_still_is_noticed() -> None:
    """For as long as it did, but for a beat; what holds it up here is one long step of the interpreter."""
    with Stalls() as turns:
        time.sleep(2 * BEAT_SECONDS)
        begun = time.monotonic()
        sum(range(20_000_000))
        held = time.monotonic() - begun
        time.sleep(2 * BEAT_SECONDS)
    assert turns.longest > max(held - 2 * BEAT_SECONDS, BEAT_SECONDS)


def test_the_end_is_not_waited_for() -> None:
    """Thousands of scenarios are played; none takes a beat more for this."""
    begun = time.monotonic()
    for _ in range(100):
        with Stalls():
            pass
    assert time.monotonic() - begun < 50 * BEAT_SECONDS
