"""Shows the progress of a slow run on one line of the terminal, and removes it before other output."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

QUIET_SECONDS: Final = 1.0  # a judgement that takes less shows no line
EVERY: Final = 0.2  # seconds between two updates of the line


class Line(Protocol):
    """One line of a terminal. `show` replaces its text, `clear` removes it."""

    def show(self, text: str) -> None: ...
    def clear(self) -> None: ...


class Progress:
    """Shows the progress of one implementation after the other, if there is a line."""

    def __init__(self, line: Line | None, now: Callable[[], float] = time.monotonic) -> None:
        self._line = line
        self._now = now
        self._begun: float | None = None
        self._updated = 0.0
        self._first = 0

    def tell(self, name: str, sent: int, budget: int, doing: str) -> None:
        """Show that `sent` of `budget` requests are sent, and what is being done."""
        if self._line is None:
            return
        now = self._now()
        if self._begun is None:
            self._begun, self._first = now, sent
        if now - self._begun >= QUIET_SECONDS and now - self._updated >= EVERY:
            self._updated = now
            each = (now - self._begun) / max(1, sent - self._first)
            left = each * max(0, budget - sent)
            self._line.show(f"{name}: {sent} of {budget} requests, {doing}; about {left:.0f} s left")

    def say(self, text: str) -> None:
        """Show the text of a step that cannot be counted."""
        if self._line is not None:
            self._line.show(text)

    def end(self) -> None:
        """Remove the line, since the step is over."""
        self._begun = None
        if self._line is not None:
            self._line.clear()
