"""Providers that are made up: of what the contract leaves open, and of one thing broken in them.

    styles()    what a conforming endpoint may do as it likes
    broken()    a style, one breakage, and what has to meet for it to show
    Endpoint    one of them, in this process

A refresh may look different each time, and yet all of it is allowed; a breakage is one of the table, with the rule that names it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from hypothesis import strategies as st

from contracts.consumer.bodies import json_values, texts
from contracts.judge import judge_provider
from contracts.model.document import load
from contracts.provider.probes import QUERIES
from contracts.provider.target import Target
from contracts.rules.judgement import ProviderJudgement
from tests.liars import changes as c
from tests.liars.conditions import posted, succeeded
from tests.liars.kit import Answer, Asked, Change, When, error, granted, written

SESSION = "session"
CONTENT_TYPES = (
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/json; profile=refresh",
)
OWN = frozenset({"status", "success", "data", "error"})
# What an error may have besides: words about a token that are none, and about traces where there is none.
REMARKS: tuple[dict[str, Any], ...] = (
    {},
    {"fields": {"token": "This field is not expected."}},
    {"token": "token_missing"},
    {"trace": []},
    {"hint": "Nobody is shown a stack trace: ask for the log."},
)
GONE = ("set-cookie", f"{SESSION}=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT")


@dataclass(frozen=True)
class Style:
    """What a conforming endpoint does as it likes.

    `refuses_bodies` is the status of a body that nobody asked for. `rotates`: every refresh gives a new session; `at_once`: the
    one before is over then. `clears`: a refusal of a session that was never good takes the cookie away. `split`: what a header
    lists comes in several lines.
    """

    status: int = 200
    spelling: str = "{}"
    members: dict[str, Any] = field(default_factory=dict)
    turned: bool = False
    escaped: bool = False
    around: bytes = b""
    content_type: str = CONTENT_TYPES[0]
    headers: tuple[tuple[str, str], ...] = ()
    rotates: bool = False
    at_once: bool = False
    clears: bool = False
    split: bool = False
    remarks: dict[str, Any] = field(default_factory=dict)
    refuses_with: int = 401
    refuses_bodies: int | None = None
    code: str | int = "unauthorized"

    def dressed(self, answer: Answer) -> Answer:
        """A plain answer in this style."""
        value = {**self.members, **answer.json()}
        if "error" in value:
            value["error"] |= self.remarks
        if self.turned:
            value = dict(reversed(value.items()))
        text = written(value, ensure_ascii=self.escaped)
        number = self.spelling.format(answer.status).encode()
        text = text.replace(b'"status": %d' % answer.status, b'"status": ' + number, 1)
        # Of two that overlap, the second one's session may have been good a moment ago.
        clears = self.clears and not (self.rotates and self.at_once)
        gone = (GONE,) if clears and answer.status == self.refuses_with else ()
        own = _split(answer.headers) if self.split else answer.headers
        dressed = replace(answer, body=self.around + text + self.around, headers=(*own, *self.headers, *gone))
        return dressed.with_header("content-type", self.content_type)


def _split(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Headers that list something, each in two lines; what counts comes last."""
    lines = []
    for name, value in headers:
        if also := {"cache-control": "private", "allow": "OPTIONS"}.get(name.lower()):
            lines.append((name, also))
        lines.append((name, value))
    return tuple(lines)


def styles() -> st.SearchStrategy[Style]:
    """Any style; the plainest first."""
    names = st.text(max_size=8).filter(lambda name: name not in OWN)
    noise = st.sampled_from((("set-cookie", "lang=ar; Path=/"), ("X-Request-Id", "7"), ("Vary", "Cookie"), ("ETag", '"a"')))
    return st.builds(
        Style,
        status=st.sampled_from(sorted(load().success_statuses)),
        spelling=st.sampled_from(("{}", "{}.0", "{}e0")),
        members=st.dictionaries(names, json_values(), max_size=3),
        turned=st.booleans(),
        escaped=st.booleans(),
        around=st.sampled_from((b"", b"\n", b" \r\n\t")),
        content_type=st.sampled_from(CONTENT_TYPES),
        headers=st.lists(noise, max_size=2, unique=True).map(tuple),
        rotates=st.booleans(),
        at_once=st.booleans(),
        clears=st.booleans(),
        split=st.booleans(),
        remarks=st.sampled_from(REMARKS),
        refuses_with=st.sampled_from((401, 403, 404, 410, 419)),
        refuses_bodies=st.sampled_from((None, 400, 422)),
        code=st.one_of(texts().filter(str.strip), st.integers(1, 9999)),
    )


@dataclass(frozen=True)
class Breakage:
    """One thing that is wrong with the answers of a kind; `alone`: of the MUST it breaks this one and no other."""

    rule: str
    sentence: str
    when: When
    change: Change
    alone: bool = True


def _refused(asked: Asked, answer: Answer) -> bool:
    return asked.method == "POST" and answer.status >= 400


def _other(asked: Asked, answer: Answer) -> bool:
    return asked.method not in ("POST", "HEAD", "OPTIONS")


BREAKAGES = (
    Breakage("content-type-is-json", "labelled as text", posted, c.headed(content_type="text/plain")),
    Breakage("content-type-is-json", "not labelled", succeeded, c.headed(content_type=None)),
    Breakage("body-is-utf8", "with a byte order mark", posted, c.BOM),
    Breakage("body-is-utf8", "labelled as Latin-1", posted, c.headed(content_type="application/json; charset=iso-8859-1")),
    Breakage("body-is-strict-json", "with NaN", posted, c.NAN),
    Breakage("body-is-strict-json", "with success twice", succeeded, c.SUCCESS_TWICE),
    Breakage("body-is-strict-json", "with a lone surrogate", posted, c.appended(b'"x": "\\ud800"')),
    Breakage("body-is-strict-json", "without its end", succeeded, c.spelled(lambda b: b.rstrip()[:-1]), alone=False),
    Breakage("success-is-boolean", "success as text", succeeded, c.with_members(success="true")),
    Breakage("success-is-boolean", "success as a number", posted, c.with_members(success=1)),
    Breakage("success-is-boolean", "no success", posted, c.without("success")),
    Breakage("success-is-boolean", "a list", succeeded, c.as_is(b"[]"), alone=False),
    Breakage("status-is-number", "status as text", posted, c.with_members(status="200")),
    Breakage("status-is-number", "status null", posted, c.with_members(status=None)),
    Breakage("status-is-number", "status true", succeeded, c.with_members(status=True)),
    Breakage("status-is-number", "no status", succeeded, c.without("status")),
    Breakage("status-in-enum", "203 in both places", succeeded, c.coded(203, 203)),
    Breakage("status-in-enum", "206 in the body", succeeded, c.with_members(status=206)),
    Breakage("status-in-enum", "0 in the body", succeeded, c.with_members(status=0)),
    Breakage("status-mirrors-http", "an error's status in words of another", _refused, c.with_members(status=499)),
    Breakage("success-flag-is-truthful", "false with a success", succeeded, c.with_members(success=False), alone=False),
    Breakage("success-flag-is-truthful", "true with an error", _refused, c.with_members(success=True), alone=False),
    Breakage("error-has-object", "error as text", _refused, c.with_members(error="unauthorized")),
    Breakage("error-has-object", "no error", _refused, c.NO_ERROR),
    Breakage("no-redirect", "a redirect", succeeded, c.to_page(), alone=False),
    Breakage("refuses-without-session", "a token with the refusal", _refused, c.with_members(data={"token": "opaque"})),
    Breakage("refuses-without-session", "500 in place of a refusal", _refused, c.FAIL, alone=False),
    Breakage("other-methods-never-refresh", "another method refreshes", _other, c.GRANT),
    Breakage("success-carries-token", "no data", succeeded, c.without("data")),
    Breakage("success-carries-token", "an empty token", succeeded, c.with_data(token="")),
    Breakage("token-is-not-expired", "a token that has run out", succeeded, c.expired_token()),
    Breakage("token-is-new", "the same token again", succeeded, c.with_data(token="the-same-each-time")),
    Breakage("success-is-not-cached", "to be kept", succeeded, c.headed(cache_control="max-age=60")),
    Breakage("error-says-why", "no message", _refused, c.with_error(message="")),
    Breakage("other-methods-get-405", "no Allow", _other, c.headed(allow=None)),
    Breakage("other-methods-keep-the-shape", "a page", _other, c.spelled(lambda b: b"<html>")),
    Breakage("token-only-in-body", "the token in a header", succeeded, lambda a: a.with_header("x-token", c.token_of(a))),
    Breakage("error-hides-internals", "a trace", _refused, c.with_error(trace="at refresh (auth.js:41:7)")),
)
Condition = tuple[str, str]


def _conditions(breakage: Breakage) -> st.SearchStrategy[tuple[Condition, ...]]:
    """What has to meet: nothing; one thing; or, for a refresh, two header values, or one with a query."""
    headers = [(name, value) for name, values in load().headers.items() for value in values if "{token}" not in value]
    one: st.SearchStrategy[Condition] = st.sampled_from(headers)
    if breakage.when is succeeded and breakage.rule != "token-is-new":
        one = st.one_of(one, st.sampled_from([("query", q) for q in QUERIES.values() if q]))
        pairs = st.lists(one, min_size=2, max_size=2, unique_by=lambda pair: pair[0]).map(tuple)
        return st.one_of(st.just(()), one.map(lambda only: (only,)), pairs)
    return st.one_of(st.just(()), one.map(lambda only: (only,)))


@st.composite
def broken(draw: st.DrawFn) -> tuple[Style, Breakage, tuple[Condition, ...]]:
    """A style, one breakage, and what has to meet for it to show."""
    breakage = draw(st.sampled_from(BREAKAGES))
    return draw(styles()), breakage, draw(_conditions(breakage))


def _meets(asked: Asked, conditions: tuple[Condition, ...]) -> bool:
    return all(asked.query == value if name == "query" else asked.headers.get(name) == value for name, value in conditions)


class Endpoint:
    """A provider of a style, and of a breakage where there is one; `handle` answers like an httpx transport."""

    def __init__(self, style: Style, breakage: Breakage | None = None, conditions: tuple[Condition, ...] = ()) -> None:
        self.style, self.breakage, self.conditions = style, breakage, conditions
        self._sessions = {"first"}
        self._given = 0
        self._lock = threading.Lock()

    def handle(self, request: httpx.Request) -> httpx.Response:
        """One answer."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, headers, request.url.query.decode(), request.read())
        with self._lock:
            answer = self._answer(asked)
        if self.breakage and self.breakage.when(asked, answer) and _meets(asked, self.conditions):
            answer = self.breakage.change(answer)
        body = b"" if request.method == "HEAD" else answer.body
        return httpx.Response(answer.status, headers=list(answer.headers), content=body)

    def _answer(self, asked: Asked) -> Answer:
        style = self.style
        if asked.method == "OPTIONS":
            return Answer(204, (("allow", "POST"),), b"")
        if asked.method != "POST":
            return style.dressed(error(405, "method_not_allowed", "Use POST.", allow="POST"))
        if asked.cookies.get(SESSION) not in self._sessions:
            return style.dressed(error(style.refuses_with, style.code, "Log in to go on."))  # type: ignore[arg-type]
        if asked.body and style.refuses_bodies:
            return style.dressed(error(style.refuses_bodies, "no_input", "Nothing is expected."))
        answer = granted(status=style.status)
        answer = style.dressed(replace(answer, status=style.status))
        if not style.rotates:
            return answer
        self._given += 1
        new = f"session-{self._given}"
        if style.at_once:
            self._sessions.clear()
        self._sessions.add(new)  # the one before may stay good, for calls that overlap
        return replace(answer, headers=(*answer.headers, ("set-cookie", f"{SESSION}={new}; Path=/; HttpOnly")))

    def judged(self) -> ProviderJudgement:
        """What the polite pass says of it."""
        return judge_provider(Target.in_process(self.handle, f"{SESSION}=first", "made up"), only=["named"])
