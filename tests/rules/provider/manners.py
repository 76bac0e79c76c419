"""What is only advised."""

from __future__ import annotations

from dataclasses import replace

from contracts.model.exchange import Exchange, Request
from tests.kit.exchanges import FRESH, LOST, NOBODY, URL, answer, exchange, jwt
from tests.kit.judgements import Table, breaks, holds, silent

TRACE = b"goroutine 7 ["
READ = 262_144  # bytes of a body that are looked through for a trace

ASKS = (("Access-Control-Request-Method", "POST"),)
PREFLIGHT, GET = Request("OPTIONS", URL, ASKS), Request("GET", URL, ASKS)


def page(body: bytes) -> Exchange:
    """An error that is a page."""
    return exchange(answer(500, body, ("Content-Type", "text/html; charset=utf-8")))


MANNERS: Table = {
    "success-is-not-cached": (
        holds("no-store", exchange(answer(200, None, ("Cache-Control", "private, No-Store")))),
        holds("in two lines", exchange(answer(200, None, ("Cache-Control", "private"), ("Cache-Control", "no-store")))),
        holds("blanks around the commas", exchange(answer(200, None, ("Cache-Control", "private , no-store , max-age=0")))),
        breaks(
            "may be cached",
            exchange(answer(200, None, ("Cache-Control", "no-cache"))),
            words=("Cache-Control: no-store", "Cache-Control: no-cache"),
        ),
        breaks(
            "says nothing",
            exchange(answer(200, None, ("Cache-Control", ""))),
            words=("Cache-Control: no-store", "no Cache-Control"),
        ),
        silent("a refusal", exchange(answer(401, None, ("Cache-Control", "")))),
    ),
    "error-says-why": (
        holds("both", exchange(answer(401))),
        holds("a number as a code", exchange(answer(401, error={"code": 1, "message": "Log in."}))),
        holds("code 0", exchange(answer(401, error={"code": 0, "message": "Log in."}))),
        breaks("no code", exchange(answer(401, error={"message": "Log in."}))),
        breaks("no message", exchange(answer(401, error={"code": "gone"}))),
        breaks("an empty message", exchange(answer(401, error={"code": "gone", "message": ""}))),
        breaks(
            "a boolean as a code, and a blank message",
            exchange(answer(401, error={"code": True, "message": " "}), **NOBODY),
            words=("error.code and error.message", "no code and no message"),
        ),
        breaks(
            "an empty error",
            exchange(answer(401, error={}), **NOBODY),
            words=("error.code and error.message", "no code and no message"),
        ),
        breaks("an empty error with 400", exchange(answer(400, error={}))),
        silent("no error object", exchange(answer(401, error="gone"))),
        silent("a success", exchange(answer())),
        silent("a success that has the member too", exchange(answer(200, error={}))),
    ),
    "other-methods-get-405": (
        holds("405 with Allow, in any case", exchange(answer(405, None, ("Allow", "GET, post ")), "DELETE")),
        holds("Allow in two lines", exchange(answer(405, None, ("Allow", "HEAD"), ("Allow", "POST")), "GET")),
        breaks("405 without", exchange(answer(405), "GET")),
        breaks("404", exchange(answer(404), "GET"), words=("405 with Allow: POST", "HTTP 404 to GET, no Allow")),
        breaks("a crash", exchange(answer(500), "GET")),
        breaks(
            "405 that allows another method",
            exchange(answer(405, None, ("Allow", "PUT")), "GET"),
            words=("405 with Allow: POST", "HTTP 405 to GET, Allow: PUT"),
        ),
        breaks("another status", exchange(answer(404, None, ("Allow", "POST")), "GET")),
        breaks("401 to the customer", exchange(answer(401, None, ("Allow", "POST")), "GET")),
        breaks("404 to a stranger", exchange(answer(404), "GET", **NOBODY)),
        silent("a stranger is told to log in", exchange(answer(401, None, ("Allow", "POST")), "GET", **NOBODY)),
        silent("nobody knows whether it was a stranger", exchange(answer(403), "GET", session="unknown")),
        silent("OPTIONS", exchange(answer(204, b""), "OPTIONS")),
        silent("too many", exchange(answer(429), "GET")),
        silent("POST", exchange(answer(405))),
    ),
    "other-methods-keep-the-shape": (
        holds("an error", exchange(answer(405), "GET")),
        holds("an error with 400", exchange(answer(400), "GET")),
        breaks(
            "labelled as a page",
            exchange(answer(405, None, ("Content-Type", "text/html")), "GET"),
            words=("an error by the contract", "GET: Content-Type: text/html"),
        ),
        breaks("no error object", exchange(answer(405, error=...), "PUT")),
        breaks("a body to HEAD", exchange(answer(405), "HEAD"), words=("no body", "HEAD: a body")),
        breaks(
            "a success of another shape",
            exchange(answer(200, {"success": True, "status": 1, "error": 2}), "GET"),
            words=("an error by the contract", "GET: HTTP 200; success is true; status is 1; error is 2"),
        ),
        breaks("a page with 400 to a preflight", exchange(answer(400, b"<"), "OPTIONS")),
        breaks("an error with 399", exchange(answer(399, {"status": 399, "success": False, "error": {}}), "GET")),
        silent("no body", exchange(answer(405, b""), "GET")),
        silent("a preflight", exchange(answer(200, {}), "OPTIONS")),
        silent("POST", exchange(answer(405))),
        silent("a page that refuses a real preflight", replace(exchange(answer(403, b"<"), "OPTIONS"), request=PREFLIGHT)),
        breaks("a page to GET with a preflight's header", replace(exchange(answer(403, b"<"), "GET"), request=GET)),
        silent("a page with 399 to a preflight", exchange(answer(399, b"<"), "OPTIONS")),
    ),
    "too-many-says-when": (
        holds("seconds", exchange(answer(429, None, ("Retry-After", "5")))),
        holds("a date", exchange(answer(429, None, ("Retry-After", "Mon, 23 Nov 2026 10:00:00 GMT")))),
        holds("nine digits, with blanks around", exchange(answer(429, None, ("Retry-After", " 123456789 ")))),
        breaks("nothing", exchange(answer(429)), words=("Retry-After: seconds or a date", "no Retry-After")),
        breaks(
            "a word",
            exchange(answer(429, None, ("Retry-After", "soon"))),
            words=("Retry-After: seconds or a date", "Retry-After: soon"),
        ),
        breaks("ten digits", exchange(answer(429, None, ("Retry-After", "1234567890")))),
        holds("the same seconds twice", exchange(answer(429, None, ("Retry-After", "5"), ("Retry-After", "5")))),
        breaks("two that differ", exchange(answer(429, None, ("Retry-After", "5"), ("Retry-After", "soon")))),
        silent("401", exchange(answer(401))),
    ),
    "token-only-in-body": (
        holds("in the body", exchange(answer())),
        holds("in a cookie", exchange(answer(200, None, ("Set-Cookie", "t=opaque-token-1")))),
        breaks("in a header", exchange(answer(200, None, ("Authorization", "Bearer opaque-token-1")))),
        breaks("a JWT in an address", exchange(answer(302, b"", ("Location", f"/?t={FRESH}")))),
        breaks(
            "in redirect_url",
            exchange(answer(data={"token": "opaque-1", "redirect_url": "/?t=opaque-1"})),
            words=("a token in the body alone", "a token in data.redirect_url"),
        ),
        breaks("a JWT in a header of a refusal", exchange(answer(401, None, ("X-A", jwt(exp=1))))),
        holds("a redirect_url that is no text", exchange(answer(data={"token": "opaque-1", "redirect_url": 5}))),
        breaks(
            "in several headers",
            exchange(answer(200, None, ("X-B", "opaque-token-1"), ("X-A", "opaque-token-1"), ("X-B", "opaque-token-1"))),
            words=("a token in the body alone", "a token in X-A, X-B"),
        ),
        silent("no token", exchange(answer(401))),
    ),
    "error-hides-internals": (
        holds("a message", exchange(answer(500))),
        holds("a trace that ends a byte too late", exchange(answer(500, b" " * (READ - len(TRACE) + 1) + TRACE))),
        holds("an empty trace", exchange(answer(500, error={"trace": [], "stackTrace": "", "stack_trace": []}))),
        holds("words about traces", exchange(answer(500, error={"message": "See the stack trace: it is in the log."}))),
        breaks("a trace that ends just in time", exchange(answer(500, b" " * (READ - len(TRACE)) + TRACE))),
        breaks("a list of frames", exchange(answer(500, error={"trace": [{"file": "a"}]}))),
        breaks("a list of the stack", exchange(answer(500, error={"stack_trace": ["a"]}))),
        breaks("the stack in a text", exchange(answer(500, error={"message": "Stack trace:\n#0 main"}))),
        breaks("Python", exchange(answer(500, b"Traceback (most recent call last):"))),
        breaks("PHP", exchange(answer(500, error={"message": "in /srv/app/Auth.php on line 12"}))),
        breaks("JavaScript", exchange(answer(500, b"at refresh (/srv/app.js:12:5)"))),
        breaks(
            "a frame of JavaScript",
            exchange(answer(500, error={"code": "x", "message": "at run (auth.js:4:7)"})),
            words=("no stack trace", 'the body shows "at run (auth.js:4:7)"'),
        ),
        breaks("a trace with 400", exchange(answer(400, error={"trace": "at run (auth.js:4:7)"}))),
        breaks("a page with marks within the line", page(b"in <b>/srv/auth.php</b> on line <b>41</b>")),
        breaks("a page with quotes as entities", page(b"File &quot;/srv/auth.py&quot;, line 41")),
        breaks("C#", exchange(answer(500, error={"message": "in C:/src/Auth.cs:line 41"}))),
        holds("marks within the line of what is no page", exchange(answer(500, b"in <b>/srv/auth.php</b> on line <b>41</b>"))),
        holds("a page with links", page(b'<a href="/help.php">Help</a>, line 41')),
        silent("a success", exchange(answer())),
        silent("a trace with 399", exchange(answer(399, b"goroutine 7 ["))),
    ),
    "answers-within-5-seconds": (
        holds("soon", exchange(answer(seconds=4.99))),
        breaks("late", exchange(answer(seconds=5.0))),
        breaks("later", exchange(answer(seconds=5.25)), words=("the whole answer in under 5 s", "5.2 s")),
        silent("never", exchange(LOST)),
    ),
}
