"""Where answers take long, strangers' requests go beside others: the run ends in time, and the target is asked politely."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from contracts.model.exchange import Failure, Request, Response
from contracts.provider import phases
from contracts.provider.company import LAST, MOST, Company
from contracts.provider.http import InProcess, Sender
from contracts.provider.mock import RefreshMock
from contracts.provider.observe import Observer
from contracts.provider.probes import Probe
from contracts.provider.target import Target
from contracts.rules.judgement import ProviderJudgement
from tests.kit.fake_target import BARE, FakeClock
from tests.kit.judgements import blamed


class Slow(Sender):
    """Each answer takes `latency` seconds of a clock, and those to requests that overlap take them together.

    `one_by_one`: the target answers one request after the other. `sent` holds when each group left, and its requests.
    """

    def __init__(self, mock: RefreshMock, clock: FakeClock, latency: float, *, one_by_one: bool = False) -> None:
        super().__init__(InProcess(mock.handler), 10.0, clock)
        self._ticks, self._latency, self._one_by_one = clock, latency, one_by_one
        self.sent: list[tuple[float, tuple[Request, ...]]] = []

    def send_all(
        self, requests: Sequence[Request], *, together: int = 0, on_answer: Callable[[int], None] = lambda number: None
    ) -> tuple[Response | Failure, ...]:
        self.sent.append((self._ticks.now, tuple(requests)))
        answers = []
        for number, request in enumerate(requests, 1):
            answer = super().send(request)
            answers.append(replace(answer, seconds=self._latency * (number if self._one_by_one else 1)))
            on_answer(number - 1)
        self._ticks.now += max(answer.seconds for answer in answers)
        return tuple(answers)

    def send(self, request: Request, gate: object = None) -> Response | Failure:
        return self.send_all((request,))[0]


def observed(latency: float, *, rate: float = 0.0, cookie: str | None = None, one_by_one: bool = False) -> tuple[Observer, Slow]:
    """What was seen of the mock in all phases, and when each request was sent."""
    clock, mock = FakeClock(), RefreshMock()
    target = Target.in_process(mock.handler, mock.session if cookie is None else cookie)
    target.sender = slow = Slow(mock, clock, latency, one_by_one=one_by_one)
    target.anonymous = cookie == ""
    observer = Observer(target, rate=rate, sleep=clock.sleep, clock=clock)
    for phase in phases.PHASES:
        phases.run(observer, phase)
    return observer, slow


def seconds(slow: Slow) -> float:
    """From the first request to the last answer."""
    return slow.sent[-1][0] + slow._latency - slow.sent[0][0]


@pytest.mark.parametrize("rate", [0.0, 5.0])
def test_a_hundred_requests_at_800_ms_end_within_forty_seconds(rate: float) -> None:
    """With and without a limit on the rate, and the verdict is the same as of a quick target."""
    observer, slow = observed(0.8, rate=rate)
    judgement = ProviderJudgement(observer, rules=set(observer.evaluator.tallies))
    assert judgement.verdict == "conformant", judgement.reason
    assert judgement.reason is None
    assert not blamed(judgement, "fail")
    assert not blamed(judgement, "warn")
    assert 95 <= observer.requests <= 100
    assert seconds(slow) <= 40


def test_never_more_than_four_at_once_and_only_strangers_beside_others() -> None:
    """Strangers are added to what the customer sends: one request, or two that overlap on purpose."""
    observer, slow = observed(0.8, rate=5)
    exchanges, grouped = iter(observer.evidence.values()), 0
    for _, requests in slow.sent:
        group = [next(exchanges) for _ in requests]
        mine = [exchange for exchange in group if exchange.situation.session == "valid"]
        assert len(group) <= MOST
        assert len(mine) <= 2
        assert len(mine) < 2 or all(exchange.situation.overlaps for exchange in mine)
        grouped += len(group) > len(mine) > 0
    assert grouped > 30


def test_the_rate_holds_for_those_at_once_too() -> None:
    """At five a second, what leaves together is paid for before the next may leave."""
    _, slow = observed(0.8, rate=5)
    for (left, requests), (next_left, _) in zip(slow.sent, slow.sent[1:], strict=False):
        assert next_left - left >= len(requests) / 5 - 1e-6


def test_without_a_session_all_go_together() -> None:
    """A run that judges only the refusals touches no session at all."""
    observer, slow = observed(0.8, cookie="")
    assert observer.target.anonymous
    assert observer.requests > 90
    assert seconds(slow) <= 32


def test_a_quick_target_is_asked_one_by_one() -> None:
    """The plan stays as it is: only what is meant to overlap does."""
    _, slow = observed(0.01)
    assert max(len(requests) for _, requests in slow.sent) == 2


def test_a_target_that_answers_one_by_one_does_not_become_late() -> None:
    """Requests that wait for each other at the target take longer; fewer of them are then sent at once."""
    observer, slow = observed(1.2, one_by_one=True)
    assert max(answer.answer.seconds for answer in observer.evidence.values()) < 5
    assert not observer.evaluator.tallies["answers-within-5-seconds"].broken
    assert seconds(slow) < 300


def test_a_target_that_takes_five_seconds_ends_in_time_with_a_verdict() -> None:
    """After three hundred seconds nothing more is sent; what was seen is judged, and the reason tells how far it came."""
    observer, slow = observed(5.0)
    judgement = ProviderJudgement(observer, rules=set(observer.evaluator.tallies))
    assert seconds(slow) <= 300
    assert judgement.verdict == "conformant", judgement.reason
    assert judgement.reason == (
        f"it ended early: {observer.requests} of 100 requests were sent; the time is up (--refresh-max-seconds 300)"
    )
    assert observer.requests >= 60
    assert blamed(judgement, "warn") == {"answers-within-5-seconds"}


# --- how many at once -------------------------------------------------------------------------------------------------


def company(*times: float, deadline: float = 10.0) -> Company:
    """After these times of answers."""
    made = Company(deadline, expired=True)
    for time in times:
        made.heard("POST", Response(200, seconds=time))
    return made


@pytest.mark.parametrize(
    ("times", "most"),
    [
        ([], 1),
        ([0.8] * (LAST - 1), 1),
        ([0.8] * LAST, 3),
        ([0.6] * LAST, 4),
        ([0.5] * LAST, 4),
        ([0.49] * LAST, 1),
        ([9.0, 9.0, 9.0, 9.0, 0.1], 1),
        ([1.2] * LAST, 2),
        ([1.4] * LAST, 1),
        ([0.1, *[0.8] * LAST], 3),
    ],
)
def test_how_many_may_be_under_way(times: list[float], most: int) -> None:
    """As many as are answered within half of five seconds if they wait for each other; one, where answers are quick."""
    assert company(*times).most == most


def test_what_waits_goes_first_and_then_repetitions() -> None:
    """One stranger goes beside a customer's request, every third time two, if there is room for them."""
    made = company(*[0.8] * LAST)
    waiting = [Probe("first", session="none"), Probe("second", session="empty"), Probe("third", session="none")]
    made.wait(waiting)
    assert made.beside((BARE,), 0) == ()
    assert [made.beside((BARE,), 9) for _ in range(2)] == [(probe,) for probe in waiting[:2]]
    third, repeated = made.beside((BARE,), 9)
    assert third == waiting[2]
    assert repeated.session != "valid"
    assert [len(made.beside((BARE, BARE), 9)) for _ in range(3)] == [1, 1, 1]
    assert [len(made.beside((BARE,), 1)) for _ in range(3)] == [1, 1, 1]
    assert made.beside((BARE, BARE, BARE), 9) == ()
    assert made.rest(9) == ()
