"""Outcomes made by hand: what clients make of scenarios, for the tests of the consumer rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contracts.model.answers import error, json_answer, success
from contracts.model.exchange import Exchange, Kind, Request, Response
from contracts.model.outcome import LISTENERS, Call, Event, Outcome
from contracts.model.scenario import AT_ONCE, Delivery, Scenario, refreshed, success_body
from tests.kit.exchanges import URL

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


BIG = 2**53 + 1  # no double: JavaScript reads it as 2**53
COUNTED = Scenario("numbers", json_answer(200, success_body(NEW, count=BIG, list=[1, 2.5, {"n": 10**21, "yes": True}])))
STRAY = Request("POST", "https://store.example/auth/refreshh")
SAME_AGAIN = {"token_before": NEW, "token_after": NEW, "sent_after": f"Bearer {NEW}"}
HALF = ["resolved", "resolved", "rejected", "rejected", "rejected"]


def numbers(**otherwise: Any) -> dict[str, Any]:
    """The body of COUNTED as a client may show it, with some members otherwise."""
    return {"status": 200, "success": True, "data": {"token": NEW}, "count": BIG, "list": list_of(10**21), **otherwise}


def list_of(number: Any, yes: Any = True) -> list[Any]:
    """Its member list."""
    return [1, 2.5, {"n": number, "yes": yes}]


def failing(status: int) -> Scenario:
    """An error of this status."""
    body = error(500).body.replace(b"500", b"%d" % status)
    return Scenario(f"error-{status}", replace(error(500), status=status, body=body))


def ended(scenario: Scenario, how: str, *times: float) -> Outcome:
    """Calls that ended so, each at its time."""
    calls = tuple(Call(how, at, error="NotRefreshed: no") for at in times)
    return replace(outcome(replace(scenario, calls=len(times))), calls=calls)
