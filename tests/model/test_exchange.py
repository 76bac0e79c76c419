"""One request and what came back: how an answer reads, what class the exchange has, and what it is to the one that comes next."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from contracts.model.exchange import Exchange, Failure, Kind, Request, Response, Situation, described
from tests.kit.exchanges import LOST, URL, answer


def exchange(response: Response | Failure, method: str = "POST") -> Exchange:
    """The exchange that a response ends, with nothing known of its situation."""
    return Exchange(Request(method, URL), response)


def typed(content_type: str) -> Response:
    """A success with this Content-Type."""
    return answer(200, None, ("content-type", content_type))


# --- headers ----------------------------------------------------------------------------------------------------------


def test_a_header_is_found_in_any_case_and_the_first_counts() -> None:
    """Requests and responses find a header by its name in any case, and give its first value."""
    headers = (("X-One", "1"), ("x-two", "2"), ("X-ONE", "3"))
    for message in (Request("POST", URL, headers), Response(200, headers)):
        assert message.header("x-one") == "1"
        assert message.header("x-two") == "2"
        assert message.header("x-three") is None


def test_cookies_that_are_set() -> None:
    """Each Set-Cookie header is given by itself, in the order of the answer."""
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
    """The media type is read without its parameters and in lower case; the first charset among them counts."""
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
    read = answer(200, b"null" if value is None else value)
    assert (read.success, read.body_status, read.token) == (success, status, token)


@pytest.mark.parametrize(("number", "status"), [(b"1e999", None), (b"NaN", None), (b"1e2", 100.0), (b"-Infinity", None)])
def test_a_status_is_finite(number: bytes, status: float | None) -> None:
    """A number beyond a double is no status."""
    assert answer(200, b'{"status": %s}' % number).body_status == status


def test_a_member_of_no_object_is_none() -> None:
    """A member is None where it is null, where it is not there, and where the body is no object."""
    assert answer(200, {"a": None, "b": 0}).member("a") is None
    assert answer(200, {"a": None, "b": 0}).member("b") == 0
    assert answer(200, {}).member("a") is None
    assert answer(200, "a").member("a") is None


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
    """A client could take 2xx for a success unless the body denies it, and anything that claims to be one."""
    assert answer(status, value).claims_success is claims


# --- the class --------------------------------------------------------------------------------------------------------


def success(**members: Any) -> bytes:
    """The body of a success, in UTF-8, with some members otherwise; `...` takes one away."""
    value = {"status": 200, "success": True, "data": {"token": "opaque-token-1"}, **members}
    return json.dumps({name: item for name, item in value.items() if item is not ...}, ensure_ascii=False).encode()


def labelled(label: str, note: str = "done") -> Response:
    """A success with a note, labelled so."""
    return answer(200, success(note=note), ("Content-Type", label))


COMPLETED = {
    **{f"a documented {status}": answer(status) for status in (200, 201, 202)},
    "200.0": answer(200, success(status=200.0)),
    "202.0": answer(202, success(status=202.0)),
    "a charset": labelled("application/json; charset=utf-8"),
    "Arabic": labelled("application/json", "تم"),
    "Arabic, and utf8 for a charset": labelled("application/json; charset=utf8", "تم"),
    "ASCII, labelled so": labelled("application/json; charset=us-ascii"),
}
UNSPECIFIED = {
    "all that the documentation requires": answer(200, success(data=...)),
    "no token": answer(200, success(data={})),
    "an empty token": answer(200, success(data={"token": ""})),
    "null for a token": answer(200, success(data={"token": None})),
    "a number for a token": answer(200, success(data={"token": 5})),
    **{f"{said} in the body of 200": answer(200, success(status=said)) for said in (201, 204, 299, 299.5)},
    "a byte order mark": answer(200, b"\xef\xbb\xbf" + success()),
    "a name twice": answer(200, success()[:-1] + b', "success": true}'),
    "NaN": answer(200, success()[:-1] + b', "n": NaN}'),
    "bytes that are no UTF-8": answer(200, success()[:-1] + b', "m": "\xe9"}'),
    "labelled as text": labelled("text/plain"),
    "labelled as JSON of another kind": labelled("text/json"),
    "labelled as an old code page": labelled("application/json; charset=cp1256"),
    "Arabic, labelled as ASCII": labelled("application/json; charset=us-ascii", "تم"),
}
FAILED = {
    "success: false": answer(200, success(success=False)),
    "no flag": answer(200, success(success=...)),
    "a flag that is a string": answer(200, success(success="true")),
    "a status that is a string": answer(200, success(status="200")),
    **{f"{said} in the body of 200": answer(200, success(status=said)) for said in (199, 199.9, 300, 401)},
    **{f"{status} in both places": answer(status, success(status=status)) for status in (203, 204)},
    "200 in the body of 199": answer(199, success()),
    "204 without a body": answer(204, b""),
    "a page": answer(200, b"<!doctype html>", ("Content-Type", "text/html")),
    "cut off": answer(200, success()[:-3]),
    "a list": answer(200, []),
    "a redirect": answer(302, b"", ("Location", "/login")),
    **{f"a documented {status}": answer(status) for status in (400, 401, 403, 404, 422, 429, 500, 503)},
    "401 that claims success": answer(401, success()),
    "no answer": LOST,
}
KINDS = ((Kind.COMPLETED, COMPLETED), (Kind.UNSPECIFIED, UNSPECIFIED), (Kind.FAILED, FAILED))


@pytest.mark.parametrize(
    ("kind", "response"),
    [pytest.param(kind, one, id=f"{kind.value}: {name}") for kind, own in KINDS for name, one in own.items()],
)
def test_kind(kind: Kind, response: Response | Failure) -> None:
    """An exchange is completed, unspecified or failed, and both sides of the contract read it so."""
    assert exchange(response).kind is kind


# --- what it is to others ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "method", "as_predecessor"),
    [
        (answer(), "POST", "success"),
        (answer(401, {"success": False}), "POST", "refusal"),
        (answer(429, {"success": False}), "POST", "429"),
        (answer(429, {"success": True}), "POST", "success"),
        (answer(428, {}), "POST", "refusal"),
        (answer(499, {}), "POST", "refusal"),
        (answer(500, {"success": False}), "POST", "failure"),
        (answer(503, {"success": True}), "POST", "success"),
        (Failure("timeout", ""), "POST", "failure"),
        (answer(), "GET", "method"),
        (Failure("timeout", ""), "PUT", "method"),
    ],
)
def test_what_it_is_to_the_next(response: Response | Failure, method: str, as_predecessor: str) -> None:
    """An exchange is one word to the one that comes next: a success, a refusal, a failure, a 429 or another method."""
    assert exchange(response, method).as_predecessor == as_predecessor


def test_conditions_in_words() -> None:
    """At most four conditions are told, in order and by their names; of order and overlap the value says all."""
    some = {("header:currency", "USD"), ("query", "page=2"), ("after", "after a refusal"), ("overlap", "overlapping another")}
    assert described(frozenset(some)) == "after a refusal, currency USD, overlapping another, query page=2"
    more = frozenset({*some, ("body", "json"), ("header:x:y", "1")})
    assert described(more) == "after a refusal, body json, currency USD, x:y 1, 2 more"
    assert described(more, 6) == "after a refusal, body json, currency USD, x:y 1, overlapping another, query page=2"
    assert described(more, 1) == "after a refusal, 5 more"
    assert described(frozenset()) == ""


def test_an_exchange_knows_its_conditions() -> None:
    """An exchange has the conditions of its situation, and its size is their number."""
    situation = Situation(conditions=frozenset({("body", "json"), ("query", "x")}))
    x = Exchange(Request("POST", URL), answer(), situation)
    assert x.conditions == situation.conditions
    assert x.size == 2
    assert exchange(answer()).size == 0


def test_what_nobody_said() -> None:
    """Whatever is not given is the least that can be: nothing sent or answered, no time, alone, after nothing, by anybody."""
    assert Request("POST", URL) == Request("POST", URL, (), b"")
    assert Response(200) == Response(200, (), b"", 0.0, 0)
    assert Failure("reset", "x").seconds == 0.0
    assert Situation() == Situation("", "unknown", "start", False, frozenset(), False)
    x = exchange(answer())
    assert (x.situation, x.index, x.started) == (Situation(), 0, 0.0)
    assert exchange(Failure("reset", "x")).response is None


@pytest.mark.parametrize("one", [Request("POST", URL), Response(200), Failure("reset", ""), Situation(), exchange(answer())])
def test_what_was_seen_is_not_changed(one: Any) -> None:
    """Evidence cannot be changed, and its repr shows nothing secret."""
    name = dataclasses.fields(one)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, name, "x")
    secret = Request("POST", URL, (("cookie", "session=secret"),), b"secret"), Response(200, (("a", "secret"),), b"secret")
    assert "secret" not in repr(Exchange(*secret))
