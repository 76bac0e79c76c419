"""Reads what a limiter says in its answers: how many requests are left, when there will be more, and how long to wait.

Retry-After                                    how long to wait, in seconds or as a date
RateLimit: "default";r=5;t=30                  IETF draft; earlier drafts: limit=10, remaining=5, reset=30
RateLimit-Remaining, RateLimit-Reset           the first drafts
X-RateLimit-Remaining, X-RateLimit-Reset       Salla's Merchant API, Laravel and others; the reset is a date in Unix time
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.model.cookies import http_date
from contracts.model.exchange import Response

WINDOW: Final = 60.0  # seconds of a window whose end is not told: limits are mostly told by the minute
ROUNDED: Final = 1.0  # seconds that a reset, which is told in whole seconds, may have been rounded down by
_DATE: Final = 1_000_000_000  # a reset from here on is Unix time; a smaller one is a number of seconds
_MEMBER: Final = re.compile(r"(?:^|[;,\s])(remaining|reset|r|t)\s*=\s*([0-9]{1,12})(?![0-9.])", re.IGNORECASE)
_HEADERS: Final = ("ratelimit", "x-ratelimit", "x-rate-limit")


@dataclass(frozen=True)
class Quota:
    """How many requests are left, and in how many seconds there will be more; None if that is not told."""

    remaining: int
    seconds: float | None = None


def retry_after(response: Response, now: float | None = None) -> float:
    """The seconds that Retry-After asks to wait; one where it says nothing that can be read. `now` is Unix time."""
    value = (response.header("retry-after") or "").strip()
    if (number := _number(value[:9])) is not None:
        return float(number)
    date = http_date(value)
    return 1.0 if date is None else max(0.0, date - (time.time() if now is None else now))


def quota(response: Response) -> Quota | None:
    """What is left, by the policy of which least is left; None if the answer says nothing that can be read."""
    now = http_date(response.header("date") or "") or time.time()
    policies = [found for item in response.listed("ratelimit").split(",") if (found := _of_draft(item))]
    # An earlier draft has commas between the members of its one policy.
    if len(policies) < 2 and (whole := _of_draft(response.listed("ratelimit"))):
        policies = [whole]
    for name in _HEADERS:
        remaining = _number(response.header(f"{name}-remaining"))
        if remaining is not None:
            reset = _number(response.header(f"{name}-reset"))
            policies.append(Quota(remaining, None if reset is None else _seconds(reset, now)))
    return min(policies, key=lambda policy: (policy.remaining, -(policy.seconds or 0)), default=None)


def _of_draft(text: str) -> Quota | None:
    """A policy of the header RateLimit."""
    members = {name.lower(): float(value) for name, value in _MEMBER.findall(text)}
    remaining = members.get("r", members.get("remaining"))
    return None if remaining is None else Quota(int(remaining), members.get("t", members.get("reset")))


def _number(value: str | None) -> int | None:
    """A whole number; None if it is none."""
    value = (value or "").strip()[:15]
    return int(value) if value.isascii() and value.isdigit() else None


def _seconds(reset: int, now: float) -> float:
    """How long it is until a reset that is told as Unix time, in seconds or milliseconds, or as a number of seconds."""
    if reset >= _DATE * 1000:
        return max(0.0, reset / 1000 - now)
    return max(0.0, reset - now) if reset >= _DATE else float(reset)


class Window:
    """What a limiter leaves in its present window, from its last answer."""

    def __init__(self) -> None:
        self._remaining: int | None = None
        self._began = self._ends = 0.0
        self._is_told = self._was_assumed = False
        self._is_trusted = True

    def heard(self, answers: Sequence[Response], now: float) -> None:
        """Take the answers to one request, or to several that overlapped, into account. `now` is the moment, by a clock."""
        quotas = [(found, answer.status) for answer in answers if (found := quota(answer))]
        if not quotas:
            return
        told, status = min(quotas, key=lambda pair: pair[0].remaining)
        if self._remaining is None or told.remaining > self._remaining:
            self._began = now
        # A target that says "none left" after a whole window, and answers all the same, counts something else.
        if self._was_assumed and not told.remaining and status != 429:
            self._is_trusted = False
        self._was_assumed = False
        self._remaining, self._is_told = told.remaining, told.seconds is not None
        self._ends = self._began + WINDOW if told.seconds is None else now + told.seconds + ROUNDED

    def wait(self, requests: int, now: float) -> float:
        """How many seconds to wait, so that so many requests are not more than what is left."""
        if not self._is_trusted or self._remaining is None or self._remaining >= requests:
            return 0.0
        return max(0.0, self._ends - now)

    def renewed(self) -> None:
        """The window has ended: what is left is unknown until the next answer."""
        self._remaining, self._was_assumed = None, not self._is_told
