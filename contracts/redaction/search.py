"""Finds secrets in a text, plain or encoded."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from contracts.redaction.decoding import SHORTEST, Span, opened, packed
from contracts.redaction.secrets import GRAM, Memory, grams_of

# A signed token or its beginning. Inside a word only a whole token counts, since camelCase words may contain `eyJ` too.
JWT: Final = re.compile(
    rb"(?<![\w-])(?:eyJ[\w-]{8,}+(?:\.[\w-]*+){0,2}|(?:(?!eyJ)[\w-])++eyJ[\w-]{8,}+\.[\w-]{8,}+\.[\w-]*+)", re.ASCII
)


def spans(data: bytes, known: list[Memory], rounds: int) -> Iterator[Span]:
    """The spans of secrets in the data, and in what the data decodes to (`rounds` levels deep)."""
    yield from (m.span() for m in JWT.finditer(data) if b"eyJ" in m[0])
    yield from _hits(data.lower(), known)
    if rounds:
        for inner, back in (*opened(data), *packed(data)):
            for start, end in merged(spans(inner, known, rounds - 1)):
                yield back(start, end)


def _hits(data: bytes, known: list[Memory]) -> Iterator[Span]:
    grams = grams_of(data)
    hits = {gram for memory in known if not memory.grams.isdisjoint(grams) for gram in memory.grams & grams}
    if hits:
        for at in range(len(data) - GRAM + 1):
            if int.from_bytes(data[at : at + GRAM], sys.byteorder) in hits:
                yield at, at + GRAM
    for short in (memory.short for memory in known if memory.short):
        for size in range(SHORTEST, GRAM):
            yield from ((at, at + size) for at in range(len(data) - size + 1) if data[at : at + size] in short)


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans in order. Spans that touch are merged."""
    begun: Span | None = None
    for start, end in sorted(spans):
        if begun and start <= begun[1]:
            begun = begun[0], max(begun[1], end)
            continue
        if begun:
            yield begun
        begun = start, end
    if begun:
        yield begun
