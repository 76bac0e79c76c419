"""The observer: within its budget, with everything kept and judged, and ended by what makes going on senseless."""

from __future__ import annotations

import signal

import httpx
import pytest

from contracts import __version__, watchdog
from contracts.judge import judge_provider
from contracts.provider import phases
from contracts.provider.mock import RefreshMock
from contracts.provider.observe import BudgetSpent, Observer
from contracts.provider.target import Target
from contracts.rules.evidence import MAX_EXCHANGES
from tests.kit.fake_target import BARE, OK, OVERLAPPING, FakeTarget, limited, observing, probe_until_halted


def test_every_request_says_who_sends_it() -> None:
    """The operator of an environment can tell the suite's requests, and its version, from those of customers."""
    target = FakeTarget(OK)
    judge_provider(Target.in_process(target, "session=first"), budget=40)
    assert len(target.header("user-agent")) > 30
    assert set(target.header("user-agent")) == {f"twilight-refresh-contract/{__version__}"}


@pytest.mark.parametrize("budget", [1, 2, 7, 8, 9, 12, 31, 47, 100])
def test_the_budget_is_never_exceeded(budget: int) -> None:
    """All phases together send no more than was allowed, overlaps and retries included, counted at the target."""
    mock, received = RefreshMock(), 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal received
        received += 1
        if received % 9 == 0 and request.method == "POST":
            return httpx.Response(429, headers={"retry-after": "1"}, json={"status": 429, "success": False, "error": {}})
        return mock.handler(request)

    judgement = judge_provider(Target.in_process(handler, mock.session), budget=budget, sleep=lambda _: None)
    assert received == judgement.requests <= budget


def test_two_at_once_need_two() -> None:
    """With one request left, neither of two overlapping probes is sent."""
    target = FakeTarget(OK)
    observer, _ = observing(target, budget=1)
    with pytest.raises(BudgetSpent):
        observer.probe_two(OVERLAPPING, OVERLAPPING)
    assert not target.requests
    observer.probe(BARE)
    with pytest.raises(BudgetSpent):
        observer.probe(BARE)
    assert len(target.requests) == 1


def test_a_halted_observer_sends_nothing_more() -> None:
    """A reason that ends one phase ends all of them."""
    target = FakeTarget(limited("3600"))
    observer, _ = observing(target)
    for phase in phases.PHASES:
        phases.run(observer, phase)
    assert len(target.requests) == 1


def test_every_exchange_is_reported() -> None:
    """`on_exchange` hears of every exchange, of those that are not kept too, so that all secrets are learned."""
    heard: list[int] = []
    target = Target.in_process(FakeTarget((200, {"cache-control": "no-store"})), "session=first")
    observer = Observer(target, budget=MAX_EXCHANGES + 3, on_exchange=lambda exchange: heard.append(exchange.index))
    probe_until_halted(observer, MAX_EXCHANGES + 3)
    assert len(observer.evidence) == MAX_EXCHANGES
    assert heard == list(range(1, MAX_EXCHANGES + 4))


@pytest.mark.skipif(not hasattr(signal, "pause"), reason="only where the operating system has alarms")
def test_an_exchange_that_does_not_end_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog interrupts an exchange that neither the deadline nor the cap could end."""

    def stuck(request: httpx.Request) -> httpx.Response:
        while True:
            signal.pause()

    observer, _ = observing(stuck)
    observer.target.sender.deadline = 0.01
    monkeypatch.setattr(watchdog, "SLACK", 0)
    assert "exchange 1 did not end" in probe_until_halted(observer, 1)
