"""Hypothesis strategies: what an endpoint may do to a client, beyond the scenarios that have a name.

scenarios()
├── answers()                  an answer of any kind
│   ├── conforming_answers()   keeps every MUST; what a SHOULD asks for may be missing
│   │   ├── successes()        200, 201, 202; with and without a token, in every allowed spelling
│   │   └── documented_errors()   400 to 599
│   ├── violations()           breaks one rule (violations.py)
│   └── others                 success bodies with odd members, any status with any body, redirects
├── deliveries                 whole, slow, cut off in the middle, reset, closed
└── calls, throwing            one call or several at once; a listener that throws, or none
"""

from __future__ import annotations

import json
from typing import Any, Final

from hypothesis import strategies as st

from contracts.consumer.bodies import Body, error_bodies, json_values, success_bodies, tokens
from contracts.consumer.violations import violations
from contracts.model.answers import Answer, documented_headers, json_answer
from contracts.model.scenario import AT_ONCE, LANDING, Delivery, Scenario, page, success_body

SLOWEST: Final = 0.1  # seconds; the named scenarios take longer
BODILESS: Final = (204, 205, 304)
# A browser reacts to these by itself: it asks for proxy credentials (407), or sends again on a new connection (408, 421, 425).
LEFT_TO_BROWSERS: Final = (407, 408, 421, 425)
# `...`: the member is missing
ODD: Final[tuple[Any, ...]] = (..., ..., ..., None, None, True, False, 0, 5, "", "true", "200", {})
TYPES: Final = ("application/json", "application/json; charset=utf-8", "text/html", "text/plain", "application/problem+json")


# --- scenarios --------------------------------------------------------------------------------------------------------


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Scenarios that end by themselves and reach a server."""
    answer: Answer | None = draw(answers())
    cut = [Delivery.TRUNCATED, Delivery.ABORTED] if answer and len(answer.body) > 1 and answer.status not in BODILESS else []
    delivery = draw(st.sampled_from([Delivery.WHOLE] * 6 + [Delivery.SLOW, Delivery.RESET, Delivery.CLOSED, *cut]))
    seconds = draw(st.sampled_from([0.02, SLOWEST])) if delivery is Delivery.SLOW else 0.0
    if delivery in (Delivery.RESET, Delivery.CLOSED):
        answer = None
    calls = draw(st.sampled_from([1, 1, 1, 2, AT_ONCE]))
    return Scenario("generated", answer, delivery, seconds, calls, draw(st.booleans()))


def answers() -> st.SearchStrategy[Answer]:
    """Answers to POST of any kind: some keep the contract, some nearly do, and some are far from it."""
    odd = (_odd_successes(), _odd_successes(), _anything(), _redirects())
    found = st.one_of(successes(token=True), conforming_answers(), violations(), *odd)
    return found.filter(lambda answer: answer.status not in LEFT_TO_BROWSERS)


@st.composite
def _odd_successes(draw: st.DrawFn) -> Answer:
    """Successes of which any member may be odd: this is where clients go wrong."""
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
    """As often the usual as the odd, however many kinds of odd there are."""
    return st.booleans().flatmap(lambda is_odd: odd if is_odd else usual)


@st.composite
def _anything(draw: st.DrawFn) -> Answer:
    status = draw(st.one_of(st.sampled_from([200, 400, 401, 500, *BODILESS]), st.integers(200, 599)))
    if status in BODILESS:
        return Answer(status, (), b"")
    label = draw(st.sampled_from([*TYPES, None]))
    headers = ((("content-type", label),) if label else ()) + tuple(draw(st.lists(_few_headers(), max_size=2)))
    values = json_values().map(lambda value: json.dumps(value).encode())
    return Answer(status, headers, draw(st.one_of(values, st.binary(max_size=40), st.just(page(status).body))))


def _few_headers() -> st.SearchStrategy[tuple[str, str]]:
    return st.sampled_from([("x-request-id", "7"), ("retry-after", "1"), ("cache-control", "no-store"), ("vary", "cookie")])


def _redirects() -> st.SearchStrategy[Answer]:
    return st.sampled_from([Answer(status, (("location", LANDING),), b"") for status in (301, 302, 303)])


# --- answers that keep the contract -----------------------------------------------------------------------------------


def conforming_answers() -> st.SearchStrategy[Answer]:
    """Answers to POST that keep every MUST."""
    return st.one_of(successes(), documented_errors())


@st.composite
def successes(draw: st.DrawFn, *, token: bool | None = None) -> Answer:
    """Documented successes. `token`: True with a usable one, False without one, None either way."""
    return draw(_spelled(*draw(success_bodies(token))))


@st.composite
def documented_errors(draw: st.DrawFn) -> Answer:
    """Documented errors: the statuses the contract names, and others of 4XX and 5XX."""
    return draw(_spelled(*draw(error_bodies())))


@st.composite
def _spelled(draw: st.DrawFn, status: int, body: Body) -> Answer:
    """The answer in one of its many spellings in JSON and HTTP."""
    members = dict(draw(st.permutations(list(body.items()))))
    indent, spaced = draw(st.sampled_from([None, 2])), draw(st.booleans())
    text = json.dumps(
        members,
        ensure_ascii=draw(st.booleans()),
        indent=indent,
        separators=(", ", ": ") if spaced else (",", ":"),
        allow_nan=False,
    )
    padding = draw(st.sampled_from(["", "\n", " \r\n\t"]))
    return Answer(status, draw(_headers(status)), (padding + text + padding).encode())


@st.composite
def _headers(draw: st.DrawFn, status: int) -> tuple[tuple[str, str], ...]:
    labels = ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
    name = draw(st.sampled_from(["Content-Type", "content-type", "CONTENT-TYPE"]))
    strange = draw(st.lists(st.sampled_from([("X-Request-Id", "7"), ("Vary", "Cookie"), ("Server", "x")]), unique=True))
    pairs = [(name, draw(st.sampled_from(labels))), *documented_headers(status), *strange]
    return tuple(draw(st.permutations(pairs)))
