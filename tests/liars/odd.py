"""Providers that keep the contract but look odd: none of them may be blamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from tests.liars import changes as c
from tests.liars import wire
from tests.liars.build import Layer, Odd, Running, altering, answering, fresh, odd
from tests.liars.conditions import (
    all_of,
    anything,
    every,
    expired_session,
    good_session,
    got,
    has_body,
    posted,
    refused,
    succeeded,
)
from tests.liars.dressed import CREATED, DRESSED
from tests.liars.home import Home
from tests.liars.kit import Answer, Asked, Change, error, granted, written
from tests.liars.odd_sent import ODD_SENT
from tests.liars.odd_sessions import SESSIONS


def _rewritten(**options: Any) -> Change:
    return c.spelled(lambda body: written(json.loads(body), **options))


def _status_as(number: str) -> Change:
    """The body's status 200 in another spelling."""
    return c.spelled(lambda body: body.replace(b'"status": 200', b'"status": ' + number.encode(), 1))


def _accepts_gzip(asked: Asked, answer: Answer) -> bool:
    return "gzip" in asked.headers.get("accept-encoding", "")


def _refusal(status: int, code: str) -> Change:
    return lambda answer: error(status, code, "Log in to go on.")


def _too_many(number: int, wait: str) -> Layer:
    return altering(every(number, succeeded), c.busy(Retry_After=wait))


def _loser_refused() -> Layer:
    """Of two that overlap the second is refused, for the first has just replaced the session."""
    fought: set[str] = set()

    def when(asked: Asked, answer: Answer) -> bool:
        session = asked.cookies.get("session", "")
        if not (succeeded(asked, answer) and asked.overlapping):
            return False
        if session in fought:
            return True
        fought.add(session)
        return False

    return altering(when, lambda answer: error(401, "unauthorized", "Replaced."), waits=True)


def _no_bodies(status: int, code: str) -> Layer:
    return altering(all_of(succeeded, has_body), lambda answer: error(status, code, "No input is expected."))


def _escaped(answer: Answer) -> Answer:
    value = {**answer.json(), "next": "https://store.example/حساب"}
    return replace(answer, body=written(value, ensure_ascii=True).replace(b"/", b"\\/"))


def _page_expired(answer: Answer) -> Answer:
    gone = c.with_error(code=419, fields=[])(error(419, "", "انتهت صلاحية الصفحة"))
    return gone.with_header("set-cookie", "session=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/")


def _opaque(answer: Answer) -> Answer:
    return c.with_data(token=c.token_of(granted()))(answer)


def _with_cookies(answer: Answer) -> Answer:
    more = (("set-cookie", "lang=ar; Path=/"), ("set-cookie", "seen=1; Path=/; HttpOnly"))
    return replace(answer, headers=answer.headers + more)


def _set_again(home: Home) -> Home:
    """Every answer to the session sets it again."""
    cookie = f"{home.cookie}; Path=/; HttpOnly; SameSite=lax"
    return altering(good_session, lambda answer: answer.with_header("set-cookie", cookie))(home)


_XSRF = "bWFkZS11cA%3D%3D"


def _lacks_xsrf(asked: Asked, answer: Answer) -> bool:
    cookie = asked.cookies.get("XSRF-TOKEN")
    return cookie is None or asked.headers.get("x-xsrf-token") != unquote(cookie)


def _with_xsrf(answer: Answer) -> Answer:
    return replace(answer, headers=(*answer.headers, ("set-cookie", f"XSRF-TOKEN={_XSRF}; Path=/")))


def _xsrf_odd() -> Odd:
    """Wants the cookie XSRF-TOKEN, decoded, in x-xsrf-token; sets it with every answer, and its visitor has it."""
    refusing = answering(all_of(posted, _lacks_xsrf), lambda: error(419, "page_expired", "This page has expired."))
    one = odd("xsrf", "wants XSRF-TOKEN mirrored in x-xsrf-token, or says 419", refusing, altering(anything, _with_xsrf))

    @contextmanager
    def make() -> Iterator[Running]:
        with one.make() as running:
            both = {"cookie": running.cookie, "other_cookie": running.other_cookie}
            yield replace(running, **{name: f"{cookie}; XSRF-TOKEN={_XSRF}" for name, cookie in both.items()})

    return replace(one, make=make)


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
    *ODD_SENT,
    odd("honest", "the store as it is"),
    odd("created", "says 201", altering(succeeded, c.coded(201, 201))),
    odd("accepted", "says 202", altering(succeeded, c.coded(202, 202))),
    odd(
        "mixed-statuses",
        "says 201 every third time",
        altering(every(3, succeeded), c.coded(201, 201)),
    ),
    odd("200.0", "body status 200.0", altering(succeeded, _status_as("200.0"))),
    odd("2e2", "body status 2e2", altering(succeeded, _status_as("2e2"))),
    odd(
        "reversed",
        "members in another order",
        altering(posted, c.edited(lambda v: dict(reversed(v.items())))),
    ),
    odd("sorted", "members sorted", altering(posted, _rewritten(sort_keys=True))),
    odd(
        "extra-members",
        "deep extra members, lists and nulls",
        altering(posted, c.with_members(meta=_DEEP, events=[], next=None)),
    ),
    odd(
        "arabic",
        "Arabic texts, as they are",
        altering(posted, c.with_members(note="تم تحديث الجلسة بنجاح 🎉")),
    ),
    odd(
        "arabic-escaped",
        "Arabic texts, escaped, with a pair of surrogates",
        altering(posted, c.then(c.with_members(note="تم التحديث 🎉"), _rewritten(ensure_ascii=True))),
    ),
    odd("gzip-if-accepted", "gzip for those who take it", altering(all_of(posted, _accepts_gzip), c.zipped)),
    odd("gzip", "gzip always", altering(posted, c.zipped)),
    odd("charset", "a charset parameter, quoted", altering(posted, _LABELLED)),
    odd("shouted-type", "the media type in capitals", altering(posted, _SHOUTED_TYPE)),
    odd("closes", "closes the connection each time", altering(posted, c.headed(connection="close"))),
    odd("200-kb", "200 KB of data", altering(succeeded, c.with_data(padding="x" * 200_000))),
    odd("429-at-once", "every ninth is a 429 with Retry-After: 0", _too_many(9, "0")),
    odd("429-in-a-second", "every fortieth is a 429 with Retry-After: 1", _too_many(40, "1")),
    odd("no-rotation", "keeps the session", store={"rotate": False}),
    odd(
        "loser-refused",
        "of two that overlap one is refused, for the session was just replaced",
        fresh(_loser_refused),
    ),
    odd("403", "refuses with 403", altering(refused, _refusal(403, "forbidden"))),
    odd("404-refusal", "refuses with 404", altering(refused, _refusal(404, "not_found"))),
    odd(
        "410-expired",
        "says 410 of a session that ran out",
        altering(all_of(refused, expired_session), lambda answer: error(410, "gone", "This session has ended.")),
    ),
    odd(
        "get-404",
        "knows no GET: 404 by the contract",
        altering(got("GET"), lambda answer: error(404, "not_found", "Nothing here.")),
        warns=("other-methods-get-405",),
    ),
    odd("options-cors", "OPTIONS is answered 204, for CORS", altering(got("OPTIONS"), _cors)),
    odd("refuses-bodies", "any body is refused with 422", _no_bodies(422, "validation_failed")),
    odd("refuses-bodies-400", "any body is refused with 400", _no_bodies(400, "bad_request")),
    odd(
        "opaque",
        "tokens that are no JWTs",
        altering(succeeded, _opaque),
    ),
    odd("other-cookies", "sets cookies of its own", altering(posted, _with_cookies)),
    _xsrf_odd(),
    odd(
        "sets-session-again",
        "every answer sets the session again, GET too",
        _set_again,
        store={"rotate": False},
    ),
    odd(
        "slow-thrice",
        "every thirtieth takes 0.2 seconds",
        altering(every(30, succeeded), c.same, sleep=0.2),
    ),
    odd("pretty", "indented JSON", altering(posted, _rewritten(indent=4))),
    odd(
        "airy",
        "blanks and newlines around",
        altering(posted, c.spelled(lambda body: b"\r\n\t " + body + b" \n")),
    ),
    odd("nulls", "null where null may be", altering(succeeded, c.with_data(redirect_url=None, message=None))),
    odd("numeric-code", "error.code is a number", altering(refused, c.with_error(code=401, fields=[]))),
    odd(
        "no-data",
        "no more than the documentation wants",
        altering(succeeded, c.edited(lambda value: {"success": True, "status": 200})),
        warns=("success-carries-token",),
    ),
    Odd("tiny-chunks", "chunked, three bytes a piece", wire.wired(wire.in_pieces, posted)),
    Odd("http-1.0", "HTTP/1.0, ended by closing", wire.wired(wire.old_http, posted)),
    Odd("blank-line", "a line break behind the answer", wire.wired(wire.with_a_blank_line, posted)),
    Odd("no-reason", "a status line without a reason", wire.wired(wire.no_reason, posted)),
    Odd("shouted-headers", "header names in capitals", wire.wired(wire.shouted, posted)),
    Odd("early-hints", "103 before the answer", wire.wired(wire.hinted, posted)),
    Odd("two-writes", "head and body dribble in", wire.wired(wire.in_two_writes, posted)),
    # In these several oddities meet.
    odd("combined-dressed", "all at once that is allowed of a body", *DRESSED),
    odd(
        "combined-limited",
        "all that is allowed, every eleventh a 429, and bodies refused",
        *DRESSED,
        answering(all_of(posted, has_body), lambda: error(422, "no_input", "Nothing is expected.")),
        altering(every(11, succeeded), c.busy(Retry_After="0")),
    ),
    odd(
        "combined-no-rotation",
        "one session for good, opaque tokens, 202, refusals with 403",
        altering(succeeded, c.then(c.coded(202, 202), _opaque)),
        altering(refused, _refusal(403, "forbidden")),
        store={"rotate": False},
    ),
    Odd(
        "combined-wire",
        "all that is allowed, chunked, three bytes a piece",
        wire.wired(wire.in_pieces, posted, *DRESSED),
    ),
    odd(
        "combined-php",
        "slashes and letters escaped, refusals with 419, a number for a code and no fields, the cookie taken away",
        altering(succeeded, _escaped),
        altering(refused, _page_expired),
        store={"rotate": False},
    ),
    odd(
        "combined-strict",
        "a session is good for one refresh, the second of two that overlap is refused with 403; 201, packed by gzip",
        altering(succeeded, c.coded(201, 201)),
        altering(refused, lambda answer: error(403, "replaced", "Gone.")),
        altering(posted, c.zipped),
        store={"grace": 0.0},
    ),
    odd(
        "combined-slow",
        "200 and 201 by turns, in Arabic, one of thirty after 0.2 seconds, one of twenty a 429",
        altering(every(2, succeeded), CREATED),
        altering(every(20, succeeded), c.said(lambda: error(429, "too_many_requests", "مهلاً", Retry_After="0"))),
        altering(every(30, succeeded), c.same, sleep=0.2),
    ),
    *SESSIONS,
)
