"""Decodes what may hide in a text: one level of escapes, Base64, hex. Each result can tell where in the text a part came from."""

from __future__ import annotations

import binascii
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator
from html.entities import html5
from typing import Final

ROUNDS: Final = 3  # how many codings may be nested in each other
SHORTEST: Final = 6  # shorter values resemble ordinary words; removing those would hide the evidence

_ESCAPED: Final = re.compile(
    rb"%([0-9a-f]{2})|\\x([0-9a-f]{2})"
    rb"|\\u(d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|[0-9a-f]{4})|\\u\{([0-9a-f]{1,6})\}"
    rb"|\\([0-3][0-7]{2})|\\([\"'\\/bfnrt])"
    rb"|&#([0-9]{1,7});?|&#x([0-9a-f]{1,6});?|&([a-z][a-z0-9]{1,30};)"
    rb"|(\0)",  # every other byte of ASCII in UTF-16
    re.IGNORECASE,
)
_ESCAPES: Final = re.compile(rb"[%\\&\0]")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_CONTROL: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}

Span = tuple[int, int]
Back = Callable[[int, int], Span]
"""Maps a span of the decoded bytes to the span of the source that it came from."""


def opened(data: bytes) -> Iterator[tuple[bytes, Back]]:
    """The data with one level of escapes removed, if it has any."""
    if not _ESCAPES.search(data):
        return
    pieces: list[bytes] = []
    places = [(0, 0, 0, 0)]  # for each escape: start and end in the output, start and end in the data
    size = at = 0
    for m in _ESCAPED.finditer(data):
        plain = _plain(m)
        pieces += [data[at : m.start()], plain]
        size += m.start() - at
        places.append((size, size + len(plain), m.start(), m.end()))
        size, at = size + len(plain), m.end()
    if at == 0:
        return
    starts = [place[0] for place in places]

    def back(start: int, end: int) -> Span:
        def place(index: int) -> Span:
            _, out_end, source, source_end = places[bisect_right(starts, index) - 1]
            return (source, source_end) if index < out_end else (source_end + index - out_end, source_end + index - out_end + 1)

        return place(start)[0], place(end - 1)[1]

    yield b"".join([*pieces, data[at:]]), back


def _plain(m: re.Match[bytes]) -> bytes:
    """What an escape stands for: one byte (%XX, \\xXX, \\ooo), or a character in UTF-8."""
    kind, text = m.lastindex, m[m.lastindex or 0]
    if kind in (1, 2):
        return bytes.fromhex(text.decode())
    if kind == 3:
        return (
            binascii.unhexlify(text.lower().replace(b"\\u", b""))
            .decode("utf-16-be", "surrogatepass")
            .encode("utf-8", "surrogatepass")
        )
    if kind == 5:
        return bytes([int(text, 8)])
    if kind == 6:
        return _CONTROL.get(text.lower(), text)
    if kind in (4, 7, 8):
        number = int(text, 10 if kind == 7 else 16)
        return chr(number).encode("utf-8", "surrogatepass") if number <= sys.maxunicode else m[0]
    if kind == 9:
        name = text.decode()
        return (html5.get(name) or html5.get(name.lower()) or m[0].decode()).encode("utf-8", "surrogatepass")
    return b""


def from_base64(text: bytes) -> bytes:
    """Decodes Base64 in either alphabet. A lone character at the end carries no byte and is ignored."""
    text = text.translate(_STANDARD, b"=")
    text = text[: len(text) - (len(text) % 4 == 1)]
    try:
        return binascii.a2b_base64(text + b"===")  # surplus padding is ignored
    except binascii.Error:
        return b""


def packed(data: bytes) -> Iterator[tuple[bytes, Back]]:
    """Everything that may be Base64 or hex, decoded from each offset at which a group may begin; one line for each try."""
    lines: list[bytes] = []
    starts: list[int] = []
    # For each line: start and end of its source, and how many characters make how many bytes.
    sources: list[tuple[int, int, int, int]] = []
    size = 0
    for runs, places, unpacked, characters, count in _PACKINGS:
        for m in runs.finditer(data):
            for first in range(places):
                line = unpacked(m[0][first:])
                if len(line) >= SHORTEST:
                    lines.append(line)
                    starts.append(size)
                    sources.append((m.start() + first, m.end(), characters, count))
                    size += len(line) + 1
    if not lines:
        return

    def back(start: int, end: int) -> Span:
        line = bisect_right(starts, start) - 1
        source, source_end, characters, count = sources[line]
        start, end = start - starts[line], min(end - starts[line], len(lines[line]))
        return source + start * characters // count, min(source_end, source + -(-end * characters // count))

    yield b"\n".join(lines), back


def _from_hex(text: bytes) -> bytes:
    return binascii.unhexlify(text[: len(text) // 2 * 2])


def _from_spaced_hex(text: bytes) -> bytes:
    return bytes(int(text[at : at + 2], 16) for at in range(0, len(text), 3))


# For each coding: its pattern, at how many offsets a group may begin, its decoder, and how many characters make how many bytes.
_PACKINGS: Final = (
    (re.compile(rb"[A-Za-z0-9+/_-]{8,}"), 4, from_base64, 4, 3),
    (re.compile(rb"[0-9A-Fa-f]{12,}"), 2, _from_hex, 2, 1),
    (re.compile(rb"(?:[0-9A-Fa-f]{2}[ :,-]){5,}[0-9A-Fa-f]{2}"), 1, _from_spaced_hex, 3, 1),
)
