"""What is decoded, one escaping or packing less at a time, and which bytes it came from."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from contracts.redaction import decoding
from contracts.redaction.decoding import from_base64, opened, packed


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (b"a%2Fb%2fc", b"a/b/c"),
        (b"\\x2F\\x2f", b"//"),
        (b"\\u002F\\u00e9", "/é".encode()),
        (b"\\ud83d\\ude00\\uD83D\\uDE00", "😀😀".encode()),
        (b"\\ud83d-", b"\xed\xa0\xbd-"),
        (b"\\u{2f}\\u{1F600}", "/😀".encode()),
        (b"\\u{10ffff}\\u{110000}", "\U0010ffff\\u{110000}".encode()),
        (b"\\057\\377\\400", b"/\xff\\400"),
        (rb"\"\'\\\/\b\f\n\r\t\N", b"\"'\\/\b\f\n\r\t\n"),
        (b"&#47;&#47-&#x2F;&#x2f-", b"//-//-"),
        (b"&#1114111;&#1114112;", "\U0010ffff&#1114112;".encode()),
        (b"&amp;&AMP;&sol;&SOL;&nosuch;&amp", b"&&//&nosuch;&amp"),
        (b"a\0b\0", b"ab"),
    ],
)
def test_one_escaping_less(data: bytes, plain: bytes) -> None:
    """Escapes of every kind are opened, and anything that is no escape stays."""
    assert [text for text, _ in opened(data)] == [plain]


def test_names_of_characters_are_read_as_they_are_written() -> None:
    """A named character is read in the letters of its name, and in small letters where there is no such name."""
    assert [text for text, _ in opened(b"&Eacute;&eacute;&EACUTE;")] == ["Ééé".encode()]


@pytest.mark.parametrize("data", [b"", b"nothing to open", b"50% off \\ & more", b"%zz"])
def test_what_has_no_escaping_is_not_opened(data: bytes) -> None:
    """A text without an escape is not opened, though it has the signs that begin one."""
    assert list(opened(data)) == []


def test_where_opened_bytes_came_from() -> None:
    """Opened bytes came from their escape as a whole; the bytes between escapes came each from itself."""
    data = b"ab%2Fcd&sol;%2F!"
    ((plain, back),) = opened(data)
    assert plain == b"ab/cd//!"
    assert [back(at, at + 1) for at in range(len(plain))] == [
        *((0, 1), (1, 2), (2, 5), (5, 6), (6, 7)),
        *((7, 12), (12, 15), (15, 16)),
    ]
    assert back(0, 3) == (0, 5)
    assert back(2, 5) == (2, 7)
    assert back(0, len(plain)) == (0, len(data))
    ((plain, back),) = opened(b"%C3%A9x")
    assert [back(at, at + 1) for at in range(3)] == [(0, 3), (3, 6), (6, 7)]
    ((plain, back),) = opened(b"\\u00e9x")
    assert plain == "éx".encode()
    assert [back(at, at + 1) for at in range(3)] == [(0, 6), (0, 6), (6, 7)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", b""),
        (b"TQ", b"M"),
        (b"TQ==", b"M"),
        (b"TWE", b"Ma"),
        (b"TWFu", b"Man"),
        (b"TWFuT", b"Man"),
        (b"-_-_", b"\xfb\xff\xbf"),
        (b"+/+/", b"\xfb\xff\xbf"),
        (b"TW=Fu", b"Man"),
        (b"TWFuT!", b""),
        (b"A", b""),
    ],
)
def test_base64(text: bytes, said: bytes) -> None:
    """Base64 of either alphabet is read, padded or not; a lone character at its end says nothing."""
    assert from_base64(text) == said


def unpacked(data: bytes) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """What each line of the packed says, and where it came from as a whole."""
    for text, back in packed(data):
        at = 0
        for line in text.split(b"\n"):
            yield line, back(at, at + len(line))
            at += len(line) + 1


def test_hex_is_read_from_each_place() -> None:
    """Hex is read in capitals or not, from twelve digits on, and from its second digit too."""
    assert dict(unpacked(b"<6a6B6c6D6e6F>"))[b"jklmno"] == (1, 13)
    assert dict(unpacked(b"<06a6b6c6d6e6f>"))[b"jklmno"] == (2, 14)
    assert b"jklmn" not in dict(unpacked(b"<6a6b6c6d6e>"))
    text, back = next(packed(b"<6a6b6c6d6e6f7071>"))
    at = text.index(b"klm")
    assert back(at, at + 3) == (3, 9)
    assert back(at, at + 1) == (3, 5)


@pytest.mark.parametrize("sign", [b" ", b":", b",", b"-"])
def test_hex_with_signs_between(sign: bytes) -> None:
    """Hex with signs between is read from six bytes on; each byte came from its two digits and the sign behind them."""
    data = b"<" + sign.join([b"6a", b"6B", b"6c", b"6d", b"6e", b"6f"]) + b">"
    assert (b"jklmno", (1, 18)) in list(unpacked(data))
    text, back = next(packed(data))
    at = text.index(b"jklmno")
    assert [back(at + n, at + n + 1) for n in (0, 1, 5)] == [(1, 4), (4, 7), (16, 18)]
    assert b"jklmn" not in dict(unpacked(sign.join([b"6a", b"6b", b"6c", b"6d", b"6e"])))


def test_base64_is_read_from_each_place() -> None:
    """Base64 may begin at any of four places; three bytes came from four characters, rounded outwards."""
    coded = base64.b64encode(b"jklmnopqr")
    for before in (b"", b"A", b"AB", b"ABC"):
        found = dict(unpacked(b"<" + before + coded + b">"))
        assert b"jklmnopqr" in found, before
    assert dict(unpacked(b"<" + coded + b">"))[b"jklmnopqr"] == (1, 13)
    text, back = next(packed(b"<" + coded + b">"))
    at = text.index(b"jklmnopqr")
    assert [back(at + start, at + end) for start, end in ((0, 3), (1, 2), (3, 6), (4, 9), (0, 1))] == [
        *((1, 5), (2, 4), (5, 9), (6, 13), (1, 3))
    ]
    assert list(unpacked(base64.b64encode(b"jklmn").rstrip(b"="))) == []


def test_several_runs_are_told_apart() -> None:
    """Each unpacked line came from its own run, and nothing reaches over the end of a line."""
    first, second = base64.b64encode(b"jklmnopqr"), base64.b64encode(b"stuvwxyz0")
    data = first + b" " + second
    found = dict(unpacked(data))
    assert (found[b"jklmnopqr"], found[b"stuvwxyz0"]) == ((0, 12), (13, 25))
    text, back = next(packed(data))
    at = text.index(b"jklmnopqr")
    assert back(at, at + 60) == (0, 12)


def test_what_may_be_nothing_packed_is_not_unpacked() -> None:
    """Short words are not unpacked."""
    assert list(packed(b"short words of no more than seven")) == []
    assert (decoding.ROUNDS, decoding.SHORTEST) == (3, 6)
