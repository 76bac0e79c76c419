"""Liars and honest providers in whom several oddities meet: what is allowed must not hide what is not, nor be blamed for it.

`COMBINED` are seen by the polite pass, whatever its seed. `BEYOND` it does not promise to see: what has to meet for those is
brought together by chance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.liars import changes as c
from tests.liars import wire
from tests.liars.kit import (
    Answer,
    Asked,
    Change,
    Home,
    Liar,
    Odd,
    When,
    altered,
    answered,
    error,
    granted,
    liar,
    odd,
    written,
)
from tests.liars.sometimes import AS_TEXT, BOM, FAIL, GRANT, HTML, NAN, NO_ERROR, STATUS_TEXT, TRUE

# What is allowed, all at once: 201, a status with a fraction, Arabic, indented, a charset in capitals, cookies of its own.
_LABELLED = c.headed(content_type='Application/JSON; Charset="UTF-8"')
_ARABIC = c.with_members(note="تم التحديث 🎉", next=None)


def _pretty(answer: Answer) -> Answer:
    return replace(answer, body=b"\r\n" + written(answer.json(), indent=2) + b"\n")


def _cookies(answer: Answer) -> Answer:
    return replace(answer, headers=(*answer.headers, ("set-cookie", "lang=ar; Path=/"), ("x-request-id", "7")))


def _fraction(answer: Answer) -> Answer:
    return replace(answer, body=answer.body.replace(b'"status": 201', b'"status": 201.0', 1))


_CREATED = c.then(c.coded(201, 201), _ARABIC, _pretty, _fraction, _LABELLED, _cookies)
_REFUSAL = c.then(_ARABIC, _pretty, _LABELLED, _cookies)


def _dressed(home: Home):  # type: ignore[no-untyped-def]
    """The store in all that is allowed."""
    return altered(altered(home.app, c.succeeded, _CREATED), c.refused, _REFUSAL)


def _escaped(answer: Answer) -> Answer:
    value = {**answer.json(), "next": "https://store.example/حساب"}
    return replace(answer, body=written(value, ensure_ascii=True).replace(b"/", b"\\/"))


def _page_expired(answer: Answer) -> Answer:
    gone = c.with_error(code=419, fields=[])(error(419, "", "انتهت صلاحية الصفحة"))
    return gone.with_header("set-cookie", "session=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/")


def _hides(when: When, change: Change, hold: float = 0.0):  # type: ignore[no-untyped-def]
    """One fault in all that is allowed."""
    return lambda home: altered(_dressed(home), when, change, hold=hold)


def _when(*conditions: Any) -> When:
    return c.both(c.succeeded, c.asking(c.each(*conditions)))


def _unless_body(change: Change):  # type: ignore[no-untyped-def]
    """Bodies are refused, which is allowed; every second of those refusals is not by the contract."""

    def build(home: Home):  # type: ignore[no-untyped-def]
        refusing = answered(home.app, c.each(c.is_post, c.has_body), lambda: error(422, "no_input", "Nothing is expected."))
        return altered(refusing, c.every(2, lambda asked, answer: answer.status == 422), change)

    return build


def _limited(change: Change):  # type: ignore[no-untyped-def]
    """Every eighth success is a 429 by the contract, of which every second is not."""

    def build(home: Home):  # type: ignore[no-untyped-def]
        limited = altered(home.app, c.every(8, c.succeeded), c.busy(Retry_After="0"))
        return altered(limited, c.every(2, lambda asked, answer: answer.status == 429), change)

    return build


def _ar(asked: Asked) -> bool:
    return asked.headers.get("accept-language") == "ar"


def _usd(asked: Asked) -> bool:
    return asked.headers.get("currency") == "USD"


def _once(when: When, change: Change, sleep: float = 0.0):  # type: ignore[no-untyped-def]
    """In all that is allowed, the first time that it may."""
    return lambda home: altered(_dressed(home), c.only(1, when), change, sleep=sleep)


def _refusing(*conditions: Any) -> When:
    return c.both(c.refused, c.asking(c.each(*conditions)))


def _by(method: str, *conditions: Any) -> When:
    return c.both(c.got(method), c.asking(c.each(*conditions)))


def _expired(home: Home) -> Any:
    return c.shows(home.expired_cookie.partition("=")[2])


def _token_in_header(answer: Answer) -> Answer:
    return answer.with_header("x-token", c.token_of(answer))


def _each_token_twice() -> Change:
    given: list[str] = []

    def change(answer: Answer) -> Answer:
        given.append(granted().json()["data"]["token"])
        return c.with_data(token=given[(len(given) - 1) // 2])(answer)

    return change


COMBINED: tuple[Liar, ...] = tuple(
    liar(f"combined-{name}", rule, sentence, wrap, always=False, **knobs)
    for name, rule, sentence, wrap, knobs in (
        ("dressed-bom", "body-is-utf8", "all that is allowed, and a BOM with currency: USD", _hides(_when(_usd), BOM), {}),
        ("dressed-nan", "body-is-strict-json", "all that is allowed, and NaN with a body", _hides(_when(c.has_body), NAN), {}),
        (
            "dressed-202",
            "status-mirrors-http",
            "HTTP 201 as allowed, and 202 in the body with a query",
            _hides(_when(c.queried), c.with_members(status=202)),
            {},
        ),
        (
            "dressed-refusal",
            "error-has-object",
            "all that is allowed, and a refusal without an error to an empty session",
            _hides(_refusing(c.empty_session), NO_ERROR),
            {},
        ),
        (
            "dressed-overlap",
            "success-is-boolean",
            "all that is allowed, and success as text when two overlap with accept-language: ar",
            _hides(_when(_ar, c.overlapping), AS_TEXT, 0.03),
            {},
        ),
        (
            "ar-query",
            "success-is-boolean",
            "only with accept-language: ar and a query",
            lambda home: altered(home.app, _when(_ar, c.queried), AS_TEXT),
            {},
        ),
        (
            "usd-body-html",
            "content-type-is-json",
            "only with currency: USD and a JSON body",
            lambda home: altered(home.app, _when(_usd, c.has_json), HTML),
            {},
        ),
        (
            "made-up-usd",
            "refuses-without-session",
            "a made-up session is taken with currency: USD",
            lambda home: altered(home.app, _refusing(c.some_session, _usd), GRANT),
            {},
        ),
        (
            "refusal-empty-query",
            "success-flag-is-truthful",
            "a refusal says success: true to an empty session with a query",
            lambda home: altered(home.app, _refusing(c.empty_session, c.queried), TRUE),
            {"just": False},
        ),
        (
            "body-refused-text",
            "status-is-number",
            "bodies are refused, now and then with a status as text",
            _unless_body(STATUS_TEXT),
            {},
        ),
        ("limited-wrongly", "success-is-boolean", "429 as allowed, now and then with success as text", _limited(AS_TEXT), {}),
        (
            "two-faults",
            "body-is-utf8",
            "a BOM and, in the same answer, an unknown media type, with s-source",
            lambda home: altered(home.app, _when(c.sends(s_source=None)), c.then(BOM, HTML)),
            {"just": False},
        ),
        (
            "long-arabic",
            "extras-change-nothing",
            "fails only with an unknown header and accept-language: ar",
            lambda home: altered(home.app, _when(_ar, c.sends(x_probe=None)), FAIL),
            {},
        ),
        (
            "usd-overlap-nan",
            "body-is-strict-json",
            "NaN when two overlap with currency: USD",
            lambda home: altered(home.app, _when(_usd, c.overlapping), NAN, hold=0.03),
            {},
        ),
        (
            "packed-bom",
            "body-is-utf8",
            "a BOM with accept-language: ar, packed by gzip",
            lambda home: altered(altered(_dressed(home), _when(_ar), BOM), c.posted, c.zipped),
            {},
        ),
        (
            "second-after-get",
            "success-is-boolean",
            "the second refresh that comes after another method, in a session that was replaced meanwhile",
            lambda home: altered(_dressed(home), c.only(2, _when(c.after(c.wrong_method))), AS_TEXT),
            {},
        ),
        (
            "usd-form-created",
            "status-mirrors-http",
            "201 over a 200 with a form and currency: USD",
            lambda home: altered(home.app, _when(_usd, c.has_form), c.with_members(status=201)),
            {},
        ),
        (
            "expired-usd",
            "refuses-without-session",
            "a session that ran out is good again with currency: USD",
            lambda home: altered(home.app, _refusing(_expired(home), _usd), GRANT),
            {},
        ),
        (
            "expired-query",
            "refuses-without-session",
            "a session that ran out is good again with a query",
            lambda home: altered(home.app, _refusing(_expired(home), c.queried), GRANT),
            {},
        ),
        (
            "empty-no-xhr",
            "error-has-object",
            "no error to an empty session without x-requested-with",
            lambda home: altered(_dressed(home), _refusing(c.empty_session, c.lacks("x-requested-with")), NO_ERROR),
            {},
        ),
        (
            "options-usd",
            "other-methods-never-refresh",
            "OPTIONS with currency: USD gives a token",
            lambda home: altered(home.app, _by("OPTIONS", _usd), GRANT),
            {},
        ),
        (
            "put-body",
            "other-methods-never-refresh",
            "PUT with a body refreshes",
            lambda home: altered(home.app, _by("PUT", c.has_body), GRANT),
            {},
        ),
        (
            "delete-empty",
            "other-methods-never-refresh",
            "DELETE of an empty session refreshes",
            lambda home: altered(home.app, _by("DELETE", c.empty_session), GRANT),
            {},
        ),
        (
            "ar-query-header",
            "token-only-in-body",
            "the token in a header with accept-language: ar and a query",
            lambda home: altered(_dressed(home), _when(_ar, c.queried), _token_in_header),
            {},
        ),
        (
            "slow-body",
            "answers-within-5-seconds",
            "all that is allowed, and 5.2 seconds for the first body",
            _once(_when(c.has_body), c.same, sleep=5.2),
            {},
        ),
        (
            "turns",
            "token-is-new",
            "rotates the session and gives each token twice",
            lambda home: altered(home.app, c.succeeded, _each_token_twice()),
            {"just": False},
        ),
    )
)


COMBINED += (
    Liar(
        "combined-chunks-nan",
        "body-is-strict-json",
        "all that is allowed, in tiny chunks, and NaN with currency: USD",
        wire.wired(wire.in_pieces, when=c.posted, wrap=_hides(_when(_usd), NAN)),
        always=False,
    ),
)


def _beyond(name: str, rule: str, sentence: str, when: When, change: Change, hold: float = 0.0) -> Liar:
    return liar(f"beyond-{name}", rule, sentence, lambda home: altered(home.app, when, change, hold=hold), always=False)


BEYOND: tuple[Liar, ...] = (
    _beyond(
        "ar-usd",
        "status-is-number",
        "a status as text only with accept-language: ar, currency: USD and no x-requested-with",
        _when(_ar, _usd, c.lacks("x-requested-with")),
        STATUS_TEXT,
    ),
    _beyond(
        "three-headers",
        "extras-change-nothing",
        "fails only with s-country: AE, s-app-os: ios and s-source: app",
        _when(c.sends(s_country="AE", s_app_os="ios", s_source="app")),
        FAIL,
    ),
    _beyond(
        "after-refusal-ar",
        "success-is-boolean",
        "success as text only after a refusal and with accept-language: ar",
        _when(c.after(c.refused), _ar),
        AS_TEXT,
    ),
    _beyond(
        "after-get-query",
        "content-type-is-json",
        "HTML only after another method and with a query",
        _when(c.after(c.wrong_method), c.queried),
        HTML,
    ),
    _beyond(
        "body-overlap", "body-is-utf8", "a BOM only with a body when two overlap", _when(c.has_body, c.overlapping), BOM, 0.03
    ),
    _beyond(
        "form-stranger",
        "refuses-without-session",
        "a form stands for a session that is not there",
        _refusing(c.has_form, c.no_session),
        GRANT,
    ),
    _beyond(
        "overlap-stranger",
        "refuses-without-session",
        "a made-up session is good when another call overlaps",
        _refusing(c.some_session, c.overlapping),
        GRANT,
        0.03,
    ),
    _beyond(
        "refused-twice",
        "error-has-object",
        "no error in the refusal of a made-up session after another refusal",
        _refusing(c.some_session, c.after(c.refused)),
        NO_ERROR,
    ),
)


COMBINED_ODD: tuple[Odd, ...] = (
    odd("combined-dressed", "all at once that is allowed of a body", _dressed),
    odd(
        "combined-limited",
        "all that is allowed, every eleventh a 429, and bodies refused",
        lambda home: altered(
            answered(_dressed(home), c.each(c.is_post, c.has_body), lambda: error(422, "no_input", "Nothing is expected.")),
            c.every(11, c.succeeded),
            c.busy(Retry_After="0"),
        ),
    ),
    odd(
        "combined-no-rotation",
        "one session for good, opaque tokens, 202, refusals with 403",
        lambda home: altered(
            altered(home.app, c.succeeded, lambda a: c.then(c.coded(202, 202), c.with_data(token=c.token_of(granted())))(a)),
            c.refused,
            lambda answer: error(403, "forbidden", "Log in to go on."),
        ),
        store={"rotate": False},
    ),
    Odd(
        "combined-wire",
        "all that is allowed, chunked, three bytes a piece",
        wire.wired(wire.in_pieces, when=c.posted, wrap=_dressed),
    ),
    odd(
        "combined-php",
        "slashes and letters escaped, refusals with 419, a number for a code and no fields, the cookie taken away",
        lambda home: altered(altered(home.app, c.succeeded, _escaped), c.refused, _page_expired),
        store={"rotate": False},
    ),
    odd(
        "combined-strict",
        "a session is good for one refresh, the second of two that overlap is refused with 403; 201, packed by gzip",
        lambda home: altered(
            altered(altered(home.app, c.succeeded, c.coded(201, 201)), c.refused, lambda answer: error(403, "replaced", "Gone.")),
            c.posted,
            c.zipped,
        ),
        store={"grace": 0.0},
    ),
    odd(
        "combined-slow",
        "200 and 201 by turns, in Arabic, one of thirty after 0.2 seconds, one of twenty a 429",
        lambda home: altered(
            altered(
                altered(home.app, c.every(2, c.succeeded), _CREATED),
                c.every(20, c.succeeded),
                c.said(lambda: error(429, "too_many_requests", "مهلاً", Retry_After="0")),
            ),
            c.every(30, c.succeeded),
            c.same,
            sleep=0.2,
        ),
    ),
)
