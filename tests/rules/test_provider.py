"""The provider rules one by one: what each says of an answer in a situation, and the class that an exchange has."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.consumer.strategies import conforming_answers
from contracts.model.answers import Answer
from contracts.model.document import load
from contracts.model.exchange import Exchange, Failure, Kind, Request, Response, Situation
from contracts.provider.customer import Customer
from contracts.provider.politeness import retry_after
from contracts.redaction.redactor import Redactor
from contracts.rules.engine import Evaluator
from contracts.rules.provider import RULE_SET
from tests.kit.violations import Violation, violating_answers

URL = "https://store.example/auth/refresh"
JSON = (("Content-Type", "application/json"),)
MUST = {rule.id for rule in load().rules.values() if rule.role == "provider" and rule.level == "MUST"}
NOW = 1_800_000_000.0


def jwt(**claims: Any) -> str:
    """An unsigned JWT."""
    head, payload = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)
    )
    return f"{head}.{payload}.c2lnbmF0dXJl"


FRESH = jwt(exp=NOW + 900)


def answer(status: int = 200, body: Any = None, *headers: tuple[str, str], seconds: float = 0.1, **members: Any) -> Response:
    """A response: the documented one for its status unless a body is given; `members` replace, None takes away."""
    if body is None:
        body = {"status": status, "success": status < 400}
        body |= {"data": {"token": "opaque-token-1"}} if status < 400 else {"error": {"code": "gone", "message": "Log in."}}
        body = {k: v for k, v in {**body, **members}.items() if v is not ...}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = {name.lower() for name, _ in headers}
    usual = [pair for pair in (*JSON, ("Cache-Control", "no-store")) if pair[0].lower() not in own]
    return Response(status, (*usual, *(pair for pair in headers if pair[1])), raw, seconds)


def exchange(response: Response | Failure, method: str = "POST", **situation: Any) -> Exchange:
    """An exchange in a situation; a logged-in one unless told."""
    situation = {"session": "valid", **situation}
    situation["conditions"] = frozenset(situation.get("conditions", ()))
    return Exchange(Request(method, URL), response, Situation(**situation), 1, NOW)


def said(rule: str, *exchanges: Exchange) -> str:
    """What a rule says of the last of some exchanges: ok, breach or nothing."""
    evaluator = Evaluator(RULE_SET, [rule, *(["repeats-hold"] if rule != "repeats-hold" else [])])
    for x in exchanges[:-1]:
        evaluator.add(x)
    tally = evaluator.tallies[rule]
    before = tally.exercised, tally.broken
    evaluator.add(exchanges[-1])
    return "breach" if tally.broken > before[1] else "ok" if tally.exercised > before[0] else "nothing"


LOST = Failure("timeout", "no whole answer in 10 s (nothing came)")
OTHERS = {"session": "none"}
HEADER = {"conditions": [("header:currency", "USD")]}
BODY = {"conditions": [("body", "json")]}
OVERLAP = {"overlaps": True, "conditions": [("overlap", "overlapping another")]}
AFTER = {"after": "refusal", "conditions": [("after", "after a refusal")]}
TWICE = answer(200, b'{"status": 200, "success": true, "success": true}')

# rule: [(what the rule says, a name, the exchanges of which the last one counts)]
TABLE: dict[str, list[tuple[str, str, list[Exchange]]]] = {
    "one-answer-in-time": [
        ("ok", "an answer", [exchange(answer())]),
        ("ok", "a refusal", [exchange(answer(500))]),
        ("breach", "no answer", [exchange(LOST)]),
        ("breach", "no answer to GET", [exchange(LOST, "GET")]),
    ],
    "content-type-is-json": [
        ("ok", "plain", [exchange(answer())]),
        (
            "ok",
            "with a parameter, in capitals",
            [exchange(answer(200, None, ("Content-Type", "Application/JSON; charset=utf-8")))],
        ),
        ("breach", "HTML", [exchange(answer(200, None, ("Content-Type", "text/html")))]),
        ("breach", "problem+json", [exchange(answer(404, None, ("Content-Type", "application/problem+json")))]),
        ("breach", "none", [exchange(answer(200, None, ("Content-Type", "")))]),
        ("nothing", "204", [exchange(answer(204, b"", ("Content-Type", "")))]),
        ("nothing", "a redirect", [exchange(answer(302, b"", ("Content-Type", "text/html")))]),
        ("nothing", "GET", [exchange(answer(405, None, ("Content-Type", "text/html")), "GET")]),
        ("nothing", "no answer", [exchange(LOST)]),
    ],
    "body-is-utf8": [
        ("ok", "Arabic", [exchange(answer(200, '{"status": 200, "success": true, "m": "تم"}'.encode()))]),
        ("breach", "a byte order mark", [exchange(answer(200, b'\xef\xbb\xbf{"status": 200, "success": true}'))]),
        ("breach", "UTF-16", [exchange(answer(200, '{"success": true}'.encode("utf-16")))]),
        ("breach", "labelled otherwise", [exchange(answer(200, None, ("Content-Type", "application/json; charset=cp1256")))]),
        ("nothing", "GET", [exchange(answer(200, b"\xff"), "GET")]),
    ],
    "body-is-strict-json": [
        ("ok", "JSON", [exchange(answer())]),
        ("breach", "a name twice", [exchange(TWICE)]),
        ("breach", "NaN", [exchange(answer(200, b'{"status": NaN, "success": true}'))]),
        ("breach", "empty", [exchange(answer(200, b""))]),
        ("breach", "a page", [exchange(answer(200, b"<!doctype html>"))]),
        ("nothing", "bytes that are no UTF-8", [exchange(answer(200, b"\xff\xfe\xfd"))]),
        ("nothing", "PUT", [exchange(answer(200, b""), "PUT")]),
    ],
    "success-is-boolean": [
        ("ok", "true", [exchange(answer())]),
        ("ok", "false", [exchange(answer(401), **OTHERS)]),
        ("breach", "a string", [exchange(answer(success="true"))]),
        ("breach", "a number", [exchange(answer(success=1))]),
        ("breach", "missing", [exchange(answer(success=...))]),
        ("breach", "no object", [exchange(answer(200, [1]))]),
        ("nothing", "unreadable", [exchange(answer(200, b"<"))]),
    ],
    "status-is-number": [
        ("ok", "whole", [exchange(answer())]),
        ("ok", "200.0", [exchange(answer(status=200.0))]),
        ("breach", "a string", [exchange(answer(200, {"status": "200", "success": True}))]),
        ("breach", "a boolean", [exchange(answer(200, {"status": True, "success": True}))]),
        ("breach", "missing", [exchange(answer(200, {"success": True}))]),
        ("nothing", "unreadable", [exchange(answer(200, b"<"))]),
    ],
    "status-in-enum": [
        *(("ok", str(status), [exchange(answer(status))]) for status in (200, 201, 202)),
        ("breach", "203", [exchange(answer(203))]),
        ("breach", "204", [exchange(answer(204, b""))]),
        ("breach", "206 in the body", [exchange(answer(200, {"status": 206, "success": True}))]),
        ("breach", "a fraction", [exchange(answer(200, {"status": 200.5, "success": True}))]),
        ("nothing", "an error", [exchange(answer(500))]),
        ("nothing", "a body that says failure", [exchange(answer(200, {"status": 200, "success": False}))]),
        ("nothing", "a redirect", [exchange(answer(302, b""))]),
    ],
    "status-mirrors-http": [
        ("ok", "200", [exchange(answer())]),
        ("ok", "200.0", [exchange(answer(200, {"status": 200.0, "success": True}))]),
        ("ok", "404", [exchange(answer(404))]),
        ("breach", "201 for 200", [exchange(answer(200, {"status": 201, "success": True}))]),
        ("breach", "400 for 401", [exchange(answer(401, {"status": 400, "success": False, "error": {}}))]),
        ("nothing", "outside the enum", [exchange(answer(200, {"status": 299, "success": True}))]),
        ("nothing", "no number", [exchange(answer(200, {"status": "x", "success": True}))]),
    ],
    "success-flag-is-truthful": [
        ("ok", "true with 200", [exchange(answer())]),
        ("ok", "false with 401", [exchange(answer(401), **OTHERS)]),
        ("breach", "false with 200", [exchange(answer(success=False))]),
        ("breach", "true with 401", [exchange(answer(401, success=True), **OTHERS)]),
        ("nothing", "no boolean", [exchange(answer(success="x"))]),
    ],
    "error-has-object": [
        ("ok", "an object", [exchange(answer(404))]),
        ("ok", "an empty object", [exchange(answer(404, error={}))]),
        ("breach", "a string", [exchange(answer(404, error="gone"))]),
        ("breach", "a list", [exchange(answer(404, error=[]))]),
        ("breach", "missing", [exchange(answer(500, error=...))]),
        ("nothing", "a success", [exchange(answer())]),
        ("nothing", "no object at all", [exchange(answer(500, [1]))]),
    ],
    "no-redirect": [
        ("ok", "an answer", [exchange(answer())]),
        ("ok", "a refusal", [exchange(answer(401))]),
        *(
            ("breach", str(status), [exchange(answer(status, b"", ("Location", "/login")))])
            for status in (301, 302, 303, 307, 308)
        ),
        ("nothing", "GET", [exchange(answer(302, b""), "GET")]),
        ("nothing", "no answer", [exchange(LOST)]),
    ],
    "no-input-needed": [
        ("ok", "a bare refresh", [exchange(answer())]),
        ("breach", "refused at once", [exchange(answer(401))]),
        ("breach", "failed at once", [exchange(answer(500))]),
        ("nothing", "refused after a success", [exchange(answer()), exchange(answer(401), after="success")]),
        ("nothing", "with a header", [exchange(answer(401), **HEADER)]),
        ("nothing", "without a session", [exchange(answer(401), **OTHERS)]),
        ("nothing", "too many", [exchange(answer(429))]),
        ("nothing", "asked for an XSRF header", [exchange(answer(403, None, ("Set-Cookie", "XSRF-TOKEN=a; Path=/")))]),
    ],
    "extras-change-nothing": [
        ("ok", "a header", [exchange(answer(), **HEADER)]),
        ("breach", "a header that is refused", [exchange(answer()), exchange(answer(400), **HEADER)]),
        ("breach", "a query that is refused", [exchange(answer()), exchange(answer(404), conditions=[("query", "unknown")])]),
        ("breach", "a body that crashes it", [exchange(answer()), exchange(answer(500), **BODY)]),
        ("ok", "a body that is refused by the contract", [exchange(answer()), exchange(answer(422), **BODY)]),
        ("nothing", "bare", [exchange(answer())]),
        ("nothing", "without a session", [exchange(answer(401), **OTHERS, **HEADER)]),
    ],
    "repeats-hold": [
        ("ok", "again", [exchange(answer()), exchange(answer(), after="success")]),
        ("ok", "after a refusal", [exchange(answer()), exchange(answer(), **AFTER)]),
        ("breach", "refused after a success", [exchange(answer()), exchange(answer(401), after="success")]),
        ("breach", "refused after a refusal", [exchange(answer()), exchange(answer(401), **AFTER)]),
        ("nothing", "the first", [exchange(answer())]),
        ("nothing", "with a header", [exchange(answer()), exchange(answer(401), after="success", **HEADER)]),
    ],
    "concurrent-calls-hold": [
        ("ok", "both", [exchange(answer()), exchange(answer(), **OVERLAP)]),
        ("breach", "one refused", [exchange(answer()), exchange(answer(409), **OVERLAP)]),
        ("ok", "one refused for a new session", [exchange(answer()), exchange(answer(401), session_replaced=True, **OVERLAP)]),
        ("breach", "one failed for a new session", [exchange(answer()), exchange(answer(500), session_replaced=True, **OVERLAP)]),
        ("nothing", "alone", [exchange(answer())]),
    ],
    "refuses-without-session": [
        *(("ok", session, [exchange(answer(401), session=session)]) for session in ("none", "empty", "made-up", "expired")),
        *(("breach", f"{s} let in", [exchange(answer(), session=s)]) for s in ("none", "empty", "made-up", "expired")),
        *(
            ("breach", f"{said!r} in a refusal", [exchange(answer(401, error={"access_token": said}), **OTHERS)])
            for said in ("opaque-token-1", " 7f3a ", "Bearer x-9", "abcdefghijklmnopqrstuvw", "a.b.", "token_expired_2")
        ),
        *(
            ("ok", f"{said!r} in a refusal", [exchange(answer(401, errors=[{"fields": {"token": said}}]), **OTHERS)])
            for said in ("This field is not expected.", "required", "token_expired", "auth.token.missing", "\u0645", " ", "")
        ),
        ("breach", "a word outside of the error", [exchange(answer(401, data={"token": "opaque"}), **OTHERS)]),
        ("breach", "a JWT in a refusal", [exchange(answer(401, error={"message": FRESH}), **OTHERS)]),
        ("ok", "a false flag in a refusal, which is another rule's", [exchange(answer(401, success=True), **OTHERS)]),
        ("breach", "a crash", [exchange(answer(500), **OTHERS)]),
        ("breach", "an empty 204", [exchange(answer(204, b""), **OTHERS)]),
        ("nothing", "a session", [exchange(answer(401))]),
        ("nothing", "nobody knows", [exchange(answer(), session="unknown")]),
        ("nothing", "too many", [exchange(answer(429), **OTHERS)]),
        ("nothing", "another method", [exchange(answer(), "GET", **OTHERS)]),
    ],
    "other-methods-never-refresh": [
        ("ok", "405", [exchange(answer(405), "GET")]),
        ("ok", "a page", [exchange(answer(200, b"<!doctype html>"), "GET")]),
        ("ok", "a preflight", [exchange(answer(200, {"status": 200, "success": True}), "OPTIONS")]),
        ("breach", "a refresh by GET", [exchange(answer(), "GET")]),
        ("breach", "a token in a 405", [exchange(answer(405, error={"token": "abc-1"}), "PUT")]),
        ("ok", "a word about a token in a 405", [exchange(answer(405, error={"token": "missing"}), "PUT")]),
        ("breach", "a token in a preflight", [exchange(answer(), "OPTIONS")]),
        ("nothing", "POST", [exchange(answer())]),
    ],
    "success-carries-token": [
        ("ok", "a token", [exchange(answer())]),
        ("breach", "no data", [exchange(answer(data=...))]),
        ("breach", "an empty one", [exchange(answer(data={"token": ""}))]),
        ("breach", "a number", [exchange(answer(data={"token": 5}))]),
        ("nothing", "a refusal", [exchange(answer(401))]),
    ],
    "token-is-not-expired": [
        ("ok", "later", [exchange(answer(data={"token": FRESH}))]),
        ("breach", "past", [exchange(answer(data={"token": jwt(exp=NOW - 1)}))]),
        ("breach", "no exp", [exchange(answer(data={"token": jwt(sub="7")}))]),
        ("breach", "exp is a word", [exchange(answer(data={"token": jwt(exp="soon")}))]),
        ("nothing", "opaque", [exchange(answer())]),
        ("nothing", "dots but no JWT", [exchange(answer(data={"token": "eyJ.é.c"}))]),
    ],
    "token-is-new": [
        ("ok", "another", [exchange(answer()), exchange(answer(data={"token": "opaque-token-2"}))]),
        ("breach", "the same", [exchange(answer()), exchange(answer())]),
        ("nothing", "the first", [exchange(answer())]),
        ("nothing", "none", [exchange(answer(data={}))]),
    ],
    "success-is-not-cached": [
        ("ok", "no-store", [exchange(answer(200, None, ("Cache-Control", "private, No-Store")))]),
        ("ok", "in two lines", [exchange(answer(200, None, ("Cache-Control", "private"), ("Cache-Control", "no-store")))]),
        ("breach", "may be cached", [exchange(answer(200, None, ("Cache-Control", "max-age=60")))]),
        ("breach", "says nothing", [exchange(answer(200, None, ("Cache-Control", "")))]),
        ("nothing", "a refusal", [exchange(answer(401, None, ("Cache-Control", "")))]),
    ],
    "error-says-why": [
        ("ok", "both", [exchange(answer(401))]),
        ("ok", "a number as a code", [exchange(answer(401, error={"code": 1, "message": "Log in."}))]),
        ("ok", "code 0", [exchange(answer(401, error={"code": 0, "message": "Log in."}))]),
        ("breach", "no code", [exchange(answer(401, error={"message": "Log in."}))]),
        ("breach", "no message", [exchange(answer(401, error={"code": "gone"}))]),
        ("breach", "an empty message", [exchange(answer(401, error={"code": "gone", "message": ""}))]),
        ("breach", "a boolean as a code", [exchange(answer(401, error={"code": True, "message": "Log in."}))]),
        ("nothing", "no error object", [exchange(answer(401, error="gone"))]),
        ("nothing", "a success", [exchange(answer())]),
    ],
    "other-methods-get-405": [
        ("ok", "405 with Allow", [exchange(answer(405, None, ("Allow", "OPTIONS, post")), "GET")]),
        ("ok", "Allow in two lines", [exchange(answer(405, None, ("Allow", "HEAD"), ("Allow", "POST")), "GET")]),
        ("breach", "405 without", [exchange(answer(405), "GET")]),
        ("breach", "404", [exchange(answer(404), "DELETE")]),
        ("nothing", "OPTIONS", [exchange(answer(204, b""), "OPTIONS")]),
        ("breach", "a crash", [exchange(answer(500), "GET")]),
        ("nothing", "too many", [exchange(answer(429), "GET")]),
        ("nothing", "POST", [exchange(answer(405))]),
    ],
    "other-methods-keep-the-shape": [
        ("ok", "an error", [exchange(answer(405), "GET")]),
        ("breach", "a page", [exchange(answer(405, b"<p>", ("Content-Type", "text/html")), "GET")]),
        ("breach", "no error object", [exchange(answer(405, error=...), "PUT")]),
        ("breach", "a body to HEAD", [exchange(answer(405), "HEAD")]),
        ("nothing", "no body", [exchange(answer(405, b""), "GET")]),
        ("nothing", "a preflight", [exchange(answer(200, {}), "OPTIONS")]),
        ("nothing", "POST", [exchange(answer(405))]),
    ],
    "too-many-says-when": [
        ("ok", "seconds", [exchange(answer(429, None, ("Retry-After", "5")))]),
        ("ok", "a date", [exchange(answer(429, None, ("Retry-After", "Mon, 23 Nov 2026 10:00:00 GMT")))]),
        ("breach", "nothing", [exchange(answer(429))]),
        ("breach", "a word", [exchange(answer(429, None, ("Retry-After", "soon")))]),
        ("nothing", "401", [exchange(answer(401))]),
    ],
    "token-only-in-body": [
        ("ok", "in the body", [exchange(answer())]),
        ("ok", "in a cookie", [exchange(answer(200, None, ("Set-Cookie", "t=opaque-token-1")))]),
        ("breach", "in a header", [exchange(answer(200, None, ("Authorization", "Bearer opaque-token-1")))]),
        ("breach", "a JWT in an address", [exchange(answer(302, b"", ("Location", f"/?t={FRESH}")))]),
        ("breach", "in redirect_url", [exchange(answer(data={"token": "abc-def", "redirect_url": "/?t=abc-def"}))]),
        ("nothing", "no token", [exchange(answer(401))]),
    ],
    "error-hides-internals": [
        ("ok", "a message", [exchange(answer(500))]),
        ("ok", "an empty trace", [exchange(answer(500, error={"trace": [], "stackTrace": "", "stack_trace": []}))]),
        ("ok", "words about traces", [exchange(answer(500, error={"message": "See the stack trace: it is in the log."}))]),
        ("breach", "a list of frames", [exchange(answer(500, error={"trace": [{"file": "a"}]}))]),
        ("breach", "a list of the stack", [exchange(answer(500, error={"stack_trace": ["a"]}))]),
        ("breach", "the stack in a text", [exchange(answer(500, error={"message": "Stack trace:\n#0 main"}))]),
        ("breach", "Python", [exchange(answer(500, b"Traceback (most recent call last):"))]),
        ("breach", "PHP", [exchange(answer(500, error={"message": "in /srv/app/Auth.php on line 12"}))]),
        ("breach", "JavaScript", [exchange(answer(500, b"at refresh (/srv/app.js:12:5)"))]),
        ("nothing", "a success", [exchange(answer())]),
    ],
    "answers-within-5-seconds": [
        ("ok", "soon", [exchange(answer(seconds=4.99))]),
        ("breach", "late", [exchange(answer(seconds=5.0))]),
        ("nothing", "never", [exchange(LOST)]),
    ],
}


def test_the_table_has_every_rule_with_all_it_can_say() -> None:
    """Each provider rule is seen content, broken and, unless it judges everything, silent."""
    assert set(TABLE) == set(RULE_SET.judges)
    for rule, rows in TABLE.items():
        assert {row[0] for row in rows} >= {"ok", "breach"} | ({"nothing"} if rule != "one-answer-in-time" else set()), rule


@pytest.mark.parametrize(
    ("rule", "wanted", "exchanges"),
    [pytest.param(rule, wanted, rows, id=f"{rule}: {name}") for rule, table in TABLE.items() for wanted, name, rows in table],
)
def test_rule(rule: str, wanted: str, exchanges: list[Exchange]) -> None:
    """A rule is content with what keeps it, names what breaks it, and is silent on what is not its business."""
    assert said(rule, *exchanges) == wanted


def test_a_breach_says_what_was_expected_and_what_was_there() -> None:
    """A finding carries both in words, and the number of the exchange."""
    evaluator = Evaluator(RULE_SET)
    found = evaluator.add(exchange(answer(success=False)))
    assert [(f.rule, f.expected, f.actual, f.exchange) for f in found] == [
        ("success-flag-is-truthful", "success: true with HTTP 200", "success is false", 1)
    ]


def test_the_part_that_fails_alone_explains_the_mixture() -> None:
    """A header that is refused alone is blamed for a mixture of it with an overlap too: one fault, one rule."""
    evaluator = Evaluator(RULE_SET)
    evaluator.add(exchange(answer()))
    evaluator.add(exchange(answer(400), **HEADER))
    mixed = {"overlaps": True, "conditions": [*HEADER["conditions"], *OVERLAP["conditions"]]}
    assert [f.rule for f in evaluator.add(exchange(answer(400), **mixed))] == ["extras-change-nothing"]


# --- the class of an exchange -----------------------------------------------------------------------------------------

TOKEN = {"data": {"token": "opaque-token-1"}}
KINDS: dict[str, tuple[Kind, Response | Failure]] = {
    **{f"a documented {status}": (Kind.COMPLETED, answer(status)) for status in (200, 201, 202)},
    "200.0": (Kind.COMPLETED, answer(200, {"status": 200.0, "success": True, **TOKEN})),
    "a charset": (Kind.COMPLETED, answer(200, None, ("Content-Type", "application/json; charset=utf-8"))),
    "all that the documentation requires": (Kind.UNSPECIFIED, answer(data=...)),
    "no token": (Kind.UNSPECIFIED, answer(data={})),
    "an empty token": (Kind.UNSPECIFIED, answer(data={"token": ""})),
    "null": (Kind.UNSPECIFIED, answer(data={"token": None})),
    "a number": (Kind.UNSPECIFIED, answer(data={"token": 5})),
    "201 in the body of 200": (Kind.UNSPECIFIED, answer(200, {"status": 201, "success": True, **TOKEN})),
    "204 in the body of 200": (Kind.UNSPECIFIED, answer(200, {"status": 204, "success": True, **TOKEN})),
    "a byte order mark": (Kind.UNSPECIFIED, answer(200, b"\xef\xbb\xbf" + answer().body)),
    "a name twice": (Kind.UNSPECIFIED, TWICE),
    "labelled as text": (Kind.UNSPECIFIED, answer(200, None, ("Content-Type", "text/plain"))),
    "success: false": (Kind.FAILED, answer(success=False)),
    "no flag": (Kind.FAILED, answer(success=...)),
    "a flag that is a string": (Kind.FAILED, answer(success="true")),
    "a status that is a string": (Kind.FAILED, answer(200, {"status": "200", "success": True, **TOKEN})),
    "an error status in the body": (Kind.FAILED, answer(200, {"status": 401, "success": True, **TOKEN})),
    "203": (Kind.FAILED, answer(203)),
    "204 without a body": (Kind.FAILED, answer(204, b"")),
    "a page": (Kind.FAILED, answer(200, b"<!doctype html>", ("Content-Type", "text/html"))),
    "cut off": (Kind.FAILED, answer(200, answer().body[:-3])),
    "a list": (Kind.FAILED, answer(200, [])),
    "a redirect": (Kind.FAILED, answer(302, b"", ("Location", "/login"))),
    **{f"a documented {status}": (Kind.FAILED, answer(status)) for status in (400, 401, 403, 404, 422, 429, 500, 503)},
    "401 that claims success": (Kind.FAILED, answer(401, {"status": 200, "success": True, **TOKEN})),
    "no answer": (Kind.FAILED, LOST),
}


@pytest.mark.parametrize(("kind", "response"), KINDS.values(), ids=KINDS)
def test_kind(kind: Kind, response: Response | Failure) -> None:
    """Completed, unspecified or failed, as both sides of the contract read it."""
    assert exchange(response).kind is kind


# --- anything at all --------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(max_codepoint=255), max_size=60)
NAMES = st.sampled_from(
    ["content-type", "Content-Type", "retry-after", "set-cookie", "allow", "location", "cache-control", "authorization"]
)
BODIES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"[" * 50_000, b"9" * 5000, b'{"status": %s}' % (b"9" * 5000), b'{"data": {"token": "\\ud83d"}}']),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["status", "success", "data", "error", "token", "code", "message", "redirect_url"])
                | st.text(max_size=5),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
)
RESPONSES = st.builds(
    Response,
    st.one_of(st.sampled_from(range(100, 600)), st.integers(-1, 10_000)),
    st.lists(st.tuples(NAMES, TEXTS), max_size=5).map(tuple),
    BODIES,
    st.floats(0, 100),
)
FAILURES = st.builds(Failure, st.sampled_from(["timeout", "reset", "tls"]), TEXTS)
SITUATIONS = st.builds(
    Situation,
    st.just("any"),
    st.sampled_from(["valid", "none", "empty", "made-up", "expired", "unknown"]),
    st.sampled_from(["start", "success", "refusal", "method", "429", "failure"]),
    st.booleans(),
    st.frozensets(
        st.sampled_from([("header:currency", "USD"), ("body", "json"), ("query", "unknown"), ("after", "x"), ("overlap", "x")])
    ),
    st.booleans(),
)
ODD_DATES = tuple(("set-cookie", f"session=a; Expires={date}") for date in ("Mon, 01 Jan 0001 00:00:00 -2359", "²", "0 Jan", ""))
METHODS = st.sampled_from(["POST", "GET", "HEAD", "OPTIONS", "PROPFIND"])


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(st.tuples(METHODS, st.one_of(RESPONSES, FAILURES), SITUATIONS), min_size=1, max_size=4))
@example([("POST", Response(429, (("retry-after", "²"), ("set-cookie", "session=a; max-age=²"))), Situation())])
@example(
    [
        (
            "POST",
            Response(
                200, (("retry-after", "Mon, 01 Jan 0001 00:00:00 -2359"), ("set-cookie", "session=a; max-age=--5"), *ODD_DATES)
            ),
            Situation(),
        )
    ]
)
@example([("POST", answer(data={"token": "eyJ.4pyT.x"}), Situation())])
def test_nothing_that_a_server_says_raises(rows: list[tuple[str, Response | Failure, Situation]]) -> None:
    """Any status, headers and bytes are judged, classified, followed and shown without an exception."""
    evaluator, customer, redactor = Evaluator(RULE_SET), Customer.with_cookies("session=abcdefgh"), Redactor()
    for index, (method, response, situation) in enumerate(rows, 1):
        x = Exchange(Request(method, URL), response, situation, index, NOW)
        found = evaluator.add(x)
        assert x.kind in Kind
        assert x.as_predecessor in ("method", "failure", "success", "429", "refusal")
        redactor.learn_exchange(x)
        if isinstance(response, Response):
            customer.update_from(response)
            assert retry_after(response) >= 0
        for finding in found:
            assert finding.expected
            assert redactor.show(finding.actual).isprintable()


# --- the strategies and the rules agree -------------------------------------------------------------------------------


def broken(given_answer: Answer, session: str) -> set[str]:
    """The MUSTs that an answer breaks by itself."""
    evaluator = Evaluator(RULE_SET, MUST)
    response = Response(given_answer.status, given_answer.headers, given_answer.body, 0.1)
    evaluator.add(exchange(answer()))
    return {f.rule for f in evaluator.add(exchange(response, session=session, after="success"))}


@settings(max_examples=150, deadline=None, database=None)
@given(conforming_answers())
def test_no_rule_blames_a_conforming_answer(given_answer: Answer) -> None:
    """Whatever keeps the contract breaks no MUST: a success of a session, an error in a situation that nobody knows."""
    assert not broken(given_answer, "valid" if given_answer.status < 400 else "unknown")


@settings(max_examples=300, deadline=None, database=None)
@given(violating_answers())
def test_the_named_rule_blames_a_violating_answer(violation: Violation) -> None:
    """Each violation is found by the rule that it was made to break."""
    assert violation.rule in broken(violation.answer, "unknown")


@pytest.mark.parametrize("order", list(itertools.permutations(["content-type-is-json", "body-is-utf8", "status-in-enum"]))[:3])
def test_the_order_of_rules_changes_nothing(order: tuple[str, ...]) -> None:
    """Rules are judged independently of each other."""
    evaluator = Evaluator(RULE_SET, order)
    found = evaluator.add(exchange(answer(203, b"\xef\xbb\xbf{}", ("Content-Type", "text/html"))))
    assert {f.rule for f in found} == set(order)
