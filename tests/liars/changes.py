"""When to lie, and how: small conditions on request and answer, small changes to an answer."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt

from tests.liars.kit import Answer, Asked, Change, When, WhenAsked, error, written

# Conditions


def posted(asked: Asked, answer: Answer) -> bool:
    """An answer to POST."""
    return asked.method == "POST"


def succeeded(asked: Asked, answer: Answer) -> bool:
    """A success to POST."""
    return asked.method == "POST" and answer.status < 300


def refused(asked: Asked, answer: Answer) -> bool:
    """A refusal to POST."""
    return asked.method == "POST" and answer.status in (401, 403)


def wrong_method(asked: Asked, answer: Answer) -> bool:
    """An answer to another method."""
    return asked.method != "POST"


def got(*methods: str) -> When:
    """An answer to one of these methods."""
    return lambda asked, answer: asked.method in methods


def both(*conditions: When) -> When:
    """All of these hold; those further on are asked only if the ones before hold."""
    return lambda asked, answer: all(condition(asked, answer) for condition in conditions)


def only(number: int, of: When) -> When:
    """The `number`-th answer of which the condition holds, and no other."""
    return _counted(of, lambda count: count == number)


def every(number: int, of: When) -> When:
    """Every `number`-th answer of which the condition holds."""
    return _counted(of, lambda count: count % number == 0)


def _counted(of: When, chosen: Callable[[int], bool]) -> When:
    count = 0

    def when(asked: Asked, answer: Answer) -> bool:
        nonlocal count
        if not of(asked, answer):
            return False
        count += 1
        return chosen(count)

    return when


def sends(**headers: str | None) -> WhenAsked:
    """The request has these headers (underscores for dashes), with this value or, for None, any."""
    wanted = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda asked: all(
        name in asked.headers and (value is None or asked.headers[name] == value) for name, value in wanted.items()
    )


def lacks(*names: str) -> WhenAsked:
    """The request has none of these headers."""
    return lambda asked: not any(name in asked.headers for name in names)


def asking(condition: WhenAsked) -> When:
    """A condition on the request alone, where one on both is wanted."""
    return lambda asked, answer: condition(asked)


def is_post(asked: Asked) -> bool:
    """A POST."""
    return asked.method == "POST"


def each(*conditions: WhenAsked) -> WhenAsked:
    """All of these hold of the request."""
    return lambda asked: all(condition(asked) for condition in conditions)


def after(condition: When) -> WhenAsked:
    """What came just before was like this."""
    return lambda asked: asked.before is not None and condition(*asked.before)


def overlapping(asked: Asked) -> bool:
    """Another request was in flight."""
    return asked.overlapping


def queried(asked: Asked) -> bool:
    """The request has a query."""
    return bool(asked.query)


def has_body(asked: Asked) -> bool:
    """The request has a body."""
    return bool(asked.body)


def has_json(asked: Asked) -> bool:
    """The body is a JSON text."""
    return "json" in asked.headers.get("content-type", "") or asked.body.strip()[:1] in (b"{", b"[")


def has_form(asked: Asked) -> bool:
    """The body is a form."""
    return asked.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def no_session(asked: Asked) -> bool:
    """No session cookie at all."""
    return "session" not in asked.cookies


def empty_session(asked: Asked) -> bool:
    """A session cookie without a value."""
    return asked.cookies.get("session") == ""


def some_session(asked: Asked) -> bool:
    """A session cookie with a value, good or bad."""
    return bool(asked.cookies.get("session"))


def shows(value: str) -> WhenAsked:
    """The cookies hold just this value."""
    return lambda asked: value in asked.cookies.values()


# Changes


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
