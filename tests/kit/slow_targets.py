"""Targets on a real socket whose time is a clock of the test: limiters, outages, and whoever answers in a target's place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.judge import judge_provider
from contracts.provider.serving import serve
from contracts.provider.target import Target
from contracts.rules.judgement import ProviderJudgement
from tests.kit import replays
from tests.kit.fake_target import FakeClock
from tests.liars.build import Layer, altering, answering, built
from tests.liars.conditions import anything
from tests.liars.home import new_home
from tests.liars.kit import Answer, Asked, error

Headers = tuple[tuple[str, str], ...]
Told = Callable[[int, int, float], Headers]
"""The headers of every answer, by the limit, what is left in the window, and how many seconds it lasts."""


def laravel(limit: int, left: int, seconds: float) -> Headers:
    """Laravel's throttle: each answer tells what is left, and only a 429 how long the window lasts."""
    return (("x-ratelimit-limit", str(limit)), ("x-ratelimit-remaining", str(left)))


def draft(limit: int, left: int, seconds: float) -> Headers:
    """The IETF's draft, with two policies."""
    return (("ratelimit", f'"burst";r={limit * 9};t=1, "default";r={left};t={seconds:.0f}'),)


def first_draft(limit: int, left: int, seconds: float) -> Headers:
    """The IETF's first drafts."""
    return (("ratelimit-limit", str(limit)), ("ratelimit-remaining", str(left)), ("ratelimit-reset", f"{seconds:.0f}"))


def silent(limit: int, left: int, seconds: float) -> Headers:
    """A limiter that tells nothing before it refuses."""
    return ()


@dataclass
class Limiter:
    """Lets in so many requests in a window of so many seconds of a clock, and answers the others as `refusal` says."""

    clock: FakeClock
    limit: int
    seconds: float
    told: Told = silent
    refusal: Callable[[float], Answer] = lambda seconds: error(429, "too_many_requests", Retry_After=f"{seconds:.0f}")
    refused: int = 0
    _began: float = -1e9
    _taken: int = 0

    def layer(self) -> Layer:
        """The limiter in front of an app."""
        inner = answering(lambda asked, answer: self._refuses(), lambda: self._refusal())
        outer = altering(anything, lambda answer: replace(answer, headers=(*answer.headers, *self._told())))
        return lambda home: outer(inner(home))

    @property
    def _left(self) -> float:
        return self._began + self.seconds - self.clock.now

    def _refuses(self) -> bool:
        if self._left <= 0:
            self._began, self._taken = self.clock.now, 0
        self._taken += 1
        return self._taken > self.limit

    def _refusal(self) -> Answer:
        self.refused += 1
        return self.refusal(self._left)

    def _told(self) -> Headers:
        return self.told(self.limit, max(0, self.limit - self._taken), self._left)


def page(status: int, title: str, **headers: str) -> Answer:
    """An HTML page, as a server in front of a target writes it."""
    more = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    body = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<h1>{title}</h1>\r\n<hr>nginx\r\n</body>\r\n</html>"
    return Answer(status, (("content-type", "text/html"), *more), body.encode())


UNAVAILABLE = page(503, "503 Service Temporarily Unavailable")


def nginx(seconds: float) -> Answer:
    """How nginx's limit_req refuses unless it is told otherwise."""
    return UNAVAILABLE


@dataclass
class Outage:
    """A target that is away for so many seconds of a clock, from its `number`-th request on."""

    clock: FakeClock
    number: int
    seconds: float
    _seen: int = 0
    _ends: float = field(default=float("inf"))

    def layer(self) -> Layer:
        """The outage in front of an app."""
        return answering(lambda asked, answer: self._is_away(), lambda: UNAVAILABLE)

    def _is_away(self) -> bool:
        self._seen += 1
        if self._seen == self.number:
            self._ends = self.clock.now + self.seconds
        return self._seen >= self.number and self.clock.now < self._ends


def always(answer: Callable[[Asked], Answer]) -> Layer:
    """Every request is answered so, by something in front of the target."""
    asked: list[Asked] = []
    return answering(lambda request, _: not asked.append(request), lambda: answer(asked[-1]))


def judged(layers: Iterable[Layer], clock: FakeClock, **how: Any) -> ProviderJudgement:
    """What the gate says of a store behind these layers, on a real socket; nobody waits but by the clock.

    The recording of it is judged the same.
    """
    home = built(new_home(), layers)
    with serve(home.app) as url:
        target = Target.at(url, home.cookie, expired_cookie=home.expired_cookie)
        judgement = judge_provider(target, sleep=clock.sleep, clock=clock, **how)
    replays.same(judgement)
    return judgement
