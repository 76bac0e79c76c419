"""One request and what came back: how an answer reads, what class the exchange has, and what it is to the one that comes next."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from contracts.model.exchange import Exchange, Failure, Kind, Request, Response, Situation, described
from contracts.model.tokens import JWT

URL = "https://store.example/auth/refresh"
TOKEN = {"data": {"token": "opaque-token-1"}}


def response(status: int = 200, value: Any = ..., *headers: tuple[str, str], body: bytes | None = None) -> Response:
    """A response whose body is a value as JSON; the documented success unless one is given."""
    value = {"status": 200, "success": True, **TOKEN} if value is ... else value
    raw = json.dumps(value, ensure_ascii=False).encode() if body is None else body
    return Response(status, headers or (("Content-Type", "application/json"),), raw)


def exchange(answer: Response | Failure, method: str = "POST") -> Exchange:
    """The exchange that it ends."""
    return Exchange(Request(method, URL), answer)


def typed(content_type: str) -> Response:
    """A response with this Content-Type."""
    return response(200, ..., ("content-type", content_type))


# --- headers ----------------------------------------------------------------------------------------------------------


def test_a_header_is_found_in_any_case_and_the_first_counts() -> None:
    """On both sides."""
    headers = (("X-One", "1"), ("x-two", "2"), ("X-ONE", "3"))
    for message in (Request("POST", URL, headers), Response(200, headers)):
        assert message.header("x-one") == "1"
        assert message.header("x-two") == "2"
        assert message.header("x-three") is None


def test_cookies_that_are_set() -> None:
    """Each by itself, in order."""
    headers = (("Set-Cookie", "a=1"), ("Cookie", "no"), ("set-cookie", "b=2; Path=/"))
    assert Response(200, headers).cookies() == ("a=1", "b=2; Path=/")


@pytest.mark.parametrize(
    ("said", "media_type", "charset"),
    [
        ("application/json", "application/json", None),
        (" Application/JSON ; Charset=UTF-8", "application/json", "utf-8"),
        ('application/json; profile=x; charset="Cp1256"', "application/json", "cp1256"),
        ("application/json; charset = latin-1 ", "application/json", "latin-1"),
        ("application/json; charset", "application/json", ""),
        ("charset=utf-8", "charset=utf-8", None),
        ("application/json; a=charset; charset=a; charset=b", "application/json", "a"),
        ("", "", None),
    ],
)
def test_content_type(said: str, media_type: str, charset: str | None) -> None:
    """Without parameters in lower case, and the first charset among them."""
    assert (typed(said).media_type, typed(said).charset) == (media_type, charset)
    assert (Response(200).media_type, Response(200).charset) == ("", None)


# --- members ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "success", "status", "token"),
    [
        ({"success": True, "status": 200, "data": {"token": "t"}}, True, 200, "t"),
        ({"success": False, "status": 200.5, "data": {"token": " t "}}, False, 200.5, " t "),
        ({"success": 1, "status": True, "data": {"token": " "}}, None, None, None),
        ({"success": "true", "status": "200", "data": {"token": 5}}, None, None, None),
        ({"success": None, "status": None, "data": {"token": None}}, None, None, None),
        ({"success": [], "status": {}, "data": ["t"]}, None, None, None),
        ({"status": 0, "data": "t"}, None, 0, None),
        ({}, None, None, None),
        ([{"success": True}], None, None, None),
        ("success", None, None, None),
        (None, None, None, None),
    ],
)
def test_members(value: Any, success: bool | None, status: float | None, token: str | None) -> None:
    """A flag is a boolean, a status a number, a token a text with something in it; anything else is none."""
    r = response(200, value)
    assert (r.success, r.body_status, r.token) == (success, status, token)


@pytest.mark.parametrize(("number", "status"), [(b"1e999", None), (b"NaN", None), (b"1e2", 100.0), (b"-Infinity", None)])
def test_a_status_is_finite(number: bytes, status: float | None) -> None:
    """What is beyond a double is no status."""
    assert response(body=b'{"status": %s}' % number).body_status == status


def test_a_member_of_no_object_is_none() -> None:
    """Nor is one that is null, or not there."""
    assert response(200, {"a": None, "b": 0}).member("a") is None
    assert response(200, {"a": None, "b": 0}).member("b") == 0
    assert response(200, {}).member("a") is None
    assert response(200, "a").member("a") is None


@pytest.mark.parametrize(
    ("status", "value", "claims"),
    [
        (199, {}, False),
        (200, {}, True),
        (299, {}, True),
        (300, {}, False),
        (200, {"success": False}, False),
        (200, {"success": "no"}, True),
        (199, {"success": True}, True),
        (500, {"success": True}, True),
        (500, {"success": None}, False),
    ],
)
def test_what_a_client_could_take_for_a_success(status: int, value: Any, claims: bool) -> None:
    """2xx unless the body says otherwise, and whatever says that it is one."""
    assert response(status, value).claims_success is claims


# --- the class --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (200, 200, Kind.COMPLETED),
        (201, 201, Kind.COMPLETED),
        (202, 202, Kind.COMPLETED),
        (202, 202.0, Kind.COMPLETED),
        (200, 201, Kind.UNSPECIFIED),
        (200, 299, Kind.UNSPECIFIED),
        (200, 299.5, Kind.UNSPECIFIED),
        (200, 300, Kind.FAILED),
        (200, 199, Kind.FAILED),
        (200, 199.9, Kind.FAILED),
        (200, "200", Kind.FAILED),
        (203, 203, Kind.FAILED),
        (204, 204, Kind.FAILED),
        (199, 200, Kind.FAILED),
    ],
)
def test_kind_by_status(status: int, said: Any, kind: Kind) -> None:
    """Both have to be of the contract, and the same."""
    assert exchange(response(status, {"status": said, "success": True, **TOKEN})).kind is kind


@pytest.mark.parametrize(
    ("label", "note", "kind"),
    [
        ("application/json", "تم", Kind.COMPLETED),
        ("application/json; charset=utf8", "تم", Kind.COMPLETED),
        ("application/json; charset=us-ascii", "done", Kind.COMPLETED),
        ("application/json; charset=us-ascii", "تم", Kind.UNSPECIFIED),
        ("application/json; charset=cp1256", "done", Kind.UNSPECIFIED),
        ("text/json", "done", Kind.UNSPECIFIED),
    ],
)
def test_kind_by_label(label: str, note: str, kind: Kind) -> None:
    """A label that leads a reader astray leaves open what it reads."""
    body = {"status": 200, "success": True, "note": note, **TOKEN}
    assert exchange(response(200, body, ("Content-Type", label))).kind is kind


# --- what it is to others ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "method", "as_predecessor"),
    [
        (response(), "POST", "success"),
        (response(401, {"success": False}), "POST", "refusal"),
        (response(429, {"success": False}), "POST", "429"),
        (response(429, {"success": True}), "POST", "success"),
        (response(428, {}), "POST", "refusal"),
        (response(499, {}), "POST", "refusal"),
        (response(500, {"success": False}), "POST", "failure"),
        (response(503, {"success": True}), "POST", "success"),
        (Failure("timeout", ""), "POST", "failure"),
        (response(), "GET", "method"),
        (Failure("timeout", ""), "PUT", "method"),
    ],
)
def test_what_it_is_to_the_next(answer: Response | Failure, method: str, as_predecessor: str) -> None:
    """In one word."""
    assert exchange(answer, method).as_predecessor == as_predecessor


def test_conditions_in_words() -> None:
    """In order, four of them at most, by what they are called; of order and overlap the value says all."""
    some = {("header:currency", "USD"), ("query", "page=2"), ("after", "after a refusal"), ("overlap", "overlapping another")}
    assert described(frozenset(some)) == "after a refusal, currency USD, overlapping another, query page=2"
    more = frozenset({*some, ("body", "json"), ("header:x:y", "1")})
    assert described(more) == "after a refusal, body json, currency USD, x:y 1, 2 more"
    assert described(more, 6) == "after a refusal, body json, currency USD, x:y 1, overlapping another, query page=2"
    assert described(more, 1) == "after a refusal, 5 more"
    assert described(frozenset()) == ""


def test_an_exchange_knows_its_conditions() -> None:
    """And how many they are."""
    situation = Situation(conditions=frozenset({("body", "json"), ("query", "x")}))
    x = Exchange(Request("POST", URL), response(), situation)
    assert x.conditions == situation.conditions
    assert x.size == 2
    assert exchange(response()).size == 0


def test_what_nobody_said() -> None:
    """Is the least that can be: nothing sent or answered, no time, alone, after nothing, whoever asked."""
    assert Request("POST", URL) == Request("POST", URL, (), b"")
    assert Response(200) == Response(200, (), b"", 0.0, 0)
    assert Failure("reset", "x").seconds == 0.0
    assert Situation() == Situation("", "unknown", "start", False, frozenset(), False)
    x = exchange(response())
    assert (x.situation, x.index, x.started) == (Situation(), 0, 0.0)
    assert exchange(Failure("reset", "x")).response is None


@pytest.mark.parametrize("one", [Request("POST", URL), Response(200), Failure("reset", ""), Situation(), exchange(response())])
def test_what_was_seen_is_not_changed(one: Any) -> None:
    """Evidence stays as it is, and what is secret stays out of its repr."""
    name = dataclasses.fields(one)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, name, "x")
    secret = Request("POST", URL, (("cookie", "session=secret"),), b"secret"), Response(200, (("a", "secret"),), b"secret")
    assert "secret" not in repr(Exchange(*secret))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("eyJhbGciOiJ.eyJzdWIi.sig", True),
        ("Bearer eyJhbGciOiJ.eyJzdWIi.", True),
        ("%20eyJhbGciOiJ.eyJzdWIi.x", True),
        ("camelCaseeyJhbGciOiJ.eyJzdWIi.x", False),
        ("eyJhbGciOi.eyJzdWIi.x", False),
        ("eyJhbGciOiJ.eyJzdWI.x", False),
        ("eyJhbGciOiJ.eyJzdWIi", False),
    ],
)
def test_what_looks_like_a_signed_token(text: str, found: bool) -> None:
    """Three parts that begin where a word does, the first two not too short."""
    assert bool(JWT.search(text)) is found
