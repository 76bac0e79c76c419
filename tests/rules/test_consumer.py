"""The consumer rules one by one, on outcomes made by hand: what breaks each, what keeps it, and what it does not speak of."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.consumer.strategies import scenarios
from contracts.model.answers import error, json_answer, success
from contracts.model.document import load
from contracts.model.exchange import Exchange, Kind, Request, Response
from contracts.model.limits import EVENT_SECONDS, SETTLING_SECONDS
from contracts.model.outcome import LISTENERS, THROWN, Call, Event, Outcome, linked
from contracts.model.scenario import (
    AT_ONCE,
    Delivery,
    Scenario,
    at_page_load,
    interleaved,
    named,
    page,
    refreshed,
    success_body,
)
from contracts.rules.consumer import RULE_SET
from contracts.rules.engine import Evaluator

MUST = {rule.id for rule in load().rules.values() if rule.role == "consumer" and rule.level == "MUST"}
URL = "https://store.example/auth/refresh"
OLD, NEW, EARLIER = "old-token-0123456789abc", "new-token-0123456789abc", "earlier-token-0123456789"

DONE = refreshed(NEW)
REFUSED = Scenario("error-401", error(401))
CRASHED = Scenario("error-500", error(500))
RESET = Scenario("network-reset", None, Delivery.RESET)
OFFLINE = Scenario("network-offline", None, Delivery.OFFLINE)
SILENT = Scenario("network-silent", None, Delivery.SILENT, 10.0)
ENDLESS = Scenario("network-endless", success(200, NEW), Delivery.ENDLESS, 10.0)
CUT_OFF = Scenario("error-401-cut-off", error(401), Delivery.TRUNCATED)
SLOW = Scenario("success-slow", success(200, NEW), Delivery.SLOW, 0.6)
SAYS_FALSE = Scenario("false-with-token", json_answer(200, success_body(NEW, success=False)))
NO_TOKEN = Scenario("success-data-empty", json_answer(200, success_body(..., data={})))
ODD_STATUS = Scenario("success-status-204", json_answer(200, success_body(NEW, status=204)))
NULL_TOKEN = Scenario("success-token-null", json_answer(200, success_body(None)))


def at_once(scenario: Scenario) -> Scenario:
    """The scenario, met by several calls made at the same moment."""
    return replace(scenario, calls=AT_ONCE)


def loading(scenario: Scenario) -> Scenario:
    """The scenario, met by a page that restores a session."""
    return replace(scenario, calls=0)


def throwing(scenario: Scenario) -> Scenario:
    """The scenario, while the first listener throws."""
    return replace(scenario, throwing=True)


def sent(
    scenario: Scenario, *, method: str = "POST", query: str = "", body: bytes = b"", token: str = "", started: float = 1.0
) -> Exchange:
    """A request to the endpoint, and what came back."""
    headers = (("Authorization", token),) if token else ()
    return Exchange(Request(method, URL + query, headers, body), scenario.came, started=started)


def status_of(scenario: Scenario) -> int | None:
    """The HTTP status that came, if an answer came."""
    return scenario.came.status if isinstance(scenario.came, Response) else None


def told(scenario: Scenario, times: Sequence[int] = (1,) * LISTENERS, *, at: float = 0.1, **otherwise: Any) -> tuple[Event, ...]:
    """The events that listeners heard, `times` says how often each of them."""
    usual: dict[str, Any] = {"is_error": True, "status": status_of(scenario), "text": "NotRefreshed: no"}
    return tuple(Event(n, at, **{**usual, **otherwise}) for n, count in enumerate(times) for _ in range(count))


def heard(count: int) -> tuple[int, ...]:
    """Every listener heard it so often."""
    return (count,) * LISTENERS


def json_of(scenario: Scenario) -> Any:
    """The JSON that came."""
    return scenario.came.reading.value if isinstance(scenario.came, Response) else None


def outcome(
    scenario: Scenario, ends: str | Sequence[str] | None = None, *, value: Any = ..., at: float = 0.1, **otherwise: Any
) -> Outcome:
    """What a right client makes of a scenario, unless some of it is otherwise. `ends`: how each of its calls ended."""
    done = scenario.kind is Kind.COMPLETED
    usual = "resolved" if done else "rejected"
    all_ends = [ends or usual] * scenario.calls if isinstance(ends, str) or ends is None else list(ends)
    value = json_of(scenario) if value is ... else value
    calls = tuple(
        Call(how, at, value if how == "resolved" else None, "NotRefreshed: no" if how == "rejected" else "") for how in all_ends
    )
    rejected = "rejected" in all_ends or (not scenario.calls and not done)
    rest: dict[str, Any] = {
        "events": told(scenario, at=at) if rejected else (),
        "exchanges": (sent(scenario),),
        "token_before": OLD,
        "token_after": NEW if done else OLD,
    }
    return Outcome(scenario, calls, **{**rest, **otherwise})


def said(rule: str, *outcomes: Outcome) -> str:
    """What a rule says of the last of some outcomes: ok, breach or nothing."""
    evaluator = Evaluator(RULE_SET, ["failure-fires-once", rule] if rule != "failure-fires-once" else [rule])
    for o in outcomes[:-1]:
        evaluator.add(o)
    tally = evaluator.tallies[rule]
    before = tally.exercised, tally.broken
    evaluator.add(outcomes[-1])
    return "breach" if tally.broken > before[1] else "ok" if tally.exercised > before[0] else "nothing"


BIG = 2**53 + 1  # no double: JavaScript reads it as 2**53
COUNTED = Scenario("numbers", json_answer(200, success_body(NEW, count=BIG, list=[1, 2.5, {"n": 10**21, "yes": True}])))
SOON, LATE = 0.1 + EVENT_SECONDS, 0.1 + EVENT_SECONDS + 0.2
STRAY = Request("POST", "https://store.example/auth/refreshh")
SAME_AGAIN = {"token_before": NEW, "token_after": NEW, "sent_after": f"Bearer {NEW}"}
HALF = ["resolved", "resolved", "rejected", "rejected", "rejected"]


def numbers(**otherwise: Any) -> dict[str, Any]:
    """The body of COUNTED as a client may show it, with some members otherwise."""
    return {"status": 200, "success": True, "data": {"token": NEW}, "count": BIG, "list": list_of(10**21), **otherwise}


def list_of(number: Any, yes: Any = True) -> list[Any]:
    """Its member list."""
    return [1, 2.5, {"n": number, "yes": yes}]


# rule: [(what the rule says, a name, the outcomes of which the last one counts)]
TABLE: dict[str, list[tuple[str, str, list[Outcome]]]] = {
    "sends-post-without-body": [
        ("ok", "POST", [outcome(DONE)]),
        ("ok", "with an empty query", [outcome(DONE, exchanges=(sent(DONE, query="?"),))]),
        ("ok", "sent twice", [outcome(RESET, exchanges=(sent(RESET), sent(RESET)))]),
        ("ok", "and something elsewhere", [outcome(DONE, strays=(STRAY,))]),
        ("ok", "tried though offline", [outcome(OFFLINE)]),
        ("ok", "at page load", [outcome(loading(DONE))]),
        *(("breach", m, [outcome(DONE, exchanges=(sent(DONE, method=m),))]) for m in ("GET", "PUT", "HEAD", "post")),
        ("breach", "a body", [outcome(DONE, exchanges=(sent(DONE, body=b"{}"),))]),
        ("breach", "a query", [outcome(DONE, exchanges=(sent(DONE, query="?force=1"),))]),
        ("breach", "a body the second time", [outcome(RESET, exchanges=(sent(RESET), sent(RESET, body=b"again")))]),
        ("breach", "GET at page load", [outcome(loading(DONE), exchanges=(sent(DONE, method="GET"),))]),
        ("breach", "nothing", [outcome(REFUSED, exchanges=())]),
        ("breach", "elsewhere only", [outcome(DONE, exchanges=(), strays=(STRAY,))]),
        ("nothing", "not even tried offline", [outcome(OFFLINE, exchanges=())]),
        ("nothing", "no refresh at page load", [outcome(loading(DONE), exchanges=())]),
    ],
    "settles-when-it-is-over": [
        ("ok", "soon", [outcome(DONE)]),
        ("ok", "a rejection", [outcome(REFUSED)]),
        ("ok", "just in time", [outcome(REFUSED, at=SETTLING_SECONDS)]),
        ("ok", "just in time after a slow body", [outcome(SLOW, at=0.6 + SETTLING_SECONDS)]),
        ("ok", "given up", [outcome(SILENT, at=1.0)]),
        ("ok", "when the endpoint ended it", [outcome(SILENT, at=10.1)]),
        ("breach", "pending", [outcome(REFUSED, "pending", at=3.1)]),
        ("breach", "one of five pending", [outcome(at_once(REFUSED), ["rejected"] * 4 + ["pending"], at=3.1)]),
        ("breach", "late", [outcome(DONE, at=SETTLING_SECONDS + 0.2)]),
        ("breach", "pending after the endpoint ended it", [outcome(SILENT, "pending", at=13.0)]),
        ("breach", "late, though given up", [outcome(SILENT, at=10.2 + SETTLING_SECONDS)]),
        ("nothing", "at page load", [outcome(loading(REFUSED))]),
    ],
    "success-resolves-with-body": [
        ("ok", "the body", [outcome(DONE)]),
        ("ok", "five calls", [outcome(at_once(DONE))]),
        ("ok", "200.0 for 200", [outcome(DONE, value={**json_of(DONE), "status": 200.0})]),
        (
            "ok",
            "200 for 200.0",
            [outcome(Scenario("s", json_answer(200, success_body(NEW, status=200.0))), value=success_body(NEW))],
        ),
        ("ok", "an integer as the nearest double", [outcome(COUNTED, value=numbers(count=float(2**53)))]),
        ("ok", "an integer as it stands there", [outcome(COUNTED, value=numbers())]),
        ("ok", "a nested one as a double", [outcome(COUNTED, value=numbers(list=list_of(1e21)))]),
        (
            "ok",
            "decimals",
            [outcome(COUNTED, value=numbers(status=Decimal("200.0"), list=[1, Decimal("2.5"), list_of(10**21)[2]]))],
        ),
        ("ok", "lists as tuples", [outcome(COUNTED, value=numbers(list=tuple(list_of(10**21))))]),
        ("ok", "members in another order", [outcome(DONE, value=dict(reversed(json_of(DONE).items())))]),
        ("breach", "nothing", [outcome(DONE, value=None)]),
        ("breach", "a part of it", [outcome(DONE, value=json_of(DONE)["data"])]),
        ("breach", "the token", [outcome(DONE, value=NEW)]),
        ("breach", "as text", [outcome(DONE, value='{"status": 200}')]),
        ("breach", "a member less", [outcome(DONE, value=success_body(NEW, status=...))]),
        ("breach", "a member more", [outcome(DONE, value=success_body(NEW, extra=None))]),
        ("breach", "a member of another name", [outcome(DONE, value=success_body(NEW, status=..., code=200))]),
        ("breach", "1 for true", [outcome(DONE, value=success_body(NEW, success=1))]),
        ("breach", "true for 1", [outcome(COUNTED, value=numbers(list=[True, *list_of(10**21)[1:]]))]),
        ("breach", "a nested 1 for true", [outcome(COUNTED, value=numbers(list=list_of(10**21, 1)))]),
        ("breach", "a text for a number", [outcome(DONE, value=success_body(NEW, status="200"))]),
        ("breach", "a number for a text", [outcome(DONE, value=success_body(5))]),
        ("breach", "another double", [outcome(COUNTED, value=numbers(count=2**53 + 4))]),
        ("breach", "a number beyond all doubles", [outcome(COUNTED, value=numbers(count=10**400))]),
        ("breach", "no number", [outcome(COUNTED, value=numbers(count=float("nan")))]),
        ("breach", "a shorter list", [outcome(COUNTED, value=numbers(list=[1, 2.5]))]),
        ("breach", "an object for a list", [outcome(COUNTED, value=numbers(list={0: 1, 1: 2.5}))]),
        ("breach", "the body of an earlier answer", [outcome(DONE, value=success_body(EARLIER))]),
        ("breach", "rejected", [outcome(DONE, "rejected")]),
        ("breach", "one of five rejected", [outcome(at_once(DONE), ["rejected"] + ["resolved"] * 4)]),
        ("breach", "nothing was asked", [outcome(DONE, exchanges=())]),
        ("nothing", "pending", [outcome(DONE, "pending")]),
        ("nothing", "a failure", [outcome(REFUSED)]),
        ("nothing", "a success without a token", [outcome(NO_TOKEN, "resolved", value=None)]),
        ("nothing", "at page load", [outcome(loading(DONE))]),
    ],
    "success-fires-nothing": [
        ("ok", "no event", [outcome(DONE)]),
        ("ok", "five calls", [outcome(at_once(DONE))]),
        ("ok", "at page load", [outcome(loading(DONE))]),
        ("breach", "an event", [outcome(DONE, events=told(DONE))]),
        ("breach", "an event to one listener", [outcome(DONE, events=told(DONE, (0, 0, 1)))]),
        ("breach", "an event at page load", [outcome(loading(DONE), events=told(DONE))]),
        ("nothing", "pending", [outcome(DONE, "pending", events=told(DONE))]),
        ("nothing", "a failure", [outcome(REFUSED)]),
        ("nothing", "a success without a token", [outcome(NO_TOKEN)]),
        ("nothing", "no refresh at page load", [outcome(loading(DONE), exchanges=())]),
    ],
    "success-puts-token-in-place": [
        ("ok", "stored and sent", [outcome(DONE, sent_after=f"Bearer {NEW}")]),
        ("ok", "stored, and no header sent", [outcome(DONE)]),
        ("ok", "stored, and an empty header sent", [outcome(DONE, sent_after="")]),
        ("ok", "a scheme in lower case", [outcome(DONE, sent_after=f"bearer {NEW}")]),
        ("ok", "without a scheme", [outcome(DONE, sent_after=NEW)]),
        ("ok", "a header that is about something else", [outcome(DONE, sent_after="Basic c3RhZ2luZzpzdGFnaW5n")]),
        ("ok", "the first token", [outcome(DONE, token_before=None)]),
        ("ok", "the same token again", [outcome(DONE, **SAME_AGAIN)]),
        ("ok", "at page load", [outcome(loading(DONE), sent_after=f"Bearer {NEW}")]),
        ("ok", "white space that no header carries", [outcome(refreshed(f"{NEW}\n"), sent_after=f"Bearer {NEW}")]),
        ("breach", "the old one kept", [outcome(DONE, token_after=OLD)]),
        ("breach", "none before, none after", [outcome(DONE, token_before=None, token_after=None)]),
        ("breach", "stored, and the old one sent", [outcome(DONE, sent_after=f"Bearer {OLD}")]),
        ("breach", "sent, and the old one stored", [outcome(DONE, token_after=OLD, sent_after=f"Bearer {NEW}")]),
        ("breach", "stored, and an earlier one sent", [outcome(DONE, sent_after=f"Bearer {EARLIER}")]),
        ("breach", "an earlier one stored", [outcome(DONE, token_after=EARLIER)]),
        *(("breach", f"stored, and {w} sent", [outcome(DONE, sent_after=f"Bearer {w}")]) for w in ("null", "undefined", "")),
        ("breach", "null sent without a scheme", [outcome(DONE, sent_after="null")]),
        ("breach", "removed", [outcome(DONE, token_after=None)]),
        *(
            ("breach", f"{v!r} stored", [outcome(DONE, token_after=v)])
            for v in (5, True, {}, [], "", "undefined", {"token": NEW})
        ),
        ("breach", "nothing sent after undefined at page load", [outcome(loading(DONE), token_after="undefined")]),
        ("nothing", "pending", [outcome(DONE, "pending", token_after=OLD)]),
        ("nothing", "a failure", [outcome(REFUSED)]),
        ("nothing", "a success without a token", [outcome(NO_TOKEN)]),
        ("nothing", "no refresh at page load", [outcome(loading(DONE), exchanges=(), token_after=OLD)]),
    ],
    "failure-rejects": [
        ("ok", "an error", [outcome(REFUSED)]),
        ("ok", "the network", [outcome(RESET)]),
        ("ok", "five calls", [outcome(at_once(REFUSED))]),
        ("ok", "sent twice", [outcome(RESET, exchanges=(sent(RESET), sent(RESET)))]),
        ("breach", "an error resolved", [outcome(REFUSED, "resolved")]),
        ("breach", "success: false resolved", [outcome(SAYS_FALSE, "resolved")]),
        ("breach", "offline resolved without a request", [outcome(OFFLINE, "resolved", exchanges=())]),
        ("breach", "two of five resolved", [outcome(at_once(REFUSED), HALF)]),
        ("nothing", "pending", [outcome(at_once(REFUSED), ["pending", *HALF[1:]])]),
        ("nothing", "a success", [outcome(DONE)]),
        ("nothing", "a success without a token", [outcome(NO_TOKEN, "resolved")]),
        ("nothing", "at page load", [outcome(loading(REFUSED))]),
    ],
    "failure-fires-once": [
        ("ok", "one event", [outcome(REFUSED)]),
        ("ok", "slightly before the rejection", [outcome(REFUSED, events=told(REFUSED, at=0.05))]),
        ("ok", "just in time", [outcome(REFUSED, events=told(REFUSED, at=SOON))]),
        *(("ok", f"{n} for five calls", [outcome(at_once(REFUSED), events=told(REFUSED, heard(n)))]) for n in range(1, 6)),
        ("ok", "one for five requests", [outcome(at_once(REFUSED), exchanges=(sent(REFUSED),) * 5)]),
        ("ok", "one for two requests of one call", [outcome(RESET, exchanges=(sent(RESET),) * 2)]),
        ("ok", "one at page load", [outcome(loading(REFUSED))]),
        ("ok", "two for two requests at page load", [outcome(loading(REFUSED), exchanges=(sent(REFUSED),) * 2)]),
        ("ok", "to one listener, which is another rule's", [outcome(REFUSED, events=told(REFUSED, (0, 1, 0)))]),
        ("ok", "though it resolves, which is another rule's", [outcome(REFUSED, "resolved", events=told(REFUSED))]),
        ("breach", "none", [outcome(REFUSED, events=())]),
        ("breach", "none when the network fails", [outcome(RESET, events=())]),
        ("breach", "two", [outcome(REFUSED, events=told(REFUSED, heard(2)))]),
        ("breach", "two to one listener", [outcome(REFUSED, events=told(REFUSED, (1, 1, 2)))]),
        (
            "breach",
            "two for two requests of one call",
            [outcome(RESET, exchanges=(sent(RESET),) * 2, events=told(RESET, heard(2)))],
        ),
        ("breach", "none for five calls", [outcome(at_once(REFUSED), events=())]),
        ("breach", "six for five calls", [outcome(at_once(REFUSED), events=told(REFUSED, heard(6)))]),
        ("breach", "late", [outcome(REFUSED, events=told(REFUSED, at=LATE))]),
        ("breach", "none, after a late one", [outcome(REFUSED, events=told(REFUSED, at=LATE)), outcome(REFUSED, events=())]),
        ("breach", "one of two late", [outcome(at_once(REFUSED), events=told(REFUSED) + told(REFUSED, at=LATE))]),
        ("breach", "none, though another failure fired", [outcome(REFUSED), outcome(CRASHED, events=())]),
        (
            "breach",
            "none, though it fired in another mode",
            [outcome(REFUSED, client="fast"), outcome(REFUSED, client="debounced", events=())],
        ),
        ("breach", "none at page load", [outcome(loading(REFUSED), events=())]),
        ("breach", "two for one request at page load", [outcome(loading(REFUSED), events=told(REFUSED, heard(2)))]),
        ("nothing", "pending", [outcome(REFUSED, "pending", events=())]),
        ("nothing", "a success", [outcome(DONE)]),
        ("nothing", "a success without a token", [outcome(NO_TOKEN)]),
        ("nothing", "it fired before", [outcome(REFUSED), outcome(REFUSED, events=())]),
        ("nothing", "no refresh at page load", [outcome(loading(REFUSED), exchanges=(), events=())]),
    ],
    "every-failure-fires": [
        ("ok", "the second time", [outcome(REFUSED), outcome(REFUSED)]),
        ("ok", "the third time", [outcome(REFUSED), outcome(DONE), outcome(REFUSED), outcome(REFUSED)]),
        ("breach", "not the second time", [outcome(REFUSED), outcome(REFUSED, events=())]),
        ("breach", "not the third time", [outcome(REFUSED), outcome(REFUSED), outcome(REFUSED, events=())]),
        ("nothing", "not after a late one", [outcome(REFUSED, events=told(REFUSED, at=LATE)), outcome(REFUSED, events=())]),
        (
            "ok",
            "late the second time, which is another rule's",
            [outcome(REFUSED), outcome(REFUSED, events=told(REFUSED, at=LATE))],
        ),
        ("nothing", "never", [outcome(REFUSED, events=()), outcome(REFUSED, events=())]),
        ("nothing", "another failure fired", [outcome(REFUSED), outcome(CRASHED, events=())]),
        ("nothing", "at once it fired", [outcome(at_once(REFUSED)), outcome(REFUSED, events=())]),
        ("nothing", "another mode fired", [outcome(REFUSED, client="fast"), outcome(REFUSED, client="debounced", events=())]),
        ("nothing", "pending the second time", [outcome(REFUSED), outcome(REFUSED, "pending", events=())]),
        ("nothing", "a success", [outcome(DONE), outcome(DONE)]),
    ],
    "event-carries-error": [
        ("ok", "with the response", [outcome(REFUSED)]),
        ("ok", "no answer, no response", [outcome(RESET)]),
        ("ok", "no success, with its response", [outcome(SAYS_FALSE)]),
        ("ok", "no success, without a response", [outcome(SAYS_FALSE, events=told(SAYS_FALSE, status=None))]),
        ("ok", "a page after a redirect", [outcome(Scenario("s", page(302)), events=told(REFUSED, status=200))]),
        ("ok", "cut off, with the status that was there", [outcome(CUT_OFF, events=told(CUT_OFF, status=401))]),
        ("ok", "cut off, without", [outcome(CUT_OFF)]),
        ("ok", "five events", [outcome(at_once(REFUSED), events=told(REFUSED, heard(5)))]),
        ("ok", "at page load", [outcome(loading(REFUSED))]),
        ("breach", "nothing", [outcome(REFUSED, events=told(REFUSED, is_error=False, status=None, text=""))]),
        ("breach", "a text", [outcome(RESET, events=told(RESET, is_error=False, text="no"))]),
        ("breach", "no response", [outcome(REFUSED, events=told(REFUSED, status=None))]),
        ("breach", "another response", [outcome(REFUSED, events=told(REFUSED, status=500))]),
        ("breach", "the status 200 for a page of 503", [outcome(Scenario("s", page(503)), events=told(REFUSED, status=200))]),
        (
            "breach",
            "no response for one listener",
            [outcome(REFUSED, events=told(REFUSED, (1, 1)) + told(REFUSED, (0, 0, 1), status=None))],
        ),
        (
            "breach",
            "another response in the second event",
            [outcome(at_once(REFUSED), events=told(REFUSED) + told(REFUSED, status=403))],
        ),
        ("nothing", "no event", [outcome(REFUSED, events=())]),
        ("nothing", "pending", [outcome(REFUSED, "pending", events=told(REFUSED, status=None))]),
        ("nothing", "a success", [outcome(DONE, events=told(DONE, is_error=False))]),
        ("nothing", "a success without a token", [outcome(NO_TOKEN, events=told(NO_TOKEN, is_error=False))]),
    ],
    "every-listener-hears": [
        ("ok", "all", [outcome(REFUSED)]),
        ("ok", "all, five times", [outcome(at_once(REFUSED), events=told(REFUSED, heard(5)))]),
        ("ok", "at page load", [outcome(loading(REFUSED))]),
        *(
            ("breach", f"heard {t}", [outcome(REFUSED, events=told(REFUSED, t))])
            for t in [(1, 0, 0), (0, 0, 1), (1, 1, 0), (1, 2, 1)]
        ),
        ("nothing", "none", [outcome(REFUSED, events=())]),
        ("nothing", "pending", [outcome(REFUSED, "pending", events=told(REFUSED, (1, 0, 0)))]),
        ("nothing", "one throws", [outcome(throwing(REFUSED), events=told(REFUSED, (1, 0, 0)))]),
        ("nothing", "a success", [outcome(DONE, events=told(DONE, (1, 0, 0)))]),
    ],
    "throwing-listener-harms-nothing": [
        ("ok", "all hear it", [outcome(throwing(REFUSED))]),
        ("ok", "five calls", [outcome(throwing(at_once(REFUSED)))]),
        ("ok", "resolved, which is another rule's", [outcome(throwing(REFUSED), "resolved", events=told(REFUSED))]),
        ("breach", "the others do not", [outcome(throwing(REFUSED), events=told(REFUSED, (1, 0, 0)))]),
        ("breach", "only those before do", [outcome(throwing(REFUSED), events=told(REFUSED, (1, 1, 0)))]),
        ("breach", "it is told again", [outcome(throwing(REFUSED), events=told(REFUSED, (2, 1, 1)))]),
        (
            "breach",
            "the caller gets what was thrown",
            [replace(outcome(throwing(REFUSED)), calls=(Call("rejected", 0.1, None, f"Error: {THROWN}"),))],
        ),
        ("nothing", "no event", [outcome(throwing(REFUSED), events=())]),
        ("nothing", "the call stays pending", [outcome(throwing(REFUSED), "pending", events=told(REFUSED, (1, 0, 0)))]),
        ("nothing", "at page load", [outcome(loading(throwing(REFUSED)), events=told(REFUSED, (1, 0, 0)))]),
        ("nothing", "none throws", [outcome(REFUSED, events=told(REFUSED, (1, 0, 0)))]),
        ("nothing", "a success", [outcome(throwing(DONE), events=told(DONE, (1, 0, 0)))]),
    ],
    "failure-keeps-token": [
        ("ok", "kept", [outcome(REFUSED)]),
        ("ok", "kept and sent", [outcome(REFUSED, sent_after=f"Bearer {OLD}")]),
        ("ok", "none before, none after", [outcome(REFUSED, token_before=None, token_after=None)]),
        ("ok", "a header that is about something else", [outcome(REFUSED, sent_after="Basic c3RhZ2luZzpzdGFnaW5n")]),
        ("ok", "success: false with the token that it has", [outcome(SAYS_FALSE, token_before=NEW, token_after=NEW)]),
        ("breach", "removed", [outcome(REFUSED, token_after=None)]),
        ("breach", "the one of the answer stored", [outcome(SAYS_FALSE, token_after=NEW)]),
        ("breach", "the one of the answer sent", [outcome(SAYS_FALSE, sent_after=f"Bearer {NEW}")]),
        ("breach", "another one stored", [outcome(REFUSED, token_after=EARLIER)]),
        ("breach", "kept, and undefined sent", [outcome(RESET, sent_after="Bearer undefined")]),
        ("breach", "kept, and nothing after Bearer", [outcome(RESET, sent_after="Bearer")]),
        ("breach", "none before, null sent", [outcome(REFUSED, token_before=None, token_after=None, sent_after="Bearer null")]),
        ("breach", "none before, undefined stored", [outcome(REFUSED, token_before=None, token_after="undefined")]),
        ("nothing", "pending", [outcome(REFUSED, "pending", token_after=None)]),
        ("nothing", "a success", [outcome(DONE)]),
        ("nothing", "at page load", [outcome(loading(REFUSED), token_after=None)]),
    ],
    "unspecified-is-coherent": [
        ("ok", "rejected, with an event", [outcome(NO_TOKEN)]),
        ("ok", "resolved, without", [outcome(NO_TOKEN, "resolved")]),
        ("ok", "resolved with nothing", [outcome(NO_TOKEN, "resolved", value=None)]),
        ("ok", "five rejected, one event", [outcome(at_once(NO_TOKEN))]),
        ("ok", "five rejected, five events", [outcome(at_once(NO_TOKEN), events=told(NO_TOKEN, heard(5)))]),
        ("ok", "five resolved", [outcome(at_once(NO_TOKEN), "resolved")]),
        ("ok", "three of five rejected", [outcome(at_once(NO_TOKEN), HALF, events=told(NO_TOKEN, heard(3)))]),
        ("breach", "rejected, without", [outcome(NO_TOKEN, events=())]),
        ("breach", "resolved, with an event", [outcome(NO_TOKEN, "resolved", events=told(NO_TOKEN))]),
        ("breach", "rejected, two events", [outcome(NO_TOKEN, events=told(NO_TOKEN, heard(2)))]),
        ("breach", "three of five rejected, four events", [outcome(at_once(NO_TOKEN), HALF, events=told(NO_TOKEN, heard(4)))]),
        ("breach", "five rejected, no event", [outcome(at_once(NO_TOKEN), events=())]),
        ("nothing", "pending", [outcome(NO_TOKEN, "pending", events=told(NO_TOKEN))]),
        ("nothing", "a success", [outcome(DONE, events=told(DONE))]),
        ("nothing", "a failure", [outcome(REFUSED, events=())]),
        ("nothing", "at page load", [outcome(loading(NO_TOKEN))]),
    ],
    "no-bogus-token": [
        ("ok", "kept", [outcome(NO_TOKEN)]),
        ("ok", "removed", [outcome(NO_TOKEN, "resolved", token_after=None)]),
        ("ok", "the one of the answer", [outcome(ODD_STATUS, "resolved", token_after=NEW, sent_after=f"Bearer {NEW}")]),
        ("ok", "the one of the answer, though rejected", [outcome(ODD_STATUS, token_after=NEW)]),
        ("ok", "none before, none after", [outcome(NO_TOKEN, token_before=None, token_after=None)]),
        ("ok", "kept, at page load", [outcome(loading(NO_TOKEN))]),
        *(
            ("breach", f"{v!r} stored", [outcome(NO_TOKEN, "resolved", token_after=v)])
            for v in ("undefined", "null", 5, True, {}, [])
        ),
        *(
            ("breach", f"{w} sent", [outcome(NULL_TOKEN, sent_after=f"Bearer {w}")])
            for w in ("null", "undefined", "[object Object]")
        ),
        ("breach", "another one stored", [outcome(ODD_STATUS, "resolved", token_after=EARLIER)]),
        ("breach", "removed, and null sent", [outcome(NULL_TOKEN, "resolved", token_after=None, sent_after="Bearer null")]),
        ("breach", "undefined sent after a page load", [outcome(loading(NO_TOKEN), sent_after="Bearer undefined")]),
        ("nothing", "pending", [outcome(NO_TOKEN, "pending", token_after=5)]),
        ("nothing", "a success", [outcome(DONE, token_after=5)]),
        ("nothing", "a failure", [outcome(REFUSED, token_after=5)]),
        ("nothing", "no refresh at page load", [outcome(loading(NO_TOKEN), exchanges=(), token_after=5)]),
    ],
    "calls-at-once-share": [
        ("ok", "a success", [outcome(at_once(DONE))]),
        ("ok", "a failure", [outcome(at_once(REFUSED))]),
        ("ok", "an unspecified one, rejected", [outcome(at_once(NO_TOKEN))]),
        ("ok", "an unspecified one, resolved", [outcome(at_once(NO_TOKEN), "resolved")]),
        ("breach", "five requests", [outcome(at_once(DONE), exchanges=(sent(DONE),) * 5)]),
        ("breach", "five events", [outcome(at_once(REFUSED), events=told(REFUSED, heard(5)))]),
        ("breach", "two events", [outcome(at_once(NO_TOKEN), events=told(NO_TOKEN, heard(2)))]),
        ("breach", "an event of a success", [outcome(at_once(DONE), events=told(DONE))]),
        ("breach", "no request", [outcome(at_once(DONE), exchanges=())]),
        ("nothing", "one call", [outcome(REFUSED, exchanges=(sent(REFUSED),) * 2)]),
        ("nothing", "a broken connection", [outcome(at_once(RESET), exchanges=(sent(RESET),) * 5)]),
        ("nothing", "pending", [outcome(at_once(DONE), "pending", exchanges=(sent(DONE),) * 5)]),
        ("nothing", "at page load", [outcome(loading(DONE), exchanges=(sent(DONE),) * 2)]),
    ],
    "gives-up-in-the-end": [
        ("ok", "before the endpoint does", [outcome(SILENT, at=9.0)]),
        ("ok", "of an endless body", [outcome(ENDLESS, at=1.0)]),
        ("breach", "pending", [outcome(SILENT, "pending", at=13.0)]),
        ("breach", "when the endpoint does", [outcome(ENDLESS, at=10.01)]),
        ("breach", "when the endpoint does, by another clock", [outcome(ENDLESS, at=9.995)]),
        ("nothing", "what ends by itself", [outcome(SLOW, at=1.0)]),
        ("nothing", "at page load", [outcome(loading(SILENT))]),
    ],
    "restore-refreshes-once": [
        ("ok", "once", [outcome(loading(DONE))]),
        ("ok", "once, and it fails", [outcome(loading(REFUSED))]),
        ("breach", "never", [outcome(loading(DONE), exchanges=())]),
        ("breach", "twice", [outcome(loading(REFUSED), exchanges=(sent(REFUSED),) * 2)]),
        ("nothing", "a broken connection", [outcome(loading(RESET), exchanges=(sent(RESET),) * 2)]),
        ("nothing", "a call", [outcome(DONE, exchanges=(sent(DONE),) * 2)]),
    ],
    "transient-failure-keeps-login": [
        *(("ok", f"logged in after {s}", [outcome(loading(Scenario("s", error(s))), logged_in=True)]) for s in (429, 500, 503)),
        ("ok", "logged in after a reset", [outcome(loading(RESET), logged_in=True)]),
        *(
            ("breach", f"logged out by {s}", [outcome(loading(Scenario("s", error(s))), logged_in=False)])
            for s in (429, 500, 503)
        ),
        ("breach", "logged out by a reset", [outcome(loading(RESET), logged_in=False)]),
        ("nothing", "401", [outcome(loading(REFUSED), logged_in=False)]),
        ("nothing", "a page in the way", [outcome(loading(Scenario("s", page(200))), logged_in=False)]),
        ("nothing", "a success", [outcome(loading(DONE), logged_in=False)]),
        ("nothing", "a call", [outcome(CRASHED, logged_in=False)]),
        ("nothing", "nobody can tell", [outcome(loading(CRASHED))]),
        ("nothing", "no refresh at page load", [outcome(loading(CRASHED), exchanges=(), logged_in=False)]),
    ],
}


def test_the_table_has_every_rule_with_all_it_can_say() -> None:
    """Each consumer rule is seen content, broken and silent."""
    assert set(TABLE) == set(RULE_SET.judges) == {rule.id for rule in load().rules.values() if rule.role == "consumer"}
    for rule, rows in TABLE.items():
        assert {row[0] for row in rows} == {"ok", "breach", "nothing"}, rule
        assert len({row[1] for row in rows}) == len(rows), rule


@pytest.mark.parametrize(
    ("rule", "wanted", "outcomes"),
    [pytest.param(rule, wanted, rows, id=f"{rule}: {name}") for rule, table in TABLE.items() for wanted, name, rows in table],
)
def test_rule(rule: str, wanted: str, outcomes: list[Outcome]) -> None:
    """A rule is content with what keeps it, names what breaks it, and is silent on what is not its business."""
    assert said(rule, *outcomes) == wanted


SAID: dict[str, tuple[Outcome, str, str, str]] = {
    "two events": (
        outcome(REFUSED, events=told(REFUSED, heard(2))),
        "failure-fires-once",
        "exactly one event",
        "error-401: 2 events for one call",
    ),
    "a late event": (
        outcome(REFUSED, events=told(REFUSED, at=2.1)),
        "failure-fires-once",
        "the event within 1 s after the rejection",
        "error-401: 2.0 s after it",
    ),
    "a success that rejects": (
        outcome(at_once(DONE), "rejected", events=()),
        "success-resolves-with-body",
        "resolved with the body",
        "success-200: 5 calls rejected: NotRefreshed: no",
    ),
    "a body and a query": (
        outcome(DONE, exchanges=(sent(DONE, method="PUT", query="?a=secret", body=b"{}"),)),
        "sends-post-without-body",
        "POST /auth/refresh, no query, no body",
        "success-200: PUT /auth/refresh?…, 2 bytes of body",
    ),
    "elsewhere": (
        outcome(DONE, exchanges=(), strays=(STRAY,)),
        "sends-post-without-body",
        "POST /auth/refresh, no query, no body",
        "success-200: no request to the endpoint, but POST /auth/refreshh",
    ),
    "never": (
        outcome(SILENT, "pending", at=13.0),
        "settles-when-it-is-over",
        f"settled at most {SETTLING_SECONDS:g} s after the exchange has ended",
        "network-silent: one call still pending; the exchange was over at 10.0 s",
    ),
    "the wrong token": (
        outcome(DONE, sent_after=f"Bearer {OLD}"),
        "success-puts-token-in-place",
        "the new token",
        "success-200: the next request carries the old token",
    ),
    "one listener": (
        outcome(REFUSED, events=told(REFUSED, (1, 0, 0))),
        "every-listener-hears",
        "every listener hears it",
        "error-401: they heard it 1, 0, 0 times",
    ),
    "no response": (
        outcome(REFUSED, events=told(REFUSED, status=None)),
        "event-carries-error",
        "an error whose response has status 401",
        "error-401: an error with no response",
    ),
    "logged out": (
        outcome(loading(RESET), logged_in=False),
        "transient-failure-keeps-login",
        "the customer stays logged in",
        "network-reset: logged out by transport reset",
    ),
}


@pytest.mark.parametrize(("o", "rule", "expected", "actual"), SAID.values(), ids=SAID)
def test_a_breach_says_where_what_was_expected_and_what_was_there(o: Outcome, rule: str, expected: str, actual: str) -> None:
    """A finding carries the scenario, both sides in words, and the number of the outcome."""
    found = {f.rule: f for f in Evaluator(RULE_SET).add(replace(o, index=7))}
    assert (found[rule].expected, found[rule].actual, found[rule].exchange) == (expected, actual, 7)


def test_a_bogus_token_is_shown_and_a_real_one_is_not() -> None:
    """What is no token is worth seeing; no finding of the whole table tells a token."""
    found = Evaluator(RULE_SET).add(outcome(NULL_TOKEN, "resolved", sent_after="Bearer null"))
    assert [f.actual for f in found] == ["success-token-null: afterwards it is 'null', which is no token"]
    for outcomes in (rows for table in TABLE.values() for _, _, rows in table):
        evaluator = Evaluator(RULE_SET)
        for finding in (f for o in outcomes for f in evaluator.add(o)):
            assert not any(token in finding.expected + finding.actual for token in (OLD, NEW, EARLIER))


# --- whole clients ----------------------------------------------------------------------------------------------------


def broken(*outcomes: Outcome) -> set[str]:
    """Every rule that some outcomes break."""
    evaluator = Evaluator(RULE_SET)
    return {f.rule for o in outcomes for f in evaluator.add(o)}


REPEATED = {"exchanges": (sent(RESET), sent(RESET, started=1.2))}
RIGHT: dict[str, tuple[set[str], list[Outcome]]] = {
    "sends no Authorization header": (set(), [outcome(DONE), outcome(REFUSED)]),
    "sends its token in lower-case letters of the scheme": (
        set(),
        linked(
            [
                outcome(DONE),
                outcome(REFUSED, exchanges=(sent(REFUSED, token=f"bearer {NEW}"),), token_before=NEW, token_after=NEW),
            ]
        ),
    ),
    "shares one request and one event": (set(), [outcome(at_once(s)) for s in (DONE, REFUSED, RESET, NO_TOKEN)]),
    "shares one request, and tells each call": (
        {"calls-at-once-share"},
        [outcome(at_once(s), events=told(s, heard(5))) for s in (REFUSED, RESET, NO_TOKEN)],
    ),
    "shares nothing": (
        {"calls-at-once-share"},
        [
            *(outcome(at_once(s), exchanges=(sent(s),) * 5, events=told(s, heard(5))) for s in (REFUSED, RESET, NO_TOKEN)),
            outcome(at_once(DONE), exchanges=(sent(DONE),) * 5),
        ],
    ),
    "retries once and then fails": (set(), [outcome(RESET, **REPEATED), outcome(REFUSED, exchanges=(sent(REFUSED),) * 2)]),
    "asks once more when the endpoint ends what was silent": (
        {"gives-up-in-the-end"},
        [outcome(SILENT, at=10.2, exchanges=(sent(SILENT), sent(SILENT, started=11.0)))],
    ),
    "holds no token before": (
        set(),
        [
            outcome(REFUSED, token_before=None, token_after=None),
            outcome(NO_TOKEN, token_before=None, token_after=None),
            outcome(DONE, token_before=None),
        ],
    ),
    "tells before it rejects": (set(), [outcome(s, events=told(s, at=0.0)) for s in (REFUSED, RESET, SAYS_FALSE)]),
    "tells a moment later": (set(), [outcome(s, events=told(s, at=0.3)) for s in (REFUSED, RESET, NO_TOKEN)]),
    "removes its token after an unspecified success": (
        set(),
        [outcome(s, "resolved", token_after=None) for s in (NO_TOKEN, NULL_TOKEN, ODD_STATUS)],
    ),
    "keeps its token and rejects what is unspecified": (set(), [outcome(s) for s in (NO_TOKEN, NULL_TOKEN, ODD_STATUS)]),
    "takes any token that it can get": (set(), [outcome(ODD_STATUS, "resolved", token_after=NEW, sent_after=f"Bearer {NEW}")]),
    "does not try when it is offline": (set(), [outcome(OFFLINE, exchanges=())]),
    "restores no session": (
        {"restore-refreshes-once"},
        [outcome(loading(s), exchanges=(), events=()) for s in (DONE, REFUSED, RESET)],
    ),
    "restores a session with two tries": (
        {"restore-refreshes-once"},
        [
            outcome(
                loading(REFUSED),
                exchanges=(sent(REFUSED),) * 2,
                events=told(REFUSED, heard(2)),
                token_after=None,
                logged_in=False,
            )
        ],
    ),
    "gets the same token again": (set(), [outcome(DONE), outcome(DONE, **SAME_AGAIN)]),
    "reads numbers as doubles": (set(), [outcome(COUNTED, value=numbers(count=float(2**53), list=list_of(1e21)))]),
}


@pytest.mark.parametrize(("warned", "outcomes"), RIGHT.values(), ids=RIGHT)
def test_odd_clients_are_right(warned: set[str], outcomes: list[Outcome]) -> None:
    """A client that is odd and right breaks no MUST, and no SHOULD but the one that is about its oddity."""
    found = broken(*outcomes)
    assert found == warned
    assert not found & MUST


LIARS: dict[str, tuple[set[str], list[Outcome]]] = {
    "tells with the response of another failure": (
        {"event-carries-error"},
        [outcome(CRASHED), outcome(REFUSED, events=told(REFUSED, status=500))],
    ),
    "stores the token of an earlier answer": (
        {"success-puts-token-in-place"},
        linked([outcome(refreshed(EARLIER), token_after=EARLIER), outcome(DONE, token_before=EARLIER, token_after=EARLIER)]),
    ),
    "is always one token behind in what it sends": (
        {"success-puts-token-in-place"},
        linked(
            [
                outcome(DONE),
                outcome(REFUSED, exchanges=(sent(REFUSED, token=f"Bearer {OLD}"),), token_before=NEW, token_after=NEW),
            ]
        ),
    ),
    "sends Bearer null": ({"success-puts-token-in-place"}, [outcome(DONE, sent_after="Bearer null")]),
    "sends Bearer undefined after a failure": ({"failure-keeps-token"}, [outcome(RESET, sent_after="Bearer undefined")]),
    "resolves with the answer before": ({"success-resolves-with-body"}, [outcome(DONE, value=success_body(EARLIER))]),
    "resolves and tells what is unspecified": (
        {"unspecified-is-coherent"},
        [outcome(NO_TOKEN, "resolved", events=told(NO_TOKEN))],
    ),
    "rejects what is unspecified in silence": ({"unspecified-is-coherent"}, [outcome(NO_TOKEN, events=())]),
    "takes success: false for a success": (
        {"failure-rejects", "failure-fires-once", "failure-keeps-token"},
        [outcome(SAYS_FALSE, "resolved", token_after=NEW)],
    ),
    "tells only the first time": ({"every-failure-fires"}, [outcome(REFUSED), *[outcome(REFUSED, events=())] * 3]),
    "tells one listener": ({"every-listener-hears"}, [outcome(REFUSED, events=told(REFUSED, (0, 1, 0)))]),
    "logs out when the server crashes": (
        {"transient-failure-keeps-login"},
        [outcome(loading(CRASHED), token_after=None, logged_in=False)],
    ),
    "never comes back": ({"settles-when-it-is-over"}, [outcome(REFUSED, "pending", at=3.1, events=())]),
}


@pytest.mark.parametrize(("blamed", "outcomes"), LIARS.values(), ids=LIARS)
def test_liars_are_blamed(blamed: set[str], outcomes: list[Outcome]) -> None:
    """A client that does one thing wrong is blamed by the rules that are about it, and by no other."""
    assert broken(*outcomes) == blamed


# --- anything at all --------------------------------------------------------------------------------------------------


def tokens() -> Iterable[str]:
    """Tokens that are all different."""
    return (f"token-number-{n:04}" for n in itertools.count(1))


def right_client(sequence: Iterable[Scenario], unspecified: str, header: bool) -> list[Outcome]:
    """What a right client makes of a lane. `unspecified`: what it does then - reject, resolve, take the token, forget its own."""
    token: str | None = None
    outcomes = []
    for number, scenario in enumerate(sequence, 1):
        sent_with = (("Authorization", f"Bearer {token}"),) if header and token else ()
        x = Exchange(Request("POST", URL, sent_with), scenario.came, started=1.0)
        before, came = token, x.response
        if x.kind is Kind.COMPLETED or (x.kind is Kind.UNSPECIFIED and unspecified == "take" and came and came.token):
            token = came.token if came else None
        elif x.kind is Kind.UNSPECIFIED and unspecified == "forget":
            token = None
        resolved = x.kind is Kind.COMPLETED or (x.kind is Kind.UNSPECIFIED and unspecified != "reject")
        usual = outcome(scenario, "resolved" if resolved else "rejected", index=number)
        outcomes.append(replace(usual, exchanges=(x,), token_before=before, token_after=token))
    return linked(outcomes)


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(scenarios(), max_size=4), st.sampled_from(["reject", "resolve", "take", "forget"]), st.booleans())
@example([refreshed("always-the-same-token")] * 2, "reject", True)
@example([ODD_STATUS, NULL_TOKEN, SAYS_FALSE, at_once(ODD_STATUS)], "take", True)
def test_no_rule_blames_a_right_client(sequence: list[Scenario], unspecified: str, header: bool) -> None:
    """Whatever the endpoint does, and whichever way an unspecified success is taken, a right client breaks no rule at all."""
    met = list(interleaved(sequence, iter(tokens())))
    assert broken(*right_client(met, unspecified, header)) == set()


ANY_TOKEN = st.one_of(
    st.none(), st.sampled_from([OLD, NEW, EARLIER, "undefined", "", " "]), st.integers(), st.just({}), st.just([])
)
ANY_CALL = st.builds(
    Call,
    st.sampled_from(["resolved", "rejected", "pending"]),
    st.floats(0, 30),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(Decimal("NaN")),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["status", "success", "data", "token"]), inner)
        ),
        max_leaves=6,
    ),
    st.sampled_from(["", "Error: no", THROWN]),
)
ANY_EVENT = st.builds(
    Event, st.integers(0, LISTENERS - 1), st.floats(0, 30), st.booleans(), st.none() | st.integers(0, 600), st.text(max_size=5)
)
ANY_SCENARIO = st.sampled_from([
    *named(iter(tokens()), patience=10.0), *at_page_load(iter(tokens())), throwing(NO_TOKEN), at_once(ODD_STATUS), at_once(SLOW)
])  # fmt: skip


@st.composite
def any_outcome(draw: st.DrawFn) -> Outcome:
    """Whatever a client may make of a scenario."""
    scenario = draw(ANY_SCENARIO)
    requests = st.builds(sent, st.just(scenario), method=st.sampled_from(["POST", "GET"]), started=st.floats(0, 30))
    return Outcome(
        scenario,
        tuple(draw(st.lists(ANY_CALL, min_size=scenario.calls, max_size=scenario.calls))),
        tuple(draw(st.lists(ANY_EVENT, max_size=6))),
        tuple(draw(st.lists(requests, max_size=3))),
        tuple(draw(st.lists(st.just(STRAY), max_size=1))),
        draw(ANY_TOKEN),
        draw(ANY_TOKEN),
        draw(st.none() | st.sampled_from(["", "Bearer", f"Bearer {NEW}", "Bearer null", "Basic a", "x y z", " "])),
        draw(st.none() | st.booleans()),
        draw(st.sampled_from(["", "fast"])),
    )


@settings(max_examples=150, deadline=None, database=None)
@given(st.lists(any_outcome(), min_size=1, max_size=3))
def test_nothing_that_a_client_does_raises(outcomes: list[Outcome]) -> None:
    """Any calls, events, requests and tokens are judged and summed up without an exception, and each breach is said in words."""
    evaluator = Evaluator(RULE_SET)
    for o in outcomes:
        for finding in evaluator.add(o):
            assert finding.expected
            assert finding.actual.startswith(f"{o.scenario.name}: ")
            assert NEW not in finding.actual
        assert o.became in ("kept", "new", "gone", "bogus")
        assert o.summary.isprintable()
