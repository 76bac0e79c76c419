"""Liars whose fault hides behind a condition."""

from __future__ import annotations

from tests.liars import changes as c
from tests.liars import wire
from tests.liars.kit import (
    Answer,
    Asked,
    Change,
    Home,
    Liar,
    When,
    WhenAsked,
    altered,
    answered,
    as_another,
    error,
    granted,
    liar,
)

_TRACE = 'Traceback (most recent call last):\n  File "/srv/shop/auth.py", line 41, in refresh\nKeyError: 7'

AS_TEXT = c.edited(lambda value: value.update(success=str(value["success"]).lower()))
NO_SUCCESS = c.without("success")
STATUS_TEXT = c.edited(lambda value: value.update(status=str(value["status"])))
STATUS_201 = c.with_members(status=201)
HTML = c.headed(content_type="text/html; charset=utf-8")
BOM = c.spelled(lambda body: b"\xef\xbb\xbf" + body)
NAN = c.appended(b'"rate": NaN')
TWICE = c.appended(b'"success": true')
TRUE = c.with_members(success=True)
NO_ERROR = c.without("error")
LEAK: Change = c.edited(lambda value: value.update(data=granted().json()["data"]))
TO_LOGIN = c.said(lambda: c.page(302, location="/login")(granted()))
GRANT = c.said(granted)
FAIL = c.said(lambda: error(500))


def _alters(when: When, change: Change, hold: float = 0.0):  # type: ignore[no-untyped-def]
    return lambda home: altered(home.app, when, change, hold=hold)


def _fails(when: WhenAsked, answer: Answer | None = None):  # type: ignore[no-untyped-def]
    given = answer or error(500)
    return lambda home: altered(home.app, c.both(_ok, _asks(when)), c.said(lambda: given))


def _counts(make_when, change: Change, hold: float = 0.0):  # type: ignore[no-untyped-def]
    """Conditions that count must be new for each server."""
    return lambda home: altered(home.app, make_when(), change, hold=hold)


def _as_post(when: WhenAsked):  # type: ignore[no-untyped-def]
    return lambda home: as_another(home.app, when, lambda asked: {"method": "POST"})


def _anyone_as_post(when: WhenAsked):  # type: ignore[no-untyped-def]
    """A success whatever the session."""
    return lambda home: answered(home.app, when, granted)


def _method(*methods: str) -> WhenAsked:
    return lambda asked: asked.method in methods


def _after_429(change: Change):  # type: ignore[no-untyped-def]
    """Every seventh success is a proper 429; what follows it is changed."""

    def build(home: Home):  # type: ignore[no-untyped-def]
        limited = altered(home.app, c.every(7, c.succeeded), c.busy(Retry_After="0"))
        was_429 = c.after(lambda asked, answer: answer.status == 429)
        return altered(limited, c.both(c.succeeded, c.asking(was_429)), change)

    return build


def _long(asked: Asked) -> bool:
    return any(len(value) > 1024 for name, value in asked.headers.items() if name != "cookie")


def _unknown(asked: Asked) -> bool:
    known = set(_DOCUMENTED) | {
        "host",
        "user-agent",
        "accept-encoding",
        "connection",
        "cookie",
        "content-type",
    }
    return any(name not in known and name != "content-length" for name in asked.headers)


_DOCUMENTED = (
    "accept",
    "authorization",
    "x-requested-with",
    "accept-language",
    "store-identifier",
    "currency",
    "s-source",
    "s-app-version",
    "s-app-os",
    "cache-control",
    "x-xsrf-token",
    "s-user-id",
    "s-country",
    "s-scope-type",
    "s-scope-id",
)
_asks, _ok, _no = c.asking, c.succeeded, c.refused
_WITH_HEADER: tuple[tuple[str, str, str, dict[str, str | None], When, Change], ...] = (
    ("currency-usd", "success-is-boolean", "currency: USD", {"currency": "USD"}, _ok, AS_TEXT),
    ("currency-sar", "status-is-number", "currency: SAR", {"currency": "SAR"}, _ok, STATUS_TEXT),
    ("language-ar", "content-type-is-json", "accept-language: ar", {"accept-language": "ar"}, _ok, HTML),
    ("language-en", "body-is-utf8", "accept-language: en", {"accept-language": "en"}, _ok, BOM),
    ("user-id", "body-is-strict-json", "s-user-id", {"s-user-id": None}, _ok, NAN),
    ("country-ae", "status-mirrors-http", "s-country: AE", {"s-country": "AE"}, _ok, STATUS_201),
    (
        "scope-warehouse",
        "no-redirect",
        "s-scope-type: warehouse",
        {"s-scope-type": "warehouse"},
        _ok,
        TO_LOGIN,
    ),
    ("scope-id", "extras-change-nothing", "s-scope-id", {"s-scope-id": None}, _ok, FAIL),
    ("app-ios", "extras-change-nothing", "s-app-os: ios", {"s-app-os": "ios"}, _ok, FAIL),
    ("app-old", "extras-change-nothing", "s-app-version: 1.0.0", {"s-app-version": "1.0.0"}, _ok, FAIL),
    ("source-app", "success-is-boolean", "s-source: app", {"s-source": "app"}, _ok, NO_SUCCESS),
    ("fetch", "extras-change-nothing", "x-requested-with: fetch", {"x-requested-with": "fetch"}, _ok, FAIL),
    (
        "max-age",
        "success-is-boolean",
        "cache-control: max-age=0",
        {"cache-control": "max-age=0"},
        _ok,
        AS_TEXT,
    ),
    ("bearer", "extras-change-nothing", "authorization", {"authorization": None}, _ok, FAIL),
    (
        "store-long",
        "extras-change-nothing",
        "a long store-identifier",
        {"store-identifier": "1305146709"},
        _ok,
        FAIL,
    ),
    (
        "accept-json",
        "body-is-strict-json",
        "accept: application/json",
        {"accept": "application/json"},
        _ok,
        TWICE,
    ),
    (
        "refusal-sdk",
        "success-flag-is-truthful",
        "x-requested-with and s-source",
        {"x-requested-with": None, "s-source": None},
        _no,
        TRUE,
    ),
    (
        "refusal-sdk-html",
        "content-type-is-json",
        "x-requested-with and s-source",
        {"x-requested-with": "XMLHttpRequest", "s-source": "twilight"},
        _no,
        HTML,
    ),
    (
        "refusal-xhr-leak",
        "refuses-without-session",
        "x-requested-with",
        {"x-requested-with": None},
        _no,
        LEAK,
    ),
    ("refusal-bearer", "refuses-without-session", "authorization", {"authorization": None}, _no, GRANT),
    ("refusal-usd", "error-has-object", "currency: USD", {"currency": "USD"}, _no, NO_ERROR),
    (
        "refusal-ar-trace",
        "error-hides-internals",
        "accept-language: ar",
        {"accept-language": "ar"},
        _no,
        c.with_error(trace=_TRACE),
    ),
    ("refusal-user-id", "refuses-without-session", "s-user-id", {"s-user-id": None}, _no, GRANT),
    (
        "two-usd-ar",
        "success-is-boolean",
        "currency: USD and accept-language: ar",
        {"currency": "USD", "accept-language": "ar"},
        _ok,
        AS_TEXT,
    ),
    (
        "two-country-scope",
        "extras-change-nothing",
        "s-country and s-scope-id",
        {"s-country": None, "s-scope-id": None},
        _ok,
        FAIL,
    ),
    (
        "two-ios-bearer",
        "status-is-number",
        "s-app-os: ios and authorization",
        {"s-app-os": "ios", "authorization": None},
        _ok,
        STATUS_TEXT,
    ),
)


def _has(headers: dict[str, str | None]) -> When:
    return _asks(c.sends(**headers))


def _scope_only(asked: Asked) -> bool:
    return c.sends(**{"s-scope-type": None})(asked) and c.lacks("s-scope-id")(asked)


def _some(asked: Asked) -> bool:
    return c.some_session(asked)


_HIDDEN: tuple[tuple[str, str, str, object], ...] = (
    # what counts
    (
        "tenth-text",
        "success-is-boolean",
        "every tenth success has a string",
        _counts(lambda: c.every(10, _ok), AS_TEXT),
    ),
    (
        "tenth-answer-html",
        "content-type-is-json",
        "every tenth answer is HTML",
        _counts(lambda: c.every(10, c.posted), HTML),
    ),
    (
        "tenth-bom",
        "body-is-utf8",
        "every tenth answer has a BOM",
        _counts(lambda: c.every(10, c.posted), BOM),
    ),
    (
        "seventh-201",
        "status-mirrors-http",
        "every seventh says 201 in 200",
        _counts(lambda: c.every(7, _ok), STATUS_201),
    ),
    (
        "second-text",
        "status-is-number",
        "only the second success",
        _counts(lambda: c.only(2, _ok), STATUS_TEXT),
    ),
    ("second-nan", "body-is-strict-json", "only the second success", _counts(lambda: c.only(2, _ok), NAN)),
    ("third-redirects", "no-redirect", "only the third success", _counts(lambda: c.only(3, _ok), TO_LOGIN)),
    (
        "second-401-mirrors",
        "status-mirrors-http",
        "only the second 401",
        _counts(lambda: c.only(2, _no), c.with_members(status=400)),
    ),
    (
        "second-401-leaks",
        "refuses-without-session",
        "only the second 401 brings a token",
        _counts(lambda: c.only(2, _no), LEAK),
    ),
    ("third-401-error", "error-has-object", "only the third 401", _counts(lambda: c.only(3, _no), NO_ERROR)),
    (
        "refusal-says-200",
        "status-mirrors-http",
        "a 401 has body status 200",
        _alters(_no, c.with_members(status=200)),
    ),
    # what overlaps
    (
        "overlap-text",
        "success-is-boolean",
        "only when two overlap",
        _alters(c.both(_ok, _asks(c.overlapping)), AS_TEXT, 0.03),
    ),
    (
        "overlap-html",
        "content-type-is-json",
        "only when two overlap",
        _alters(c.both(_ok, _asks(c.overlapping)), HTML, 0.03),
    ),
    (
        "overlap-header",
        "concurrent-calls-hold",
        "only when two overlap and send x-requested-with",
        _alters(c.both(_ok, _asks(c.each(c.overlapping, c.sends(x_requested_with=None)))), FAIL, 0.03),
    ),
    (
        "overlap-duplicate",
        "body-is-strict-json",
        "only when two overlap",
        _alters(c.both(_ok, _asks(c.overlapping)), TWICE, 0.03),
    ),
    # what is absent
    (
        "no-xhr",
        "success-is-boolean",
        "only without x-requested-with",
        _alters(c.both(_ok, _asks(c.lacks("x-requested-with"))), AS_TEXT),
    ),
    (
        "no-source",
        "status-is-number",
        "only without s-source",
        _alters(c.both(_ok, _asks(c.lacks("s-source"))), STATUS_TEXT),
    ),
    (
        "no-language-refusal",
        "error-has-object",
        "only on refusals without accept-language",
        _alters(c.both(_no, _asks(c.lacks("accept-language"))), NO_ERROR),
    ),
    ("scope-type-alone", "extras-change-nothing", "s-scope-type without s-scope-id", _fails(_scope_only)),
    (
        "bearer-no-xhr",
        "extras-change-nothing",
        "authorization without x-requested-with",
        _fails(c.each(c.sends(authorization=None), c.lacks("x-requested-with"))),
    ),
    # what nobody knows
    ("unknown-header", "extras-change-nothing", "only with an unknown header", _fails(_unknown)),
    (
        "long-header",
        "extras-change-nothing",
        "only with a header over 1 KB",
        _fails(_long, error(431, "too_large")),
    ),
    (
        "long-header-html",
        "content-type-is-json",
        "only with a header over 1 KB",
        _alters(c.both(_ok, _asks(_long)), HTML),
    ),
    # query and body
    (
        "query-text",
        "success-is-boolean",
        "only with a query",
        _alters(c.both(_ok, _asks(c.queried)), AS_TEXT),
    ),
    ("query-redirects", "no-redirect", "only with a query", _alters(c.both(_ok, _asks(c.queried)), TO_LOGIN)),
    (
        "query-made-up",
        "refuses-without-session",
        "refusals with a query become successes",
        _alters(c.both(_no, _asks(c.queried)), GRANT),
    ),
    (
        "empty-object",
        "extras-change-nothing",
        "fails on the body {}",
        _fails(lambda asked: asked.body.strip() == b"{}"),
    ),
    (
        "json-html",
        "content-type-is-json",
        "only with a JSON body",
        _alters(c.both(c.posted, _asks(c.has_json)), HTML),
    ),
    (
        "form-error",
        "error-has-object",
        "refuses a form by a text",
        lambda home: altered(
            answered(home.app, c.each(c.is_post, c.has_form), lambda: error(422, "validation_failed", "No.")),
            c.both(c.posted, _asks(c.has_form)),
            c.with_members(error="No."),
        ),
    ),
    (
        "form-and-ar",
        "extras-change-nothing",
        "a form and accept-language: ar",
        _fails(c.each(c.has_form, c.sends(accept_language="ar"))),
    ),
    (
        "body-and-usd",
        "status-is-number",
        "a body and currency: USD",
        _alters(c.both(_ok, _asks(c.each(c.has_body, c.sends(currency="USD")))), STATUS_TEXT),
    ),
    ("body-and-query", "extras-change-nothing", "a body and a query", _fails(c.each(c.has_body, c.queried))),
    (
        "body-no-session",
        "refuses-without-session",
        "a body stands for a session",
        _alters(c.both(_no, _asks(c.has_body)), GRANT),
    ),
    (
        "long-body",
        "extras-change-nothing",
        "fails on a body over 16 bytes",
        _fails(lambda asked: len(asked.body) > 16),
    ),
    # what came before
    ("after-429-text", "success-is-boolean", "only after a 429", _after_429(AS_TEXT)),
    ("after-429-fails", "repeats-hold", "the call after a 429 fails", _after_429(FAIL)),
    (
        "after-429-old",
        "status-mirrors-http",
        "the call after a 429 has its status",
        _after_429(c.with_members(status=202)),
    ),
    (
        "after-refusal",
        "repeats-hold",
        "the call after a refusal fails",
        _alters(c.both(_ok, _asks(c.after(_no))), FAIL),
    ),
    (
        "after-refusal-text",
        "success-is-boolean",
        "only after a refusal",
        _alters(c.both(_ok, _asks(c.after(_no))), AS_TEXT),
    ),
    (
        "after-refusal-open",
        "refuses-without-session",
        "the refusal after a refusal is a success",
        _alters(c.both(_no, _asks(c.after(_no))), GRANT),
    ),
    (
        "after-method",
        "repeats-hold",
        "the call after another method fails",
        _alters(c.both(_ok, _asks(c.after(c.wrong_method))), FAIL),
    ),
    (
        "after-get-html",
        "content-type-is-json",
        "only after a GET",
        _alters(c.both(c.posted, _asks(c.after(c.got("GET")))), HTML),
    ),
    (
        "after-success-open",
        "refuses-without-session",
        "the refusal after a success is a success",
        _alters(c.both(_no, _asks(c.after(_ok))), GRANT),
    ),
    (
        "after-success-flag",
        "success-flag-is-truthful",
        "the refusal after a success says true",
        _alters(c.both(_no, _asks(c.after(_ok))), TRUE),
    ),
    # who asks
    (
        "empty-leaks",
        "refuses-without-session",
        "only an empty session is given a token",
        _alters(c.both(_no, _asks(c.empty_session)), LEAK),
    ),
    (
        "empty-html",
        "content-type-is-json",
        "only on an empty session",
        _alters(c.both(_no, _asks(c.empty_session)), HTML),
    ),
    (
        "nobody-text",
        "success-is-boolean",
        "only without a session",
        _alters(c.both(_no, _asks(c.no_session)), AS_TEXT),
    ),
    (
        "nobody-redirects",
        "no-redirect",
        "only without a session",
        _alters(c.both(_no, _asks(c.no_session)), TO_LOGIN),
    ),
    (
        "made-up-xhr",
        "refuses-without-session",
        "a made-up session by XHR is accepted",
        _alters(c.both(_no, _asks(c.each(_some, c.sends(x_requested_with=None)))), GRANT),
    ),
    (
        "made-up-ar",
        "body-is-utf8",
        "a made-up session and Arabic",
        _alters(c.both(_no, _asks(c.each(_some, c.sends(accept_language="ar")))), BOM),
    ),
    (
        "empty-xhr",
        "refuses-without-session",
        "an empty session by XHR is accepted",
        _alters(c.both(_no, _asks(c.each(c.empty_session, c.sends(x_requested_with=None)))), GRANT),
    ),
    # other methods
    (
        "get-xhr",
        "other-methods-never-refresh",
        "GET by XHR refreshes",
        _as_post(c.each(_method("GET"), c.sends(x_requested_with=None))),
    ),
    (
        "get-query",
        "other-methods-never-refresh",
        "GET with a query refreshes",
        _as_post(c.each(_method("GET"), c.queried)),
    ),
    (
        "patch-body",
        "other-methods-never-refresh",
        "PATCH with a body refreshes",
        _as_post(c.each(_method("PATCH"), c.has_body)),
    ),
    (
        "put-bearer",
        "other-methods-never-refresh",
        "PUT with authorization refreshes",
        _as_post(c.each(_method("PUT"), c.sends(authorization=None))),
    ),
    (
        "delete-nobody",
        "other-methods-never-refresh",
        "DELETE without a session is a success",
        _anyone_as_post(c.each(_method("DELETE"), c.no_session)),
    ),
    (
        "put-made-up",
        "other-methods-never-refresh",
        "PUT with a made-up session is a success",
        lambda home: answered(
            home.app,
            c.each(_method("PUT"), _some, lambda asked: not c.shows(home.cookie.partition("=")[2])(asked)),
            granted,
        ),
    ),
    (
        "options-source",
        "other-methods-never-refresh",
        "OPTIONS with s-source refreshes",
        _as_post(c.each(_method("OPTIONS"), c.sends(s_source=None))),
    ),
    (
        "get-after-success",
        "other-methods-never-refresh",
        "GET right after a success refreshes",
        _as_post(c.each(_method("GET"), c.after(_ok))),
    ),
    (
        "head-empty",
        "other-methods-get-405",
        "HEAD with an empty session is answered 200",
        _anyone_as_post(c.each(_method("HEAD"), c.empty_session)),
    ),
)


def _wire(name: str, says: str, speak: wire.Speak, make_when, *, deadline: float = 10.0) -> Liar:  # type: ignore[no-untyped-def]
    def make():  # type: ignore[no-untyped-def]
        return wire.wired(speak, when=make_when())()

    return Liar(name, "one-answer-in-time", says, make, always=False, just=False, deadline=deadline)


_ON_WIRE = (
    _wire("silent-once", "never answers the second refresh", wire.forever, lambda: c.only(2, _ok), deadline=1.0),
    _wire("stuck-once", "stops halfway in the second refresh", wire.stuck, lambda: c.only(2, _ok), deadline=1.0),
    _wire(
        "drips-once",
        "drips without an end at the second",
        wire.dripping,
        lambda: c.only(2, _ok),
        deadline=1.0,
    ),
    _wire("hangs-up", "closes the line without an answer", wire.nothing, lambda: c.posted),
    _wire("hangs-up-tenth", "closes the line at every tenth", wire.nothing, lambda: c.every(10, c.posted)),
    _wire(
        "hangs-up-empty",
        "hangs up on an empty session",
        wire.nothing,
        lambda: c.both(_no, _asks(c.empty_session)),
    ),
    _wire("hangs-up-get", "hangs up on GET", wire.nothing, lambda: c.got("GET")),
    _wire("cut-short", "less of a body than it says", wire.cut_short, lambda: c.posted),
    _wire("cut-chunk", "a chunked body without its end", wire.cut_chunk, lambda: c.posted),
    _wire(
        "cut-short-usd",
        "cut short with currency: USD",
        wire.cut_short,
        lambda: c.both(_ok, _has({"currency": "USD"})),
    ),
    _wire("garbage", "no HTTP at all", wire.garbage, lambda: c.posted),
    _wire("garbage-refusal", "no HTTP at all where it refuses", wire.garbage, lambda: _no),
    _wire("no-number", "a status line without a number", wire.no_number, lambda: c.every(3, c.posted)),
    _wire("answers-twice", "a second answer behind the first", wire.twice, lambda: c.posted),
    _wire("answers-twice-tenth", "a second answer behind every tenth", wire.twice, lambda: c.every(10, c.posted)),
    _wire("two-lengths", "two lengths that differ", wire.two_lengths, lambda: c.posted),
)

SOMETIMES: tuple[Liar, ...] = (
    *(
        liar(
            f"with-{name}",
            rule,
            f"only with {says}",
            _alters(c.both(when, _has(headers)), change),
            always=False,
            just=False,
        )
        for name, rule, says, headers, when, change in _WITH_HEADER
    ),
    *(liar(name, rule, says, wrap, always=False, just=False) for name, rule, says, wrap in _HIDDEN),
    *_ON_WIRE,
)
