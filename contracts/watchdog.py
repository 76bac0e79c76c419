"""The last net of a run, below deadlines and caps: a step that does not end is interrupted, whatever it is stuck in.

What counts is how long it works, not how long it takes: on a machine that has much else to do it may get no turn for seconds.

An alarm of the operating system does it, since a regular expression that runs away would hold up any other thread too.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

SLACK: Final = 2.5  # seconds of work that a step may take longer than it should
WAITING: Final = 60.0  # seconds more in which it may do nothing
AGAIN: Final = 1.0  # seconds until the next alarm, where the step had no turn, or swallowed the first


class Stuck(Exception):
    """A step did not end; the message says which, and after how many seconds it was interrupted."""


class _Alarm(BaseException):
    """Passes everything that catches errors."""


@contextlib.contextmanager
def guarded(what: str, seconds: float) -> Iterator[None]:
    """Run a step that is to take no longer than `seconds`. Stuck: it took longer, and worked for longer than the slack.

    Only the main thread can be interrupted; elsewhere, and where there are no alarms (Windows), nothing is guarded.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    armed, begun, worked = True, time.monotonic(), time.thread_time()

    def ring(number: int, frame: FrameType | None) -> None:
        idle = time.thread_time() - worked < SLACK and time.monotonic() - begun < seconds + SLACK + WAITING
        if armed and not idle:
            raise _Alarm

    # No alarm may ring while its handler changes hands: what handles it by default ends the process.
    left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds + SLACK, AGAIN)
    try:
        try:
            yield
        finally:
            armed = False
    except _Alarm:
        armed = False
        took = time.monotonic() - begun
        raise Stuck(f"{what} did not end in {took:.1f} s and was interrupted; please report it") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:  # somebody else's alarm, such as that of pytest-timeout, goes on where it was
            signal.setitimer(signal.ITIMER_REAL, max(1e-3, left - (time.monotonic() - begun)), interval)
