"""Interrupts a step of the suite that does not end. It is the last safety net, after the deadlines and caps of exchanges.

CPU time counts, not only elapsed time: on a busy machine a step may have to wait for seconds before it can go on.

An alarm of the operating system interrupts the step, since a runaway regular expression would block every other thread.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

SLACK: Final = 2.5  # seconds of CPU time that a step may use, once its time is over
WAITING: Final = 60.0  # further seconds in which the step may be idle
AGAIN: Final = 1.0  # seconds between alarms, if the step was idle or caught the first one


class Stuck(Exception):
    """A step did not end. The message says which, and after how many seconds it was interrupted."""


class _Alarm(BaseException):
    """A BaseException, so that no handler for errors catches it."""


@contextlib.contextmanager
def guarded(what: str, seconds: float) -> Iterator[None]:
    """Run a step that should take at most `seconds`. Stuck: it took longer, and used CPU time or waited for too long.

    Only the main thread can be interrupted. In other threads, and on systems without alarms (Windows), nothing is guarded.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    armed, begun, worked = True, time.monotonic(), time.thread_time()

    def ring(number: int, frame: FrameType | None) -> None:
        idle = time.thread_time() - worked < SLACK and time.monotonic() - begun < seconds + SLACK + WAITING
        if armed and not idle:
            raise _Alarm

    # No alarm may ring while the handler is replaced, since the default handler ends the process.
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
        if left:  # continue the alarm of somebody else, such as pytest-timeout
            signal.setitimer(signal.ITIMER_REAL, max(1e-3, left - (time.monotonic() - begun)), interval)
