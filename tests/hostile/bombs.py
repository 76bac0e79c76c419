"""Bodies in a content coding, most of them far larger than they look. The gate asks for gzip at most, mostly for `identity`."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from functools import cache, partial

from tests.hostile.kit import FAULTLESS, Asked, Behave, Behaviour, Change, Peer, honest, honestly, http, written
from tests.hostile.timing import HEAD

bomb = partial(Behaviour, "bombs")
ANY = b'{"status": 200, "success": true, "data": {"token": "t"}}'


@cache
def bomb_of(megabytes: int, wbits: int = 31) -> bytes:
    """Blanks, a thousandth as long: one deflated megabyte, over and over in one stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    first = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)  # a full flush: the same bytes mean the same
    return first + again * (megabytes - 1)


def packed(body: bytes, coding: bytes, *lines: bytes) -> Behave:
    """A body as it is, labelled with a coding."""
    return lambda peer, asked: peer.send(http(body, b"Content-Encoding: " + coding, *lines))


def honest_in(pack: Callable[[bytes], bytes], coding: bytes) -> Behave:
    """The honest answer in a coding."""

    def change(body: object, asked: Asked) -> bytes:
        return pack(json.dumps(body).encode())

    told: Change = change
    return honestly(b"Content-Encoding: " + coding, change=told)


def endless(peer: Peer, asked: Asked) -> None:
    """One stream that inflates for ever."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    peer.send(HEAD + b"Content-Encoding: gzip\r\n\r\n", packer.compress(b" " * 2**20), packer.flush(zlib.Z_FULL_FLUSH))
    peer.flood(packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH))


def plain_under_gzip(peer: Peer, asked: Asked) -> None:
    """The honest answer, with a label that it does not deserve."""
    peer.send(written(asked, honest(asked), b"Content-Encoding: gzip"))


LATE_WORD = "one-answer-in-time"
BOMBS = (
    bomb("gzip-1-gb", "1 MB that inflates to 1 GB.", packed(bomb_of(1000), b"gzip"), word=LATE_WORD),
    bomb("gzip-endless", "A gzip stream without end.", endless, word=LATE_WORD),
    bomb("gzip-in-gzip", "A bomb within a bomb, one label.", packed(gzip.compress(bomb_of(500)), b"gzip"), word="body-is-"),
    bomb("gzip-twice", "The same, labelled `gzip, gzip`.", packed(gzip.compress(bomb_of(1000)), b"gzip, gzip"), word=LATE_WORD),
    bomb("gzip-members", "50,000 empty gzip members.", packed(gzip.compress(b"") * 50_000, b"gzip")),
    bomb("gzip-cut", "A gzip stream without its end.", packed(gzip.compress(ANY)[:-9], b"gzip"), word=LATE_WORD),
    bomb("gzip-garbage-behind", "Garbage behind the stream.", packed(gzip.compress(ANY) + b"garbage" * 1000, b"gzip")),
    bomb(
        "gzip-giant-name",
        "A file name of 1 MB in the gzip header.",
        packed(b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"n" * 10**6 + b"\0" + gzip.compress(ANY)[10:], b"gzip"),
    ),
    bomb("gzip-on-plain", "Plain JSON, labelled gzip.", plain_under_gzip, word=LATE_WORD),
    bomb("deflate", "1 GB in a deflated MB.", packed(bomb_of(1000, 15), b"deflate"), word=LATE_WORD),
    bomb("br", "A label br.", packed(bomb_of(1), b"br"), word=LATE_WORD),
    bomb("unknown-coding", "A coding of 10,000 letters.", packed(ANY, b"x" * 10_000), word=LATE_WORD),
    bomb(
        "transfer-gzip", "The bomb as a transfer coding.", packed(bomb_of(100), b"identity", b"Transfer-Encoding: gzip, chunked")
    ),
    bomb("honest-gzip", "An honest answer in gzip, unasked.", honest_in(gzip.compress, b"gzip"), FAULTLESS, "conformant"),
)
