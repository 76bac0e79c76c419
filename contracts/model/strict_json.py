"""Reads JSON strictly from raw bytes (RFC 8259): what is wrong with them, and which value a lenient reader gets.

    read ──► _healthy   one pass of the C scanner, which stops at the first oddity
         └─► _decode    odd bytes to text, with encoding faults
             └─► _parse odd text to a value, with faults

Any bytes can be read: `read` never raises, and a fault quotes at most `QUOTED` characters of them.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

MAX_DEPTH = 100
"""How deeply objects and arrays may be nested; a scalar is at depth 0."""

QUOTED = 40
"""How many characters of the body a fault may quote."""

SHOWN = 5
"""How many faults of one kind are spelled out; the rest is counted."""

_SPACE = " \t\n\r"
_DOUBLE_DIGITS = 309  # the largest double has so many digits before the point
# The longest come first: the mark of UTF-32 little endian begins with that of UTF-16 little endian.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
# A pair of surrogates, or (group 1) one alone, or any other escape: "\\ud800" is a backslash and text.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Reading:
    """The value of the bytes, and their faults in short phrases without a full stop.

    `value` is what a lenient reader gets: a byte order mark is skipped, UTF-16 and UTF-32 are decoded, other
    stray bytes become U+FFFD, the last of duplicate keys wins, NaN is a float, a number beyond a double is an
    infinity, a lone surrogate stays in its string, and anything deeper than `MAX_DEPTH` becomes None.
    `readable` is False, and `value` None, after a syntax error, with trailing data, or without any data.
    """

    value: object
    faults: tuple[str, ...]
    encoding_faults: tuple[str, ...]
    readable: bool


def read(raw: bytes) -> Reading:
    """Read a body strictly. It never raises, and its time grows linearly with the size of the body."""
    try:
        return Reading(_healthy(raw), (), (), True)
    except (_OddError, ValueError, RecursionError):
        text, encoding_faults = _decode(raw)
        value, faults, readable = _parse(text)
        return Reading(value, faults, encoding_faults, readable)


class _OddError(Exception):
    """The body may have a fault, so the slower path has to look at it."""


def _odd(_: object = None) -> NoReturn:
    raise _OddError


def _plain_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _odd()


def _plain_int(text: str) -> int:
    return int(text) if len(text) < _DOUBLE_DIGITS else _odd()


def _plain_float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _odd()


_PLAIN = json.JSONDecoder(object_pairs_hook=_plain_object, parse_int=_plain_int, parse_float=_plain_float, parse_constant=_odd)


def _healthy(raw: bytes) -> object:
    """The value of a body without any fault. If there may be one, it raises an error that `read` catches."""
    if b"\\ud" in raw or b"\\uD" in raw or b"\0" in raw:
        _odd()
    text = raw.decode().strip(_SPACE)
    # A body with few brackets cannot nest deeply, so only a body with many is measured.
    if text.count("{") + text.count("[") > MAX_DEPTH and next(_too_deep(text), None):
        _odd()
    value, end = _PLAIN.raw_decode(text)
    if end != len(text):
        _odd()
    return value


def _decode(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of the bytes without a byte order mark, and what is wrong with their encoding."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            fault = f"the body is {encoding.upper()} with a byte order mark, not UTF-8"
            return raw[len(mark) :].decode(encoding, "replace"), (fault,)
    encoding = json.detect_encoding(raw)
    if encoding.startswith(("utf-16", "utf-32")):
        try:
            return raw.decode(encoding), (f"the body is {encoding.upper()}, not UTF-8",)
        except UnicodeDecodeError:
            pass  # then these are stray zero bytes
    faults = []
    skip = len(codecs.BOM_UTF8) if raw.startswith(codecs.BOM_UTF8) else 0
    if skip:
        faults.append("the body begins with a byte order mark")
    try:
        return raw[skip:].decode(), tuple(faults)
    except UnicodeDecodeError as error:
        at = error.start + skip
        faults.append(f"the body is not UTF-8: byte 0x{raw[at]:02x} at offset {at} does not belong there")
        return raw[skip:].decode(errors="replace"), tuple(faults)


def _parse(text: str) -> tuple[object, tuple[str, ...], bool]:
    """The value of a text, what is wrong with the text, and whether there is a value."""
    if not text.strip(_SPACE):
        return None, ("the body is empty" if not text else "the body is nothing but white space",), False
    notes = _Notes()
    cut = _cut(text)
    where = "somewhere" if cut != text else "at character {}"  # positions have moved in a text that was cut
    if cut != text:
        notes.add("depth", f"nested deeper than {MAX_DEPTH} levels")
    decoder = json.JSONDecoder(
        object_pairs_hook=notes.object,
        parse_int=notes.number,
        parse_float=notes.number,
        parse_constant=notes.constant,
    )
    try:
        value, end = decoder.raw_decode(cut, len(cut) - len(cut.lstrip(_SPACE)))
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        notes.add("syntax", f"syntax error {where.format(error.pos)}: {reason}")
        return None, notes.sentences(), False
    except RecursionError:  # the caller's own stack is nearly full
        notes.add("depth", "nested too deeply to be read here")
        return None, notes.sentences(), False
    rest = cut[end:].lstrip(_SPACE)
    if rest:
        notes.add("syntax", f"trailing data {where.format(len(cut) - len(rest))}: {_quote(rest)}")
        return None, notes.sentences(), False
    for escape in _ESCAPE.finditer(text):
        if escape[1]:
            notes.add("lone surrogates", f"lone surrogate \\{escape[1]} at character {escape.start()}")
    return value, notes.sentences(), True


@dataclass
class _Notes:
    """Collects the faults that the scanner finds, and gives it the lenient value to go on with."""

    found: dict[str, dict[str, None]] = field(default_factory=dict)
    more: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, sentence: str) -> None:
        sentences = self.found.setdefault(kind, {})
        if sentence in sentences or len(sentences) < SHOWN:
            sentences[sentence] = None
        else:
            self.more[kind] = self.more.get(kind, 0) + 1

    def sentences(self) -> tuple[str, ...]:
        counted = tuple(f"and {n} more {kind}" for kind, n in self.more.items())
        return tuple(sentence for sentences in self.found.values() for sentence in sentences) + counted

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self.add("duplicate keys", f"duplicate key {_quote(key)}")
                seen.add(key)
        return found

    def number(self, text: str) -> int | float:
        if text.lstrip("-").isdigit() and len(text) < _DOUBLE_DIGITS:
            return int(text)
        number = float(text)
        if math.isinf(number):
            self.add("numbers", f"number beyond a double: {_quote(text)}")
            return number
        return int(text) if text.lstrip("-").isdigit() else number

    def constant(self, name: str) -> float:
        self.add("constants", f"{name} is no JSON number")
        return float(name)


def _quote(text: str) -> str:
    """The text as a Python literal, cut to `QUOTED` characters, so that it cannot control a terminal."""
    literal = repr(text[:QUOTED])
    return literal if len(literal) <= QUOTED else literal[: QUOTED - 1] + "…"


def _too_deep(text: str) -> Iterator[tuple[int, int]]:
    """Where containers deeper than `MAX_DEPTH` begin and end. One that is never closed ends with the text."""
    depth = start = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        character = token[0][0]
        if character in "[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                start = token.start()
        elif character in "]}":
            if depth == MAX_DEPTH + 1:
                yield start, token.end()
            depth -= 1
    if depth > MAX_DEPTH:
        yield start, len(text)


def _cut(text: str) -> str:
    """The text, with every container that is too deep replaced by null."""
    pieces, at = [], 0
    for start, end in _too_deep(text):
        pieces += [text[at:start], "null"]
        at = end
    return "".join([*pieces, text[at:]]) if pieces else text
