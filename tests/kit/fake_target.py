"""A target in this process that answers by a list, and an observer of it that waits for nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from contracts.provider.observe import Observer
from contracts.provider.politeness import Halted
from contracts.provider.probes import Probe
from contracts.provider.target import Target

Answer = tuple[int, dict[str, str] | list[tuple[str, str]]]

BARE = Probe("bare")
OVERLAPPING = Probe("two at once", overlaps=True)
OK: Answer = (200, {})
REFUSED: Answer = (401, {})
UNREACHABLE = httpx.ConnectError("refused")
RESET = httpx.ReadError("reset")


def limited(retry_after: str) -> Answer:
    """A 429 that asks to wait."""
    return 429, {"retry-after": retry_after}


class FakeTarget:
    """A handler that gives one answer after the other, the last one for ever, and keeps the requests."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, headers = answer
        success = status < 400
        rest = {"data": {"token": f"token-{len(self.requests)}"}} if success else {"error": {}}
        return httpx.Response(status, headers=headers, json={"status": status, "success": success, **rest})

    def header(self, name: str) -> list[str | None]:
        """The value of a header in each request."""
        return [request.headers.get(name) for request in self.requests]


@dataclass
class FakeClock:
    """Time that passes only when somebody sleeps."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def observing(
    handler: Callable[[httpx.Request], httpx.Response], cookie: str = "session=first", *, budget: int = 100, rate: float = 0.0
) -> tuple[Observer, FakeClock]:
    """An observer of a handler, and its clock."""
    clock = FakeClock()
    target = Target.in_process(handler, cookie)
    return Observer(target, budget=budget, rate=rate, sleep=clock.sleep, clock=clock), clock


def probe_until_halted(observer: Observer, probes: int) -> str:
    """Send so many bare probes, or until the observation ends; the reason why it ended, or nothing."""
    for _ in range(probes):
        try:
            observer.probe(BARE)
        except Halted as halt:
            return str(halt)
    return ""


def broken_rules(observer: Observer) -> set[str]:
    """The rules that were broken so far."""
    return {rule_id for rule_id, tally in observer.evaluator.tallies.items() if tally.broken}
