"""Hypothesis: what an endpoint may do to a client, in the space between the scenarios that have a name.

scenarios()
├── answers()        conforming, violating one rule, or any status with any body and headers
├── deliveries       whole, slow, cut off in the middle, reset, closed
└── calls, throwing  one call or several at once; a listener that throws, or none
"""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import strategies as st

from contracts.consumer.answer_strategies import (
    BREAKERS,
    conforming_answers,
    json_values,
    successes,
    tokens,
    violating_answers,
)
from contracts.model.answers import Answer, json_answer
from contracts.model.scenario import AT_ONCE, LANDING, Delivery, Scenario, page, success_body

SLOWEST: Final = 0.1  # seconds; the named scenarios wait longer
NO_BODY: Final = (204, 205, 304)
# What a browser answers by itself: proxy credentials (407), and sending again on a new connection (408, 421, 425).
NOT_TOLD: Final = (407, 408, 421, 425)
BREAKABLE: Final = tuple(rule for rule in BREAKERS if rule != "no-redirect")  # those lead to other servers
ODD: Final[tuple[Any, ...]] = (..., ..., ..., None, None, True, False, 0, 5, "", "true", "200", {})  # `...`: not there at all
TYPES: Final = ("application/json", "application/json; charset=utf-8", "text/html", "text/plain", "application/problem+json")


def scenarios() -> st.SearchStrategy[Scenario]:
    """Scenarios that end by themselves and reach a server."""
    return _scenarios()


@st.composite
def _scenarios(draw: st.DrawFn) -> Scenario:
    answer: Answer | None = draw(answers())
    cut = [Delivery.TRUNCATED, Delivery.ABORTED] if answer and len(answer.body) > 1 and answer.status not in NO_BODY else []
    delivery = draw(st.sampled_from([Delivery.WHOLE] * 6 + [Delivery.SLOW, Delivery.RESET, Delivery.CLOSED, *cut]))
    seconds = draw(st.sampled_from([0.02, SLOWEST])) if delivery is Delivery.SLOW else 0.0
    if delivery in (Delivery.RESET, Delivery.CLOSED):
        answer = None
    calls = draw(st.sampled_from([1, 1, 1, 2, AT_ONCE]))
    return Scenario("generated", answer, delivery, seconds, calls, draw(st.booleans()))


def answers() -> st.SearchStrategy[Answer]:
    """Answers to POST of any kind: by the contract, next to it, and far from it."""
    violating = violating_answers(*BREAKABLE).map(lambda violation: violation.answer)
    odd = (_members(), _members(), _anything(), _redirects())
    found = st.one_of(successes(token=True), conforming_answers(), violating, *odd)
    return found.filter(lambda answer: answer.status not in NOT_TOLD)


@st.composite
def _members(draw: st.DrawFn) -> Answer:
    """A success of which any member may be otherwise: this is where clients go wrong."""
    status = draw(st.sampled_from([200, 200, 201, 202, 203, 206]))
    odd = st.sampled_from(ODD)
    members = {
        "status": draw(_mostly(st.just(status), st.sampled_from([*ODD, 200, 204, 401]))),
        "success": draw(_mostly(st.booleans(), odd)),
    }
    body = success_body(draw(_mostly(tokens(), odd)), **members)
    data = body["data"]
    body["data"] = {} if data["token"] is ... else draw(st.sampled_from([data, data, data, None, [], "x"]))
    return json_answer(status, body)


def _mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One as often as the other, however many kinds of odd there are."""
    return st.booleans().flatmap(lambda is_odd: odd if is_odd else usual)


@st.composite
def _anything(draw: st.DrawFn) -> Answer:
    status = draw(st.one_of(st.sampled_from([200, 400, 401, 500, *NO_BODY]), st.integers(200, 599)))
    if status in NO_BODY:
        return Answer(status, (), b"")
    label = draw(st.sampled_from([*TYPES, None]))
    headers = ((("content-type", label),) if label else ()) + tuple(draw(st.lists(_headers(), max_size=2)))
    values = json_values().map(lambda value: json.dumps(value).encode())
    return Answer(status, headers, draw(st.one_of(values, st.binary(max_size=40), st.just(page(status).body))))


def _headers() -> st.SearchStrategy[tuple[str, str]]:
    return st.sampled_from([("x-request-id", "7"), ("retry-after", "1"), ("cache-control", "no-store"), ("vary", "cookie")])


def _redirects() -> st.SearchStrategy[Answer]:
    return st.sampled_from([Answer(status, (("location", LANDING),), b"") for status in (301, 302, 303)])
