"""Two customers: whose session a request carries, and what their tokens must tell apart."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from contracts.judge import judge_provider
from contracts.model.limits import MAX_REQUESTS
from contracts.model.tokens import unsigned
from contracts.provider.mock import RefreshMock
from contracts.provider.plan import plan
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.provider.target import Target
from contracts.rules.judgement import ProviderJudgement
from contracts.rules.verdict import OTHER_REFUSED, SAME_CUSTOMER


def judged(handler: Callable[[httpx.Request], httpx.Response], *, budget: int = 40) -> ProviderJudgement:
    """What the gate says of a handler to which two customers are logged in."""
    mock = RefreshMock
    return judge_provider(Target.in_process(handler, mock.session, other_cookie=mock.other_session), budget=budget)


def test_the_pass_interleaves_and_overlaps_two_customers() -> None:
    """Each of the two sends its own session, by turns, and both at once in either order."""
    judgement = judged(RefreshMock().handler)
    sent = [x for x in judgement.observation.evidence.values() if "customer" in x.situation.probe]
    assert [x.situation.customer for x in sent] == ["other", "first", "other", "first", "other", "other", "first"]
    assert [x.situation.overlaps for x in sent] == [False] * 3 + [True] * 4
    cookies = {"first": RefreshMock.session, "other": RefreshMock.other_session}
    assert all(x.request.header("cookie") == cookies[x.situation.customer] for x in sent)
    assert judgement.verdicts["token-belongs-to-customer"] == "pass"
    assert judgement.verdict == "conformant", judgement.reason


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_the_plan_for_two_customers_fits_into_the_default_budget(seed: int) -> None:
    """The second customer costs a few requests, and no pair of conditions."""
    assert len(list(plan(expired=True, other=True, seed=seed))) <= MAX_REQUESTS


def test_a_second_session_that_is_refused_every_time_blames_nobody() -> None:
    """It may never have been good, so the run is incomplete and says what to do."""
    mock = RefreshMock()

    def handler(request: httpx.Request) -> httpx.Response:
        if request.headers.get("cookie") == mock.other_session:
            request.headers["cookie"] = "session=ended"
        return mock.handler(request)

    judgement = judged(handler)
    assert (judgement.verdict, judgement.reason) == ("incomplete", OTHER_REFUSED)


def test_a_second_session_that_was_good_must_go_on() -> None:
    """Once the second customer was served, a refusal is a fault like that of the first one's session."""
    mock, served = RefreshMock(), 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal served
        if request.headers.get("cookie") == mock.other_session:
            served += 1
            if served > 1:
                request.headers["cookie"] = "session=ended"
        return mock.handler(request)

    judgement = judged(handler)
    assert judgement.verdict == "non-conformant"
    assert judgement.verdicts["repeats-hold"] == "fail"


def test_two_sessions_of_one_customer_are_no_evidence() -> None:
    """Where all tokens name the same customer, nobody can say whose they are: the run is incomplete, and asks for another."""

    def handler(request: httpx.Request) -> httpx.Response:
        answer = RefreshMock().handler(request)
        if answer.status_code == 200:
            token = unsigned("7", now=1e9, ttl=2e9)
            return httpx.Response(200, headers={"cache-control": "no-store"}, json={**answer.json(), "data": {"token": token}})
        return answer

    judgement = judged(handler)
    assert (judgement.verdict, judgement.reason) == ("incomplete", SAME_CUSTOMER)


def test_a_session_that_another_customer_had_replaced_excuses_nothing() -> None:
    """Of two customers at once, the refusal of one is not excused by the new session of the other."""
    store = Store()
    with serve(store.app) as url:
        judgement = judge_provider(Target.at(url, store.log_in("7"), other_cookie=store.log_in("8")), budget=40)
    overlapping = [x.situation for x in judgement.observation.evidence.values() if x.situation.overlaps]
    assert [s.session_replaced for s in overlapping if s.probe == "two at once"] == [True, True]
    assert [s.session_replaced for s in overlapping if s.probe == "two customers at once"] == [False] * 4
