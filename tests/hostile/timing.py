"""Servers that take their time."""

from __future__ import annotations

from functools import partial

from tests.hostile.kit import (
    FAULTLESS,
    INCOMPLETE,
    Asked,
    Behave,
    Behaviour,
    Peer,
    always,
    by_turns,
    dripping,
    honest,
    honestly,
    http,
    then_silent,
    written,
)

timing = partial(Behaviour, "timing")
stalling = partial(timing, stalls=True)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SIZED = HEAD + b"Content-Length: 1000000\r\n\r\n"


def reset(start: bytes = b"") -> Behave:
    """Write a start, then break the connection."""

    def behave(peer: Peer, asked: Asked) -> None:
        peer.send(start)
        peer.reset()

    return behave


def late(seconds: float, start: bytes = b"") -> Behave:
    """A start, and the honest answer after a while."""

    def behave(peer: Peer, asked: Asked) -> None:
        peer.send(start)
        peer.pause(seconds)
        peer.send(written(asked, honest(asked)))

    return behave


def bytewise(peer: Peer, asked: Asked) -> None:
    """The honest answer byte by byte, too slowly for the deadline."""
    for byte in written(asked, honest(asked)):
        peer.send(bytes([byte]))
        peer.pause(0.05)


def quick_bytes(peer: Peer, asked: Asked) -> None:
    """The honest answer byte by byte, in time."""
    for byte in written(asked, honest(asked)):
        peer.send(bytes([byte]))


def wait_longer(peer: Peer, asked: Asked) -> None:
    """The whole answer but for its last byte."""
    peer.send(written(asked, honest(asked))[:-1])
    peer.silence()


def too_many(*lines: bytes) -> Behave:
    """429 to everyone."""
    body = b'{"status": 429, "success": false, "error": {"code": "too_many", "message": "Wait."}}'
    return always(http(body, *lines, status=b"429 Too Many Requests"))


TIMING = (
    stalling("silence", "Reads the request and says nothing.", then_silent(), word="one-answer-in-time"),
    stalling("deaf", "Accepts, reads nothing, says nothing.", then_silent(), raw=True),
    stalling("half-head", "A head without its end.", then_silent(HEAD)),
    stalling("half-body", "Half a body, then nothing.", then_silent(SIZED + b'{"status": 200,')),
    stalling("last-byte-withheld", "All but the last byte.", wait_longer),
    stalling("drip-status-line", "Blanks within the status line, one by one.", dripping(b"HTTP/1.1 ", b" ")),
    stalling("drip-head", "One header more every 50 ms.", dripping(HEAD, b"X-More: 1\r\n", every=0.05)),
    stalling("drip-body", "One byte of the body every 50 ms.", dripping(SIZED, b" ", every=0.05)),
    stalling("drip-chunks", "One chunk of one byte every 50 ms.", dripping(CHUNKED, b"1\r\n \r\n", every=0.05)),
    stalling("drip-1xx", "100 Continue every 50 ms, no answer.", dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", every=0.05)),
    stalling(
        "drip-gzip",
        "An empty gzip block every 50 ms.",
        dripping(HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\0\0\0\xff\xff", every=0.05),
    ),
    stalling("bytewise", "An honest answer, each byte 50 ms after the last.", bytewise),
    timing("bytewise-quick", "An honest answer in as many pieces as it has bytes.", quick_bytes, FAULTLESS, "conformant"),
    stalling(
        "hints-then-late",
        "103 Early Hints, then an answer after the deadline.",
        late(1.5, b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"),
    ),
    stalling("always-late", "An honest answer, always just too late.", late(1.2)),
    stalling(
        "every-second",
        "Every second connection drips; no three in a row fail.",
        by_turns(honestly(), dripping(SIZED, b" ", every=0.05)),
    ),
    timing("one-byte-then-reset", "One byte, then RST.", reset(b"H")),
    timing("reset-at-once", "RST after the request.", reset()),
    timing("closes-at-once", "Closes without a word.", always()),
    timing(
        "answers-unasked",
        "An answer before the request was read, then silence.",
        then_silent(http(b'{"status": 401, "success": false, "error": {}}', status=b"401 No")),
        frozenset({1, 10}),
        raw=True,
    ),
    timing("wait-a-year", "429 that asks to wait for a year.", too_many(b"Retry-After: 31536000"), INCOMPLETE, "429"),
    timing(
        "wait-for-ever", "429 with more digits than a number has.", too_many(b"Retry-After: " + b"9" * 5000), INCOMPLETE, "429"
    ),
    timing(
        "wait-till-99999",
        "429 with a date after all dates.",
        too_many(b"Retry-After: Fri, 31 Dec 99999 23:59:59 +9999"),
        INCOMPLETE,
        "429",
    ),
    timing("wait-nan", "429 with no number at all.", too_many(b"Retry-After: nan"), INCOMPLETE, "429"),
)
