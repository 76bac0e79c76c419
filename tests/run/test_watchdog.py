"""The watchdog: what does not end is interrupted, whatever it is stuck in."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from contracts import watchdog
from contracts.watchdog import Stuck, guarded
from tests.kit.gates import environment


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step is interrupted after a tenth of a second of work, or after two of anything."""
    monkeypatch.setattr(watchdog, "SLACK", 0.1)
    monkeypatch.setattr(watchdog, "WAITING", 0.1)
    monkeypatch.setattr(watchdog, "AGAIN", 0.1)


def loop() -> None:
    """Python code that goes on and on."""
    while True:
        pass


def swallow() -> None:
    """Code that takes any exception for an error of its own, once."""
    try:
        time.sleep(60)
    except BaseException:
        time.sleep(60)


STUCK: dict[str, Callable[[], object]] = {
    "a wait": lambda: time.sleep(60),
    "a lock": lambda: threading.Event().wait(60),
    "a loop": loop,
    "a regular expression": lambda: re.match(r"(a+)+$", "a" * 60 + "b"),
    "code that swallows the alarm": swallow,
}


@pytest.mark.parametrize("step", STUCK.values(), ids=STUCK)
def test_what_does_not_end_is_interrupted(step: Callable[[], object]) -> None:
    """Whatever a step is stuck in, it ends with one sentence."""
    with pytest.raises(Stuck, match=r"^the step did not end in \d+\.\d s and was interrupted"), guarded("the step", 0):
        step()


def test_a_step_that_gets_no_turn_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it does not do for want of a processor is no sign that it is stuck."""
    monkeypatch.setattr(watchdog, "WAITING", 60)
    with guarded("the step", 0):
        time.sleep(0.5)


def test_a_step_that_works_on_and_on_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It had its turns."""
    monkeypatch.setattr(watchdog, "WAITING", 60)
    with pytest.raises(Stuck), guarded("the step", 0):
        loop()


def test_what_ends_in_time_is_left_alone() -> None:
    """The alarm is off once the step is over, and what handles alarms is what it was."""
    before = signal.getsignal(signal.SIGALRM)
    with guarded("the step", 60):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
        assert signal.getsignal(signal.SIGALRM) is not before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_step_that_ends_as_the_alarm_rings_takes_it_with_it() -> None:
    """The alarm never hits what comes after the step."""
    for pause in (0.098, 0.099, 0.0995, 0.1, 0.1005, 0.101):
        with contextlib.suppress(Stuck), guarded("the step", 0):
            end = time.monotonic() + pause
            while time.monotonic() < end:
                pass
        time.sleep(0.05)


def test_an_interrupt_by_the_user_stays_one() -> None:
    """Ctrl-C is not taken for the watchdog's own."""
    with pytest.raises(KeyboardInterrupt), guarded("the step", 60):
        raise KeyboardInterrupt


@pytest.fixture
def rung() -> Iterator[list[str]]:
    """Somebody else's alarm: what it has rung so far, while a test sets it."""
    rung: list[str] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append("somebody else's"))
    try:
        yield rung
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_somebody_elses_alarm_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch, rung: list[str]) -> None:
    """A time limit that was set before, as pytest-timeout does, is shorter by what the step took."""
    clock = SimpleNamespace(monotonic=lambda: clock.now, thread_time=time.thread_time, now=100.0)
    monkeypatch.setattr(watchdog, "time", clock)
    signal.setitimer(signal.ITIMER_REAL, 5000)
    with guarded("the step", 4000):
        clock.now += 3000
    assert 1000 < signal.getitimer(signal.ITIMER_REAL)[0] <= 2000
    assert rung == []


def test_somebody_elses_alarm_still_rings(rung: list[str]) -> None:
    """A time limit that was over before the step was rings after it, once."""
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    with guarded("the step", 60):
        time.sleep(0.3)
        assert rung == []
    while not rung:
        time.sleep(0.01)
    assert rung == ["somebody else's"]


def test_other_threads_are_not_guarded() -> None:
    """Nothing can interrupt them, and the main thread is not interrupted in their place."""
    ended: list[bool] = []

    def step() -> None:
        with guarded("the step", 0):
            time.sleep(0.4)
            ended.append(True)

    thread = threading.Thread(target=step)
    thread.start()
    thread.join()
    assert ended == [True]


SLOWLY = """
import signal, time
from contracts import watchdog

really = signal.signal

def slowly(number, handler):
    before = really(number, handler)
    time.sleep(0.3)
    return before

watchdog.signal.signal = slowly
watchdog.SLACK = 0.1
watchdog.WAITING = 0
with watchdog.guarded("the step", 0):
    pass
print("alive")
"""


def test_no_alarm_rings_while_its_handler_changes_hands() -> None:
    """On a busy machine that may take longer than the step was to; the default handler would end the process."""
    done = subprocess.run(
        [sys.executable, "-c", SLOWLY], env=environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout) == (0, "alive\n")
