"""Providers that keep the contract but look odd: none of them may be blamed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from tests.liars import changes as c
from tests.liars import wire
from tests.liars.kit import Answer, Asked, Change, Home, Odd, When, altered, answered, error, granted, odd, written


def _alters(when: When, change: Change, **knobs: float):  # type: ignore[no-untyped-def]
    return lambda home: altered(home.app, when, change, **knobs)


def _rewritten(**options: Any) -> Change:
    return c.spelled(lambda body: written(json.loads(body), **options))


def _status_as(number: str) -> Change:
    """The body's status 200 in another spelling."""
    return c.spelled(lambda body: body.replace(b'"status": 200', b'"status": ' + number.encode(), 1))


def _accepts_gzip(asked: Asked, answer: Answer) -> bool:
    return c.posted(asked, answer) and "gzip" in asked.headers.get("accept-encoding", "")


def _too_many(number: int, wait: str):  # type: ignore[no-untyped-def]
    return lambda home: altered(home.app, c.every(number, c.succeeded), c.busy(Retry_After=wait))


def _refuses(status: int, code: str, when: When = c.refused) -> Any:
    return _alters(when, lambda answer: error(status, code, "Log in to go on."))


def _loser_refused(home: Home):  # type: ignore[no-untyped-def]
    """Of two that overlap the second is refused, for the first has just replaced the session."""
    fought: set[str] = set()

    def when(asked: Asked, answer: Answer) -> bool:
        session = asked.cookies.get("session", "")
        if not (c.succeeded(asked, answer) and asked.overlapping):
            return False
        if session in fought:
            return True
        fought.add(session)
        return False

    return altered(home.app, when, lambda answer: error(401, "unauthorized", "Replaced."), hold=0.03)


def _body_refused(status: int, code: str):  # type: ignore[no-untyped-def]
    return lambda home: altered(
        home.app,
        c.both(c.succeeded, c.asking(c.has_body)),
        lambda answer: error(status, code, "No input is expected."),
    )


def _with_cookies(answer: Answer) -> Answer:
    more = (("set-cookie", "lang=ar; Path=/"), ("set-cookie", "seen=1; Path=/; HttpOnly"))
    return replace(answer, headers=answer.headers + more)


def _laravel(home: Home):  # type: ignore[no-untyped-def]
    """Every answer to the session sets it again."""
    good = home.cookie.partition("=")[2]

    def change(answer: Answer) -> Answer:
        return answer.with_header("set-cookie", f"session={good}; Path=/; HttpOnly; SameSite=lax")

    return altered(home.app, c.asking(c.shows(good)), change)


_XSRF = "bWFkZS11cA%3D%3D"


def _xsrf(home: Home):  # type: ignore[no-untyped-def]
    """Wants the cookie XSRF-TOKEN, decoded, in x-xsrf-token; sets it with every answer."""

    def lacking(asked: Asked) -> bool:
        if asked.method != "POST":
            return False
        cookie = asked.cookies.get("XSRF-TOKEN")
        return cookie is None or asked.headers.get("x-xsrf-token") != unquote(cookie)

    refusing = answered(home.app, lacking, lambda: error(419, "page_expired", "This page has expired."))

    def change(answer: Answer) -> Answer:
        return replace(answer, headers=(*answer.headers, ("set-cookie", f"XSRF-TOKEN={_XSRF}; Path=/")))

    return altered(refusing, lambda asked, answer: True, change)


def _xsrf_odd() -> Odd:
    made = odd("xsrf", "wants XSRF-TOKEN mirrored in x-xsrf-token, or says 419", _xsrf)

    from contextlib import contextmanager

    @contextmanager
    def make():  # type: ignore[no-untyped-def]
        with made.make() as running:
            yield replace(running, cookie=f"{running.cookie}; XSRF-TOKEN={_XSRF}")

    return replace(made, make=make)


def _created(status: int) -> Change:
    return c.coded(status, status)


def _cors(answer: Answer) -> Answer:
    headers = (
        ("allow", "POST"),
        ("access-control-allow-origin", "https://store.example"),
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", "authorization, x-requested-with"),
    )
    return Answer(204, headers, b"")


_DEEP: Any = {"level": 0}
for _level in range(1, 30):
    _DEEP = {"level": _level, "below": [_DEEP, None, 1.5, "\u0635"]}

_LABELLED = c.headed(content_type='application/json;charset="UTF-8"')
_SHOUTED_TYPE = c.headed(content_type="Application/JSON; Charset=UTF-8")

ODD: tuple[Odd, ...] = (
    odd("honest", "the store as it is", lambda home: home.app),
    odd("created", "says 201", _alters(c.succeeded, _created(201))),
    odd("accepted", "says 202", _alters(c.succeeded, _created(202))),
    odd(
        "mixed-statuses",
        "says 201 every third time",
        lambda home: altered(home.app, c.every(3, c.succeeded), _created(201)),
    ),
    odd("200.0", "body status 200.0", _alters(c.succeeded, _status_as("200.0"))),
    odd("2e2", "body status 2e2", _alters(c.succeeded, _status_as("2e2"))),
    odd(
        "reversed",
        "members in another order",
        _alters(c.posted, c.edited(lambda v: dict(reversed(v.items())))),
    ),
    odd("sorted", "members sorted", _alters(c.posted, _rewritten(sort_keys=True))),
    odd(
        "extra-members",
        "deep extra members, lists and nulls",
        _alters(c.posted, c.with_members(meta=_DEEP, events=[], next=None)),
    ),
    odd(
        "arabic",
        "Arabic texts, as they are",
        _alters(c.posted, c.with_members(note="تم تحديث الجلسة بنجاح 🎉")),
    ),
    odd(
        "arabic-escaped",
        "Arabic texts, escaped, with a pair of surrogates",
        _alters(c.posted, c.then(c.with_members(note="تم التحديث 🎉"), _rewritten(ensure_ascii=True))),
    ),
    odd("gzip-if-accepted", "gzip for those who take it", _alters(_accepts_gzip, c.zipped)),
    odd("gzip", "gzip always", _alters(c.posted, c.zipped)),
    odd("charset", "a charset parameter, quoted", _alters(c.posted, _LABELLED)),
    odd("shouted-type", "the media type in capitals", _alters(c.posted, _SHOUTED_TYPE)),
    odd("closes", "closes the connection each time", _alters(c.posted, c.headed(connection="close"))),
    odd("200-kb", "200 KB of data", _alters(c.succeeded, c.with_data(padding="x" * 200_000))),
    odd("429-at-once", "every ninth is a 429 with Retry-After: 0", _too_many(9, "0")),
    odd("429-in-a-second", "every fortieth is a 429 with Retry-After: 1", _too_many(40, "1")),
    odd("no-rotation", "keeps the session", lambda home: home.app, store={"rotate": False}),
    odd(
        "loser-refused",
        "of two that overlap one is refused, for the session was just replaced",
        _loser_refused,
    ),
    odd("403", "refuses with 403", _refuses(403, "forbidden")),
    odd("404-refusal", "refuses with 404", _refuses(404, "not_found")),
    odd(
        "410-expired",
        "says 410 of a session that ran out",
        lambda home: altered(
            home.app,
            c.both(c.refused, c.asking(c.shows(home.expired_cookie.partition("=")[2]))),
            lambda answer: error(410, "gone", "This session has ended."),
        ),
    ),
    odd(
        "get-404",
        "knows no GET: 404 by the contract",
        _alters(c.got("GET"), lambda answer: error(404, "not_found", "Nothing here.")),
        warns=("other-methods-get-405",),
    ),
    odd("options-cors", "OPTIONS is answered 204, for CORS", _alters(c.got("OPTIONS"), _cors)),
    odd("refuses-bodies", "any body is refused with 422", _body_refused(422, "validation_failed")),
    odd("refuses-bodies-400", "any body is refused with 400", _body_refused(400, "bad_request")),
    odd(
        "opaque",
        "tokens that are no JWTs",
        _alters(c.succeeded, lambda a: c.with_data(token=c.token_of(granted()))(a)),
    ),
    odd("other-cookies", "sets cookies of its own", _alters(c.posted, _with_cookies)),
    _xsrf_odd(),
    odd(
        "sets-session-again",
        "every answer sets the session again, GET too",
        _laravel,
        store={"rotate": False},
    ),
    odd(
        "slow-thrice",
        "every thirtieth takes 0.2 seconds",
        lambda home: altered(home.app, c.every(30, c.succeeded), c.same, sleep=0.2),
    ),
    odd("pretty", "indented JSON", _alters(c.posted, _rewritten(indent=4))),
    odd(
        "airy",
        "blanks and newlines around",
        _alters(c.posted, c.spelled(lambda body: b"\r\n\t " + body + b" \n")),
    ),
    odd("nulls", "null where null may be", _alters(c.succeeded, c.with_data(redirect_url=None, message=None))),
    odd("numeric-code", "error.code is a number", _alters(c.refused, c.with_error(code=401, fields=[]))),
    odd(
        "no-data",
        "no more than the documentation wants",
        _alters(c.succeeded, c.edited(lambda value: {"success": True, "status": 200})),
        warns=("success-carries-token",),
    ),
    Odd("tiny-chunks", "chunked, three bytes a piece", wire.wired(wire.in_pieces, when=c.posted)),
    Odd("http-1.0", "HTTP/1.0, ended by closing", wire.wired(wire.old_http, when=c.posted)),
    Odd("blank-line", "a line break behind the answer", wire.wired(wire.with_a_blank_line, when=c.posted)),
    Odd("no-reason", "a status line without a reason", wire.wired(wire.no_reason, when=c.posted)),
    Odd("shouted-headers", "header names in capitals", wire.wired(wire.shouted, when=c.posted)),
    Odd("early-hints", "103 before the answer", wire.wired(wire.hinted, when=c.posted)),
    Odd("two-writes", "head and body dribble in", wire.wired(wire.in_two_writes, when=c.posted)),
)
