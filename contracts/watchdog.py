"""The last net of a run, below deadlines and caps: a step that does not end is interrupted, whatever it is stuck in.

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

SLACK: Final = 5.0  # seconds that a step may take longer than it should
AGAIN: Final = 1.0  # seconds until the next alarm, where something swallowed the first


class Stuck(Exception):
    """A step did not end; the message says which, and after how many seconds it was interrupted."""


class _Alarm(BaseException):
    """Passes everything that catches errors."""


@contextlib.contextmanager
def guarded(what: str, seconds: float) -> Iterator[None]:
    """Run a step that is to take no longer than `seconds`. Stuck: it took longer, by the slack.

    Only the main thread can be interrupted; elsewhere, and where there are no alarms (Windows), nothing is guarded.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    armed, begun = True, time.monotonic()

    def ring(number: int, frame: FrameType | None) -> None:
        if armed:
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
        raise Stuck(f"{what} did not end in {seconds + SLACK:g} s and was interrupted; please report it") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:  # somebody else's alarm, such as that of pytest-timeout, goes on where it was
            signal.setitimer(signal.ITIMER_REAL, max(1e-3, left - (time.monotonic() - begun)), interval)
