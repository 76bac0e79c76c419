"""Texts of a request as words of a shell: long runs of one sign are built, and bytes that are no text are written as numbers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.redaction.redacted import Command

LONG_RUN: Final = 50  # times that a sign is repeated before the shell builds the run
_RUN: Final = re.compile(rf"([A-Za-z0-9 .=])\1{{{LONG_RUN - 1},}}")
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True)
class Piece:
    """A part of a text: as it stands, repeated so many `times`, or `escaped` for `printf`."""

    text: Command
    times: int = 1
    escaped: bool = False


def pieces(raw: bytes) -> tuple[Piece, ...]:
    """The bytes in pieces that a shell can put together again. UTF-8 that can be printed stays readable."""
    try:
        text, is_text = raw.decode("utf-8"), True
    except UnicodeDecodeError:
        text, is_text = raw.decode("latin-1"), False
    return tuple(_pieces(text, is_text))


def _pieces(text: str, is_text: bool) -> Iterator[Piece]:
    end = 0
    for run in _RUN.finditer(text):
        yield from _printable(text[end : run.start()], is_text)
        yield Piece(run[1], len(run[0]))
        end = run.end()
    yield from _printable(text[end:], is_text)


def _printable(text: str, is_text: bool) -> Iterator[Piece]:
    end = 0
    for odd in _UNPRINTABLE.finditer(text):
        if is_text and odd[0].isprintable():
            continue
        if odd.start() > end:
            yield Piece(text[end : odd.start()])
        yield Piece("".join(f"\\{byte:03o}" for byte in odd[0].encode("utf-8" if is_text else "latin-1")), escaped=True)
        end = odd.end()
    if text[end:]:
        yield Piece(text[end:])


def word(parts: Sequence[Piece]) -> str:
    """The text as one word of a shell."""
    plain = all(part.times == 1 and not part.escaped for part in parts)
    if plain:
        return shlex.quote("".join(part.text for part in parts))
    return "".join(f'"$({_printed(part)})"' if part.times > 1 or part.escaped else shlex.quote(part.text) for part in parts)


def printing(parts: Sequence[Piece]) -> str:
    """The commands that print the text, to be read by another through a pipe."""
    return "{ " + "; ".join(map(_printed, parts)) + "; }"


def _printed(part: Piece) -> str:
    if part.escaped:
        return f"printf {shlex.quote(part.text)}"
    if part.times == 1:
        return f"printf %s {shlex.quote(part.text)}"
    spaces = f"printf '%{part.times}s' ''"
    return spaces if part.text == " " else f"{spaces} | tr ' ' {shlex.quote(part.text)}"
