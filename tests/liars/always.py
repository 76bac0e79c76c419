"""For each MUST the smallest providers that break it at every chance."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.liars import changes as c
from tests.liars.kit import Answer, Asked, Change, Home, Liar, When, altered, answered, as_another, error, granted, liar


def _alters(when: When, change: Change):  # type: ignore[no-untyped-def]
    return lambda home: altered(home.app, when, change)


def _recoded(encoding: str) -> Change:
    arabic = c.with_members(note="تم")
    latin = c.with_members(note="déjà")
    return c.then(
        latin if encoding == "latin-1" else arabic,
        c.spelled(lambda body: body.decode().encode(encoding)),
    )


def _accepts(when: When):  # type: ignore[no-untyped-def]
    return lambda home: altered(home.app, when, c.said(granted))


def _made_up(home: Home) -> When:
    expired = (home.expired_cookie or "=\0").partition("=")[2]
    return c.both(c.refused, c.asking(lambda asked: c.some_session(asked) and not c.shows(expired)(asked)))


def _expired(home: Home) -> When:
    expired = (home.expired_cookie or "=\0").partition("=")[2]
    return c.both(c.refused, c.asking(c.shows(expired)))


def _needs(header: str, value: str | None = None):  # type: ignore[no-untyped-def]
    def lacking(asked: Asked) -> bool:
        return c.is_post(asked) and not c.sends(**{header: value})(asked)

    return lambda home: answered(home.app, lacking, lambda: error(400, "bad_request", "Something is missing."))


def _as_post(*methods: str):  # type: ignore[no-untyped-def]
    return lambda home: as_another(home.app, lambda asked: asked.method in methods, lambda asked: {"method": "POST"})


def _redirects(status: int, when: When = c.posted):  # type: ignore[no-untyped-def]
    return _alters(when, c.said(lambda: c.page(status, location="/login")(granted())))


def _twice(answer: Answer) -> Answer:
    twin = b'"status": %d' % answer.json()["status"]
    return c.appended(twin)(answer)


def _second_refused(home: Home):  # type: ignore[no-untyped-def]
    done = False

    def when(asked: Asked, answer: Answer) -> bool:
        nonlocal done
        if not c.succeeded(asked, answer):
            return False
        done, was = True, done
        return was

    return altered(home.app, when, c.said(lambda: error(401, "unauthorized", "Once is enough.")))


def _overlap(answer: Answer):  # type: ignore[no-untyped-def]
    """The store is not asked, so nothing replaces the session."""
    when = c.each(c.is_post, c.some_session, c.overlapping)
    return lambda home: answered(home.app, when, lambda: answer, hold=0.03)


def _overlap_some(answer: Answer, number: int):  # type: ignore[no-untyped-def]
    """Every `number`-th success of those that overlap."""

    def build(home: Home):  # type: ignore[no-untyped-def]
        when = c.every(number, c.both(c.succeeded, c.asking(c.overlapping)))
        return altered(home.app, when, c.said(lambda: answer), hold=0.03)

    return build


_409 = error(409, "conflict", "A refresh is under way.")
_BOTTOMLESS = b'"note": ' + b"[" * 100_000 + b"]" * 100_000
_SHAPELESS = {"just": False}

CONTENT_TYPE = (
    ("html-label", "text/html", "right JSON is labelled text/html"),
    ("text-json-label", "text/json", "right JSON is labelled text/json"),
    ("javascript-label", "application/javascript", "right JSON is labelled as a script"),
    ("jsonp-label", "application/jsonp", "the label only begins like application/json"),
    ("no-label", None, "right JSON has no content type"),
)
SPELLINGS: tuple[tuple[str, str, str, Change, bool], ...] = (
    ("bom", "body-is-utf8", "a byte order mark", c.spelled(lambda body: b"\xef\xbb\xbf" + body), True),
    ("latin-1", "body-is-utf8", "Latin-1 bytes in a text", _recoded("latin-1"), True),
    ("windows-1256", "body-is-utf8", "Arabic in an old code page", _recoded("windows-1256"), True),
    ("utf-16", "body-is-utf8", "UTF-16 with its mark", _recoded("utf-16"), False),
    (
        "charset-utf-16",
        "body-is-utf8",
        "UTF-8 that is labelled UTF-16",
        c.headed(content_type="application/json; charset=utf-16"),
        True,
    ),
    (
        "charset-latin-1",
        "body-is-utf8",
        "UTF-8 that is labelled Latin-1",
        c.headed(content_type='application/json; charset="ISO-8859-1"'),
        True,
    ),
    ("duplicate-key", "body-is-strict-json", "the member status twice", _twice, True),
    (
        "duplicate-key-deep",
        "body-is-strict-json",
        "a key twice, deep in an extra member",
        c.appended(b'"meta": [{"a": {"b": 1, "b": 2}}]'),
        True,
    ),
    (
        "duplicate-key-escaped",
        "body-is-strict-json",
        "a key twice, once with an escape",
        c.appended(b'"meta": {"name": 1, "n\\u0061me": 2}'),
        True,
    ),
    ("nan", "body-is-strict-json", "NaN in an extra member", c.appended(b'"rate": NaN'), True),
    (
        "infinity",
        "body-is-strict-json",
        "-Infinity in an extra member",
        c.appended(b'"rate": -Infinity'),
        True,
    ),
    ("huge-number", "body-is-strict-json", "a number beyond reach", c.appended(b'"rate": 1e999'), True),
    (
        "lone-surrogate",
        "body-is-strict-json",
        "half a pair in a text",
        c.appended(b'"note": "\\ud83d"'),
        True,
    ),
    ("bottomless", "body-is-strict-json", "nesting without a bottom", c.appended(_BOTTOMLESS), False),
    (
        "trailing-comma",
        "body-is-strict-json",
        "a comma too many",
        c.spelled(lambda b: b.rstrip()[:-1] + b",}"),
        False,
    ),
    (
        "two-texts",
        "body-is-strict-json",
        "a second JSON text behind the first",
        c.spelled(lambda b: b + b"{}"),
        False,
    ),
    ("raw-newline", "body-is-strict-json", "a bare newline in a text", c.appended(b'"note": "a\nb"'), False),
    ("empty-body", "body-is-strict-json", "nothing for a body", c.as_is(b""), False),
    (
        "truncated-json",
        "body-is-strict-json",
        "JSON without its end",
        c.spelled(lambda body: body[:-1]),
        False,
    ),
)
SHAPES: tuple[tuple[str, str, str, When, Change, bool], ...] = (
    (
        "success-as-text",
        "success-is-boolean",
        "success is a string",
        c.posted,
        c.edited(lambda v: v.update(success=json.dumps(v["success"]))),
        True,
    ),
    (
        "success-as-number",
        "success-is-boolean",
        "success is 1 or 0",
        c.posted,
        c.edited(lambda v: v.update(success=int(v["success"]))),
        True,
    ),
    ("success-missing", "success-is-boolean", "no member success", c.posted, c.without("success"), True),
    ("success-null", "success-is-boolean", "success is null", c.posted, c.with_members(success=None), True),
    (
        "refusal-without-success",
        "success-is-boolean",
        "refusals lack success",
        c.refused,
        c.without("success"),
        True,
    ),
    ("array", "success-is-boolean", "the body is a list", c.posted, c.edited(lambda value: [value]), False),
    (
        "status-as-text",
        "status-is-number",
        "status is a string",
        c.posted,
        c.edited(lambda v: v.update(status=str(v["status"]))),
        True,
    ),
    ("status-true", "status-is-number", "status is true", c.posted, c.with_members(status=True), True),
    ("status-null", "status-is-number", "status is null", c.posted, c.with_members(status=None), True),
    ("status-missing", "status-is-number", "no member status", c.posted, c.without("status"), True),
    (
        "refusal-without-status",
        "status-is-number",
        "refusals lack status",
        c.refused,
        c.without("status"),
        True,
    ),
    ("success-203", "status-in-enum", "HTTP 203 and body status 203", c.succeeded, c.coded(203, 203), False),
    ("success-206", "status-in-enum", "HTTP 206 and body status 206", c.succeeded, c.coded(206, 206), False),
    (
        "success-204",
        "status-in-enum",
        "HTTP 204 without a body",
        c.succeeded,
        lambda a: Answer(204, (), b""),
        False,
    ),
    (
        "status-204-in-200",
        "status-in-enum",
        "body status 204 in HTTP 200",
        c.succeeded,
        c.coded(200, 204),
        False,
    ),
    ("status-0", "status-in-enum", "body status 0 in HTTP 200", c.succeeded, c.coded(200, 0), False),
    (
        "201-in-200",
        "status-mirrors-http",
        "body status 201 in HTTP 200",
        c.succeeded,
        c.coded(200, 201),
        True,
    ),
    (
        "200-in-202",
        "status-mirrors-http",
        "body status 200 in HTTP 202",
        c.succeeded,
        c.coded(202, 200),
        True,
    ),
    ("403-in-401", "status-mirrors-http", "body status 403 in HTTP 401", c.refused, c.coded(401, 403), True),
    (
        "200.5-in-200",
        "status-in-enum",
        "body status 200.5 in HTTP 200",
        c.succeeded,
        c.coded(200, 200.5),
        False,
    ),
    (
        "refusal-called-success",
        "success-flag-is-truthful",
        "a 401 says success: true",
        c.refused,
        c.with_members(success=True),
        True,
    ),
    (
        "success-called-failure",
        "success-flag-is-truthful",
        "a 200 says success: false",
        c.succeeded,
        c.with_members(success=False),
        False,
    ),
    (
        "refusal-in-200",
        "success-flag-is-truthful",
        "a refusal is sent as HTTP 200, its body says 401",
        c.refused,
        c.coded(200),
        False,
    ),
    ("error-missing", "error-has-object", "no member error", c.refused, c.without("error"), True),
    ("error-as-text", "error-has-object", "error is a string", c.refused, c.with_members(error="no"), True),
    ("error-null", "error-has-object", "error is null", c.refused, c.with_members(error=None), True),
    ("error-as-list", "error-has-object", "error is a list", c.refused, c.with_members(error=["no"]), True),
)
ALWAYS: tuple[Liar, ...] = (
    *(
        liar(name, "content-type-is-json", says, _alters(c.posted, c.headed(content_type=label)))
        for name, label, says in CONTENT_TYPE
    ),
    *(liar(name, rule, says, _alters(c.posted, change), just=just) for name, rule, says, change, just in SPELLINGS),
    *(liar(name, rule, says, _alters(when, change), just=just) for name, rule, says, when, change, just in SHAPES),
    *(
        liar(
            f"redirect-{status}",
            "no-redirect",
            f"a refresh is answered {status}",
            _redirects(status),
            just=False,
        )
        for status in (301, 302, 303, 307, 308)
    ),
    liar(
        "refusal-redirects",
        "no-redirect",
        "who is not logged in is sent to a page",
        _redirects(302, c.refused),
        just=False,
    ),
    *(
        liar(
            f"needs-{header}",
            "no-input-needed",
            f"refuses without the header {header}",
            _needs(header),
            just=False,
        )
        for header in ("x-requested-with", "store-identifier", "s-source", "authorization", "content-type")
    ),
    liar(
        "needs-body",
        "no-input-needed",
        "refuses without a body",
        lambda home: answered(
            home.app,
            lambda asked: c.is_post(asked) and not asked.body,
            lambda: error(422, "validation_failed", "refresh_token is missing."),
        ),
        just=False,
    ),
    liar(
        "needs-query",
        "no-input-needed",
        "refuses without a query",
        lambda home: answered(
            home.app,
            lambda asked: c.is_post(asked) and not asked.query,
            lambda: error(400, "bad_request", "lang is missing."),
        ),
        just=False,
    ),
    liar(
        "once",
        "repeats-hold",
        "the second refresh is refused, and all that follow",
        _second_refused,
        just=False,
    ),
    liar(
        "every-other",
        "repeats-hold",
        "every second refresh is refused",
        lambda home: altered(home.app, c.every(2, c.succeeded), c.said(lambda: error(401, "unauthorized", "Not again."))),
        just=False,
    ),
    liar("overlap-409", "concurrent-calls-hold", "overlapping refreshes are both refused", _overlap(_409)),
    liar("overlap-500", "concurrent-calls-hold", "overlapping refreshes both fail", _overlap_some(error(500), 1)),
    liar(
        "overlap-423",
        "concurrent-calls-hold",
        "both are told that the session is locked",
        _overlap(error(423, "locked", "The session is locked.")),
    ),
    liar(
        "overlap-one-500",
        "concurrent-calls-hold",
        "one of two overlapping refreshes fails",
        _overlap_some(error(500), 2),
    ),
    liar(
        "overlap-one-409-kept",
        "concurrent-calls-hold",
        "one of two is refused, though the session was not replaced",
        _overlap_some(_409, 2),
        store={"rotate": False},
    ),
    liar(
        "nobody-accepted",
        "refuses-without-session",
        "refreshes without any session",
        _accepts(c.both(c.refused, c.asking(c.no_session))),
    ),
    liar(
        "empty-accepted",
        "refuses-without-session",
        "refreshes with an empty session",
        _accepts(c.both(c.refused, c.asking(c.empty_session))),
    ),
    liar(
        "made-up-accepted",
        "refuses-without-session",
        "refreshes with a made-up session",
        lambda home: _accepts(_made_up(home))(home),
    ),
    liar(
        "expired-accepted",
        "refuses-without-session",
        "refreshes with a session that ran out",
        lambda home: _accepts(_expired(home))(home),
    ),
    liar("all-accepted", "refuses-without-session", "refreshes for anyone", _accepts(c.refused)),
    liar(
        "refusal-with-token",
        "refuses-without-session",
        "a refusal brings a token all the same",
        _alters(c.refused, c.edited(lambda value: value.update(data=granted().json()["data"]))),
    ),
    liar(
        "refusal-as-500",
        "refuses-without-session",
        "falls over without a session",
        _alters(c.refused, c.said(lambda: error(500))),
    ),
    liar(
        "empty-as-500",
        "refuses-without-session",
        "falls over at an empty session",
        _alters(c.both(c.refused, c.asking(c.empty_session)), c.said(lambda: error(500))),
    ),
    *(
        liar(
            f"{method.lower()}-refreshes",
            "other-methods-never-refresh",
            f"{method} refreshes like POST",
            _as_post(method),
        )
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
    ),
    liar(
        "any-method-refreshes",
        "other-methods-never-refresh",
        "the method is not looked at",
        _as_post("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"),
    ),
    liar(
        "get-with-token",
        "other-methods-never-refresh",
        "GET is refused with 405, yet brings a token",
        _alters(
            c.got("GET"),
            lambda answer: replace(
                answer,
                body=json.dumps({**error(405).json(), "data": granted().json()["data"]}).encode(),
            ).with_header("content-type", "application/json"),
        ),
    ),
    *(
        liar(
            f"{name}-is-500",
            "extras-change-nothing",
            f"fails with {says}",
            _alters(c.both(c.succeeded, c.asking(condition)), c.said(lambda: error(500))),
        )
        for name, says, condition in (
            ("arabic", "accept-language: ar", c.sends(accept_language="ar")),
            ("xhr", "x-requested-with", c.sends(x_requested_with=None)),
            ("query", "a query", c.queried),
            ("json-body", "a JSON body", c.has_json),
            ("form-body", "a form for a body", c.has_form),
            ("any-body", "any body", c.has_body),
        )
    ),
)
