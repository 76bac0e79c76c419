"""Whether a token that is given again may be that of a reuse interval, in which an endpoint rightly gives the same one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REUSE_SECONDS: Final = 10.0  # the longest interval that is taken for one
SHORTEST_SECONDS: Final = 1.0  # an endpoint that gives new tokens faster than this has no such interval
ENOUGH_REPEATS: Final = 3  # from which on it is worth to wait until the interval is over


@dataclass
class Reuse:
    """The latest token of one customer (its hash), when it was first given, and when the one before it was; in seconds."""

    token: int | None = None
    since: float = 0.0
    before: float | None = None
    repeats: int = 0

    def begins(self, token: int, at: float) -> None:
        """A new token was given."""
        self.before = self.since if self.token is not None else None
        self.token, self.since, self.repeats = token, at, 0

    def explains(self, token: int, at: float, age: float = 0.0) -> bool:
        """Whether an interval explains that this token was given once more. `age`: how old it is by what it says itself."""
        slow = self.before is None or self.since - self.before >= SHORTEST_SECONDS
        explained = at > 0 and token == self.token and slow and max(at - self.since, age) <= REUSE_SECONDS
        self.repeats += explained
        return explained

    @property
    def is_open(self) -> bool:
        """Whether only an interval explains what was seen, so that an answer after its end would tell."""
        return self.before is None and self.repeats >= ENOUGH_REPEATS
