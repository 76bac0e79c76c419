"""Patience: a limiter, an outage or a slow target is no reason to give up before the time is up; each is said in the report."""

from __future__ import annotations

import pytest

from tests.kit.fake_target import FakeClock
from tests.kit.judgements import blamed
from tests.kit.slow_targets import Limiter, Outage, Told, draft, first_draft, judged, laravel, nginx, silent
from tests.liars.build import altering
from tests.liars.conditions import sends
from tests.liars.kit import error

# --- limiters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [laravel, draft, first_draft], ids=["X-RateLimit", "RateLimit", "RateLimit-Remaining"])
def test_a_quota_is_kept_before_it_is_spent(told: Told) -> None:
    """Thirty requests a minute lead to a verdict on all of the budget within the time, and none of them is answered 429."""
    clock = FakeClock()
    limiter = Limiter(clock, 30, 60.0, told)
    judgement = judged([limiter.layer()], clock, rate=5)
    assert judgement.verdict == "conformant", judgement.reason
    assert judgement.requests >= 99
    assert limiter.refused <= 1  # two that overlap may come to one place that is left
    assert not blamed(judgement, "fail")
    assert clock.now - 100 < 200
    assert judgement.reason is None
    (note,) = [note for note in judgement.notes if "no request is left" in note]
    assert "waited 3 times" in note


def test_a_limiter_that_tells_nothing_is_waited_for() -> None:
    """After each 429 the run waits as long as Retry-After says, and it ends with a verdict."""
    clock = FakeClock()
    limiter = Limiter(clock, 30, 60.0, silent)
    judgement = judged([limiter.layer()], clock, rate=5)
    assert judgement.verdict == "conformant", judgement.reason
    assert 0 < limiter.refused < 10
    assert any("it answered 429" in note for note in judgement.notes)


def test_a_wait_that_the_time_does_not_allow_ends_with_what_was_seen() -> None:
    """Where every MUST was exercised before, that is a verdict; the reason tells how far it came, and why."""
    clock = FakeClock()
    limiter = Limiter(clock, 60, 3600.0)
    judgement = judged([limiter.layer()], clock)
    assert judgement.verdict == "conformant", judgement.reason
    assert judgement.requests < 100
    assert judgement.reason
    assert "3600 s (429), longer than --refresh-max-seconds 300 allows" in judgement.reason
    assert f"{judgement.requests} of 100 requests" in judgement.reason


def test_a_wait_that_comes_too_early_is_no_verdict() -> None:
    """Where a MUST was not exercised before, the reason names it, and the option that gives it more time."""
    clock = FakeClock()
    judgement = judged([Limiter(clock, 5, 3600.0).layer()], clock)
    assert judgement.verdict == "incomplete"
    assert judgement.reason
    assert "not exercised: " in judgement.reason
    assert "--refresh-max-seconds" in judgement.reason


def test_nginx_limit_req_is_named_with_its_option() -> None:
    """Its 503s are waited out, the pace slows down, and a note names --refresh-rate; nobody is blamed for it."""
    clock = FakeClock()
    judgement = judged([Limiter(clock, 4, 2.0, refusal=nginx).layer()], clock, rate=5)
    assert not blamed(judgement, "fail")
    assert judgement.verdict == "conformant", judgement.reason
    assert any("nginx's limit_req answers 503" in note and "--refresh-rate" in note for note in judgement.notes)


# --- outages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "seconds"), [(1, 0.5), (2, 3.0), (20, 3.0), (50, 3.0), (77, 3.0)])
def test_a_deployment_in_the_middle_is_waited_out(number: int, seconds: float) -> None:
    """Three seconds of 503 break no rule: the probe is sent again when the target is back, and the report counts the answers."""
    clock = FakeClock()
    judgement = judged([Outage(clock, number, seconds).layer()], clock, rate=5)
    assert not blamed(judgement, "fail")
    assert judgement.verdict == "conformant", judgement.reason
    assert any("answers 503 are not judged" in note for note in judgement.notes)


def test_an_outage_that_does_not_end_is_given_up() -> None:
    """Eight answers 503 in a row, each waited for, are enough; nobody is blamed."""
    clock = FakeClock()
    judgement = judged([Outage(clock, 20, 1e9).layer()], clock, rate=5)
    assert judgement.verdict == "incomplete"
    assert judgement.requests == 19 + 8
    assert "8 requests in a row were not answered; the last: 503" in (judgement.reason or "")


def test_a_503_to_one_kind_of_request_is_blamed() -> None:
    """A request that is answered 503 again and again, while others are answered, is a fault and no outage."""
    clock = FakeClock()
    liar = altering(sends("currency"), lambda answer: error(503, "service_unavailable"))
    judgement = judged([liar], clock, rate=5)
    assert judgement.verdict == "non-conformant"
    assert "extras-change-nothing" in blamed(judgement, "fail")
