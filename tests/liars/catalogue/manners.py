"""Liars about what is only advised: they keep every MUST."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

from tests.liars import changes as c
from tests.liars import wire
from tests.liars.build import Layer, Liar, Lies, altering, answering, fresh, lie, made
from tests.liars.conditions import (
    all_of,
    empty_session,
    every,
    got,
    has_body,
    no,
    only,
    queried,
    refused,
    sends,
    succeeded,
    wrong_method,
)
from tests.liars.dressed import DRESSED
from tests.liars.kit import Answer, Asked, Change, error, granted, written

_AR = sends(accept_language="ar")
_PYTHON = (
    "Traceback (most recent call last):\n"
    '  File "/srv/shop/auth.py", line 41, in refresh\n'
    '    raise KeyError("session")\n'
    "KeyError: 'session'"
)
_JAVA = "java.lang.NullPointerException\n\tat shop.auth.Refresh.handle(Refresh.java:41)\n\tat shop.Main.run(Main.java:9)"
_NODE = "TypeError: x is undefined\n    at refresh (/srv/shop/auth.js:41:7)\n    at next (/srv/shop/router.js:9:3)"
_PHP = [{"file": "/var/www/app/Http/Kernel.php", "line": 41, "function": "handle", "class": "App\\Http\\Kernel"}]


def _tokens_again(number: int) -> Layer:
    """The same tokens in turn, so many for each customer."""
    rings: dict[str, list[str]] = defaultdict(list)
    counts = Counter[str]()

    def change(answer: Answer) -> Answer:
        customer = c.customer_of(answer)
        ring = rings[customer]
        if len(ring) < number:
            ring.append(c.token_of(answer))
        counts[customer] += 1
        return c.with_data(token=ring[(counts[customer] - 1) % number])(answer)

    return altering(succeeded, change)


def _each_token_twice() -> Layer:
    given: dict[str, list[str]] = defaultdict(list)

    def change(answer: Answer) -> Answer:
        mine = given[c.customer_of(answer)]
        mine.append(granted().json()["data"]["token"])
        return c.with_data(token=mine[(len(mine) - 1) // 2])(answer)

    return altering(succeeded, change)


def _signed(**later: int) -> Change:
    """A token whose times are so many seconds after those that it should have."""

    def edit(claims: dict[str, Any]) -> dict[str, Any]:
        return {**claims, **{name: claims["iat"] + seconds for name, seconds in later.items()}}

    return c.resigned(edit)


def _signed_by_the_second() -> Layer:
    """A signer without `jti`, whose clock goes on by a second after each third token of a customer."""
    begun, counts = int(time.time()), Counter[str]()

    def change(answer: Answer) -> Answer:
        customer = c.customer_of(answer)
        counts[customer] += 1
        now = begun + counts[customer] // 3
        return c.resigned(lambda claims: {"sub": customer, "iat": now, "exp": now + 900})(answer)

    return altering(succeeded, change)


def _token_shared_by_an_overlap() -> Layer:
    last: dict[str, str] = {}

    def when(asked: Asked, answer: Answer) -> bool:
        if not succeeded(asked, answer):
            return False
        if asked.overlapping and c.customer_of(answer) in last:
            return True
        last[c.customer_of(answer)] = c.token_of(answer)
        return False

    return altering(when, lambda answer: c.with_data(token=last[c.customer_of(answer)])(answer), waits=True)


def _leaking(header: str, form: str = "{}") -> Change:
    return lambda answer: answer.with_header(header, form.format(c.token_of(answer)))


def _dropped(member: str) -> Change:
    """A member of `error` left out."""
    return c.edited(lambda value: value["error"].pop(member) and None)


MANNERS: Lies = {
    "success-carries-token": (
        lie("token-null", "says that data.token is null", succeeded, c.with_data(token=None)),
        lie("token-number", "has a number for data.token", succeeded, c.with_data(token=5)),
        lie("token-empty", "has an empty data.token", succeeded, c.with_data(token="")),
        lie("token-missing", "has data without a token", succeeded, c.edited(lambda value: value["data"].pop("token") and None)),
        lie("data-missing", "has no member data", succeeded, c.without("data")),
        lie("data-list", "has an empty list for data", succeeded, c.with_members(data=[])),
    ),
    "token-is-not-expired": (
        lie("token-a-minute-ago", "gives a token that ran out a minute ago", succeeded, c.expired_token(60)),
        made("exp-milliseconds", "gives exp in milliseconds", altering(succeeded, _signed(exp=1_800_000_000_000))),
        lie("token-ten-years-ago", "gives a token that ran out ten years ago", succeeded, c.expired_token(315_360_000)),
    ),
    "token-is-valid-already": (
        made("nbf-an-hour-ahead", "signs in local time, three hours ahead", altering(succeeded, _signed(nbf=10_800, iat=10_800))),
        made("iat-milliseconds", "gives iat in milliseconds", altering(succeeded, _signed(iat=1_800_000_000_000))),
    ),
    "token-is-new": (
        made("same-token", "gives the same token every time", fresh(lambda: _tokens_again(1))),
        made("two-tokens", "gives two tokens in turn", fresh(lambda: _tokens_again(2))),
        made("five-tokens", "gives five tokens in turn", fresh(lambda: _tokens_again(5))),
        made(
            "overlap-same-token",
            "gives overlapping refreshes the token of the one before",
            fresh(_token_shared_by_an_overlap),
            always=False,
        ),
        made("no-jti", "signs tokens without jti, three within each of its seconds", fresh(_signed_by_the_second), always=False),
        made("combined-turns", "rotates the session and gives each token twice", fresh(_each_token_twice), always=False),
    ),
    "success-is-not-cached": (
        lie("cache-unsaid", "says no Cache-Control", succeeded, c.headed(cache_control=None)),
        lie("cache-public", "invites caches", succeeded, c.headed(cache_control="public, max-age=60")),
        lie("cache-no-cache", "lets caches keep it", succeeded, c.headed(cache_control="no-cache, private")),
        lie("cache-lookalike", "says what only contains no-store", succeeded, c.headed(cache_control="x-no-store-ever=1")),
    ),
    "error-says-why": (
        lie("no-message", "has an error without a message", refused, _dropped("message")),
        lie("no-code", "has an error without a code", refused, _dropped("code")),
        lie("empty-message", "has an error with an empty message", refused, c.with_error(message="")),
        lie("blank-message", "has an error with a blank message", refused, c.with_error(message=" \n ")),
        lie("null-code", "has an error whose code is null", refused, c.with_error(code=None)),
        lie("empty-error", "has an empty object for error", refused, c.with_members(error={})),
    ),
    "other-methods-get-405": (
        lie("get-404-page", "answers GET with 404 and a page", got("GET"), c.page(404)),
        lie("405-without-allow", "does not say in a 405 what is allowed", wrong_method, c.headed(allow=None)),
        lie("405-allows-get", "names GET, not POST, in Allow", wrong_method, c.headed(allow="GET, HEAD")),
        lie("allow-lookalike", "names a method like POST in Allow", wrong_method, c.headed(allow="POSTPONE")),
        lie("get-page", "shows a page to GET", got("GET"), c.page(200)),
        lie("put-501", "answers PUT with 501", got("PUT"), lambda answer: error(501, "not_implemented")),
        lie("delete-403", "refuses DELETE with 403", got("DELETE"), lambda answer: error(403, "forbidden")),
        made(
            "head-empty",
            "answers HEAD of an empty session with 200",
            answering(all_of(got("HEAD"), empty_session), granted),
            always=False,
        ),
    ),
    "other-methods-keep-the-shape": (
        lie("405-page", "shows a page in a 405", wrong_method, c.page(405, allow="POST")),
        lie(
            "405-bare-json",
            "says a 405 in JSON of another shape",
            all_of(wrong_method, no(got("HEAD"))),
            lambda answer: replace(error(405, Allow="POST"), body=written({"detail": "Method Not Allowed"})),
        ),
        lie(
            "patch-plain",
            "answers PATCH in plain text",
            got("PATCH"),
            lambda answer: Answer(405, (("allow", "POST"), ("content-type", "text/plain")), b"no"),
        ),
        Liar("head-with-body", "", "answers HEAD with a body", wire.wired(wire.with_a_body, got("HEAD"))),
    ),
    "too-many-says-when": (
        lie("429-unsaid", "says 429 without Retry-After every sixth time", succeeded, c.busy(), every(6)),
        lie("429-soon", "says 429 with Retry-After: soon every sixth time", succeeded, c.busy(Retry_After="soon"), every(6)),
        lie(
            "429-negative", "says 429 with a negative Retry-After every sixth time", succeeded, c.busy(Retry_After="-1"), every(6)
        ),
    ),
    "token-only-in-body": (
        lie("token-in-x-token", "shows the token in X-Token", succeeded, _leaking("X-Token")),
        lie("token-in-location", "shows the token in Location", succeeded, _leaking("Location", "/welcome?token={}")),
        lie("token-in-authorization", "shows the token in Authorization", succeeded, _leaking("Authorization", "Bearer {}")),
        lie("token-in-link", "shows the token in Link", succeeded, _leaking("Link", "</profile?access_token={}>; rel=next")),
        lie(
            "combined-ar-query-header",
            "shows the token in a header with accept-language: ar and a query",
            *(succeeded, _leaking("x-token"), _AR, queried),
            beneath=DRESSED,
        ),
    ),
    "error-hides-internals": (
        lie("python-trace", "shows a Python traceback in the message", refused, c.with_error(message=_PYTHON)),
        lie("java-trace", "shows a Java stack trace in an extra member", refused, c.with_error(debug=_JAVA)),
        lie("node-trace", "shows a Node stack in an extra member", refused, c.with_members(stack=_NODE)),
        lie(
            "php-trace",
            "shows a PHP trace beside the error",
            refused,
            c.with_members(exception="ErrorException", trace=_PHP),
        ),
        lie(
            "trace-on-get",
            "shows a traceback where it refuses GET",
            got("GET"),
            lambda answer: error(405, "method_not_allowed", _PYTHON, Allow="POST"),
        ),
        lie("with-refusal-ar-trace", "shows a traceback with accept-language: ar", refused, c.with_error(trace=_PYTHON), _AR),
    ),
    "answers-within-5-seconds": (
        lie("slow-once", "takes 5.2 seconds for the second success", succeeded, c.same, only(2), sleep=5.2),
        lie(
            "combined-slow-body",
            "does all that is allowed, and takes 5.2 seconds for the first body",
            *(succeeded, c.same, has_body, only(1)),
            beneath=DRESSED,
            sleep=5.2,
        ),
    ),
}
