"""What an endpoint may do to a client: its answer, how the answer is delivered, and how many calls get it.

    Scenario
    ├── Answer | None       what the endpoint sends (None: nothing)
    ├── Delivery            how that gets to the client: whole, slowly, cut off, never, or the network fails
    └── calls, throwing     what the page of the client does in the meantime

Every client is judged by the table that `named()` returns. Hypothesis and recorded answers give more scenarios.
"""

from __future__ import annotations

import codecs
import enum
import json
import mimetypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from contracts.model.answers import Answer, error, example, json_answer, success
from contracts.model.document import load
from contracts.model.exchange import JSON, UTF8, Exchange, Failure, Kind, Request, Response

RECORDED: Final = "recorded-"  # begins the name of a scenario that plays an answer of the target
AT_ONCE: Final = 5  # calls made at the same moment
IN_A_ROW: Final = 100  # failures one after the other; the last must fire like the first
NO_BODY: Final = (204, 304)  # an answer with one of these HTTP statuses has no body
LANDING: Final = "/landing.html"  # where a redirect leads: the stage serves an HTML page there


class Delivery(enum.StrEnum):
    """How the answer gets to the client."""

    WHOLE = "whole"
    SLOW = "slow"  # the body arrives whole, but only after `seconds`
    TRUNCATED = "truncated"  # the connection is closed in the middle of the body
    ABORTED = "aborted"  # the connection is reset in the middle of the body
    RESET = "reset"  # the connection is reset before an answer
    CLOSED = "closed"  # the connection is closed before an answer
    SILENT = "silent"  # nothing arrives, and the connection is reset after `seconds`
    ENDLESS = "endless"  # the body drips without an end, and the connection is reset after `seconds`
    REFUSED = "refused"  # with this and the next three the network fails, and no server is reached
    UNRESOLVED = "unresolved"
    OFFLINE = "offline"
    TIMED_OUT = "timed-out"

    @property
    def reaches(self) -> bool:
        """Whether the request reaches a server."""
        return self not in (Delivery.REFUSED, Delivery.UNRESOLVED, Delivery.OFFLINE, Delivery.TIMED_OUT)

    @property
    def arrives(self) -> bool:
        """Whether a whole answer reaches the client."""
        return self in (Delivery.WHOLE, Delivery.SLOW)

    @property
    def ends(self) -> bool:
        """Whether the exchange ends by itself. If not, the client gives up or waits until the endpoint resets it."""
        return self not in (Delivery.SILENT, Delivery.ENDLESS)


@dataclass(frozen=True)
class Scenario:
    """One thing that an endpoint may do to a client. `seconds` is how long the exchange takes; 0 means that it ends at once."""

    name: str
    answer: Answer | None = field(default=None, repr=False)  # it may carry a token
    delivery: Delivery = Delivery.WHOLE
    seconds: float = 0.0
    calls: int = 1  # calls made at the same moment; 0: the client refreshes by itself when its page loads
    throwing: bool = False  # whether a listener throws
    named: bool = True  # False: the scenario was generated or recorded, and its name only says where it comes from

    @cached_property
    def came(self) -> Response | Failure:
        """What a client gets that waits until the end."""
        if self.answer is None or not self.delivery.arrives:
            return Failure(self.delivery.value, f"no whole answer: {self.delivery.value}", self.seconds)
        body = b"" if self.answer.status in NO_BODY else self.answer.body
        return Response(self.answer.status, self.answer.headers, body, self.seconds)

    @cached_property
    def kind(self) -> Kind:
        """The class of the exchange, by the classification that provider rules use too."""
        return Exchange(Request(load().method, load().path), self.came).kind

    @cached_property
    def conditions(self) -> frozenset[tuple[str, str]]:
        """(name, value) pairs that describe the scenario. Known deviations and findings refer to them."""
        found = set(traits(self.came))
        if self.calls != 1:
            found.add(("calls", "at page load" if not self.calls else "at once"))
        if self.throwing:
            found.add(("listener", "throws"))
        return frozenset(found)


def traits(came: Response | Failure) -> Iterator[tuple[str, str]]:
    """(name, value) pairs that describe an answer: its HTTP class and status, its media type, and its body."""
    if isinstance(came, Failure):
        yield "transport", came.kind
        return
    yield "http", f"{came.status // 100}xx"
    yield "http status", str(came.status)
    if came.media_type != JSON:
        yield "type", _named_type(came.media_type)
    if came.charset not in UTF8:
        yield "charset", _named_charset(came.charset or "")
    reading = came.reading
    for fault in (*reading.faults, *reading.encoding_faults):
        yield "fault", fault
    if not reading.readable:
        yield "body", "no JSON" if came.body else "empty"
        return
    yield "body", _type(reading.value)
    if reading.value in (0, False, ""):
        yield "body", "falsy"  # what JavaScript takes for nothing
    if not isinstance(reading.value, dict):
        return
    for name in ("success", "status", "data"):
        yield name, _described(reading.value, name)
    yield "status", "same" if came.body_status == came.status else "other"
    data = reading.value.get("data")
    if data is not None:
        members = data if isinstance(data, dict) else {}
        empty = isinstance(members.get("token"), str)
        yield "token", "usable" if came.token else "empty" if empty else _described(members, "token")


_TYPES: Final = frozenset(mimetypes.MimeTypes(filenames=()).types_map[True].values())  # the same on every machine


def _named_type(label: str) -> str:
    """A registered media type, `other` or `none`. A condition never quotes text that a server made up; rules do that."""
    return label if label in _TYPES else "other" if label else "none"


def _named_charset(label: str) -> str:
    """A charset that Python knows, or `other`."""
    try:
        codecs.lookup(label)
    except (LookupError, ValueError):
        return "other"
    return label


def _described(body: dict[str, Any], name: str) -> str:
    if name not in body:
        return "missing"
    value = body[name]
    return json.dumps(value) if isinstance(value, bool) else _type(value)


def _type(value: Any) -> str:
    """The name of a JSON value's type."""
    return {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")


# --- the table --------------------------------------------------------------------------------------------------------


def refreshed(token: str, status: int = 200) -> Scenario:
    """A refresh that completes and gives `token`."""
    return Scenario(f"success-{status}", success(status, token))


def named(tokens: Iterator[str], *, patience: float) -> list[Scenario]:
    """All named scenarios. Each answer with a token takes one of `tokens`; what never ends is reset after `patience` seconds."""
    unauthorized = Scenario("error-401", error(401))
    return [
        *[replace(unauthorized, name=f"error-401{again}") for again in ("", "-again", "-and-again")],
        *_successes(tokens),
        *_errors(),
        *_odd_successes(tokens),
        *_no_successes(tokens),
        *_pages(),
        *_broken(tokens, patience),
        *_together(tokens),
    ]


def _successes(tokens: Iterator[str]) -> Iterator[Scenario]:
    for status in sorted(load().success_statuses):
        yield refreshed(next(tokens), status)
    data = {"token": next(tokens), "case": "refreshed", "message": "تم", "extra": [1, {"a": None}]}
    yield Scenario("success-extra-members", json_answer(200, {"extra": 1, "status": 200.0, "success": True, "data": data}))
    labelled = [("content-type", 'Application/JSON; charset="UTF-8"'), ("x-more", "1")]
    yield Scenario("success-other-spelling", json_answer(200, success_body(next(tokens)), labelled))
    yield Scenario("success-slow", success(200, next(tokens)), Delivery.SLOW, 0.6)


def success_body(token: Any, **members: Any) -> dict[str, Any]:
    """The body of a success, with `members` replaced or added. A member whose value is `...` is left out."""
    body: dict[str, Any] = {"status": 200, "success": True, "data": {"token": token}, **members}
    return {name: value for name, value in body.items() if value is not ...}


def _errors() -> Iterator[Scenario]:
    documented = sorted({e.status for e in load().examples.values() if e.status >= 400 and e.status != 401} | {502, 503, 504})
    for status in documented:
        yield Scenario(f"error-{status}", error(status))
    for status in (401, 403, 422, 429, 500):
        yield Scenario(f"error-{status}-html", page(status))
        yield Scenario(f"error-{status}-empty", Answer(status, (), b""))
    yield Scenario("error-500-says-success", json_answer(500, success_body("t" * 24, status=500)))
    yield Scenario("error-401-with-token", json_answer(401, {"status": 401, "success": False, "data": {"token": "t" * 24}}))


def _odd_successes(tokens: Iterator[str]) -> Iterator[Scenario]:
    """Unspecified successes: a client may treat them as a success or as a failure, but not as half of each."""
    yield Scenario("success-without-data", example("minimal"))
    yield Scenario("success-data-empty", json_answer(200, success_body(..., data={})))
    yield Scenario("success-data-null", json_answer(200, success_body(..., data=None)))
    values: dict[str, Any] = {"null": None, "number": 5, "object": {}, "empty": "", "true": True, "array": []}
    for name, value in values.items():
        yield Scenario(f"success-token-{name}", json_answer(200, success_body(value)))
    yield Scenario("success-status-204", json_answer(200, success_body(next(tokens), status=204)))
    yield Scenario("success-status-201-in-200", json_answer(200, success_body(next(tokens), status=201)))
    yield Scenario("success-with-bom", Answer(200, (("content-type", JSON),), b"\xef\xbb\xbf" + success(200, next(tokens)).body))
    yield Scenario("success-as-text", json_answer(200, success_body(next(tokens)), [("content-type", "text/plain")]))


def _no_successes(tokens: Iterator[str]) -> Iterator[Scenario]:
    """Failures with HTTP 2xx: the body is not a documented success."""
    yield Scenario("false-without-data", json_answer(200, {"status": 200, "success": False}))
    yield Scenario("false-with-error", json_answer(200, {"status": 401, "success": False, "error": {"code": "unauthorized"}}))
    yield Scenario("false-with-token", json_answer(200, success_body(next(tokens), success=False)))
    yield Scenario("success-missing", json_answer(200, success_body(next(tokens), success=...)))
    yield Scenario("success-as-string", json_answer(200, success_body(next(tokens), success="true")))
    yield Scenario("success-null", json_answer(200, success_body(next(tokens), success=None)))
    yield Scenario("status-as-string", json_answer(200, success_body(next(tokens), status="200")))
    yield Scenario("status-missing", json_answer(200, success_body(next(tokens), status=...)))
    yield Scenario("status-of-an-error", json_answer(200, success_body(next(tokens), status=401)))
    yield Scenario("http-203", json_answer(203, success_body(next(tokens), status=203)))
    yield Scenario("http-206", json_answer(206, success_body(next(tokens), status=200)))
    yield Scenario("http-204", Answer(204, (), b""))
    yield Scenario("http-205", Answer(205, (), b""))
    for name, body in {"array": b"[]", "null": b"null", "number": b"200", "string": b'"ok"', "true": b"true"}.items():
        yield Scenario(f"body-{name}", Answer(200, (("content-type", JSON),), body))
    yield Scenario("body-empty", Answer(200, (("content-type", JSON),), b""))
    yield Scenario("body-cut-json", Answer(200, (("content-type", JSON),), success(200, next(tokens)).body[:-9]))
    yield Scenario("body-empty-object", json_answer(200, {}))


def page(status: int) -> Answer:
    """An HTML page, as gateways and login walls send it."""
    return Answer(status, (("content-type", "text/html; charset=utf-8"),), b"<!doctype html><title>-</title><p>Please wait.")


def _pages() -> Iterator[Scenario]:
    yield Scenario("html-200", page(200))
    for status in (301, 302, 303):
        yield Scenario(f"redirect-{status}-to-html", Answer(status, (("location", LANDING),), b""))


def _broken(tokens: Iterator[str], patience: float) -> Iterator[Scenario]:
    whole = success(200, next(tokens))
    for delivery in Delivery:
        if delivery in (Delivery.WHOLE, Delivery.SLOW):
            continue
        has_answer = delivery in (Delivery.TRUNCATED, Delivery.ABORTED, Delivery.ENDLESS)
        seconds = 0.0 if delivery.ends else patience
        yield Scenario(f"network-{delivery}", whole if has_answer else None, delivery, seconds)


def _together(tokens: Iterator[str]) -> Iterator[Scenario]:
    for scenario in (refreshed(next(tokens)), Scenario("error-401", error(401)), Scenario("network-reset", None, Delivery.RESET)):
        yield replace(scenario, name=f"{scenario.name}-at-once", calls=AT_ONCE)
    for scenario in (Scenario("error-500", error(500)), Scenario("network-refused", None, Delivery.REFUSED)):
        yield replace(scenario, name=f"{scenario.name}-listener-throws", throwing=True)


def interleaved(scenarios: Iterable[Scenario], tokens: Iterator[str]) -> Iterator[Scenario]:
    """The scenarios, with a refresh that completes before the first and after each that does not complete.

    The first one logs the client in. The others show which token it sends after a failure, and that it can still refresh.
    """
    yield refreshed(next(tokens))
    for scenario in scenarios:
        yield scenario
        if scenario.kind is not Kind.COMPLETED:
            yield refreshed(next(tokens))


def at_page_load(tokens: Iterator[str]) -> Iterator[Scenario]:
    """What the endpoint may do while a page restores a session."""
    successes = (refreshed(next(tokens)), Scenario("success-data-empty", json_answer(200, success_body(..., data={}))))
    failures = (Scenario(f"error-{status}", error(status)) for status in (401, 429, 500))
    for scenario in (*successes, *failures, Scenario("network-reset", None, Delivery.RESET)):
        yield replace(scenario, name=f"{scenario.name}-at-page-load", calls=0)


@dataclass(frozen=True)
class ScenarioSequence:
    """Scenarios that one client goes through one after the other, in one of its modes."""

    scenarios: tuple[Scenario, ...]
    mode: str = ""
