"""What an answer says: its members, its statuses, and where it leads."""

from __future__ import annotations

from tests.kit.exchanges import LOST, NOBODY, answer, exchange
from tests.kit.judgements import Table, breaks, holds, silent

ANSWER: Table = {
    "success-is-boolean": (
        holds("true", exchange(answer())),
        holds("false", exchange(answer(401), **NOBODY)),
        breaks("a string", exchange(answer(success="yes")), words=("success: true or false", 'success is "yes"')),
        breaks("a number", exchange(answer(success=1))),
        breaks("missing", exchange(answer(success=...)), words=("success: true or false", "no member success")),
        breaks("no object", exchange(answer(200, [1])), words=("success: true or false", "the body is [1], no object")),
        silent("unreadable", exchange(answer(200, b"<"))),
    ),
    "status-is-number": (
        holds("whole", exchange(answer())),
        holds("200.0", exchange(answer(status=200.0))),
        breaks("a string", exchange(answer(200, {"status": "200", "success": True}))),
        breaks("a boolean", exchange(answer(200, {"status": True, "success": True}))),
        breaks("missing", exchange(answer(200, {"success": True}))),
        breaks("null", exchange(answer(200, {"success": True, "status": None})), words=("status: a number", "status is null")),
        silent("unreadable", exchange(answer(200, b"<"))),
    ),
    "status-in-enum": (
        *(holds(str(status), exchange(answer(status))) for status in (200, 201, 202)),
        breaks("203", exchange(answer(203)), words=("a success with an HTTP status out of 200, 201, 202", "HTTP 203")),
        breaks("204", exchange(answer(204, b""))),
        breaks(
            "206 in the body",
            exchange(answer(200, {"success": True, "status": 206})),
            words=("status out of 200, 201, 202", "HTTP 200 with status is 206"),
        ),
        breaks("a fraction", exchange(answer(200, {"status": 200.5, "success": True}))),
        breaks("203 to a stranger", exchange(answer(203), **NOBODY), words=("HTTP 400 or more", "HTTP 203")),
        breaks(
            "206 in the body, to a stranger",
            exchange(answer(200, {"success": True, "status": 206}), **NOBODY),
            words=("HTTP 400 or more", "HTTP 200 with status is 206"),
        ),
        silent("400", exchange(answer(400))),
        silent("a body that says failure", exchange(answer(200, {"status": 200, "success": False}))),
        silent("a redirect", exchange(answer(302, b""))),
    ),
    "status-mirrors-http": (
        holds("200", exchange(answer())),
        holds("200.0", exchange(answer(200, {"status": 200.0, "success": True}))),
        holds("404", exchange(answer(404))),
        holds("400 that claims success", exchange(answer(400, {"success": True, "status": 400}))),
        breaks(
            "201 for 200",
            exchange(answer(200, {"success": True, "status": 201})),
            words=("status: 200, as HTTP says", "status is 201"),
        ),
        breaks("400 for 401", exchange(answer(401, {"status": 400, "success": False, "error": {}}))),
        breaks("200 for 400", exchange(answer(400, {"success": True, "status": 200}))),
        breaks("200 for 400, where a stranger asks", exchange(answer(400, {"success": True, "status": 200}), **NOBODY)),
        breaks(
            "a success that HTTP calls a failure",
            exchange(answer(500, {"success": True, "status": 201})),
            words=("HTTP 201 with the same status", "HTTP 500 with status is 201"),
        ),
        breaks(
            "not taken for a success",
            exchange(answer(200, {"success": False, "status": 401})),
            words=("HTTP 401 with the same status", "HTTP 200 with status is 401"),
        ),
        breaks(
            "a success for a stranger",
            exchange(answer(200, {"success": True, "status": 201}), **NOBODY),
            words=("HTTP 400 or more with the same status", "HTTP 200 with status is 201"),
        ),
        silent("outside the enum", exchange(answer(200, {"status": 299, "success": True}))),
        silent("no number", exchange(answer(200, {"status": "x", "success": True}))),
        silent("no status to compare", exchange(answer(401, {"success": False}), **NOBODY)),
        silent("an HTTP status that status-in-enum names", exchange(answer(203, {"success": True, "status": 200}))),
    ),
    "success-flag-is-truthful": (
        holds("true with 200", exchange(answer())),
        holds("false with 401", exchange(answer(401), **NOBODY)),
        holds("false with 400", exchange(answer(400, success=False))),
        breaks("false with 200", exchange(answer(success=False)), words=("success: true with HTTP 200", "success is false")),
        breaks(
            "true with 401",
            exchange(answer(401, success=True), **NOBODY),
            words=("success: false with HTTP 401", "success is true"),
        ),
        breaks("true with 400", exchange(answer(400, success=True)), words=("success: false with HTTP 400", "success is true")),
        breaks(
            "a refusal that HTTP calls a success",
            exchange(answer(200, {"success": False, "status": 401}), **NOBODY),
            words=("HTTP 401 with success: false", "HTTP 200 with success is false"),
        ),
        breaks(
            "no more than the flag refuses a stranger",
            exchange(answer(200, {"success": False, "status": 200}), **NOBODY),
            words=("HTTP 400 or more with success: false", "HTTP 200 with success is false"),
        ),
        breaks(
            "a refusal that the customer gets with HTTP 200",
            exchange(answer(200, {"success": False, "status": 422})),
            words=("HTTP 422 with success: false", "HTTP 200 with success is false"),
        ),
        breaks(
            "a success that the customer gets with HTTP 401",
            exchange(answer(401, {"success": True, "status": 200})),
            words=("HTTP 200 with success: true", "HTTP 401 with success is true"),
        ),
        breaks(
            "a success that a stranger gets with HTTP 401",
            exchange(answer(401, {"success": True, "status": 200}), **NOBODY),
            words=("success: false with HTTP 401", "success is true"),
        ),
        silent("no boolean", exchange(answer(success="x"))),
    ),
    "error-has-object": (
        holds("an object", exchange(answer(404))),
        holds("an empty object", exchange(answer(404, error={}))),
        breaks("a string", exchange(answer(401, error="gone"), **NOBODY), words=("error: an object", 'error is "gone"')),
        breaks("a list", exchange(answer(404, error=[]))),
        breaks("missing", exchange(answer(500, error=...))),
        breaks("a number with 400", exchange(answer(400, error=1))),
        silent("a success", exchange(answer())),
        silent("no object at all", exchange(answer(500, [1]))),
        silent("206", exchange(answer(206, error=1))),
    ),
    "no-redirect": (
        holds("an answer", exchange(answer())),
        holds("400", exchange(answer(400))),
        holds("299", exchange(answer(299))),
        *(breaks(str(status), exchange(answer(status, b"", ("Location", "/login")))) for status in (301, 302, 303, 307, 308)),
        breaks(
            "302 to a page",
            exchange(answer(302, b"", ("Location", "/login"))),
            words=("an answer, not a redirect", "HTTP 302 to /login"),
        ),
        breaks("300", exchange(answer(300, b""))),
        breaks("399", exchange(answer(399, b""))),
        silent("GET", exchange(answer(302, b""), "GET")),
        silent("no answer", exchange(LOST)),
    ),
}
