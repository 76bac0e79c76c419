"""Requests of strangers that are under way at the same time as others. They touch no session, so that nobody loses one.

It is only done where answers take long: then each request of the customer has a stranger's beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from contracts.model.exchange import Failure, Response
from contracts.provider.plan import repeats
from contracts.provider.probes import Probe

MOST: Final = 4  # requests that are under way at the same time
SLOW: Final = 0.5  # seconds of the quickest of the last answers, from which on latency is the cost
LATE: Final = 5.0  # seconds from which on an answer is late, by the rule answers-within-5-seconds
LAST: Final = 5  # answers to POST that are looked at


class Company:
    """The strangers' probes that are waiting to be sent beside others. `deadline` is that of an exchange, in seconds."""

    def __init__(self, deadline: float, *, expired: bool, seed: int = 0) -> None:
        self._deadline = deadline
        self._seconds: deque[float] = deque(maxlen=LAST)
        self._waiting: deque[Probe] = deque()
        self._more: Iterator[Probe] | None = None
        self._expired, self._seed = expired, seed

    def heard(self, method: str, answer: Response | Failure) -> None:
        """Take the time of an answer into account."""
        if method == "POST" and isinstance(answer, Response):
            self._seconds.append(answer.seconds)

    @property
    def most(self) -> int:
        """How many requests may be under way at once. A target that answers one after the other must not become late by it."""
        if len(self._seconds) < LAST or min(self._seconds) < SLOW:
            return 1
        return max(1, min(MOST, int(min(self._deadline, LATE) / 2 / max(self._seconds) + 0.1)))

    def wait(self, probes: Iterable[Probe]) -> None:
        """Let strangers' probes wait until they are sent beside others."""
        self._waiting.extend(probes)

    def beside(self, group: Sequence[Probe], room: int) -> tuple[Probe, ...]:
        """The probe to send beside these, if there is room for one more: one that waits, or a repetition."""
        if room < 1 or self.most <= len(group):
            return ()
        return (self._waiting.popleft() if self._waiting else self._repetition(),)

    def rest(self, room: int) -> tuple[Probe, ...]:
        """As many of those that wait as may be under way at once; none if none is left."""
        return tuple(self._waiting.popleft() for _ in range(min(self.most, len(self._waiting), room)))

    def _repetition(self) -> Probe:
        if self._more is None:
            self._more = (probe for probe in repeats(expired=self._expired, seed=self._seed) if touches_no_session(probe))
        return next(self._more)


def touches_no_session(probe: Probe) -> bool:
    """Whether a probe is a stranger's. Who comes with an expired session is one too."""
    return probe.session != "valid"
