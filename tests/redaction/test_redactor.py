"""Secrets leave in no form, innocent text leaves as it is, and neither costs more for many secrets than for few."""

from __future__ import annotations

import base64
import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.redaction.decoding import ROUNDS
from contracts.redaction.redactor import MARK, Redactor

SECRET = "s3cr3t/Session+Value=="
Coding = Callable[[str], str]


def as_base64(text: str, before: str = "") -> str:
    return base64.b64encode((before + text).encode("utf-8", "surrogatepass")).decode()


def each(pattern: str) -> Coding:
    """Every character by its number."""
    return lambda text: "".join(pattern.format(ord(c)) for c in text)


CODINGS: dict[str, Coding] = {
    "percent": lambda text: quote(text.encode("utf-8", "surrogatepass"), safe=""),
    "percent, all": lambda text: "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass")),
    "JSON": json.dumps,
    "JSON with \\/": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON, all": lambda text: "".join(
        f"\\u{unit:04X}" for unit in memoryview(text.encode("utf-16", "surrogatepass")[2:]).cast("H")
    ),
    "JavaScript": each("\\u{{{:x}}}"),
    "repr": repr,
    "repr of bytes": lambda text: repr(text.encode("utf-8", "surrogatepass")),
    "\\x": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode("utf-8", "surrogatepass")),
    "octal": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode("utf-8", "surrogatepass")),
    "entities": lambda text: html.escape(text).replace("/", "&sol;").replace("+", "&plus;").replace("=", "&equals;"),
    "decimal": each("&#{};"),
    "hexadecimal": each("&#x{:X};"),
    "hex": lambda text: text.encode("utf-8", "surrogatepass").hex(),
    "HEX": lambda text: text.encode("utf-8", "surrogatepass").hex().upper(),
    "Base64": as_base64,
    "Base64, second": lambda text: as_base64(text, "x"),
    "Base64, third": lambda text: as_base64(text, "xy"),
    "Base64 of URLs": lambda text: as_base64(text, "~").translate(str.maketrans("+/", "-_")).rstrip("="),
    "UTF-16": lambda text: "\0".join(text),
    "capitals": lambda text: "".join(c.upper() if c.isascii() else c for c in text),
}
# Letters such as those of a token, those that every coding writes differently, and some beyond ASCII.
SIGNS = st.one_of(st.sampled_from("abcXYZ0189-_.~+/=%&\"'\\<:;#$!|{}, "), st.sampled_from("éñعΩ€😀"))
SECRETS = st.text(SIGNS, min_size=8, max_size=60).filter(lambda text: len(set(text)) > 5)
AROUND = st.text(st.sampled_from("ghijkl MNO,.:<>()é\n"), max_size=20)


def leaks(shown: str, secret: str, coded: str, least: int = 8) -> list[str]:
    """Parts of what was to be taken out that are still there."""
    return [part for at in range(len(coded) - least + 1) if (part := coded[at : at + least]) in shown]


@pytest.mark.parametrize("coding", CODINGS.values(), ids=CODINGS)
def test_each_coding_is_seen_through(coding: Coding) -> None:
    """A secret is replaced in whatever coding it comes, and the words around it stay."""
    shown = Redactor([SECRET]).clean(f"before, {coding(SECRET)}, behind")
    assert MARK in shown
    assert shown.startswith("before, ")
    assert shown.endswith(", behind")
    # What is left of the coded secret tells fewer than eight characters: the ends that it shares with its neighbours.
    assert len(shown.removeprefix("before, ").removesuffix(", behind").replace(MARK, "")) <= 4


@settings(max_examples=250, deadline=None, database=None)
@given(SECRETS, st.lists(st.sampled_from(sorted({*CODINGS} - {"capitals"})), max_size=3), AROUND, AROUND)
@example(SECRET, ["Base64", "Base64, second", "percent"], "", "")
@example(SECRET, ["percent", "percent", "percent"], "", "")
@example(SECRET, ["JSON with \\/", "JSON", "Base64, third"], "", "")
@example("%41%42%43%44%45%46%47%48", ["decimal"], "", "")
def test_codings_around_each_other_are_seen_through(secret: str, names: list[str], before: str, behind: str) -> None:
    """No eight bytes of a secret remain, up to three codings deep and whatever stands around it."""
    text, frame = secret, "'\""  # what the codings put around a text, at its widest
    for name in names:
        text, frame = CODINGS[name](text), CODINGS[name](frame)
    redactor = Redactor([secret])
    shown = redactor.clean(before + text + behind)
    assert MARK in shown
    assert redactor.clean(shown) == shown
    left = len(shown.replace(MARK, "")) - len(before) - len(behind)
    assert left <= 7 * max(1.0, len(text) / len(secret.encode())) + len(frame), "what is left could tell eight bytes"


def test_three_codings_around_each_other_are_seen_through() -> None:
    """Three codings around each other are seen through, a fourth is not: nobody writes it, and it costs as much as the text."""
    secret = coded = "q7w8e9rt5z-u6i7o8"
    for _ in range(ROUNDS):
        coded = base64.b64encode(coded.encode()).decode().rstrip("=")
        assert MARK in Redactor([secret]).clean(coded)
    assert MARK not in Redactor([secret]).clean(base64.b64encode(coded.encode()).decode())


@settings(max_examples=150, deadline=None, database=None)
@given(SECRETS, st.data())
def test_a_part_of_a_secret_is_taken_out(secret: str, data: st.DataObject) -> None:
    """Eight characters of a secret are too many, from whichever part of it."""
    start = data.draw(st.integers(0, len(secret) - 8))
    part = secret[start : data.draw(st.integers(start + 8, len(secret)))]
    shown = Redactor([secret]).show(f"token is <{part}…")
    assert MARK in shown
    assert not leaks(shown, secret, part)


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_innocent_text_stays(text: str) -> None:
    """A text without anything secret is not touched."""
    redactor = Redactor(["Zq9-xW7.vU5_tS3", SECRET])
    assert redactor.clean(text) == text


def test_the_documents_own_words_are_no_secrets() -> None:
    """Values that the document makes up, and parts such as `https://` of a cookie that holds a URL, stay readable."""
    redactor = Redactor(["made-up", "Bearer made-up", "https://pay.acme.test/ar"])
    assert redactor.clean("a made-up session at https://store.example") == "a made-up session at https://store.example"
    assert MARK in redactor.clean("back to pay.acme.test")


def test_short_secrets() -> None:
    """A secret of six characters is taken out as a whole; one of five is too much like everyday words."""
    redactor = Redactor(["q7w8e9", "12345"])
    assert redactor.clean(f"q7w8e9 Q7W8E9 q7w8e {as_base64('q7w8e9')} 12345") == f"{MARK} {MARK} q7w8e {MARK} 12345"


def test_a_secret_that_is_the_mark_itself() -> None:
    """Cleaning twice is cleaning once, even where the secret is the mark itself."""
    redactor = Redactor(["secret"])
    assert redactor.clean("a secret") == redactor.clean(redactor.clean("a secret")) == f"a {MARK}"


JWT = ".".join(as_base64(part).rstrip("=") for part in ('{"alg":"HS256"}', '{"sub":"7","exp":1}', "signature"))


@pytest.mark.parametrize("text", [JWT, JWT[:40] + "…", JWT[:15], quote(JWT).replace(".", "%2E"), as_base64(JWT), "x" + JWT])
def test_a_jwt_goes_though_nobody_knows_it(text: str) -> None:
    """What looks like a signed token, or the beginning of one, is taken out unlearned."""
    shown = Redactor().clean(f"<{text}>")
    assert MARK in shown
    assert JWT[3:15] not in shown


def test_camel_case_is_no_jwt() -> None:
    """Words that have `eyJ` in them stay."""
    assert Redactor().clean("at PrivateKeyJwtAuthentication.java:7") == "at PrivateKeyJwtAuthentication.java:7"


def test_the_password_of_basic_credentials_is_a_secret() -> None:
    """`Basic …` in a header of the user's gives its password away."""
    assert Redactor([f"Basic {as_base64('me:correct-horse-battery')}"]).clean("no: correct-horse-battery") == f"no: {MARK}"


# --- what it costs ----------------------------------------------------------------------------------------------------


def seconds(redactor: Redactor, text: str) -> float:
    """Of work, the best of several."""
    redactor.clean(text)
    times = []
    for _ in range(7):
        begun = time.thread_time()
        for _ in range(20):
            redactor.clean(text)
        times.append(time.thread_time() - begun)
    return min(times)


def test_many_secrets_cost_no_more_than_few() -> None:
    """Ten thousand secrets that begin alike take about as long as ten; looking for each would take a thousand times as long."""
    few, many = (Redactor("AAAAAAAAAAAAAAAA" + f"{n:08x}" for n in range(count)) for count in (10, 10_000))
    text = "success is false with HTTP 200; AAAAAAAAAAAAAAAA-and-more at https://store.example/auth/refresh " * 3
    assert seconds(many, text) < 20 * seconds(few, text)


HEAVY = ["A", "3", "%25", "eyJ", "&", "AAAAAAA ", SECRET, "\\", "a.eyJhbGciOiJhb", "\\u0041", "#:", "&amp;"]


@pytest.mark.parametrize("piece", HEAVY)
def test_cost_grows_with_the_length_of_the_text(piece: str) -> None:
    """Thirty-two times the text takes about as many times as long, whatever it repeats: not the square of it."""
    redactor = Redactor([SECRET])

    def best(length: int) -> float:
        text, times = (piece * length)[:length], []
        for _ in range(4):
            begun = time.thread_time()
            redactor.clean(text)
            times.append(time.thread_time() - begun)
        return min(times)

    assert best(32_768) < 10 * 32 * best(1_024)
