"""The parts of the redaction one by one: what is decoded and where it came from, what is remembered, and what is shown."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from contracts.model.exchange import Exchange, Request, Response
from contracts.redaction import decoding, search, secrets
from contracts.redaction import redactor as module
from contracts.redaction.decoding import from_base64, opened, packed
from contracts.redaction.redactor import MARK, Redactor, escape
from contracts.redaction.secrets import GRAM, Memory, grams_of

# --- one escaping less ------------------------------------------------------------------------------------------------


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
    """Of every kind; what is none stays."""
    assert [text for text, _ in opened(data)] == [plain]


@pytest.mark.parametrize("data", [b"", b"nothing to open", b"50% off \\ & more", b"%zz"])
def test_what_has_no_escaping_is_not_opened(data: bytes) -> None:
    """Though it has the signs that begin one."""
    assert list(opened(data)) == []


def test_where_opened_bytes_came_from() -> None:
    """An escape as a whole, what stands between them byte by byte."""
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


# --- Base64 and hex ---------------------------------------------------------------------------------------------------


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
    """Of either alphabet, padded or not; a lone character at its end says nothing."""
    assert from_base64(text) == said


def unpacked(data: bytes) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """What each line of the packed says, and where it came from as a whole."""
    for text, back in packed(data):
        at = 0
        for line in text.split(b"\n"):
            yield line, back(at, at + len(line))
            at += len(line) + 1


def test_hex_is_read_from_each_place() -> None:
    """In capitals or not, from twelve digits on, and from its second digit too."""
    assert dict(unpacked(b"<6a6B6c6D6e6F>"))[b"jklmno"] == (1, 13)
    assert dict(unpacked(b"<06a6b6c6d6e6f>"))[b"jklmno"] == (2, 14)
    assert b"jklmn" not in dict(unpacked(b"<6a6b6c6d6e>"))
    text, back = next(packed(b"<6a6b6c6d6e6f7071>"))
    at = text.index(b"klm")
    assert back(at, at + 3) == (3, 9)
    assert back(at, at + 1) == (3, 5)


@pytest.mark.parametrize("sign", [b" ", b":", b",", b"-"])
def test_hex_with_signs_between(sign: bytes) -> None:
    """Six bytes at least; each came from its two digits and the sign behind them."""
    data = b"<" + sign.join([b"6a", b"6B", b"6c", b"6d", b"6e", b"6f"]) + b">"
    assert (b"jklmno", (1, 18)) in list(unpacked(data))
    text, back = next(packed(data))
    at = text.index(b"jklmno")
    assert [back(at + n, at + n + 1) for n in (0, 1, 5)] == [(1, 4), (4, 7), (16, 18)]
    assert b"jklmn" not in dict(unpacked(sign.join([b"6a", b"6b", b"6c", b"6d", b"6e"])))


def test_base64_is_read_from_each_place() -> None:
    """A group may begin at any of four; three bytes came from four characters, rounded outwards."""
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
    """Each line came from its own; what goes over the end of a line ends with it."""
    first, second = base64.b64encode(b"jklmnopqr"), base64.b64encode(b"stuvwxyz0")
    data = first + b" " + second
    found = dict(unpacked(data))
    assert (found[b"jklmnopqr"], found[b"stuvwxyz0"]) == ((0, 12), (13, 25))
    text, back = next(packed(data))
    at = text.index(b"jklmnopqr")
    assert back(at, at + 60) == (0, 12)


def test_what_may_be_nothing_packed_is_not_unpacked() -> None:
    """Short words."""
    assert list(packed(b"short words of no more than seven")) == []
    assert (decoding.ROUNDS, decoding.SHORTEST) == (3, 6)


# --- what is remembered -----------------------------------------------------------------------------------------------


def test_every_eight_bytes_in_a_row() -> None:
    """As numbers, whatever their number; of fewer there are none."""
    import sys

    for size in range(30):
        data = bytes(range(size))
        wanted = {int.from_bytes(data[at : at + GRAM], sys.byteorder) for at in range(size - GRAM + 1)}
        assert grams_of(data) == wanted


def test_a_memory_counts_what_it_has_once() -> None:
    """And its size in characters."""
    known = Memory()
    for value in ("a-first-value", "a-second-value", "a-first-value"):
        known.add(value)
    assert list(known.values) == ["a-first-value", "a-second-value"]
    assert known.size == 13 + 14
    assert known.grams == set()
    known.ready()
    assert known.grams >= grams_of(b"a-first-value") | grams_of(b"a-second-value")


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("Pass Word 9", ["pass+word+9", "PASS WORD 9", "Pass%20Word%209"]),
        ("señor-ñandú", ["señor-ñandú", "se\xc3\xb1or-\xc3\xb1and\xc3\xba", "se%F1or-%F1and%FA"]),
        ("a%2Fb%2Fc%2Fd", ["a/b/c/d", "A%2fB%2fC%2fD"]),
        ("a%252Fb%252Fc%252Fd", ["a/b/c/d", "a%2Fb%2Fc%2Fd"]),
        ("a%25252Fb%25252Fc%25252Fd", ["a/b/c/d", "a%2Fb%2Fc%2Fd"]),
    ],
)
def test_forms_of_a_secret(secret: str, shown: list[str]) -> None:
    """With a plus for a blank, as another coding reads it, and with the escapes that it has itself taken off."""
    for text in (secret, *shown):
        assert Redactor([secret]).clean(text) == MARK, text


def test_a_short_value_is_kept_whole() -> None:
    """Of seven it takes all seven; eight and more are known in part."""
    assert Redactor(["q7w8e9r"]).clean("q7w8e9r q7w8e9 7w8e9r") == f"{MARK} q7w8e9 7w8e9r"
    assert Redactor(["q7w8e9rt5"]).clean("q7w8e9rt 7w8e9rt5 q7w8e9r") == f"{MARK} {MARK} q7w8e9r"


# --- where secrets are ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([], []),
        ([(3, 5), (1, 2)], [(1, 2), (3, 5)]),
        ([(1, 3), (3, 5)], [(1, 5)]),
        ([(1, 3), (4, 5)], [(1, 3), (4, 5)]),
        ([(1, 9), (2, 3), (5, 6)], [(1, 9)]),
        ([(1, 4), (2, 6), (8, 9)], [(1, 6), (8, 9)]),
    ],
)
def test_spans_that_touch_are_one(given: list[tuple[int, int]], wanted: list[tuple[int, int]]) -> None:
    """In order."""
    assert list(search.merged(given)) == wanted


def test_a_secret_is_found_where_it_is() -> None:
    """From its first byte to its last, at either end of a text."""
    known = Redactor(["q7w8e9rt5z"])
    assert known.spans(b"q7w8e9rt5z") == [(0, 10)]
    assert known.spans(b"-q7w8e9rt5z-") == [(1, 11)]
    assert known.spans(b"Q7W8E9RT5Z q7w8e9rt5z") == [(0, 10), (11, 21)]
    assert known.spans(b"nothing") == []
    short = Redactor(["q7w8e9"])
    assert short.spans(b"q7w8e9-q7w8e9") == [(0, 6), (7, 13)]
    assert short.spans(b"q7w8e") == []


def test_three_codings_around_each_other_are_seen_through() -> None:
    """Four are not: nobody writes them, and each costs as much as the text."""
    secret = coded = "q7w8e9rt5z-u6i7o8"
    for _ in range(decoding.ROUNDS):
        coded = base64.b64encode(coded.encode()).decode().rstrip("=")
        assert MARK in Redactor([secret]).clean(coded)
    assert MARK not in Redactor([secret]).clean(base64.b64encode(coded.encode()).decode())


# --- what an exchange teaches -----------------------------------------------------------------------------------------


def taught(*set_cookies: str, body: bytes = b"", **headers: str) -> Redactor:
    """What is known after one exchange."""
    known = Redactor()
    request = Request("POST", "https://store.example/", tuple(headers.items()))
    known.learn_exchange(Exchange(request, Response(200, tuple(("Set-Cookie", c) for c in set_cookies), body)))
    return known


def knows(known: Redactor, *values: str) -> list[bool]:
    """Whether each is taken out."""
    return [known.clean(value) == MARK for value in values]


def test_a_scheme_is_no_secret_but_what_follows_is() -> None:
    """One scheme is taken off, not two."""
    assert knows(taught(authorization="Bearer token abcdefgh"), "token abcdefgh") == [True]
    assert knows(taught(**{"x-xsrf-token": "abcdefgh-1"}), "abcdefgh-1") == [True]
    assert knows(taught(other="abcdefgh-1"), "abcdefgh-1") == [False]


def test_cookies_of_the_user_are_learned_for_good() -> None:
    """Each of them."""
    known = Redactor()
    known.learn_cookies("session=abcdefgh-1; other=abcdefgh-2")
    assert knows(known, "abcdefgh-1", "abcdefgh-2", "session") == [True, True, False]


def test_values_of_six_characters_are_learned() -> None:
    """Of five are not."""
    assert knows(taught(cookie="a=q7w8e9; b=q7w8e"), "q7w8e9", "q7w8e") == [True, False]


def test_of_a_long_value_so_much_is_learned() -> None:
    """4,096 characters of it."""
    unlike = "".join(f"{n:04x}" for n in range(2_000))
    known = taught(cookie=f"session={unlike}")
    assert max(map(len, known._young.values)) == 4_096 == module.LONGEST_SECRET


def test_of_one_answer_so_many_cookies_are_learned() -> None:
    """64 of them, and 16,384 characters in all."""
    many = taught(*(f"c{n:03}=value-{n:03}" for n in range(70)))
    assert knows(many, "value-000", "value-063", "value-064") == [True, True, False]
    long = [f"c{n}=" + f"{n}" * 4_000 for n in range(1, 5)]
    fits = taught(*long, "c5=" + "x" * 384, "c6=last-one-here")
    assert sum(map(len, fits._young.values)) == 16_384
    assert knows(fits, "last-one-here") == [False]
    over = taught(*long, "c5=" + "x" * 385, "c6=last-one-here")
    assert sum(map(len, over._young.values)) == 16_000
    assert knows(over, "last-one-here") == [False]


def test_the_oldest_half_is_forgotten_first() -> None:
    """After two thousand values, or a quarter of a million characters."""
    known = Redactor()
    for n in range(2_000):
        known._keep(f"value-{n:06}")
    assert (len(known._young.values), len(known._old.values)) == (2_000, 0)
    known._keep("one-more-value")
    assert (len(known._young.values), len(known._old.values)) == (1, 2_000)
    known._keep("value-000007")
    assert (len(known._young.values), len(known._old.values)) == (1, 2_000)
    long = Redactor()
    for n in range(64):
        long._keep(f"{n:04}" * 1_024)
    assert (long._young.size, long._old.size) == (1 << 18, 0)
    long._keep("one-more-value")
    assert (long._young.size, long._old.size) == (14, 1 << 18)


NESTED = '{"tokens": {"a": [{"b": "deep-inside-it"}]}, "other": {"c": "not-a-secret-at-all"}}'


def test_what_lies_under_a_member_that_is_called_a_token() -> None:
    """However it is packed there; what lies beside it is none."""
    assert knows(taught(body=NESTED.encode()), "deep-inside-it", "not-a-secret-at-all") == [True, False]
    assert knows(taught(body=b'{"refreshToken": ["first-of-them"]}'), "first-of-them") == [True]
    assert knows(taught(body=b'{"x": [{"TOKEN": {"v": "in-capitals-x"}}]}'), "in-capitals-x") == [True]
    assert knows(taught(body=b'token": {"a": "no-json-at-all"}'), "no-json-at-all") == [False]


@pytest.mark.parametrize(("depth", "known"), [(7, True), (8, False)])
def test_it_is_looked_for_so_deep(depth: int, known: bool) -> None:
    """Eight containers."""
    body = '{"token": ' + "[" * depth + '"deep-inside-it"' + "]" * depth + "}"
    assert knows(taught(body=body.encode()), "deep-inside-it") == [known]


def test_tokens_are_looked_for_at_the_beginning_of_a_body() -> None:
    """In its first 65,536 bytes."""
    member = b'"token":["here-it-is-then"]'
    for pad, known in ((65_536 - 10 - len(b'{"p":"",'), True), (65_536, False)):
        assert knows(taught(body=b'{"p":"' + b"x" * pad + b'",' + member + b"}"), "here-it-is-then") == [known]


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_a_character_is_taken_out_as_a_whole() -> None:
    """Where a secret begins or ends within one, in bytes."""
    known = Redactor(["éàüöñçßå"])
    assert known.clean("<éàüöñçßå>") == f"<{MARK}>"
    assert known.clean("日本語éàüöñçßå日本語") == f"日本語{MARK}日本語"
    assert known.clean("x".join(["éàüöñçßå"] * 2)) == f"{MARK}x{MARK}"
    half = Redactor(["語abcdefg"])
    assert half.clean("本語abcdefg本") == f"本{MARK}本"
    # é and ǩ end with the same byte, é and ã begin with the same
    assert Redactor(["Aéabcdefg"]).clean("xǩabcdefgx") == f"x{MARK}x"
    assert Redactor(["Aàabcdefg"]).clean("xŠabcdefgxŠabcdefg") == f"x{MARK}x{MARK}"
    assert Redactor(["abcdefgé"]).clean("xabcdefgãx") == f"x{MARK}x"
    assert Redactor(["abcdefg語"]).clean("xabcdefg超x") == f"x{MARK}x"


def test_what_touches_once_its_characters_are_whole_is_one() -> None:
    """A secret that ends within a character, and another that begins behind it."""
    known = Redactor(["abcdefg\U00010000", "hijklmno"])
    assert known.clean("abcdefg😀hijklmno") == MARK
    assert known.clean("abcdefg😀 hijklmno") == f"{MARK} {MARK}"


@pytest.mark.parametrize(
    ("length", "most", "shown"),
    [
        (300, 300, "x" * 300),
        (301, 300, "x" * 300 + "… (301 characters)"),
        (20, 19, "x" * 19 + "… (20 characters)"),
        (20, 20, "x" * 20),
        (16_384, 10, "x" * 10 + "… (16,384 characters)"),
        (16_384, 20_000, "x" * 16_384),
        (16_385, 20_000, "x" * 16_384 + "… (16,385 characters)"),
        (16_385, 10, "x" * 10 + "… (16,385 characters)"),
        (2_000_000, 10, "x" * 10 + "… (2,000,000 characters)"),
    ],
)
def test_a_long_text_is_cut(length: int, most: int, shown: str) -> None:
    """And says how long it was."""
    assert Redactor().show("x" * length, most) == shown


def test_so_much_is_shown_unless_told() -> None:
    """300 characters of a text, 100 of a header."""
    assert Redactor().show("x" * 301).startswith("x" * 300 + "…")
    assert Redactor().show("x" * 300) == "x" * 300
    assert Redactor().header("x", "y" * 97) == "x: " + "y" * 97
    assert Redactor().header("x", "y" * 98) == "x: " + "y" * 97 + "… (101 characters)"


def test_the_length_is_that_of_what_is_shown() -> None:
    """A secret that was taken out is not measured; what had to be escaped is cut to fit."""
    known = Redactor(["q7w8e9rt5z" * 9])
    assert known.show("q7w8e9rt5z" * 9 + "x" * 20, 20) == f"{MARK}xxxxxxxxxxxx… (28 characters)"
    assert known.show("q7w8e9rt5z" * 9 + "x" * (16_384 - 90), 10) == f"{MARK}xx… (16,302 characters)"
    assert Redactor().show("\x00" * 10, 12) == "\\x00\\x00\\x00… (10 characters)"
    assert Redactor().show("\x00" * 3, 12) == "\\x00\\x00\\x00"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("تم é", "تم é"),
        ("a\nb\x1b[31m", "a\\x0ab\\x1b[31m"),
        ("\x7f\x9f\xad", "\\x7f\\x9f\\xad"),
        ("\u0378\u2028\ud800", "\\u0378\\u2028\\ud800"),
        ("::set-output", ": :set-output"),
        (":::", ": : :"),
        ("##vso[x]", "# #vso[x]"),
        ("a:b#c", "a:b#c"),
    ],
)
def test_escape(text: str, line: str) -> None:
    """What does not print is written out, and what begins a command of a pipeline stands apart."""
    assert escape(text) == line


def test_bounds_of_the_memory() -> None:
    """They are what keeps a run of any length small."""
    assert (module.KEPT, module.KEPT_CHARACTERS) == (4_000, 524_288)
    assert (module.COOKIES_LEARNED, module.COOKIE_CHARACTERS, module.BODY_READ) == (64, 16_384, 65_536)
    assert (module.LONGEST, secrets.GRAM) == (16_384, 8)
