"""Servers that say too much."""

from __future__ import annotations

from functools import partial

from tests.hostile.kit import FAULTLESS, Behaviour, flooding, honestly, http
from tests.hostile.timing import CHUNKED, HEAD

volume = partial(Behaviour, "volume")
MEGABYTE = b" " * 1_000_000

VOLUME = (
    volume(
        "endless-body", "A body of no stated length that never ends.", flooding(HEAD + b"\r\n", b"a"), word="one-answer-in-time"
    ),
    volume("endless-chunks", "Chunks of 64 KiB without end.", flooding(CHUNKED, b"10000\r\n" + b"a" * 65536 + b"\r\n")),
    volume("tiny-chunks", "Chunks of one byte without end.", flooding(CHUNKED, b"1\r\na\r\n"), stalls=True),
    volume("giant-chunk", "One chunk of 2^60 bytes.", flooding(CHUNKED + b"1000000000000000\r\n", b"a")),
    volume("chunk-extensions", "A chunk size with extensions that never end.", flooding(CHUNKED + b"1", b";a=b")),
    volume("trailers", "Trailers without end.", flooding(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-Trailer: 1\r\n")),
    volume("endless-head", "Headers without end.", flooding(HEAD, b"X-More: 1\r\n")),
    volume("a-million-headers", "A million empty headers.", flooding(HEAD, b"a:\r\n" * 1000)),
    volume("giant-header", "One header that never ends.", flooding(HEAD + b"X-Giant: ", b"a")),
    volume("giant-reason", "A reason phrase that never ends.", flooding(b"HTTP/1.1 200 ", b"a")),
    volume("giant-status", "A status of as many digits as there are.", flooding(b"HTTP/1.1 ", b"2")),
    volume("empty-lines", "Empty lines without end before the status line.", flooding(b"", b"\r\n")),
    volume("continues", "100 Continue without end.", flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), stalls=True),
    volume("noise", "Zero bytes without end.", flooding(b"", b"\0")),
    volume("no-line-ends", "Letters without a line end.", flooding(b"", b"HTTP")),
    volume("two-megabytes-and-one", "A body one byte beyond the cap.", flooding(HEAD + b"Content-Length: 2000001\r\n\r\n", b" ")),
    volume(
        "padded-hundredfold",
        "The same a hundred times: evidence is kept, but not without bound.",
        honestly(change=lambda body, asked: MEGABYTE[:900_000] + _json(body)),
        FAULTLESS,
        "conformant",
        options=("--refresh-max-requests", "100"),
    ),
    volume(
        "beyond-the-body-cap",
        "An honest answer behind 1.1 MB of blanks.",
        honestly(change=lambda body, asked: MEGABYTE + MEGABYTE[:100_000] + _json(body)),
        word="one-answer-in-time",
    ),
    volume(
        "a-thousand-headers",
        "A thousand headers of 60 bytes beside an honest answer.",
        honestly(*(b"X-%04d: " % n + b"v" * 50 for n in range(1000))),
        FAULTLESS,
        "conformant",
    ),
    volume(
        "second-answer-flood",
        "Answers behind the answer, without end.",
        flooding(http(b'{"status": 200, "success": false}'), http(b'{"status": 200, "success": true}')),
    ),
)


def _json(body: object) -> bytes:
    import json

    return json.dumps(body).encode()
