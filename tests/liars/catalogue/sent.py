"""Liars about what browsers and proxies send: bodies, labels, other cookies, origins, and headers that stand twice."""

from __future__ import annotations

from dataclasses import replace

from contracts.model.document import load
from tests.liars import changes as c
from tests.liars.build import Lies, altering, answering, lie, made, posing
from tests.liars.changes import FAIL, GRANT
from tests.liars.conditions import (
    all_of,
    every,
    from_elsewhere,
    good_session,
    got,
    is_preflight,
    posted,
    refused,
    sends,
    some_session,
    succeeded,
    with_other_cookies,
)
from tests.liars.kit import Answer, Asked, Change, error

TRACE = (
    b"<!DOCTYPE html><html><head><title>Error</title></head><body><pre>SyntaxError: Expected property name or &#39;}&#39; in JSON"
    b"<br> &nbsp; &nbsp;at JSON.parse (&lt;anonymous&gt;)"
    b"<br> &nbsp; &nbsp;at parse (/srv/shop/node_modules/body-parser/lib/types/json.js:92:19)</pre></body></html>"
)
_PHP = b"<br />\n<b>Fatal error</b>:  Uncaught TypeError in <b>/var/www/shop/auth.php</b> on line <b>41</b><br />"


def broken_json(asked: Asked, answer: Answer) -> bool:
    """A body that is labelled JSON and is none."""
    return "json" in asked.headers.get("content-type", "") and asked.body[:1] == b"{" and asked.body[-1:] != b"}"


def empty_json(asked: Asked, answer: Answer) -> bool:
    """No body, labelled JSON."""
    return "json" in asked.headers.get("content-type", "") and not asked.body


def large(asked: Asked, answer: Answer) -> bool:
    """A body of more than 100 KB."""
    return len(asked.body) > 100_000


def odd_charset(asked: Asked, answer: Answer) -> bool:
    """A label with another charset than UTF-8."""
    return "charset=" in asked.headers.get("content-type", "") and "utf-8" not in asked.headers["content-type"].lower()


def chunked(asked: Asked, answer: Answer) -> bool:
    """A body in chunks."""
    return asked.method == "POST" and "chunked" in asked.headers.get("transfer-encoding", "")


def unsized(asked: Asked, answer: Answer) -> bool:
    """A POST that says nothing of its length."""
    return asked.method == "POST" and not {"content-length", "transfer-encoding"} & asked.headers.keys()


def twice(name: str, value: str) -> Change:
    """One more line of a header that may stand once."""
    return lambda answer: replace(answer, headers=(*answer.headers, (name, value)))


def _page(status: int, body: bytes, **headers: str) -> Change:
    extra = tuple(headers.items())
    return lambda answer: Answer(status, (("content-type", "text/html; charset=utf-8"), *extra), body)


def allowing(origin: str) -> Change:
    """Cross-origin headers that let pages of this origin read the answer, with the customer's cookies."""
    return c.headed(access_control_allow_origin=origin, access_control_allow_credentials="true")


_ECHO = allowing(load().foreign_origin)

SENT: Lies = {
    "one-answer-in-time": (
        lie(
            "gzip-by-name",
            "labels plain JSON as gzip for whoever takes gzip",
            *(succeeded, c.headed(content_encoding="gzip"), sends(accept_encoding="gzip")),
        ),
    ),
    "content-type-is-json": (
        lie("two-labels", "has a second content type, which is that of a page", posted, twice("content-type", "text/html")),
        lie("broken-json-page", "answers broken JSON with a page that shows a trace", posted, _page(400, TRACE), broken_json),
        lie("large-body-page", "answers a large body with a page", posted, _page(413, b"<h1>Too large</h1>"), large),
    ),
    "body-is-utf8": (
        lie(
            "two-charsets",
            "has a second content type in another charset",
            *(posted, twice("content-type", "application/json; charset=iso-8859-6")),
        ),
    ),
    "extras-change-nothing": (
        *(
            lie(f"{name}-is-500", f"fails with {what}", succeeded, FAIL, condition)
            for name, what, condition in (
                ("broken-json", "broken JSON", broken_json),
                ("empty-json", "an empty body that is labelled JSON", empty_json),
                ("large-body", "a body of 200 KB", large),
                ("odd-charset", "a label with an unknown charset", odd_charset),
                ("chunked", "a chunked body", chunked),
                ("unsized", "a POST without Content-Length", unsized),
                ("referer", "a Referer", sends("referer")),
                ("sec-fetch", "Sec-Fetch-Mode", sends("sec-fetch-mode")),
                ("gzip", "Accept-Encoding: gzip", sends(accept_encoding="gzip")),
                ("elsewhere", "a foreign origin", from_elsewhere),
            )
        ),
        lie(
            "other-cookies-refused",
            "looks for the session in the first cookie alone",
            *(succeeded, c.said(lambda: error(401, "unauthorized", "Please log in.")), with_other_cookies),
        ),
    ),
    "refuses-without-session": (
        lie("any-cookie-accepted", "takes any other cookie for a session", refused, GRANT, with_other_cookies),
    ),
    "other-methods-never-refresh": (made("preflight-refreshes", "refreshes by a preflight", posing(is_preflight), always=False),),
    "other-methods-get-405": (
        lie(
            "get-401-to-customer",
            "tells a customer who is logged in to log in, where the method is wrong",
            *(all_of(got("GET", "PUT"), some_session, good_session), lambda answer: error(401, "unauthorized", Allow="POST")),
            store={"rotate": False},
        ),
    ),
    "too-many-says-when": (
        lie(
            "429-two-waits",
            "says two different times to wait every sixth time",
            *(succeeded, c.then(c.busy(Retry_After="1"), twice("Retry-After", "soon")), every(6)),
        ),
    ),
    "error-hides-internals": (
        lie(
            "broken-json-trace",
            "shows a trace where JSON is broken",
            *(posted, lambda answer: error(400, "bad_request", "at parse (/srv/shop/json.js:92:19)"), broken_json),
        ),
        lie("get-php-page", "shows a file and a line in the page that answers GET", got("GET"), _page(405, _PHP, allow="POST")),
    ),
    "no-foreign-origin-with-credentials": (
        made("any-origin-allowed", "allows every origin with credentials", altering(from_elsewhere, _ECHO)),
        lie("any-origin-preflight", "allows every origin in a preflight", is_preflight, _ECHO, always=False),
        lie(
            "any-origin-success", "allows every origin to read a success", all_of(succeeded, from_elsewhere), _ECHO, always=False
        ),
        made(
            "any-origin-refusal",
            "refuses a foreign origin, and allows it to read why",
            answering(all_of(posted, from_elsewhere), lambda: _ECHO(error(403, "forbidden", "Not from there."))),
            always=False,
        ),
    ),
}
