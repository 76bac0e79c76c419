"""Liars about what is promised to a logged-in customer: the refresh completes."""

from __future__ import annotations

from tests.liars.build import Layer, Lies, altering, answering, fresh, lie, made
from tests.liars.catalogue.answer import AFTER_429
from tests.liars.changes import FAIL, said
from tests.liars.conditions import (
    after,
    after_the_first,
    all_of,
    answered_with,
    every,
    has_body,
    has_form,
    has_json,
    lacks,
    no,
    overlapping,
    posted,
    queried,
    refused,
    sends,
    sends_long,
    sends_unknown,
    some_session,
    succeeded,
    wrong_method,
)
from tests.liars.jars import balanced, encrypted
from tests.liars.kit import Answer, Asked, error

_NEEDED = ("x-requested-with", "store-identifier", "s-source", "authorization", "content-type")
_AR, _XHR = sends(accept_language="ar"), sends("x-requested-with")
_409 = error(409, "conflict", "A refresh is under way.")
_423 = error(423, "locked", "The session is locked.")


def _bad_request() -> Answer:
    return error(400, "bad_request", "Something is missing.")


def _empty_object(asked: Asked, answer: Answer) -> bool:
    return asked.body.strip() == b"{}"


def _large_body(asked: Asked, answer: Answer) -> bool:
    return len(asked.body) > 16


def _revoking() -> Layer:
    """Once an overlapping refresh was refused, whatever comes later is refused too."""
    revoked: list[Asked] = []

    def when(asked: Asked, answer: Answer) -> bool:
        if asked.overlapping and refused(asked, answer) and some_session(asked, answer):
            revoked.append(asked)
        return bool(revoked) and succeeded(asked, answer) and not asked.overlapping

    return altering(when, said(lambda: error(401, "unauthorized", "This session was used twice.")), waits=True)


PROMISE: Lies = {
    "no-input-needed": (
        *(
            made(
                f"needs-{header}",
                f"refuses without the header {header}",
                answering(all_of(posted, lacks(header)), _bad_request),
                just=False,
            )
            for header in _NEEDED
        ),
        made(
            "needs-body",
            "refuses without a body",
            answering(all_of(posted, no(has_body)), lambda: error(422, "validation_failed", "refresh_token is missing.")),
            just=False,
        ),
        made("needs-query", "refuses without a query", answering(all_of(posted, no(queried)), _bad_request), just=False),
    ),
    "extras-change-nothing": (
        *(
            lie(f"{name}-is-500", f"fails with {what}", succeeded, FAIL, condition, always=True)
            for name, what, condition in (
                ("arabic", "accept-language: ar", _AR),
                ("xhr", "x-requested-with", _XHR),
                ("query", "a query", queried),
                ("json-body", "a JSON body", has_json),
                ("form-body", "a form for a body", has_form),
                ("any-body", "any body", has_body),
            )
        ),
        *(
            lie(name, f"fails with {what}", succeeded, FAIL, condition)
            for name, what, condition in (
                ("with-scope-id", "s-scope-id", sends("s-scope-id")),
                ("with-app-ios", "s-app-os: ios", sends(s_app_os="ios")),
                ("with-app-old", "s-app-version: 1.0.0", sends(s_app_version="1.0.0")),
                ("with-fetch", "x-requested-with: fetch", sends(x_requested_with="fetch")),
                ("with-bearer", "authorization", sends("authorization")),
                ("with-store-long", "a long store-identifier", sends(store_identifier="1305146709")),
                ("with-two-country-scope", "s-country and s-scope-id", sends("s-country", "s-scope-id")),
                ("scope-type-alone", "s-scope-type without s-scope-id", all_of(sends("s-scope-type"), lacks("s-scope-id"))),
                ("bearer-no-xhr", "authorization without x-requested-with", all_of(sends("authorization"), no(_XHR))),
                ("unknown-header", "an unknown header", sends_unknown),
                ("empty-object", "the body {}", _empty_object),
                ("form-and-ar", "a form and accept-language: ar", all_of(has_form, _AR)),
                ("body-and-query", "a body and a query", all_of(has_body, queried)),
                ("long-body", "a body over 16 bytes", _large_body),
                ("combined-long-arabic", "an unknown header and accept-language: ar", all_of(_AR, sends("x-probe"))),
            )
        ),
        lie("long-header", "says 431 to a header over 1 KB", succeeded, said(lambda: error(431, "too_large")), sends_long),
        lie(
            "beyond-three-headers",
            "fails with s-country: AE, s-app-os: ios and s-source: app",
            *(succeeded, FAIL, sends(s_country="AE", s_app_os="ios", s_source="app")),
            promised=False,
        ),
    ),
    "repeats-hold": (
        lie(
            "once",
            "refuses the second refresh, and all that follow",
            *(succeeded, said(lambda: error(401, "unauthorized", "Once is enough.")), after_the_first),
            always=True,
            just=False,
        ),
        lie(
            "every-other",
            "refuses every second refresh",
            *(succeeded, said(lambda: error(401, "unauthorized", "Not again.")), every(2)),
            always=True,
            just=False,
        ),
        lie("after-429-fails", "fails the call after a 429", succeeded, FAIL, after(answered_with(429)), beneath=AFTER_429),
        lie("after-refusal", "fails the call after a refusal", succeeded, FAIL, after(refused)),
        lie("after-method", "fails the call after another method", succeeded, FAIL, after(wrong_method)),
    ),
    "concurrent-calls-hold": (
        # Where the store is not asked, nothing replaces the session.
        *(
            made(name, sentence, answering(all_of(posted, some_session, overlapping), lambda answer=answer: answer, waits=True))
            for name, sentence, answer in (
                ("overlap-409", "refuses both of two that overlap", _409),
                ("overlap-423", "tells both of two that overlap that the session is locked", _423),
            )
        ),
        lie("overlap-500", "fails both of two that overlap", succeeded, FAIL, overlapping, waits=True, always=True),
        lie("overlap-one-500", "fails one of two that overlap", succeeded, FAIL, overlapping, every(2), waits=True, always=True),
        lie(
            "overlap-one-409-kept",
            "refuses one of two that overlap, though the session was not replaced",
            *(succeeded, said(lambda: _409), overlapping, every(2)),
            waits=True,
            always=True,
            store={"rotate": False},
        ),
        *(
            lie(
                name,
                f"refuses one of two that overlap, and {what} with every answer, though the session was not replaced",
                *(succeeded, said(lambda: _409), overlapping, every(2)),
                waits=True,
                always=True,
                store={"rotate": False},
                around=(cookies,),
            )
            for name, what, cookies in (
                ("overlap-one-409-balanced", "sets a load balancer's cookie", balanced),
                ("overlap-one-409-encrypted", "encrypts the session anew", encrypted),
            )
        ),
        made(
            "overlap-revokes",
            "ends every session of a customer who used one twice, though two tabs did so at once",
            fresh(_revoking),
            store={"grace": 0.0},
        ),
        lie(
            "overlap-header",
            "fails with x-requested-with when two overlap",
            *(succeeded, FAIL, overlapping, _XHR),
            waits=True,
        ),
    ),
}
