"""Whether this process got its turns. Where it did not, what came late says nothing about a client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

BEAT_SECONDS: Final = 0.05


class Turns:
    """Notes, from a thread of its own and for as long as the block lasts, the most seconds for which the process stood still.

    Garbage collection, a machine with too much to do and one that sleeps look the same from within.
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
