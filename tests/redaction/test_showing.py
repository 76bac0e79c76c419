"""What is shown of a text or a header: where secrets are, one line without commands, and no more than asked."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.redaction import search
from contracts.redaction.redactor import LONGEST, MARK, Redactor, escape

SECRET = "s3cr3t/Session+Value=="


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
    """Spans that overlap or touch become one, and all come in order."""
    assert list(search.merged(given)) == wanted


def test_a_secret_is_found_where_it_is() -> None:
    """A secret is found from its first byte to its last, at either end of a text too."""
    known = Redactor(["q7w8e9rt5z"])
    assert known.spans(b"q7w8e9rt5z") == [(0, 10)]
    assert known.spans(b"-q7w8e9rt5z-") == [(1, 11)]
    assert known.spans(b"Q7W8E9RT5Z q7w8e9rt5z") == [(0, 10), (11, 21)]
    assert known.spans(b"nothing") == []
    short = Redactor(["q7w8e9"])
    assert short.spans(b"q7w8e9-q7w8e9") == [(0, 6), (7, 13)]
    assert short.spans(b"q7w8e") == []


def test_a_character_is_taken_out_as_a_whole() -> None:
    """A character goes as a whole where a secret begins or ends within its bytes."""
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
    """Two secrets leave one mark where one ends within a character and the other begins behind it."""
    known = Redactor(["abcdefg\U00010000", "hijklmno"])
    assert known.clean("abcdefg😀hijklmno") == MARK
    assert known.clean("abcdefg😀 hijklmno") == f"{MARK} {MARK}"


# --- one harmless line ------------------------------------------------------------------------------------------------


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
    """A character that does not print is written out, and the beginning of a pipeline command is taken apart."""
    assert escape(text) == line


@settings(max_examples=300, deadline=None, database=None)
@given(st.text(st.one_of(st.characters(), st.sampled_from(":#\x1b\n\u200b\u202e[")), max_size=400), st.integers(1, 300))
@example(":::", 300)
@example("a\n::error::x ##vso[task] ##[error] ##teamcity[x] ###", 300)
@example("##" * 200, 7)
def test_one_harmless_line(text: str, most: int) -> None:
    """What is shown is one printable line without a workflow command, no longer than asked, and stays so."""
    shown = Redactor([SECRET]).show(text, most)
    assert shown.isprintable()
    assert "::" not in shown
    assert "##" not in shown
    assert len(shown) <= most + len("… (16,384 characters)")
    assert escape(shown) == shown


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
    """A text that is cut says how long it was."""
    assert Redactor().show("x" * length, most) == shown


def test_so_much_is_shown_unless_told() -> None:
    """Unless told otherwise, 300 characters of a text are shown and 100 of a header."""
    assert Redactor().show("x" * 301).startswith("x" * 300 + "…")
    assert Redactor().show("x" * 300) == "x" * 300
    assert Redactor().header("x", "y" * 97) == "x: " + "y" * 97
    assert Redactor().header("x", "y" * 98) == "x: " + "y" * 97 + "… (101 characters)"


def test_the_length_is_that_of_what_is_shown() -> None:
    """The length that is told leaves out secrets, and escapes are counted when a text is cut to fit."""
    known = Redactor(["q7w8e9rt5z" * 9])
    assert known.show("q7w8e9rt5z" * 9 + "x" * 20, 20) == f"{MARK}xxxxxxxxxxxx… (28 characters)"
    assert known.show("q7w8e9rt5z" * 9 + "x" * (16_384 - 90), 10) == f"{MARK}xx… (16,302 characters)"
    assert Redactor().show("\x00" * 10, 12) == "\\x00\\x00\\x00… (10 characters)"
    assert Redactor().show("\x00" * 3, 12) == "\\x00\\x00\\x00"


def test_a_text_of_megabytes_is_cut_before_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the beginning of a huge text is cleaned, and a secret across the cut is not shown in part."""
    seen: list[int] = []
    clean = Redactor.clean
    monkeypatch.setattr(Redactor, "clean", lambda self, text: seen.append(len(text)) or clean(self, text))
    redactor = Redactor([SECRET])
    shown = redactor.show("- " * (LONGEST // 2 - 6) + SECRET + "x" * 8_000_000, 20_000)
    assert seen == [LONGEST]
    assert SECRET[:8] not in shown
    assert shown.endswith(f"{MARK}… (8,016,394 characters)")


# --- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Set-Cookie", "session=abc; Path=/; HttpOnly", f"Set-Cookie: session={MARK}; Path=/; HttpOnly"),
        ("set-cookie", "session=; Max-Age=0", "set-cookie: session=; Max-Age=0"),
        ("set-cookie", "bare-value", f"set-cookie: {MARK}"),
        ("cookie", "session=made-up; b=xyz", f"cookie: session=made-up; b={MARK}"),
        ("Authorization", "Bearer xyz", f"Authorization: {MARK}"),
        ("authorization", "Bearer made-up", "authorization: Bearer made-up"),
        ("X-XSRF-TOKEN", "xyz", f"X-XSRF-TOKEN: {MARK}"),
        ("content-type", "a\r\n::b", "content-type: a\\x0d\\x0a: :b"),
    ],
)
def test_headers_that_are_secret_by_name(name: str, value: str, shown: str) -> None:
    """A header that is secret by its name is masked; names, attributes and the document's own values stay."""
    assert Redactor().header(name, value) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Cookie", "session=abc=def==; lang=ar", f"session={MARK}; lang=ar"),
        ("Set-Cookie", "session=abc=def; Path=/", f"session={MARK}; Path=/"),
        ("Set-Cookie2", "session=abc; Path=/", f"session={MARK}; Path=/"),
        ("X-Set-Cookie", "session=abc; theme=dark", f"session={MARK}; theme={MARK}"),
    ],
)
def test_a_cookies_value_is_masked_from_its_first_equals_sign_on(name: str, value: str, shown: str) -> None:
    """A cookie's value is masked from its first equals sign on, and the attributes of one that is set stay."""
    assert Redactor().header(name, value) == f"{name}: {shown}"


def test_a_header_is_secret_by_the_whole_of_its_name() -> None:
    """A header whose name only begins like that of a secret one is shown."""
    assert Redactor().header("Cookie-Policy", "strict") == "Cookie-Policy: strict"
    assert Redactor().header("X-Csrf-Token", "strict") == f"X-Csrf-Token: {MARK}"
