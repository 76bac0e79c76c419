"""Where a provider rule begins and ends to the number, and each of its sentences to the word: people act on them."""

from __future__ import annotations

from functools import partial

import pytest

from contracts.model.exchange import Exchange, Failure, Request, Response
from contracts.rules.engine import Evaluator
from contracts.rules.provider import MANY, RULE_SET, claims_of, shown
from tests.kit import judgements
from tests.rules.test_provider import NOW, URL, answer, exchange, jwt, said

OTHERS = {"session": "none"}
USD = [("header:currency", "USD")]
AFTER = [("after", "after a refusal")]
OVERLAP = [("overlap", "overlapping another")]


words = partial(judgements.words, RULE_SET)


def typed(value: str | None) -> Response:
    """A success with this Content-Type."""
    return answer(200, None, ("Content-Type", value or ""))


def raw(response: Response, **changes: object) -> Response:
    """The response with fields of its own."""
    return Response(
        **{**{f: getattr(response, f) for f in ("status", "headers", "body", "seconds", "trailing_bytes")}, **changes}
    )  # type: ignore[arg-type]


SENTENCES: list[tuple[str, Exchange, tuple[str, str]]] = [
    (
        "one-answer-in-time",
        exchange(Failure("timeout", "nothing came")),
        ("one well-formed HTTP response within the deadline", "nothing came"),
    ),
    (
        "one-answer-in-time",
        exchange(raw(answer(), trailing_bytes=1234)),
        ("one well-formed HTTP response within the deadline", "an answer, and 1,234 bytes behind it"),
    ),
    ("content-type-is-json", exchange(typed("Text/HTML")), ("Content-Type: application/json", "Content-Type: Text/HTML")),
    ("content-type-is-json", exchange(typed(None)), ("Content-Type: application/json", "no Content-Type")),
    (
        "body-is-utf8",
        exchange(typed("application/json; charset=CP1256")),
        ("UTF-8 without a byte order mark", "labelled application/json; charset=CP1256"),
    ),
    (
        "body-is-utf8",
        exchange(answer(200, b"\xef\xbb\xbf{}")),
        ("UTF-8 without a byte order mark", "the body begins with a byte order mark"),
    ),
    ("body-is-strict-json", exchange(answer(200, b"")), ("strict JSON", "the body is empty")),
    ("success-is-boolean", exchange(answer(success="yes")), ("success: true or false", 'success is "yes"')),
    ("success-is-boolean", exchange(answer(success=...)), ("success: true or false", "no member success")),
    ("success-is-boolean", exchange(answer(200, [1])), ("success: true or false", "the body is [1], no object")),
    ("status-is-number", exchange(answer(200, {"success": True, "status": None})), ("status: a number", "status is null")),
    ("status-in-enum", exchange(answer(203)), ("a success with an HTTP status out of 200, 201, 202", "HTTP 203")),
    (
        "status-in-enum",
        exchange(answer(200, {"success": True, "status": 206})),
        ("status out of 200, 201, 202", "HTTP 200 with status is 206"),
    ),
    (
        "status-mirrors-http",
        exchange(answer(200, {"success": True, "status": 201})),
        ("status: 200, as HTTP says", "status is 201"),
    ),
    ("success-flag-is-truthful", exchange(answer(success=False)), ("success: true with HTTP 200", "success is false")),
    (
        "success-flag-is-truthful",
        exchange(answer(401, success=True), **OTHERS),
        ("success: false with HTTP 401", "success is true"),
    ),
    ("error-has-object", exchange(answer(401, error="gone"), **OTHERS), ("error: an object", 'error is "gone"')),
    (
        "no-redirect",
        exchange(answer(302, b"", ("Location", "/login"))),
        ("an answer, not a redirect", "HTTP 302 to /login"),
    ),
    ("no-input-needed", exchange(answer(400)), ("the refresh completes", "HTTP 400")),
    (
        "extras-change-nothing",
        exchange(answer(500), conditions=USD),
        ("the refresh completes", "HTTP 500, the request: currency USD"),
    ),
    (
        "refuses-without-session",
        exchange(answer(), **OTHERS),
        ("a refusal (4xx) without a token", "HTTP 200 with success is true, without a session"),
    ),
    (
        "refuses-without-session",
        exchange(answer(), session="expired"),
        ("a refusal (4xx) without a token", "HTTP 200 with success is true, to an expired session"),
    ),
    (
        "refuses-without-session",
        exchange(answer(401, token="opaque"), session="made-up"),
        ("a refusal (4xx) without a token", "HTTP 401 that gives a token (token), to a made-up session"),
    ),
    (
        "refuses-without-session",
        exchange(answer(500), session="empty", conditions=USD),
        ("a refusal (4xx) without a token", "HTTP 500, to an empty session, the request: currency USD"),
    ),
    (
        "other-methods-never-refresh",
        exchange(answer(), "GET"),
        ("no refresh by GET", "GET is answered like a refresh: HTTP 200"),
    ),
    ("success-carries-token", exchange(answer(data={})), ("data.token: a non-empty string", "data.token is null")),
    ("success-carries-token", exchange(answer(data={"token": 5})), ("data.token: a non-empty string", "data.token is 5")),
    ("success-carries-token", exchange(answer(data=[])), ("data.token: a non-empty string", "data is []")),
    ("success-carries-token", exchange(answer(data=...)), ("data.token: a non-empty string", "no member data")),
    (
        "token-is-not-expired",
        exchange(answer(data={"token": jwt(exp=NOW)})),
        ("exp in the future", "exp is 1800000000.0, not after the request"),
    ),
    ("token-is-not-expired", exchange(answer(data={"token": jwt(exp="x")})), ("exp: a time in the future", 'exp is "x"')),
    ("token-is-not-expired", exchange(answer(data={"token": jwt(exp=True)})), ("exp: a time in the future", "exp is true")),
    (
        "success-is-not-cached",
        exchange(answer(200, None, ("Cache-Control", "no-cache"))),
        ("Cache-Control: no-store", "Cache-Control: no-cache"),
    ),
    (
        "success-is-not-cached",
        exchange(answer(200, None, ("Cache-Control", ""))),
        ("Cache-Control: no-store", "no Cache-Control"),
    ),
    ("error-says-why", exchange(answer(401, error={}), **OTHERS), ("error.code and error.message", "no code and no message")),
    (
        "error-says-why",
        exchange(answer(401, error={"code": True, "message": " "}), **OTHERS),
        ("error.code and error.message", "no code and no message"),
    ),
    ("other-methods-get-405", exchange(answer(404), "GET"), ("405 with Allow: POST", "HTTP 404 to GET, no Allow")),
    (
        "other-methods-get-405",
        exchange(answer(405, None, ("Allow", "PUT")), "GET"),
        ("405 with Allow: POST", "HTTP 405 to GET, Allow: PUT"),
    ),
    ("other-methods-keep-the-shape", exchange(answer(405), "HEAD"), ("no body", "HEAD: a body")),
    (
        "other-methods-keep-the-shape",
        exchange(answer(405, None, ("Content-Type", "text/html")), "GET"),
        ("an error by the contract", "GET: Content-Type: text/html"),
    ),
    (
        "other-methods-keep-the-shape",
        exchange(answer(200, {"success": True, "status": 1, "error": 2}), "GET"),
        ("an error by the contract", "GET: HTTP 200; success is true; status is 1; error is 2"),
    ),
    (
        "too-many-says-when",
        exchange(answer(429, None, ("Retry-After", "soon"))),
        ("Retry-After: seconds or a date", "Retry-After: soon"),
    ),
    ("too-many-says-when", exchange(answer(429)), ("Retry-After: seconds or a date", "no Retry-After")),
    (
        "token-only-in-body",
        exchange(answer(200, None, ("X-B", "opaque-token-1"), ("X-A", "opaque-token-1"), ("X-B", "opaque-token-1"))),
        ("a token in the body alone", "a token in X-A, X-B"),
    ),
    (
        "error-hides-internals",
        exchange(answer(500, error={"code": "x", "message": "at run (auth.js:4:7)"})),
        ("no stack trace", 'the body shows "at run (auth.js:4:7)"'),
    ),
    ("answers-within-5-seconds", exchange(answer(seconds=5.25)), ("the whole answer in under 5 s", "5.2 s")),
]


@pytest.mark.parametrize(("rule", "x", "sentence"), SENTENCES, ids=[f"{row[0]}-{n}" for n, row in enumerate(SENTENCES)])
def test_sentence(rule: str, x: Exchange, sentence: tuple[str, str]) -> None:
    """What was expected, and what was there."""
    assert words(rule, x) == sentence


def test_a_token_given_before_is_named() -> None:
    """The second time."""
    said = words("token-is-new", exchange(answer()), exchange(answer()))
    assert said == ("a token not given before", "a token that an earlier answer gave already")


EDGES: list[tuple[str, Exchange, str | None]] = [
    # where a redirect begins and ends
    ("no-redirect", exchange(answer(299)), "ok"),
    ("no-redirect", exchange(answer(300, b"")), "breach"),
    ("no-redirect", exchange(answer(399, b"")), "breach"),
    ("no-redirect", exchange(answer(400)), "ok"),
    ("content-type-is-json", exchange(answer(299, b"")), "ok"),
    ("content-type-is-json", exchange(answer(300, b"")), None),
    ("content-type-is-json", exchange(answer(399, b"")), None),
    ("content-type-is-json", exchange(answer(400)), "ok"),
    # answers without a body
    *(("body-is-strict-json", exchange(answer(status, b"")), None) for status in (204, 205)),
    ("body-is-strict-json", exchange(answer(206, b"")), "breach"),
    # where an error begins
    ("error-has-object", exchange(answer(400, error=1)), "breach"),
    ("error-has-object", exchange(answer(206, error=1)), None),
    ("error-says-why", exchange(answer(400, error={})), "breach"),
    ("error-hides-internals", exchange(answer(400, error={"trace": "at run (auth.js:4:7)"})), "breach"),
    ("success-flag-is-truthful", exchange(answer(400, success=False)), "ok"),
    ("success-flag-is-truthful", exchange(answer(400, success=True)), "breach"),
    ("status-in-enum", exchange(answer(400)), None),
    ("status-mirrors-http", exchange(answer(400, {"success": True, "status": 200})), "breach"),
    ("status-mirrors-http", exchange(answer(400, {"success": True, "status": 400})), "ok"),
    ("refuses-without-session", exchange(answer(400), **OTHERS), "ok"),
    ("refuses-without-session", exchange(answer(400, success=True), **OTHERS), "ok"),
    ("refuses-without-session", exchange(answer(429), **OTHERS), None),
    ("refuses-without-session", exchange(answer(499), **OTHERS), "ok"),
    ("refuses-without-session", exchange(answer(500), **OTHERS), "breach"),
    ("no-input-needed", exchange(answer(400)), "breach"),
    ("no-input-needed", exchange(answer(400, b"<")), "breach"),
    ("no-input-needed", exchange(answer(429)), None),
    # other methods
    ("other-methods-keep-the-shape", exchange(answer(400, b"<"), "OPTIONS"), "breach"),
    ("other-methods-keep-the-shape", exchange(answer(399, b"<"), "OPTIONS"), None),
    ("other-methods-keep-the-shape", exchange(answer(400), "GET"), "ok"),
    ("other-methods-keep-the-shape", exchange(answer(399, {"status": 399, "success": False, "error": {}}), "GET"), "breach"),
    ("error-hides-internals", exchange(answer(399, b"goroutine 7 [")), None),
    ("other-methods-get-405", exchange(answer(429), "GET"), None),
    ("other-methods-get-405", exchange(answer(405, None, ("Allow", "GET, post ")), "DELETE"), "ok"),
    # a body that nobody asked for may be refused, an error of the server's own not
    ("extras-change-nothing", exchange(answer(499), conditions=[("body", "json")]), "ok"),
    ("extras-change-nothing", exchange(answer(500), conditions=[("body", "json")]), "breach"),
    ("concurrent-calls-hold", exchange(answer(401), overlaps=True, session_replaced=True, conditions=OVERLAP), "ok"),
    ("concurrent-calls-hold", exchange(answer(401), overlaps=True, conditions=OVERLAP), "breach"),
    ("repeats-hold", exchange(answer(), after="success"), "ok"),
    ("repeats-hold", exchange(answer(), after="start"), None),
    # time
    ("answers-within-5-seconds", exchange(answer(seconds=4.99)), "ok"),
    ("answers-within-5-seconds", exchange(answer(seconds=5.0)), "breach"),
    ("token-is-not-expired", exchange(answer(data={"token": jwt(exp=NOW + 1)})), "ok"),
    ("too-many-says-when", exchange(answer(429, None, ("Retry-After", " 123456789 "))), "ok"),
    ("too-many-says-when", exchange(answer(429, None, ("Retry-After", "1234567890"))), "breach"),
    ("too-many-says-when", exchange(answer(429, None, ("Retry-After", "Fri, 27 Nov 2026 20:00:00 GMT"))), "ok"),
    ("one-answer-in-time", exchange(raw(answer(), trailing_bytes=1)), "breach"),
]


@pytest.mark.parametrize(("rule", "x", "wanted"), EDGES, ids=[f"{row[0]}-{n}" for n, row in enumerate(EDGES)])
def test_edge(rule: str, x: Exchange, wanted: str | None) -> None:
    """On either side of where it begins or ends."""
    assert said(rule, x) == (wanted or "nothing")


def nested(depth: int, in_lists: bool) -> object:
    """A token so many objects or lists deep."""
    value: object = {"token": "opaque"}
    for _ in range(depth):
        value = [value] if in_lists else {"in": value}
    return value


@pytest.mark.parametrize("in_lists", [False, True], ids=["objects", "lists"])
@pytest.mark.parametrize(("depth", "wanted"), [(0, "breach"), (7, "breach"), (8, "ok")])
def test_a_token_is_looked_for_so_deep(depth: int, wanted: str, in_lists: bool) -> None:
    """In objects and in lists; deeper no client would find it either."""
    assert said("refuses-without-session", exchange(answer(401, data=nested(depth, in_lists)), **OTHERS)) == wanted


@pytest.mark.parametrize(("place", "wanted"), [(0, "breach"), (99, "breach"), (100, "ok")])
def test_a_token_is_looked_for_so_far(place: int, wanted: str) -> None:
    """Among the first hundred of a list."""
    value = [*[0] * place, {"access_token": "opaque"}]
    assert said("refuses-without-session", exchange(answer(401, data=value), **OTHERS)) == wanted


def test_what_counts_as_a_token() -> None:
    """A text under a name for it, or a JWT anywhere; a blank one is none."""
    for data in ({"Token": "x"}, {"accessToken": "x"}, jwt(exp=1)):
        assert said("refuses-without-session", exchange(answer(401, data=data), **OTHERS)) == "breach"
    for data in ({"token": " "}, {"token": 5}, {"tokens": "x"}, "token"):
        assert said("refuses-without-session", exchange(answer(401, data=data), **OTHERS)) == "ok"
    found = words("refuses-without-session", exchange(answer(401, data=["", {"note": jwt(exp=1)}]), **OTHERS))
    assert found == ("a refusal (4xx) without a token", "HTTP 401 that gives a token (a JWT), without a session")


def head(*headers: tuple[str, str], status: int = 200, cookie: str = "session=old") -> Exchange:
    """A HEAD request of a logged-in session, answered without a body."""
    request = Request("HEAD", URL, (("Cookie", cookie),))
    return Exchange(request, answer(status, b"", *headers), exchange(answer()).situation, 1, NOW)


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        (head(("Set-Cookie", "session=new; Path=/")), "breach"),
        (head(("Set-Cookie", "session=old; Path=/")), "ok"),
        (head(("Set-Cookie", "session=; Path=/")), "ok"),
        (head(("Set-Cookie", "other=new; Path=/")), "ok"),
        (head(("Set-Cookie", "a=1"), ("Set-Cookie", "session=new")), "breach"),
        (head(("Set-Cookie", "session=new"), status=405), "ok"),
        (head(("Set-Cookie", "session=new"), ("Content-Type", "text/html")), "ok"),
        (head(), "ok"),
        (head(("Set-Cookie", "session=new"), cookie="lang=ar; session=old"), "breach"),
    ],
)
def test_head_refreshes_if_the_session_is_replaced(x: Exchange, wanted: str) -> None:
    """By a success: nothing else shows it."""
    assert said("other-methods-never-refresh", x) == wanted


def test_options_may_answer_with_any_json() -> None:
    """Only a token makes a refresh of it."""
    assert said("other-methods-never-refresh", exchange(answer(data={}), "OPTIONS")) == "ok"
    assert said("other-methods-never-refresh", exchange(answer(), "OPTIONS")) == "breach"


# --- who is to blame for a refresh that did not complete --------------------------------------------------------------


def blamed(*exchanges: Exchange) -> set[str]:
    """The rules of the promise that the last exchange breaks."""
    promises = ("no-input-needed", "extras-change-nothing", "repeats-hold", "concurrent-calls-hold")
    return {rule for rule in promises if isinstance(words(rule, *exchanges), tuple)}


REFUSED = answer(401)


@pytest.mark.parametrize(
    ("exchanges", "rules"),
    [
        ([exchange(REFUSED)], {"no-input-needed"}),
        ([exchange(answer()), exchange(REFUSED)], {"repeats-hold"}),
        ([exchange(answer(), after="success"), exchange(REFUSED)], {"repeats-hold"}),
        ([exchange(answer(), conditions=AFTER), exchange(REFUSED)], {"no-input-needed"}),
        ([exchange(REFUSED, conditions=USD)], {"extras-change-nothing"}),
        ([exchange(answer(), conditions=USD), exchange(REFUSED, conditions=[*USD, *AFTER])], {"no-input-needed"}),
        ([exchange(REFUSED, overlaps=True, conditions=OVERLAP)], {"concurrent-calls-hold"}),
        (
            [exchange(REFUSED, overlaps=True, conditions=[*USD, *OVERLAP])],
            {"extras-change-nothing", "concurrent-calls-hold"},
        ),
        (
            [exchange(answer(), conditions=USD), exchange(REFUSED, overlaps=True, conditions=[*USD, *OVERLAP])],
            {"concurrent-calls-hold"},
        ),
        (
            [
                exchange(answer(), overlaps=True, conditions=OVERLAP),
                exchange(answer(), conditions=AFTER),
                exchange(REFUSED, overlaps=True, conditions=[*OVERLAP, *AFTER]),
            ],
            {"concurrent-calls-hold"},
        ),
        # of two that overlap one may succeed all the same: overlap stays under suspicion, but not where an extra was sent too
        (
            [
                exchange(answer(), overlaps=True, conditions=OVERLAP),
                exchange(answer(), conditions=AFTER),
                exchange(REFUSED, overlaps=True, conditions=[*OVERLAP, *AFTER]),
                exchange(REFUSED, overlaps=True, conditions=[*OVERLAP, *USD]),
            ],
            {"concurrent-calls-hold"},
        ),
        (
            [
                exchange(answer(), overlaps=True, conditions=OVERLAP),
                exchange(answer(), conditions=USD),
                exchange(REFUSED, overlaps=True, conditions=[*OVERLAP, *USD]),
            ],
            {"extras-change-nothing", "concurrent-calls-hold"},
        ),
        (
            [
                exchange(answer(), conditions=USD),
                exchange(answer(), conditions=AFTER),
                exchange(REFUSED, conditions=[*USD, *AFTER]),
            ],
            {"extras-change-nothing"},
        ),
        ([exchange(REFUSED, conditions=[("after", "after a 429")])], {"repeats-hold"}),
        ([exchange(REFUSED, conditions=[*USD, ("after", "after a 429")])], {"repeats-hold"}),
        # what failed alone explains every mixture that it is part of, and itself
        ([exchange(REFUSED, conditions=USD), exchange(REFUSED, conditions=[*USD, *OVERLAP])], {"extras-change-nothing"}),
        ([exchange(REFUSED, conditions=USD), exchange(answer(), conditions=USD), exchange(REFUSED, conditions=USD)],
         {"extras-change-nothing"}),
        ([exchange(answer(200, None, ("Set-Cookie", "XSRF-TOKEN=1"))), exchange(REFUSED)], {"repeats-hold"}),
        ([exchange(answer(419, None, ("Set-Cookie", "XSRF-TOKEN=1")))], set()),
        ([exchange(REFUSED, session="unknown")], set()),
        ([exchange(answer(203, b"<"))], set()),
    ],
)  # fmt: skip
def test_who_is_blamed(exchanges: list[Exchange], rules: set[str]) -> None:
    """For a refresh that did not complete, given what was seen before."""
    assert blamed(*exchanges) == rules


def test_a_stranger_who_meets_an_explained_error_shows_nothing_new() -> None:
    """What fails a logged-in customer just the same is no fault of the refusal."""
    known = exchange(answer(500), conditions=USD)
    eur = [("header:currency", "SAR")]
    assert words("refuses-without-session", known, exchange(answer(500), session="none", conditions=eur)) is None
    other = exchange(answer(500), session="none", conditions=[("query", "unknown")])
    assert isinstance(words("refuses-without-session", known, other), tuple)


def test_what_is_remembered_is_bounded() -> None:
    """A target that is asked with random text for hours fills no memory."""
    evaluator = Evaluator(RULE_SET)
    for number in range(MANY + 5):
        evaluator.add(exchange(answer(500), conditions=[("header:x", str(number))]))
        evaluator.add(exchange(answer(), conditions=[("header:y", str(number))]))
    assert len(evaluator.memory.explained) == MANY == 1000
    assert len(evaluator.memory.innocent) == MANY


def test_so_many_tokens_are_remembered() -> None:
    """Ten thousand: enough to see a repetition."""
    evaluator = Evaluator(RULE_SET, ["token-is-new"])
    for number in range(10_002):
        evaluator.add(exchange(answer(200, b'{"status":200,"success":true,"data":{"token":"t%d"}}' % number)))
    assert len(evaluator.memory.tokens) == 10_000


# --- small parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("تم", '"\\u062a\\u0645"'),
        ("x" * 78, f'"{"x" * 78}"'),
        ("x" * 79, f'"{"x" * 79}…'),
        ({1}, "set"),
        (float("inf"), "Infinity"),
    ],
)
def test_values_are_shown_in_a_few_characters(value: object, text: str) -> None:
    """As JSON, in ASCII, eighty at most; what is no JSON by its type."""
    assert shown(value) == text


def test_a_value_without_an_end_is_shown_by_its_type() -> None:
    """However deep it would go."""
    ring: list[object] = []
    ring.append(ring)
    assert shown(ring) == "list"
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert shown(deep) == "list"


def test_claims_of_what_is_no_jwt() -> None:
    """None, whatever it looks like; a payload of any length is padded as Base64 wants it."""
    for size in range(8):
        claims = {"exp": 1, "x": "y" * size}
        assert claims_of(jwt(**claims)) == claims
    assert claims_of("eyJh.e30") is None
    assert claims_of("abc.e30.x") is None
    assert claims_of("eyJh.!!!.x") is None
    assert claims_of("eyJh.W10.x") is None
    limit = 16_384
    token = "eyJh.e30."
    assert claims_of(token + "x" * (limit - len(token))) == {}
    assert claims_of(token + "x" * (limit - len(token) + 1)) is None


def test_a_trace_is_looked_for_so_far() -> None:
    """In the first 262,144 bytes of a body."""
    trace = b"goroutine 7 ["
    for behind, wanted in ((262_144, "breach"), (262_145, "ok")):
        body = b" " * (behind - len(trace)) + trace
        assert said("error-hides-internals", exchange(answer(500, body))) == wanted


def test_a_token_in_a_redirect_url() -> None:
    """Is a token outside of its place; a URL that holds none, or is none, is not."""
    assert said("token-only-in-body", exchange(answer(data={"token": "opaque-1", "redirect_url": "/?t=opaque-1"}))) == "breach"
    assert said("token-only-in-body", exchange(answer(data={"token": "opaque-1", "redirect_url": 5}))) == "ok"
    assert said("token-only-in-body", exchange(answer(401))) == "nothing"
    assert said("token-only-in-body", exchange(answer(401, None, ("X-A", jwt(exp=1))))) == "breach"
    assert said("token-only-in-body", exchange(answer(200, None, ("Set-Cookie", "t=opaque-token-1")))) == "ok"
