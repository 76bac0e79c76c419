"""A line that tells a person who waits how far a slow run has come; it is gone when there is something to read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

QUIET_SECONDS: Final = 1.0  # what is judged faster than that needs no line
EVERY: Final = 0.2  # seconds between two lines


class Line(Protocol):
    """One line of a terminal: shown in the place of the one before, and taken away."""

    def show(self, text: str) -> None: ...
    def clear(self) -> None: ...


class Progress:
    """Tells of one implementation after the other on a line, if there is one."""

    def __init__(self, line: Line | None, now: Callable[[], float] = time.monotonic) -> None:
        self._line = line
        self._now = now
        self._begun: float | None = None
        self._told = 0.0
        self._first = 0

    def tell(self, name: str, sent: int, budget: int, doing: str) -> None:
        """So many requests of so many are sent, and this is what is done now."""
        if self._line is None:
            return
        now = self._now()
        if self._begun is None:
            self._begun, self._first = now, sent
        if now - self._begun >= QUIET_SECONDS and now - self._told >= EVERY:
            self._told = now
            each = (now - self._begun) / max(1, sent - self._first)
            left = each * max(0, budget - sent)
            self._line.show(f"{name}: {sent} of {budget} requests, {doing}; about {left:.0f} s left")

    def say(self, text: str) -> None:
        """Something that cannot be counted is under way."""
        if self._line is not None:
            self._line.show(text)

    def end(self) -> None:
        """What was under way is over."""
        self._begun = None
        if self._line is not None:
            self._line.clear()
