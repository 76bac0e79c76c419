"""What stands on the wire: one whole answer, its label, its bytes, and its JSON."""

from __future__ import annotations

from dataclasses import replace

from contracts.model.exchange import JSON, Failure
from tests.kit.exchanges import LOST, answer, exchange
from tests.kit.judgements import Table, breaks, holds, silent

TWICE = answer(200, b'{"status": 200, "success": true, "success": true}')
TWO_FAULTS = answer(200, b"\xef\xbb\xbf{}", ("Content-Type", "application/json; charset=cp1256"))

WIRE: Table = {
    "one-answer-in-time": (
        holds("an answer", exchange(answer())),
        holds("a refusal", exchange(answer(500))),
        breaks(
            "no answer",
            exchange(Failure("timeout", "nothing came")),
            words=("one well-formed HTTP response within the deadline", "nothing came"),
        ),
        breaks("no answer to GET", exchange(LOST, "GET")),
        breaks(
            "bytes behind the answer",
            exchange(replace(answer(), trailing_bytes=1234)),
            words=("one well-formed HTTP response within the deadline", "an answer, and 1,234 bytes behind it"),
        ),
        breaks("one byte behind the answer", exchange(replace(answer(), trailing_bytes=1))),
    ),
    "content-type-is-json": (
        holds("plain", exchange(answer())),
        holds("with a parameter, in capitals", exchange(answer(200, None, ("Content-Type", "Application/JSON; charset=utf-8")))),
        holds("299", exchange(answer(299, b""))),
        holds("400", exchange(answer(400))),
        breaks(
            "HTML",
            exchange(answer(200, None, ("Content-Type", "Text/HTML"))),
            words=("Content-Type: application/json", "Content-Type: Text/HTML"),
        ),
        breaks("problem+json", exchange(answer(404, None, ("Content-Type", "application/problem+json")))),
        breaks(
            "none", exchange(answer(200, None, ("Content-Type", ""))), words=("Content-Type: application/json", "no Content-Type")
        ),
        holds("the same twice", exchange(answer(200, None, ("Content-Type", JSON), ("Content-Type", "Application/JSON")))),
        breaks(
            "a page in a second line",
            exchange(answer(200, None, ("Content-Type", JSON), ("Content-Type", "text/html"))),
            words=("Content-Type: application/json", "Content-Type: application/json, text/html"),
        ),
        breaks("a page in one line of two", exchange(answer(200, None, ("Content-Type", "text/html"), ("Content-Type", JSON)))),
        silent("204", exchange(answer(204, b"", ("Content-Type", "")))),
        silent("a redirect", exchange(answer(302, b"", ("Content-Type", "text/html")))),
        silent("GET", exchange(answer(405, None, ("Content-Type", "text/html")), "GET")),
        silent("no answer", exchange(LOST)),
        silent("300", exchange(answer(300, b""))),
        silent("399", exchange(answer(399, b""))),
    ),
    "body-is-utf8": (
        holds("Arabic", exchange(answer(200, '{"status": 200, "success": true, "m": "تم"}'.encode()))),
        breaks(
            "a byte order mark",
            exchange(answer(200, b"\xef\xbb\xbf{}")),
            words=("UTF-8 without a byte order mark", "the body begins with a byte order mark"),
        ),
        breaks("UTF-16", exchange(answer(200, '{"success": true}'.encode("utf-16")))),
        breaks(
            "labelled otherwise",
            exchange(answer(200, None, ("Content-Type", "application/json; charset=CP1256"))),
            words=("UTF-8 without a byte order mark", "labelled application/json; charset=CP1256"),
        ),
        breaks(
            "a byte order mark under a label of something else",
            exchange(TWO_FAULTS),
            words=(
                "UTF-8 without a byte order mark",
                "the body begins with a byte order mark; labelled application/json; charset=cp1256",
            ),
        ),
        breaks(
            "labelled otherwise in a second line",
            exchange(answer(200, None, ("Content-Type", f"{JSON}; charset=utf-8"), ("Content-Type", f"{JSON}; charset=cp1256"))),
            words=(
                "UTF-8 without a byte order mark",
                "labelled application/json; charset=utf-8, application/json; charset=cp1256",
            ),
        ),
        silent("GET", exchange(answer(200, b"\xff"), "GET")),
    ),
    "body-is-strict-json": (
        holds("JSON", exchange(answer())),
        breaks("a name twice", exchange(TWICE)),
        breaks(
            "NaN and a name twice",
            exchange(answer(200, b'{"a": NaN, "a": 1}')),
            words=("strict JSON", "NaN is no JSON number; duplicate key 'a'"),
        ),
        breaks("NaN", exchange(answer(200, b'{"status": NaN, "success": true}'))),
        breaks("empty", exchange(answer(200, b"")), words=("strict JSON", "the body is empty")),
        breaks("a page", exchange(answer(200, b"<!doctype html>"))),
        breaks("an empty 206", exchange(answer(206, b""))),
        breaks("a fault behind a byte order mark", exchange(answer(200, b'\xef\xbb\xbf{"status": NaN, "success": true}'))),
        silent("bytes that are no UTF-8", exchange(answer(200, b"\xff\xfe\xfd"))),
        silent("PUT", exchange(answer(200, b""), "PUT")),
        *(silent(f"{status} without a body", exchange(answer(status, b""))) for status in (204, 205)),
    ),
}
