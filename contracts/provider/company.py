"""Requests of strangers that are under way at the same time as others. They touch no session, so that nobody loses one.

It is only done where answers take long: then each request of the customer has a stranger's beside it.
"""

from __future__ import annotations

import itertools
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
    """The strangers' probes that are waiting to be sent beside others. `deadline` is that of an exchange, in seconds.

    `expired`: strangers may come with an expired session. `anonymous`: there is no customer, so that all probes are strangers'.
    """

    def __init__(self, deadline: float, *, expired: bool, anonymous: bool = False, seed: int = 0) -> None:
        self._deadline, self._anonymous = deadline, anonymous
        self._turns = itertools.count(1)
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

    def is_stranger(self, probe: Probe) -> bool:
        """Whether a probe touches no session. Who comes with an expired session is a stranger too."""
        return self._anonymous or probe.session != "valid"

    def beside(self, group: Sequence[Probe], room: int) -> tuple[Probe, ...]:
        """The probes to send beside these: those that wait, then repetitions. Every third time there are two, otherwise one."""
        number = min(self.most - len(group), room)
        if number < 1:
            return ()
        number = min(number, 1 if next(self._turns) % 3 else 2)
        return tuple(self._waiting.popleft() if self._waiting else self._repetition() for _ in range(number))

    def rest(self, room: int) -> tuple[Probe, ...]:
        """As many of those that wait as may be under way at once; none if none is left."""
        return tuple(self._waiting.popleft() for _ in range(min(self.most, len(self._waiting), room)))

    def _repetition(self) -> Probe:
        if self._more is None:
            self._more = filter(self.is_stranger, repeats(expired=self._expired, seed=self._seed))
        return next(self._more)
