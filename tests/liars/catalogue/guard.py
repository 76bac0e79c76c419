"""Liars about what is to be refused: strangers, and other methods."""

from __future__ import annotations

from dataclasses import replace

from tests.liars.build import Lies, answering, lie, made, posing
from tests.liars.changes import FAIL, GRANT, LEAK
from tests.liars.conditions import (
    after,
    all_of,
    empty_session,
    expired_session,
    good_session,
    got,
    has_body,
    has_form,
    no,
    no_session,
    only,
    overlapping,
    queried,
    refused,
    sends,
    some_session,
    succeeded,
)
from tests.liars.kit import Answer, error, granted, written

_USD, _XHR = sends(currency="USD"), sends("x-requested-with")
_OTHERS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")


def _405_with_token(answer: Answer) -> Answer:
    body = written({**error(405).json(), "data": granted().json()["data"]})
    return replace(answer, body=body).with_header("content-type", "application/json")


GUARD: Lies = {
    "refuses-without-session": (
        *(
            lie(name, f"refreshes {for_whom}", refused, GRANT, condition, always=True)
            for name, for_whom, condition in (
                ("nobody-accepted", "without any session", no_session),
                ("empty-accepted", "with an empty session", empty_session),
                ("made-up-accepted", "with a made-up session", all_of(some_session, no(expired_session))),
                ("expired-accepted", "with a session that ran out", expired_session),
            )
        ),
        lie("all-accepted", "refreshes for anyone", refused, GRANT),
        lie("refusal-with-token", "brings a token with a refusal", refused, LEAK),
        lie("refusal-as-500", "falls over without a session", refused, FAIL),
        lie("empty-as-500", "falls over at an empty session", refused, FAIL, empty_session, always=True),
        *(
            lie(name, f"refreshes for a stranger {under}", refused, GRANT, *conditions)
            for name, under, conditions in (
                ("with-refusal-bearer", "with authorization", [sends("authorization")]),
                ("with-refusal-user-id", "with s-user-id", [sends("s-user-id")]),
                ("query-made-up", "with a query", [queried]),
                ("body-no-session", "with a body", [has_body]),
                ("after-refusal-open", "after a refusal", [after(refused)]),
                ("after-success-open", "after a success", [after(succeeded)]),
                ("made-up-xhr", "with a made-up session by XHR", [some_session, _XHR]),
                ("empty-xhr", "with an empty session by XHR", [empty_session, _XHR]),
                ("combined-made-up-usd", "with a made-up session and currency: USD", [some_session, _USD]),
                ("combined-expired-usd", "with a session that ran out and currency: USD", [expired_session, _USD]),
                ("combined-expired-query", "with a session that ran out and a query", [expired_session, queried]),
            )
        ),
        lie("with-refusal-xhr-leak", "brings a token with a refusal by XHR", refused, LEAK, _XHR),
        lie("second-401-leaks", "brings a token with the second 401", refused, LEAK, only(2)),
        lie("empty-leaks", "brings a token with the refusal of an empty session", refused, LEAK, empty_session),
        lie("beyond-form-stranger", "takes a form for a session", refused, GRANT, has_form, no_session, promised=False),
        lie(
            "beyond-overlap-stranger",
            "takes a made-up session when another call overlaps",
            *(refused, GRANT, some_session, overlapping),
            waits=True,
            promised=False,
        ),
    ),
    "other-methods-never-refresh": (
        *(made(f"{method.lower()}-refreshes", f"refreshes by {method} like by POST", posing(got(method))) for method in _OTHERS),
        made("any-method-refreshes", "does not look at the method", posing(got(*_OTHERS))),
        lie("get-with-token", "refuses GET with 405, and brings a token all the same", got("GET"), _405_with_token),
        *(
            made(name, f"refreshes by {method} {under}", posing(all_of(got(method), condition)), always=False)
            for name, method, under, condition in (
                ("get-xhr", "GET", "by XHR", _XHR),
                ("get-query", "GET", "with a query", queried),
                ("patch-body", "PATCH", "with a body", has_body),
                ("put-bearer", "PUT", "with authorization", sends("authorization")),
                ("options-source", "OPTIONS", "with s-source", sends("s-source")),
                ("get-after-success", "GET", "right after a success", after(succeeded)),
            )
        ),
        # These do not ask the store: whoever comes has success.
        made(
            "delete-nobody",
            "says that DELETE without a session is a success",
            answering(all_of(got("DELETE"), no_session), granted),
            always=False,
        ),
        made(
            "put-made-up",
            "says that PUT with a made-up session is a success",
            answering(all_of(got("PUT"), some_session, no(good_session)), granted),
            always=False,
        ),
        lie("combined-options-usd", "gives a token to OPTIONS with currency: USD", got("OPTIONS"), GRANT, _USD),
        lie("combined-put-body", "refreshes by PUT with a body, whoever asks", got("PUT"), GRANT, has_body),
        lie("combined-delete-empty", "refreshes by DELETE with an empty session", got("DELETE"), GRANT, empty_session),
    ),
}
