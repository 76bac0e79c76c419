"""What a client asks: HTTP/1.1 requests out of bytes, read by h11 within limits of ours. What is no request is Malformed."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import h11

from contracts.model.exchange import Request

COOKIE: Final = "scenario"  # by this cookie a request names the number of its scenario
LARGEST_BODY: Final = 1 << 20
LONGEST_CHUNK_LINE: Final = 1 << 10  # trailers are no longer either
LONGEST_HEAD: Final = 64 << 10
_REQUEST_LINE: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.[01]")
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]")
_LINES: Final = re.compile(rb"[^\r\n]+(?:\r\n[^\r\n \t][^\r\n]*)*")  # h11 takes bare line ends and folded headers too
_HOST: Final = re.compile(r"[0-9A-Za-z._:\[\]-]+")
_NUMBER: Final = re.compile(rf"(?:^|;)[ \t]*{COOKIE}=([0-9]{{1,15}})[ \t]*(?:;|$)")


class Malformed(Exception):
    """What came is no HTTP request, or one beyond the limits."""


class ClientRequest(NamedTuple):
    """A whole request: its path without the query, the scenario that it names, and whether its connection stays."""

    request: Request
    path: str
    number: int | None
    keep: bool


def requests(buffer: bytearray, base: str) -> Generator[ClientRequest | None, None, None]:
    """The requests in a buffer, taken out of it one by one; None whenever more has to come first."""
    while True:
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            _check_beginning(buffer)
            yield None
        if end > LONGEST_HEAD or not _LINES.fullmatch(buffer, 0, end):
            raise Malformed
        http = h11.Connection(h11.SERVER, LONGEST_HEAD + 4)
        try:
            head, body = yield from _read(http, buffer)
        except h11.RemoteProtocolError:
            raise Malformed from None
        buffer[:0] = http.trailing_data[0]
        yield _asked(head, body, base, keep=http.their_state is not h11.MUST_CLOSE)


def _check_beginning(buffer: bytearray) -> None:
    """What cannot become a request is told early: a client that speaks something else should not have to wait."""
    end = buffer.find(b"\n")
    if end >= 0 and not (buffer[end - 1 : end] == b"\r" and _REQUEST_LINE.fullmatch(buffer, 0, end - 1)):
        raise Malformed
    if len(buffer) > LONGEST_HEAD or (buffer and not _NAME.match(buffer)):
        raise Malformed


def _read(http: h11.Connection, buffer: bytearray) -> Generator[None, None, tuple[h11.Request, bytes]]:
    """The next request's head and its body, once they are there. Trailers are read and forgotten."""
    head, body = None, bytearray()
    while not isinstance(event := http.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Request):
            head = event
            named = dict(head.headers)
            length = named.get(b"content-length")
            if length and (b"transfer-encoding" in named or int(length) > LARGEST_BODY):
                raise Malformed
        elif isinstance(event, h11.Data):
            body += event.data
        else:
            if head and len(http.trailing_data[0]) > LONGEST_CHUNK_LINE:
                raise Malformed
            while not buffer:
                yield
            http.receive_data(bytes(buffer))
            buffer.clear()
        if len(body) > LARGEST_BODY:
            raise Malformed
    assert head is not None  # noqa: S101 - no message ends that has not begun
    return head, bytes(body)


def _asked(head: h11.Request, body: bytes, base: str, *, keep: bool) -> ClientRequest:
    """A request as it is noted."""
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items())
    host = number = None
    for name, value in headers:
        if name.lower() == "host":
            host = value
        elif name.lower() == "cookie" and (found := _NUMBER.search(value)):
            number = int(found[1])
    url, path = _address(head.target.decode("latin-1"), host, base)
    return ClientRequest(Request(head.method.decode(), url, headers, body), path, number, keep)


def _address(target: str, host: str | None, base: str) -> tuple[str, str]:
    """The absolute URL of a request, and its path."""
    if target.startswith("/"):
        if host and not _HOST.fullmatch(host):
            raise Malformed
        return f"http://{host}{target}" if host else base + target, target.partition("?")[0].partition("#")[0]
    if target == "*":
        return f"{base}/*", "/*"
    try:
        parts = urlsplit(target)
    except ValueError:
        raise Malformed from None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Malformed
    return target, parts.path or "/"
