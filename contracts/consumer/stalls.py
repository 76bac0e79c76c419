"""Notices when this process stalls. What comes late because of a stall says nothing about a client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

BEAT_SECONDS: Final = 0.05


class Stalls:
    """Measures, in a thread of its own and for as long as the block lasts, the longest stall of the process in seconds.

    A stall may be a garbage collection, a machine that has too much to do, or one that sleeps: they look the same from within.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.longest = 0.0
        self._now = now
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        last = self._now()
        while not self._over.wait(BEAT_SECONDS):
            now = self._now()
            self.longest = max(self.longest, now - last - BEAT_SECONDS)
            last = now
