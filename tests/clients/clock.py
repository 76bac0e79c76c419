"""A clock that does not wait: an event loop on which a sleep of an hour takes no time, for clients that only sleep."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class _Selector:
    """Selects without waiting; the time that would have passed is put on the loop's clock."""

    def __init__(self) -> None:
        self.real = selectors.DefaultSelector()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        ready = self.real.select(0)
        if ready:
            return ready
        if timeout is None:
            return self.real.select(1.0)  # nothing is due: only another thread can go on
        self.now += max(timeout, 0.0)
        return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class QuickLoop(asyncio.SelectorEventLoop):
    """An event loop with that clock. It also stands in for the module `time` in what is played on it."""

    def __init__(self) -> None:
        self._quick = _Selector()
        super().__init__(self._quick)  # type: ignore[arg-type]

    def time(self) -> float:
        """Seconds on the clock; both kinds of time of the module `time` are this one."""
        return self._quick.now

    monotonic = time
