"""Politeness: the rate is kept, a wait that the target asks for is respected, and a target that fails is left alone."""

from __future__ import annotations

from email.utils import formatdate

import httpx
import pytest

from contracts.judge import judge_provider
from contracts.model.exchange import Response
from contracts.provider.limiter import retry_after
from contracts.provider.politeness import MAX_IN_A_ROW
from contracts.provider.target import Target
from tests.kit.fake_target import (
    BARE,
    OK,
    OVERLAPPING,
    RESET,
    UNREACHABLE,
    Answer,
    FakeTarget,
    broken_rules,
    limited,
    observing,
    probe_until_halted,
)

# --- rate -------------------------------------------------------------------------------------------------------------


def test_the_rate_is_kept() -> None:
    """At two a second, requests are half a second apart, and a pair counts as two."""
    sent: list[float] = []
    target = FakeTarget(OK)

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(clock.now)
        return target(request)

    observer, clock = observing(handler, rate=2)
    observer.probe(BARE)
    observer.probe(BARE)
    observer.probe_two(OVERLAPPING, OVERLAPPING)
    observer.probe(BARE)
    assert sent == [100.0, 100.5, 101.0, 101.0, 102.0]


# --- 429 --------------------------------------------------------------------------------------------------------------


def test_a_429_is_waited_out_and_asked_again() -> None:
    """After a 429 the observer waits as long as Retry-After says, then sends the same probe once more."""
    target = FakeTarget(limited("3"), OK)
    observer, clock = observing(target)
    exchange, _ = observer.probe(BARE)
    assert clock.slept == [3.0]
    assert exchange.response
    assert exchange.response.status == 200
    assert exchange.situation.after == "429"
    assert observer.requests == len(target.requests) == 2


def test_two_at_once_wait_for_a_429_too() -> None:
    """After a 429 to one of two overlapping requests, the next request waits as long as it asks for."""
    observer, clock = observing(FakeTarget(limited("4"), OK))
    observer.probe_two(OVERLAPPING, OVERLAPPING)
    assert clock.slept == [4.0]


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 7 ", 7),
        ("", 1),
        ("soon", 1),
        ("-5", 1),
        ("1.5", 1),
        ("²", 1),
        ("9" * 400, 999_999_999),
        ("Mon, 01 Jan 0001 00:00:00 -2359", 0),
        (formatdate(NOW + 60, usegmt=True), 60),
        (formatdate(NOW - 60, usegmt=True), 0),
    ],
)
def test_retry_after_is_read(value: str, seconds: float) -> None:
    """Seconds and dates are read, a past date as no time; anything else counts as one second."""
    assert retry_after(Response(429, (("Retry-After", value),)), NOW) == seconds


def test_a_429_that_asks_for_too_long_ends_the_run() -> None:
    """The suite does not wait longer than the deadline: it says so and sends nothing more."""
    target = FakeTarget(limited("3600"))
    judgement = judge_provider(Target.in_process(target, "session=first"), sleep=pytest.fail)
    assert len(target.requests) == 1
    assert judgement.verdict == "incomplete"
    assert judgement.reason
    assert "3600 s" in judgement.reason


def test_429_for_ever_ends_the_run() -> None:
    """A target that answers every request with 429 is soon left alone."""
    target = FakeTarget(limited("1"))
    judgement = judge_provider(Target.in_process(target, "session=first"), sleep=lambda _: None)
    assert len(target.requests) <= 20
    assert judgement.verdict == "incomplete"
    assert "429" in (judgement.reason or "")


def test_an_occasional_429_does_not_end_the_run() -> None:
    """Any number of 429s is waited out, as long as other answers come in between."""
    observer, clock = observing(FakeTarget(*[limited("1"), OK] * 20))
    assert probe_until_halted(observer, 20) == ""
    assert len(clock.slept) == 20


# --- giving up --------------------------------------------------------------------------------------------------------


def gateway(status: int = 503, **headers: str) -> Answer:
    """The answer of a gateway behind which nothing answers."""
    return status, {name.replace("_", "-"): value for name, value in headers.items()}


def test_a_target_that_nobody_reaches_is_not_blamed() -> None:
    """A first request that reaches nobody ends the run, and no rule is broken by it."""
    observer, _ = observing(FakeTarget(UNREACHABLE))
    assert "cannot be reached" in probe_until_halted(observer, 1)
    assert not broken_rules(observer)


@pytest.mark.parametrize("away", [UNREACHABLE, gateway(502), gateway(504)], ids=["no connection", "502", "504"])
def test_a_target_that_goes_away_for_good_is_not_blamed(away: Answer | Exception) -> None:
    """An environment that is taken down in the middle of a run is no provider that breaks its promise."""
    target = FakeTarget(OK, away)
    judgement = judge_provider(Target.in_process(target, "session=first"))
    assert len(target.requests) == 1 + MAX_IN_A_ROW
    assert {rule_id for rule_id, tally in judgement.tallies.items() if tally.broken} <= {"success-is-not-cached"}
    assert judgement.verdict == "incomplete"
    assert "up" in (judgement.reason or "")


@pytest.mark.parametrize("away", [UNREACHABLE, gateway(502)], ids=["no connection", "502"])
def test_a_target_that_was_away_and_comes_back_is_blamed(away: Answer | Exception) -> None:
    """A customer who called in between got no answer; the breach has the number of that call."""
    observer, _ = observing(FakeTarget(OK, away, OK))
    assert probe_until_halted(observer, 2) == ""
    rules = {"one-answer-in-time", "repeats-hold"}
    assert not rules & broken_rules(observer)
    assert probe_until_halted(observer, 1) == ""
    assert [observer.first_seen[rule_id] for rule_id in rules & broken_rules(observer)] == [2]


def test_a_target_that_is_away_when_the_budget_ends_is_blamed() -> None:
    """Failures that are too few to end the run are judged once nothing more is sent."""
    observer, _ = observing(FakeTarget(OK, OK, UNREACHABLE))
    assert probe_until_halted(observer, 4) == ""
    assert "one-answer-in-time" not in broken_rules(observer)
    observer.finish()
    assert "one-answer-in-time" in broken_rules(observer)


def test_five_failures_in_a_row_end_the_run() -> None:
    """A target that fails now and then is observed further; one that fails five times in a row is left alone."""
    observer, _ = observing(FakeTarget(OK, RESET, RESET, RESET, RESET, OK, RESET))
    reason = probe_until_halted(observer, 20)
    assert observer.requests == 6 + MAX_IN_A_ROW
    assert reason.startswith("5 requests in a row had no well-formed answer")
    assert "one-answer-in-time" in broken_rules(observer)


def test_different_failures_count_together() -> None:
    """No connection, a reset and a 503 by turns show one environment that does not work."""
    observer, _ = observing(FakeTarget(OK, UNREACHABLE, gateway(503), RESET, gateway(502), UNREACHABLE))
    assert probe_until_halted(observer, 20)
    assert observer.requests == 1 + MAX_IN_A_ROW


@pytest.mark.parametrize(("value", "slept"), [("4", [4.0]), ("3600", [0]), (None, [])])
def test_a_503_is_given_the_time_that_it_asks_for(value: str | None, slept: list[float]) -> None:
    """A gateway's Retry-After is respected up to the deadline, and the probe is not sent once more."""
    target = FakeTarget(gateway(503, **({"retry_after": value} if value else {})), OK)
    observer, clock = observing(target)
    observer.probe(BARE)
    assert clock.slept == slept
    assert len(target.requests) == 1
