"""Patience: a limiter, an outage or a slow target is no reason to give up before the time is up; each is said in the report."""

from __future__ import annotations

import pytest

from contracts.provider.observe import Observer
from contracts.provider.target import Target
from tests.kit.fake_target import (
    BARE,
    OK,
    OVERLAPPING,
    FakeClock,
    FakeTarget,
    broken_rules,
    limited,
    observing,
)
from tests.kit.judgements import blamed
from tests.kit.slow_targets import Limiter, Outage, Told, draft, first_draft, judged, laravel, nginx, silent
from tests.liars.build import altering
from tests.liars.conditions import all_of, every, overlapping, sends, succeeded
from tests.liars.kit import error

# --- limiters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [laravel, draft, first_draft], ids=["X-RateLimit", "RateLimit", "RateLimit-Remaining"])
def test_a_quota_is_kept_before_it_is_spent(told: Told) -> None:
    """Thirty requests a minute lead to a verdict on all of the budget within the time, and none of them is answered 429."""
    clock = FakeClock()
    limiter = Limiter(clock, 30, 60.0, told)
    judgement = judged([limiter.layer()], clock, rate=5)
    assert judgement.verdict == "conformant", judgement.reason
    assert judgement.requests == judged([], FakeClock()).requests  # as many as without a limiter
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


def test_a_limiter_without_a_word_is_waited_for_too() -> None:
    """nginx's limit_req with status 429 says neither what is left nor how long to wait; the note names the option that helps."""
    clock = FakeClock()
    limiter = Limiter(clock, 4, 2.0, refusal=lambda seconds: error(429, "too_many_requests"))
    judgement = judged([limiter.layer()], clock, rate=5)
    assert judgement.verdict == "conformant", judgement.reason
    assert any("it answered 429, which a lower --refresh-rate may avoid" in note for note in judgement.notes)


def test_who_waits_is_told_why() -> None:
    """Each wait of a second or more is told when it begins, in words without anything of the answer."""
    clock, told = FakeClock(), []
    target = Target.in_process(FakeTarget(OK, limited("3"), limited("0"), (503, {}), OK), "session=first")
    observer = Observer(target, sleep=clock.sleep, clock=clock, on_wait=told.append)
    observer.probe(BARE)
    observer.probe(BARE)
    assert told == ["waiting 3 s (429)", "waiting 2 s (429)", "waiting 4 s (503)"]


# --- outages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "seconds"), [(1, 0.5), (2, 3.0), (20, 3.0), (50, 3.0), (77, 3.0)])
def test_a_deployment_in_the_middle_is_waited_out(number: int, seconds: float) -> None:
    """Three seconds of 503 break no rule: the probe is sent again when the target is back, and the report counts the answers."""
    clock = FakeClock()
    judgement = judged([Outage(clock, number, seconds).layer()], clock, rate=5)
    assert not blamed(judgement, "fail")
    assert judgement.verdict == "conformant", judgement.reason
    assert any("answers 503 are not judged" in note for note in judgement.notes)


def test_the_same_probe_is_sent_again_as_an_exchange_of_its_own() -> None:
    """The answer 503 is kept as evidence that is not judged, and the second request comes after a failure."""
    target = FakeTarget(OK, (503, {"retry-after": "7"}), OK)
    observer, clock = observing(target)
    observer.probe(BARE)
    exchange, _ = observer.probe(BARE)
    assert clock.slept == [7.0]
    assert exchange.index == observer.requests == 3
    assert exchange.situation.after == "failure"
    assert set(observer.evidence) == {1, 2, 3}
    assert set(observer.results) == {1, 3}


def test_two_that_overlap_are_sent_again_together() -> None:
    """Whether two at the same moment both succeed can only be seen of two."""
    target = FakeTarget(OK, (503, {}), OK)
    observer, _ = observing(target)
    observer.probe_two(OVERLAPPING, OVERLAPPING)
    assert observer.requests == 4
    assert not broken_rules(observer) & {"concurrent-calls-hold", "repeats-hold"}


def test_one_that_is_answered_503_whenever_it_overlaps_is_blamed() -> None:
    """Three times more is enough to see that it is no outage."""
    clock = FakeClock()
    liar = altering(all_of(succeeded, overlapping, every(2)), lambda answer: error(503, "service_unavailable"), waits=True)
    judgement = judged([liar], clock)
    assert judgement.verdict == "non-conformant"
    assert "concurrent-calls-hold" in blamed(judgement, "fail")


def test_a_target_that_is_away_again_and_again_is_blamed() -> None:
    """Five times are forgiven; a target that is away each tenth time, however slowly it is asked, fails now and then."""
    clock = FakeClock()
    liar = altering(every(10, succeeded), lambda answer: error(503, "service_unavailable"))
    judgement = judged([liar], clock, rate=5, budget=200)
    assert judgement.verdict == "non-conformant"
    assert blamed(judgement, "fail")


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
