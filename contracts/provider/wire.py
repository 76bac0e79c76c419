"""What a server sent behind its answer. HTTP libraries drop it unseen; a client that keeps the connection open takes it for the
answer to its next request, which may be another customer's. Pure.
"""

from __future__ import annotations

import re
from typing import Final

_INFORMATIONAL: Final = re.compile(rb"HTTP/\S+ 1\d\d\b")
_BODILESS: Final = re.compile(rb"HTTP/\S+ (?:204|304)\b")
_LENGTH: Final = re.compile(rb"^content-length:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_CHUNKED: Final = re.compile(rb"^transfer-encoding:[ \t]*chunked[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_SIZE: Final = re.compile(rb"([0-9a-f]+)[^\n]*\n", re.IGNORECASE)
_TRAILERS: Final = re.compile(rb"(?:[^\r\n]+\r?\n)*\r?\n")
_HEAD_ENDS: Final = re.compile(rb"\r?\n\r?\n")


def trailing_data(received: bytes, method: str) -> bytes:
    """The bytes behind the first final answer to `method`, line breaks before them aside.

    `received` is all that came, and its first answer was read without an error. An answer that lasts until the connection
    ends has nothing behind it.
    """
    while (end := _HEAD_ENDS.search(received)) and _INFORMATIONAL.match(received):
        received = received[end.end() :]
    if end is None:
        return b""
    head, rest = received[: end.start()], received[end.end() :]
    if method == "HEAD" or _BODILESS.match(head):
        return rest.lstrip(b"\r\n")
    if _CHUNKED.search(head):
        return _behind_chunks(rest).lstrip(b"\r\n")
    if length := _LENGTH.search(head):
        return rest[int(length[1][:9]) :].lstrip(b"\r\n")
    return b""


def _behind_chunks(rest: bytes) -> bytes:
    at = 0
    while size := _SIZE.match(rest, at):
        at = size.end() + int(size[1][:9], 16)
        if int(size[1], 16) == 0:
            end = _TRAILERS.match(rest, at)
            return rest[end.end() :] if end else b""
        at += 2 if rest[at : at + 2] == b"\r\n" else 1
    return b""
