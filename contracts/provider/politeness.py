"""Politeness towards a target: how fast to send, how long to wait when it asks for it, and when to give up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from contracts.model.cookies import http_date
from contracts.model.exchange import Failure, Response
from contracts.provider.target import Target
from contracts.rules.target_health import ABSENT, TargetHealth, is_unavailable
from contracts.rules.verdict import SESSION_REFUSED

MAX_IN_A_ROW: Final = 5  # failures, or answers 429, after which going on would be neither polite nor useful
ENOUGH_ANSWERS: Final = 8  # to see that a target is no refresh endpoint, or refuses the session


class Halted(Exception):
    """Going on makes no sense; the message says why and what to do."""


class Politeness:
    """Paces the requests to one target. `rate` is the most requests a second; 0 means no limit."""

    def __init__(
        self,
        target: Target,
        health: TargetHealth,
        *,
        rate: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target, self._health = target, health
        self._rate, self._sleep, self._clock = rate, sleep, clock
        self._next_at = 0.0
        self._failures = self._limited = 0  # in a row
        self._reached = self._health_checked = False

    def pace(self, requests: int) -> None:
        """Wait until so many requests may be sent."""
        if self._rate:
            now = self._clock()
            if now < self._next_at:
                self._sleep(self._next_at - now)
            self._next_at = max(now, self._next_at) + requests / self._rate

    def wait_after_429(self, response: Response) -> None:
        """Wait as long as a 429 asks for. Halted: that is too long, or the target answers nothing else."""
        self._limited += 1
        seconds = retry_after(response)
        if seconds > self._target.sender.deadline:
            raise Halted(f"the target asks to wait {seconds:.0f} s (429), longer than --refresh-deadline; try again later")
        if self._limited >= MAX_IN_A_ROW:
            raise Halted("the target goes on answering 429; lower --refresh-rate or try again later")
        self._sleep(seconds)

    def consider(self, answers: Sequence[Response | Failure]) -> None:
        """Take the latest answers into account; wait where a gateway asks for it. Halted: the target cannot be judged."""
        last = answers[-1]
        for answer in answers:
            failed = isinstance(answer, Failure) or is_unavailable(answer)
            self._failures = self._failures + 1 if failed else 0
            self._reached = self._reached or isinstance(answer, Response) or answer.kind not in ABSENT
            if isinstance(answer, Response) and answer.status != 429:
                self._limited = 0
        if self._failures >= MAX_IN_A_ROW or not self._reached:
            raise Halted(self._why_given_up(last))
        if not self._health_checked and self._health.answers >= ENOUGH_ANSWERS:
            self._health_checked = True
            if reason := self._health.no_endpoint(self._target.path) or (self._health.session_refused and SESSION_REFUSED):
                raise Halted(reason)
        if isinstance(last, Response) and is_unavailable(last) and last.header("retry-after"):
            seconds = retry_after(last)
            self._sleep(seconds if seconds <= self._target.sender.deadline else 0)

    def _why_given_up(self, last: Response | Failure) -> str:
        if isinstance(last, Response):
            return f"{MAX_IN_A_ROW} requests in a row were not answered; the last: {last.status}; try again when the target is up"
        if last.kind not in ABSENT:
            return f"{MAX_IN_A_ROW} requests in a row had no well-formed answer; the last: {last.message}"
        if self._health.answers:
            return f"{self._target.base_url} went away: {last.message}; try again when it is up"
        return f"{self._target.base_url} cannot be reached: {last.message}; {_advice(last)}"


def _advice(failure: Failure) -> str:
    if failure.kind != "tls":
        return "check --base-url and that it is up"
    if "self-signed" in failure.message or "local issuer" in failure.message:
        return "give its CA with --refresh-ca"
    return "check its certificate and that it speaks TLS there"


def retry_after(response: Response, now: float | None = None) -> float:
    """The seconds that Retry-After asks to wait; one where it says nothing that can be read. `now` is Unix time."""
    value = (response.header("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    date = http_date(value)
    return 1.0 if date is None else max(0.0, date - (time.time() if now is None else now))
