"""Liars about what an answer says: its members, its statuses, and where it leads."""

from __future__ import annotations

from tests.liars import changes as c
from tests.liars.build import Lies, altering, answering, lie, made
from tests.liars.changes import NO_ERROR, STATUS_AS_TEXT, SUCCESS_AS_TEXT, to_page
from tests.liars.conditions import (
    after,
    all_of,
    answered_with,
    empty_session,
    every,
    has_body,
    has_form,
    lacks,
    no_session,
    only,
    overlapping,
    posted,
    queried,
    refused,
    sends,
    some_session,
    succeeded,
    wrong_method,
)
from tests.liars.dressed import DRESSED
from tests.liars.kit import Answer, error

_USD, _AR = sends(currency="USD"), sends(accept_language="ar")
_TRUE = c.with_members(success=True)
# Every seventh success is a proper 429; what follows it is changed.
AFTER_429 = (altering(every(7, succeeded), c.busy(Retry_After="0")),)
# Bodies are refused, and so are some calls by a 429: both are allowed.
_NO_BODIES = (answering(all_of(posted, has_body), lambda: error(422, "no_input", "Nothing is expected.")),)
_LIMITED = (altering(every(8, succeeded), c.busy(Retry_After="0")),)

ANSWER: Lies = {
    "success-is-boolean": (
        lie("success-as-text", "says success as a text", posted, SUCCESS_AS_TEXT),
        lie("success-as-number", "says success as 1 or 0", posted, c.edited(lambda v: v.update(success=int(v["success"])))),
        lie("success-missing", "has no member success", posted, c.without("success")),
        lie("success-null", "says that success is null", posted, c.with_members(success=None)),
        lie("refusal-without-success", "refuses without a member success", refused, c.without("success")),
        lie("array", "has a list for a body", posted, c.edited(lambda value: [value]), just=False),
        lie("with-currency-usd", "says success as a text with currency: USD", succeeded, SUCCESS_AS_TEXT, _USD),
        lie("with-source-app", "has no success with s-source: app", succeeded, c.without("success"), sends(s_source="app")),
        lie(
            "with-max-age",
            "says success as a text with cache-control: max-age=0",
            *(succeeded, SUCCESS_AS_TEXT, sends(cache_control="max-age=0")),
        ),
        lie(
            "with-two-usd-ar",
            "says success as a text with currency: USD and accept-language: ar",
            *(succeeded, SUCCESS_AS_TEXT, _USD, _AR),
        ),
        lie("tenth-text", "says every tenth success as a text", succeeded, SUCCESS_AS_TEXT, every(10)),
        lie("overlap-text", "says success as a text when two overlap", succeeded, SUCCESS_AS_TEXT, overlapping, waits=True),
        lie("no-xhr", "says success as a text without x-requested-with", succeeded, SUCCESS_AS_TEXT, lacks("x-requested-with")),
        lie("query-text", "says success as a text with a query", succeeded, SUCCESS_AS_TEXT, queried),
        lie(
            "after-429-text",
            "says success as a text after a 429",
            *(succeeded, SUCCESS_AS_TEXT, after(answered_with(429))),
            beneath=AFTER_429,
        ),
        lie("after-refusal-text", "says success as a text after a refusal", succeeded, SUCCESS_AS_TEXT, after(refused)),
        lie("nobody-text", "says success as a text without a session", refused, SUCCESS_AS_TEXT, no_session),
        lie(
            "combined-dressed-overlap",
            "does all that is allowed, and says success as a text when two overlap with accept-language: ar",
            *(succeeded, SUCCESS_AS_TEXT, _AR, overlapping),
            beneath=DRESSED,
            waits=True,
        ),
        lie(
            "combined-ar-query",
            "says success as a text with accept-language: ar and a query",
            *(succeeded, SUCCESS_AS_TEXT, _AR, queried),
        ),
        lie(
            "combined-limited-wrongly",
            "limits calls by a 429 as allowed, and says success as a text in every second of those",
            *(answered_with(429), SUCCESS_AS_TEXT, every(2)),
            beneath=_LIMITED,
        ),
        lie(
            "combined-second-after-get",
            "says success as a text in the second refresh after another method, in a session that was replaced meanwhile",
            *(succeeded, SUCCESS_AS_TEXT, after(wrong_method), only(2)),
            beneath=DRESSED,
        ),
        lie(
            "beyond-after-refusal-ar",
            "says success as a text after a refusal and with accept-language: ar",
            *(succeeded, SUCCESS_AS_TEXT, after(refused), _AR),
            promised=False,
        ),
    ),
    "status-is-number": (
        lie("status-as-text", "says status as a text", posted, STATUS_AS_TEXT),
        lie("status-true", "says that status is true", posted, c.with_members(status=True)),
        lie("status-null", "says that status is null", posted, c.with_members(status=None)),
        lie("status-missing", "has no member status", posted, c.without("status")),
        lie("refusal-without-status", "refuses without a member status", refused, c.without("status")),
        lie("with-currency-sar", "says status as a text with currency: SAR", succeeded, STATUS_AS_TEXT, sends(currency="SAR")),
        lie(
            "with-two-ios-bearer",
            "says status as a text with s-app-os: ios and authorization",
            *(succeeded, STATUS_AS_TEXT, sends("authorization", s_app_os="ios")),
        ),
        lie("second-text", "says status as a text in the second success", succeeded, STATUS_AS_TEXT, only(2)),
        lie("no-source", "says status as a text without s-source", succeeded, STATUS_AS_TEXT, lacks("s-source")),
        lie("body-and-usd", "says status as a text with a body and currency: USD", succeeded, STATUS_AS_TEXT, has_body, _USD),
        lie(
            "combined-body-refused-text",
            "refuses bodies as allowed, and says status as a text in every second of those refusals",
            *(answered_with(422), STATUS_AS_TEXT, every(2)),
            beneath=_NO_BODIES,
        ),
        lie(
            "beyond-ar-usd",
            "says status as a text with accept-language: ar, currency: USD and no x-requested-with",
            *(succeeded, STATUS_AS_TEXT, _AR, _USD, lacks("x-requested-with")),
            promised=False,
        ),
    ),
    "status-in-enum": (
        lie("success-203", "says HTTP 203 and body status 203", succeeded, c.coded(203, 203), just=False),
        lie("success-206", "says HTTP 206 and body status 206", succeeded, c.coded(206, 206), just=False),
        lie("success-204", "says HTTP 204 without a body", succeeded, lambda answer: Answer(204, (), b""), just=False),
        lie("status-204-in-200", "says body status 204 in HTTP 200", succeeded, c.coded(200, 204), just=False),
        lie("status-0", "says body status 0 in HTTP 200", succeeded, c.coded(200, 0), just=False),
        lie("200.5-in-200", "says body status 200.5 in HTTP 200", succeeded, c.coded(200, 200.5), just=False),
    ),
    "status-mirrors-http": (
        lie("201-in-200", "says body status 201 in HTTP 200", succeeded, c.coded(200, 201)),
        lie("200-in-202", "says body status 200 in HTTP 202", succeeded, c.coded(202, 200)),
        lie("403-in-401", "says body status 403 in HTTP 401", refused, c.coded(401, 403)),
        lie(
            "with-country-ae", "says 201 in 200 with s-country: AE", succeeded, c.with_members(status=201), sends(s_country="AE")
        ),
        lie("seventh-201", "says 201 in 200 every seventh time", succeeded, c.with_members(status=201), every(7)),
        lie("second-401-mirrors", "says body status 400 in the second 401", refused, c.with_members(status=400), only(2)),
        lie("refusal-says-200", "says body status 200 in a 401", refused, c.with_members(status=200), always=False),
        lie(
            "after-429-old",
            "says 202 in the 200 after a 429",
            *(succeeded, c.with_members(status=202), after(answered_with(429))),
            beneath=AFTER_429,
        ),
        lie(
            "combined-dressed-202",
            "says HTTP 201 as allowed, and 202 in the body with a query",
            *(succeeded, c.with_members(status=202), queried),
            beneath=DRESSED,
        ),
        lie(
            "combined-usd-form-created",
            "says 201 in 200 with a form and currency: USD",
            *(succeeded, c.with_members(status=201), _USD, has_form),
        ),
    ),
    "success-flag-is-truthful": (
        lie("refusal-called-success", "says success: true in a 401", refused, _TRUE),
        lie("success-called-failure", "says success: false in a 200", succeeded, c.with_members(success=False), just=False),
        lie("refusal-in-200", "sends a refusal as HTTP 200, its body says 401", refused, c.coded(200), just=False),
        lie(
            "with-refusal-sdk",
            "says success: true in refusals with x-requested-with and s-source",
            *(refused, _TRUE, sends("x-requested-with", "s-source")),
        ),
        lie("after-success-flag", "says success: true in the refusal after a success", refused, _TRUE, after(succeeded)),
        lie(
            "combined-refusal-empty-query",
            "says success: true in the refusal of an empty session with a query",
            *(refused, _TRUE, empty_session, queried),
        ),
    ),
    "error-has-object": (
        lie("error-missing", "has no member error", refused, NO_ERROR),
        lie("error-as-text", "has a text for error", refused, c.with_members(error="no")),
        lie("error-null", "has null for error", refused, c.with_members(error=None)),
        lie("error-as-list", "has a list for error", refused, c.with_members(error=["no"])),
        lie("with-refusal-usd", "refuses without an error with currency: USD", refused, NO_ERROR, _USD),
        lie("third-401-error", "has no error in the third 401", refused, NO_ERROR, only(3)),
        lie(
            "no-language-refusal", "refuses without an error without accept-language", refused, NO_ERROR, lacks("accept-language")
        ),
        made(
            "form-error",
            "refuses a form by a text",
            answering(all_of(posted, has_form), lambda: error(422, "validation_failed", "No.")),
            altering(all_of(posted, has_form), c.with_members(error="No.")),
            always=False,
        ),
        lie(
            "combined-dressed-refusal",
            "does all that is allowed, and refuses an empty session without an error",
            *(refused, NO_ERROR, empty_session),
            beneath=DRESSED,
        ),
        lie(
            "combined-empty-no-xhr",
            "does all that is allowed, and refuses an empty session without an error and without x-requested-with",
            *(refused, NO_ERROR, empty_session, lacks("x-requested-with")),
            beneath=DRESSED,
        ),
        lie(
            "beyond-refused-twice",
            "refuses a made-up session without an error after another refusal",
            *(refused, NO_ERROR, some_session, after(refused)),
            promised=False,
        ),
    ),
    "no-redirect": (
        *(
            lie(f"redirect-{status}", f"answers a refresh with {status}", posted, to_page(status), just=False)
            for status in (301, 302, 303, 307, 308)
        ),
        lie("refusal-redirects", "sends whoever is not logged in to a page", refused, to_page(), just=False),
        lie(
            "with-scope-warehouse",
            "redirects with s-scope-type: warehouse",
            *(succeeded, to_page(), sends(s_scope_type="warehouse")),
        ),
        lie("third-redirects", "redirects the third success", succeeded, to_page(), only(3)),
        lie("query-redirects", "redirects with a query", succeeded, to_page(), queried),
        lie("nobody-redirects", "redirects without a session", refused, to_page(), no_session),
    ),
}
