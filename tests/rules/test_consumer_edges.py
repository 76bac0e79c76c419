"""Where a consumer rule begins and ends to the number, and each of its sentences to the word."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from contracts.model import limits
from contracts.model.answers import error, json_answer
from contracts.model.exchange import Request
from contracts.model.outcome import THROWN, Call, Outcome
from contracts.model.scenario import Scenario, success_body
from contracts.rules import consumer as rules
from contracts.rules.consumer import RULE_SET
from tests.kit import judgements
from tests.rules.test_consumer import (
    CRASHED,
    DONE,
    ENDLESS,
    NEW,
    NO_TOKEN,
    NULL_TOKEN,
    OFFLINE,
    OLD,
    REFUSED,
    RESET,
    SILENT,
    SLOW,
    at_once,
    heard,
    loading,
    outcome,
    said,
    sent,
    throwing,
    told,
)

STRAY = Request("GET", "https://store.example/elsewhere?secret=1")

words = partial(judgements.words, RULE_SET)
SETTLED = "settled at most 5 s after the exchange has ended"
SENTENCES: list[tuple[str, Outcome, tuple[str, str]]] = [
    (
        "sends-post-without-body",
        outcome(DONE, exchanges=(sent(DONE, method="GET"),)),
        ("POST /auth/refresh, no query, no body", "success-200: GET /auth/refresh, 0 bytes of body"),
    ),
    (
        "sends-post-without-body",
        outcome(DONE, exchanges=(sent(DONE), sent(DONE, query="?a=1"))),
        ("POST /auth/refresh, no query, no body", "success-200: POST /auth/refresh?…, 0 bytes of body"),
    ),
    (
        "sends-post-without-body",
        outcome(DONE, exchanges=(), strays=(STRAY,)),
        ("POST /auth/refresh, no query, no body", "success-200: no request to the endpoint, but GET /elsewhere"),
    ),
    (
        "sends-post-without-body",
        outcome(DONE, exchanges=(sent(DONE, method="PUT"), sent(DONE, method="GET"))),
        ("POST /auth/refresh, no query, no body", "success-200: PUT /auth/refresh, 0 bytes of body"),
    ),
    (
        "sends-post-without-body",
        outcome(DONE, exchanges=(), strays=(STRAY, Request("PUT", "https://store.example/"))),
        ("POST /auth/refresh, no query, no body", "success-200: no request to the endpoint, but GET /elsewhere"),
    ),
    (
        "sends-post-without-body",
        outcome(DONE, exchanges=()),
        ("POST /auth/refresh, no query, no body", "success-200: no request"),
    ),
    (
        "settles-when-it-is-over",
        outcome(at_once(REFUSED), "pending"),
        (SETTLED, "error-401: 5 calls still pending; the exchange was over at 0.0 s"),
    ),
    (
        "settles-when-it-is-over",
        outcome(REFUSED, at=5.25),
        (SETTLED, "error-401: settled after 5.2 s; the exchange was over at 0.0 s"),
    ),
    (
        "success-resolves-with-body",
        outcome(DONE, "rejected"),
        ("resolved with the body", "success-200: one call rejected: NotRefreshed: no"),
    ),
    (
        "success-resolves-with-body",
        outcome(DONE, value={}),
        ("resolved with the body", "success-200: resolved with something else than the body"),
    ),
    ("success-fires-nothing", outcome(DONE, events=told(DONE)), ("no event", "success-200: one event")),
    ("success-fires-nothing", outcome(DONE, events=told(DONE, heard(2))), ("no event", "success-200: 2 events")),
    (
        "success-puts-token-in-place",
        outcome(DONE, token_after=OLD),
        ("the new token", "success-200: stored is the old token"),
    ),
    (
        "success-puts-token-in-place",
        outcome(DONE, token_after=None),
        ("the new token", "success-200: stored is no token"),
    ),
    (
        "success-puts-token-in-place",
        outcome(DONE, token_after=5),
        ("the new token", "success-200: stored is '5', which is no token"),
    ),
    (
        "success-puts-token-in-place",
        outcome(DONE, token_after="x" * 10),
        ("the new token", "success-200: stored is something that is no token"),
    ),
    (
        "success-puts-token-in-place",
        outcome(DONE, token_after="x" * 9),
        ("the new token", "success-200: stored is 'xxxxxxxxx', which is no token"),
    ),
    (
        "success-puts-token-in-place",
        outcome(DONE, token_after="[object Object]"),
        ("the new token", "success-200: stored is '[object Object]', which is no token"),
    ),
    (
        "success-puts-token-in-place",
        outcome(DONE, sent_after="Bearer undefined"),
        ("the new token", "success-200: the next request carries 'undefined', which is no token"),
    ),
    ("failure-rejects", outcome(REFUSED, "resolved"), ("rejected", "error-401: one call resolved")),
    (
        "failure-rejects",
        outcome(at_once(REFUSED), ["resolved", "resolved", "rejected", "rejected", "rejected"]),
        ("rejected", "error-401: 2 calls resolved"),
    ),
    ("failure-fires-once", outcome(REFUSED, events=()), ("exactly one event", "error-401: no event for one call")),
    (
        "failure-fires-once",
        outcome(at_once(REFUSED), events=told(REFUSED, heard(6))),
        ("one to 5 events", "error-401: 6 events for 5 calls"),
    ),
    (
        "every-failure-fires",
        outcome(REFUSED, events=()),
        ("an event, as when this was met before", "error-401: no event this time"),
    ),
    (
        "event-carries-error",
        outcome(REFUSED, events=told(REFUSED, is_error=False, text="nothing special")),
        ("an error", "error-401: the event carries nothing special"),
    ),
    (
        "event-carries-error",
        outcome(REFUSED, events=told(REFUSED, is_error=False, text="")),
        ("an error", "error-401: the event carries nothing"),
    ),
    (
        "event-carries-error",
        outcome(REFUSED, events=told(REFUSED, status=500)),
        ("an error whose response has status 401", "error-401: an error with a response with status 500"),
    ),
    (
        "throwing-listener-harms-nothing",
        outcome(throwing(REFUSED), events=told(REFUSED, (1, 0, 0))),
        ("the others hear it, and the call is rejected with its own error", "error-401: the listeners heard it 1, 0, 0 times"),
    ),
    (
        "throwing-listener-harms-nothing",
        replace(outcome(throwing(REFUSED)), calls=(Call("rejected", 0.1, None, f"Error: {THROWN}"),)),
        (
            "the others hear it, and the call is rejected with its own error",
            "error-401: one call rejected with the listener's own error",
        ),
    ),
    ("failure-keeps-token", outcome(REFUSED, token_after=None), ("the old token", "error-401: afterwards it is no token")),
    (
        "unspecified-is-coherent",
        outcome(NO_TOKEN, "rejected", events=()),
        ("one event", "success-data-empty: one call rejected, no event"),
    ),
    (
        "unspecified-is-coherent",
        outcome(at_once(NO_TOKEN), "rejected", events=()),
        ("one to 5 events", "success-data-empty: 5 calls rejected, no event"),
    ),
    (
        "unspecified-is-coherent",
        outcome(replace(NO_TOKEN, calls=2), "rejected", events=()),
        ("one to 2 events", "success-data-empty: 2 calls rejected, no event"),
    ),
    (
        "unspecified-is-coherent",
        outcome(NO_TOKEN, "resolved", events=told(NO_TOKEN)),
        ("no event", "success-data-empty: 0 calls rejected, one event"),
    ),
    (
        "no-bogus-token",
        outcome(NULL_TOKEN, "resolved", token_after="null"),
        ("the old token, that of the answer, or none", "success-token-null: afterwards it is 'null', which is no token"),
    ),
    (
        "calls-at-once-share",
        outcome(at_once(DONE), exchanges=(sent(DONE), sent(DONE))),
        ("one request, no event", "success-200: 2 requests, no event"),
    ),
    (
        "calls-at-once-share",
        outcome(at_once(REFUSED), events=told(REFUSED, heard(2))),
        ("one request, one event", "error-401: one request, 2 events"),
    ),
    (
        "gives-up-in-the-end",
        outcome(SILENT, "pending", at=10.0),
        ("given up within 10 s", "network-silent: still pending after 10 s"),
    ),
    ("restore-refreshes-once", outcome(loading(DONE), exchanges=()), ("one request", "success-200: no request")),
    (
        "restore-refreshes-once",
        outcome(loading(DONE), exchanges=(sent(DONE), sent(DONE))),
        ("one request", "success-200: 2 requests"),
    ),
    (
        "transient-failure-keeps-login",
        outcome(loading(CRASHED), logged_in=False),
        ("the customer stays logged in", "error-500: logged out by http status 500"),
    ),
]


@pytest.mark.parametrize(("rule", "o", "sentence"), SENTENCES, ids=[f"{row[0]}-{n}" for n, row in enumerate(SENTENCES)])
def test_sentence(rule: str, o: Outcome, sentence: tuple[str, str]) -> None:
    """What was expected, and what was there in which scenario."""
    earlier = [outcome(REFUSED)] if rule == "every-failure-fires" else []
    assert words(rule, *earlier, o) == sentence


def status(number: int) -> Scenario:
    """An error of this status."""
    return Scenario(f"error-{number}", replace(error(500), status=number, body=error(500).body.replace(b"500", b"%d" % number)))


EDGES: list[tuple[str, Outcome, str]] = [
    ("settles-when-it-is-over", outcome(REFUSED, at=5.0), "ok"),
    ("settles-when-it-is-over", outcome(REFUSED, at=5.1), "breach"),
    ("settles-when-it-is-over", outcome(SLOW, at=5.6), "ok"),
    ("settles-when-it-is-over", outcome(SLOW, at=5.7), "breach"),
    ("failure-fires-once", outcome(REFUSED, events=told(REFUSED, at=1.1)), "ok"),
    ("failure-fires-once", outcome(REFUSED, events=told(REFUSED, at=1.2)), "breach"),
    ("failure-fires-once", outcome(at_once(REFUSED), events=told(REFUSED, heard(5))), "ok"),
    ("failure-fires-once", outcome(loading(REFUSED), exchanges=(sent(REFUSED),) * 2, events=told(REFUSED, heard(2))), "ok"),
    ("failure-fires-once", outcome(loading(REFUSED), exchanges=(sent(REFUSED),), events=told(REFUSED, heard(2))), "breach"),
    ("failure-fires-once", outcome(loading(REFUSED), events=told(REFUSED, at=9.0)), "ok"),
    ("gives-up-in-the-end", outcome(SILENT, at=9.98), "ok"),
    ("gives-up-in-the-end", outcome(SILENT, at=9.99), "breach"),
    ("gives-up-in-the-end", outcome(ENDLESS, "rejected", at=9.9), "ok"),
    ("gives-up-in-the-end", outcome(RESET, at=0.1), "nothing"),
    ("gives-up-in-the-end", outcome(loading(SILENT)), "nothing"),
    ("event-carries-error", outcome(status(399), events=told(status(399), status=None)), "ok"),
    ("event-carries-error", outcome(status(400), events=told(status(400), status=None)), "breach"),
    ("event-carries-error", outcome(status(400), events=told(status(400), status=400)), "ok"),
    ("event-carries-error", outcome(RESET, events=told(RESET, status=None)), "ok"),
    ("event-carries-error", outcome(REFUSED, events=()), "nothing"),
    ("calls-at-once-share", outcome(DONE), "nothing"),
    ("calls-at-once-share", outcome(replace(DONE, calls=2)), "ok"),
    ("calls-at-once-share", outcome(at_once(RESET)), "nothing"),
    ("calls-at-once-share", outcome(at_once(REFUSED), "pending"), "nothing"),
    ("calls-at-once-share", outcome(at_once(DONE), events=told(DONE)), "breach"),
    ("calls-at-once-share", outcome(at_once(NO_TOKEN), "rejected", events=told(NO_TOKEN)), "ok"),
    ("unspecified-is-coherent", outcome(at_once(NO_TOKEN), "rejected", events=told(NO_TOKEN, heard(5))), "ok"),
    ("unspecified-is-coherent", outcome(at_once(NO_TOKEN), "rejected", events=told(NO_TOKEN, heard(6))), "breach"),
    ("sends-post-without-body", outcome(OFFLINE, exchanges=()), "nothing"),
    ("sends-post-without-body", outcome(loading(DONE), exchanges=()), "nothing"),
    ("sends-post-without-body", outcome(loading(DONE), exchanges=(sent(DONE, method="PUT"),)), "breach"),
    ("sends-post-without-body", outcome(RESET, exchanges=()), "breach"),
    ("restore-refreshes-once", outcome(loading(DONE)), "ok"),
    ("restore-refreshes-once", outcome(loading(RESET)), "nothing"),
    ("restore-refreshes-once", outcome(DONE), "nothing"),
    ("every-listener-hears", outcome(throwing(REFUSED), events=told(REFUSED, (1, 0, 0))), "nothing"),
    ("throwing-listener-harms-nothing", outcome(throwing(REFUSED), events=()), "nothing"),
    ("failure-keeps-token", outcome(loading(REFUSED), token_after=None), "nothing"),
    ("no-bogus-token", outcome(loading(REFUSED), token_after="null"), "breach"),
    ("no-bogus-token", outcome(REFUSED, token_after="null"), "nothing"),
    ("success-fires-nothing", outcome(loading(DONE), exchanges=()), "nothing"),
    ("success-fires-nothing", outcome(loading(DONE)), "ok"),
    ("success-resolves-with-body", outcome(loading(DONE)), "nothing"),
    *(
        ("transient-failure-keeps-login", outcome(loading(status(number)), logged_in=False), wanted)
        for number, wanted in (
            *((429, "breach"), (500, "breach"), (599, "breach")),
            *((428, "nothing"), (430, "nothing"), (499, "nothing"), (600, "nothing")),
        )
    ),
    (
        "transient-failure-keeps-login",
        outcome(loading(CRASHED), exchanges=(sent(REFUSED), sent(CRASHED)), logged_in=False),
        "breach",
    ),
    ("transient-failure-keeps-login", outcome(loading(CRASHED), logged_in=True), "ok"),
    ("transient-failure-keeps-login", outcome(loading(CRASHED)), "nothing"),
    ("transient-failure-keeps-login", outcome(CRASHED, logged_in=False), "nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "o", "wanted"), EDGES, ids=[f"{row[0]}-{n}" for n, row in enumerate(EDGES)])
def test_edge(rule: str, o: Outcome, wanted: str) -> None:
    """On either side of where it begins or ends."""
    assert said(rule, o) == wanted


def test_a_failure_that_never_fired_is_told_from_one_that_no_longer_does() -> None:
    """By the client and by the scenario's conditions."""
    silent = outcome(REFUSED, events=())
    assert words("every-failure-fires", silent) is None
    assert words("every-failure-fires", silent, silent) is None
    assert words("failure-fires-once", outcome(REFUSED), silent) is None
    assert words("every-failure-fires", outcome(REFUSED), outcome(CRASHED, events=())) is None
    assert words("every-failure-fires", outcome(REFUSED, client="fast"), silent) is None
    assert words("every-failure-fires", outcome(REFUSED), outcome(REFUSED)) == "ok"


VALUES: list[tuple[Any, Any, bool]] = [
    ({"a": 1}, {"a": 1}, True),
    ({"a": 1}, {"a": 1, "b": 2}, False),
    ({"a": 1, "b": 2}, {"a": 1}, False),
    ({"a": 1}, {"a": 2}, False),
    ([("a", 1)], {"a": 1}, False),
    ([1, 2], [1, 2], True),
    ((1, 2), [1, 2], True),
    ([1], [1, 2], False),
    ([2, 1], [1, 2], False),
    ({0: 1}, [1], False),
    (1.0, 1, True),
    (2**53, 2**53 + 1, True),
    (2**53 + 3, 2**53 + 1, False),
    (10**400, 1, False),
    (-(10**400), 1, False),
    (Decimal("1.5"), 1.5, True),
    (Decimal("1e400"), 1, False),
    (True, 1, False),
    (1, True, False),
    ("1", 1, False),
    ("a", "a", True),
    ("a", "b", False),
    (None, None, True),
    (False, None, False),
    (0, False, False),
    (True, True, True),
]


@pytest.mark.parametrize(("value", "body", "same"), VALUES)
def test_a_value_is_that_of_the_body(value: Any, body: Any, same: bool) -> None:
    """Member by member; numbers as JavaScript has them."""
    came = json_answer(200, {**success_body(NEW), "x": body})
    o = outcome(Scenario("x", came))
    given = {**o.calls[0].value, "x": value}
    assert said("success-resolves-with-body", outcome(Scenario("x", came), value=given)) == ("ok" if same else "breach")


def test_how_long_is_waited() -> None:
    """In seconds; a client that leaves calls pending is known after three scenarios, and gets half a second from then on."""
    assert (limits.SETTLING_SECONDS, limits.EVENT_SECONDS, limits.EVENT_WAIT_SECONDS, rules.CLOCK_SECONDS) == (
        5.0,
        1.0,
        1.2,
        0.01,
    )
    assert (limits.PATIENT_SCENARIOS, limits.IMPATIENT_SECONDS) == (3, 0.5)
