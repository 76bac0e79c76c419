"""What a client asks: HTTP/1.1 requests out of bytes, within limits. What is no request is Malformed."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from contracts.model.exchange import Request

COOKIE: Final = "scenario"  # by this cookie a request names the number of its scenario
LARGEST_BODY: Final = 1 << 20
LONGEST_CHUNK_LINE: Final = 1 << 10
LONGEST_HEAD: Final = 64 << 10
_REQUEST_LINE: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/1\.([01])")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST: Final = re.compile(r"[0-9A-Za-z._:\[\]-]+")
_LENGTH: Final = re.compile(r"[0-9]{1,9}")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?", re.DOTALL)
_NUMBER: Final = re.compile(rf"(?:^|;)[ \t]*{COOKIE}=([0-9]{{1,15}})[ \t]*(?:;|$)")


class Malformed(Exception):
    """What came is no HTTP request, or one beyond the limits."""


class ClientRequest(NamedTuple):
    """A whole request: its path without the query, the scenario that it names, and whether its connection stays."""

    request: Request
    path: str
    number: int | None
    keep: bool


class _Head(NamedTuple):
    """The head of a request. `length` is that of its body, None when that is chunked."""

    method: str
    url: str
    path: str
    headers: tuple[tuple[str, str], ...]
    length: int | None
    number: int | None
    keep: bool


def requests(buffer: bytearray, base: str) -> Generator[ClientRequest | None, None, None]:
    """The requests in a buffer, taken out of it one by one; None whenever more has to come first."""
    while True:
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            _check_beginning(buffer)
            yield None
        if end > LONGEST_HEAD:
            raise Malformed
        head = _read_head(buffer[:end].decode("latin-1"), base)
        del buffer[: end + 4]
        if head.length is None:
            body = yield from _chunked(buffer)
        else:
            body = yield from _taken(buffer, head.length)
        yield ClientRequest(Request(head.method, head.url, head.headers, body), head.path, head.number, head.keep)


def _check_beginning(buffer: bytearray) -> None:
    """What cannot become a request is told early: a client that speaks something else should not have to wait."""
    end = buffer.find(b"\n")
    if end >= 0 and not (buffer[end - 1 : end] == b"\r" and _REQUEST_LINE.fullmatch(buffer[: end - 1].decode("latin-1"))):
        raise Malformed
    if len(buffer) > LONGEST_HEAD or (buffer and not _NAME.match(chr(buffer[0]))):
        raise Malformed


def _read_head(text: str, base: str) -> _Head:
    first, *lines = text.split("\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None or not text.count("\r") == text.count("\n") == len(lines) or "\0" in text:
        raise Malformed
    method, target, minor = line.groups()
    headers = []
    host = length = number = None
    chunked, keep = False, minor == "1"
    for line_ in lines:
        name, colon, value = line_.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise Malformed
        value = value.strip(" \t")
        headers.append((name, value))
        key = name.lower()
        if key == "host":
            host = value
        elif key == "content-length":
            if length not in (None, value) or not _LENGTH.fullmatch(value):
                raise Malformed
            length = value
        elif key == "transfer-encoding":
            if chunked or value.lower() != "chunked":
                raise Malformed
            chunked = True
        elif key == "connection":
            keep = keep and "close" not in value.lower()
        elif key == "cookie" and (found := _NUMBER.search(value)):
            number = int(found[1])
    if (chunked and length) or int(length or 0) > LARGEST_BODY:
        raise Malformed
    url, path = _address(target, host, base)
    return _Head(method, url, path, tuple(headers), None if chunked else int(length or 0), number, keep)


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


def _taken(buffer: bytearray, length: int) -> Generator[None, None, bytes]:
    """The next `length` bytes, once they are there."""
    while len(buffer) < length:
        yield None
    taken = bytes(buffer[:length])
    del buffer[:length]
    return taken


def _line(buffer: bytearray) -> Generator[None, None, bytes]:
    """The next line, without its end."""
    while (end := buffer.find(b"\r\n", 0, LONGEST_CHUNK_LINE)) < 0:
        if len(buffer) >= LONGEST_CHUNK_LINE:
            raise Malformed
        yield None
    line = bytes(buffer[:end])
    del buffer[: end + 2]
    return line


def _chunked(buffer: bytearray) -> Generator[None, None, bytes]:
    """A chunked body. Trailers are read and forgotten."""
    body = bytearray()
    while True:
        size = _CHUNK.fullmatch((yield from _line(buffer)))
        if size is None or len(body) + int(size[1], 16) > LARGEST_BODY:
            raise Malformed
        length = int(size[1], 16)
        if not length:
            break
        body += yield from _taken(buffer, length)
        if (yield from _taken(buffer, 2)) != b"\r\n":
            raise Malformed
    room = LONGEST_HEAD
    while line := (yield from _line(buffer)):
        room -= len(line)
        if room < 0:
            raise Malformed
    return bytes(body)
