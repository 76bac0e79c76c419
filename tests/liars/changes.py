"""How to lie: small changes to an answer."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt

from contracts.model.tokens import claims_of
from tests.liars.kit import Answer, Change, error, granted, written


def edited(edit: Callable[[dict[str, Any]], Any]) -> Change:
    """The JSON body after `edit`: what it returns, or the object that it changed in place."""

    def change(answer: Answer) -> Answer:
        value = answer.json()
        new = edit(value)
        return replace(answer, body=written(value if new is None else new))

    return change


def with_members(**members: Any) -> Change:
    """These members of the body set."""
    return edited(lambda value: value.update(members))


def with_data(**members: Any) -> Change:
    """These members of `data` set."""
    return edited(lambda value: value.setdefault("data", {}).update(members))


def with_error(**members: Any) -> Change:
    """These members of `error` set."""
    return edited(lambda value: value["error"].update(members))


def without(*names: str) -> Change:
    """The body without these members."""
    return edited(lambda value: {key: item for key, item in value.items() if key not in names})


def spelled(spell: Callable[[bytes], bytes]) -> Change:
    """The body's bytes changed."""
    return lambda answer: replace(answer, body=spell(answer.body))


def as_is(body: bytes) -> Change:
    """These bytes for a body."""
    return spelled(lambda _: body)


def appended(member: bytes) -> Change:
    """One more member, written as it stands, at the end of the JSON object."""
    return spelled(lambda body: body.rstrip()[:-1] + b", " + member + b"}")


def headed(**headers: str | None) -> Change:
    """These headers set (underscores for dashes), or, for None, left out."""

    def change(answer: Answer) -> Answer:
        for name, value in headers.items():
            answer = answer.with_header(name.replace("_", "-"), value)
        return answer

    return change


def coded(http: int, body: object = None) -> Change:
    """This HTTP status, and this body status where given."""

    def change(answer: Answer) -> Answer:
        answer = replace(answer, status=http)
        return answer if body is None else with_members(status=body)(answer)

    return change


def said(new: Callable[[], Answer]) -> Change:
    """Another answer, but with the cookies of the true one, or the session would be lost with it."""

    def change(answer: Answer) -> Answer:
        other = new()
        cookies = tuple(pair for pair in answer.headers if pair[0].lower() == "set-cookie")
        return replace(other, headers=other.headers + cookies)

    return change


def busy(**headers: str) -> Change:
    """A 429 by the contract, with these headers (underscores for dashes)."""
    return said(lambda: error(429, "too_many_requests", "Slow down.", **headers))


def zipped(answer: Answer) -> Answer:
    """The body packed by gzip, and labelled so."""
    return replace(answer, body=gzip.compress(answer.body)).with_header("content-encoding", "gzip")


def then(*changes: Change) -> Change:
    """One change after another."""

    def change(answer: Answer) -> Answer:
        for step in changes:
            answer = step(answer)
        return answer

    return change


def token_of(answer: Answer) -> str:
    """The token in the body."""
    token = answer.json()["data"]["token"]
    assert isinstance(token, str)
    return token


def customer_of(answer: Answer) -> str:
    """The customer whom the token in the body names; it is the store's own."""
    claims = claims_of(token_of(answer))
    assert claims
    return str(claims["sub"])


def resigned(edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    """The token with other claims; it stays a token that was never given before."""
    return lambda answer: with_data(token=jwt.encode(edit(claims_of(token_of(answer)) or {}), "k" * 32))(answer)


def renamed(claims: dict[str, Any]) -> dict[str, Any]:
    """A token without `sub`, that names its customer in a claim of the shop's own."""
    return {**{name: value for name, value in claims.items() if name != "sub"}, "customer": {"id": int(claims["sub"])}, "shop": 1}


def expired_token(seconds: float = 60) -> Change:
    """A JWT, new each time, that ran out `seconds` ago."""
    return edited(
        lambda value: value.update(data={"token": jwt.encode({"exp": int(time.time() - seconds), "n": time.time_ns()}, "k" * 32)})
    )


def page(status: int, **headers: str) -> Change:
    """An HTML page."""

    def change(answer: Answer) -> Answer:
        extra = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return Answer(status, (("content-type", "text/html"), *extra), b"<!doctype html><title>Oops</title>")

    return change


def same(answer: Answer) -> Answer:
    """The answer as it is."""
    return answer


# Faults that several rules name, wherever they show.
SUCCESS_AS_TEXT = edited(lambda value: value.update(success=str(value["success"]).lower()))
STATUS_AS_TEXT = edited(lambda value: value.update(status=str(value["status"])))
HTML = headed(content_type="text/html; charset=utf-8")
BOM = spelled(lambda body: b"\xef\xbb\xbf" + body)
NAN = appended(b'"rate": NaN')
SUCCESS_TWICE = appended(b'"success": true')
NO_ERROR = without("error")
LEAK = edited(lambda value: value.update(data=granted().json()["data"]))
GRANT = said(granted)
FAIL = said(lambda: error(500))


def to_page(status: int = 302) -> Change:
    """A redirect to the page where one logs in."""
    return said(lambda: page(status, location="/login")(granted()))
