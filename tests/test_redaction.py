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

from contracts import redaction
from contracts.exchange import Exchange, Failure, Request, Response
from contracts.redaction import LONGEST, MARK, Redactor, escape

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
    """Up to three codings deep, whatever stands around it, no eight bytes of any secret remain."""
    text, frame = secret, "'\""  # what the codings put around a text, at its widest
    for name in names:
        text, frame = CODINGS[name](text), CODINGS[name](frame)
    redactor = Redactor([secret])
    shown = redactor.clean(before + text + behind)
    assert MARK in shown
    assert redactor.clean(shown) == shown
    left = len(shown.replace(MARK, "")) - len(before) - len(behind)
    assert left <= 7 * max(1.0, len(text) / len(secret.encode())) + len(frame), "what is left could tell eight bytes"


@settings(max_examples=150, deadline=None, database=None)
@given(SECRETS, st.data())
def test_a_part_of_a_secret_is_taken_out(secret: str, data: st.DataObject) -> None:
    """Cut short or begun in its middle, eight characters of a secret are too many."""
    start = data.draw(st.integers(0, len(secret) - 8))
    part = secret[start : data.draw(st.integers(start + 8, len(secret)))]
    shown = Redactor([secret]).show(f"token is <{part}…")
    assert MARK in shown
    assert not leaks(shown, secret, part)


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_innocent_text_stays(text: str) -> None:
    """Without anything secret in it a text is not touched."""
    redactor = Redactor(["Zq9-xW7.vU5_tS3", SECRET])
    assert redactor.clean(text) == text


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


def test_the_documents_own_words_are_no_secrets() -> None:
    """Values that the document makes up, and parts such as `https://` of a cookie that holds a URL, stay readable."""
    redactor = Redactor(["made-up", "Bearer made-up", "https://pay.acme.test/ar"])
    assert redactor.clean("a made-up session at https://store.example") == "a made-up session at https://store.example"
    assert MARK in redactor.clean("back to pay.acme.test")


def test_short_secrets() -> None:
    """Six characters are taken out as a whole; five are not unlike everyday words."""
    redactor = Redactor(["q7w8e9", "12345"])
    assert redactor.clean(f"q7w8e9 Q7W8E9 q7w8e {as_base64('q7w8e9')} 12345") == f"{MARK} {MARK} q7w8e {MARK} 12345"


def test_a_secret_that_is_the_mark_itself() -> None:
    """Even then cleaning twice is cleaning once."""
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


# --- what an exchange teaches -----------------------------------------------------------------------------------------


def exchange(*set_cookies: str, sent: str = "session=the-session-sent", body: bytes = b"", **headers: str) -> Exchange:
    asked = (("Cookie", sent), *headers.items())
    return Exchange(
        Request("POST", "https://store.example/", asked), Response(200, tuple(("Set-Cookie", c) for c in set_cookies), body)
    )


def test_an_exchange_teaches_all_that_it_carries() -> None:
    """Cookies sent and set, tokens in headers, the documented token and other members that are called so, escaped or not."""
    redactor = Redactor()
    body = b'{"data": {"token": "documented-token"}, "access_token": "another\\/token", "refreshToken" : "third-one-here'
    redactor.learn_exchange(exchange("session=the-session-set; Path=/", body=body, Authorization="bearer token-as-sent"))
    redactor.learn_exchange(Exchange(Request("POST", "https://store.example/"), Failure("reset", "gone")))
    for value in ("the-session-sent", "the-session-set", "documented-token", "another/token", "third-one-here", "token-as-sent"):
        assert redactor.clean(value) == MARK, value


def test_the_last_of_thousands_of_cookies_is_learned_if_it_is_the_session() -> None:
    """An answer that sets 5,000 cookies is bounded, but what a browser would send next is always known."""
    redactor = Redactor()
    junk = [f"junk{n}=" + "A" * 4_080 + f"{n:016}" for n in range(5_000)]
    redactor.learn_exchange(exchange(*junk, "session=first-value-set", "session=last-value-that-counts"))
    assert redactor.clean("last-value-that-counts") == MARK
    assert sum(m.size for m in (redactor._young, redactor._old)) <= 2 * redaction.COOKIE_CHARACTERS


def test_memory_is_bounded_and_the_users_own_secrets_stay() -> None:
    """However many exchanges there are, what is kept stays within its bounds; the newest are known, and the user's own."""
    redactor = Redactor([SECRET])
    for n in range(3 * redaction.KEPT):
        redactor.learn_exchange(exchange(sent=f"session={n * 7919:016x}"))
    assert len(redactor._young.values) + len(redactor._old.values) <= redaction.KEPT
    assert redactor.clean(f"{SECRET} {n * 7919:016x} {(n - 1000) * 7919:016x}") == f"{MARK} {MARK} {MARK}"
    for n in range(400):
        redactor.learn_exchange(exchange(sent="session=" + f"{n:08}" * 512))
    assert redactor._young.size + redactor._old.size <= redaction.KEPT_CHARACTERS
    assert redactor.clean(SECRET) == MARK


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
    """Their values are masked whatever is known; names, attributes and the document's own values stay."""
    assert Redactor().header(name, value) == shown


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


def test_a_text_of_megabytes_is_cut_before_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its beginning is cleaned, and a secret across the cut is not shown in part."""
    seen: list[int] = []
    clean = Redactor.clean
    monkeypatch.setattr(Redactor, "clean", lambda self, text: seen.append(len(text)) or clean(self, text))
    redactor = Redactor([SECRET])
    shown = redactor.show("- " * (LONGEST // 2 - 6) + SECRET + "x" * 8_000_000, 20_000)
    assert seen == [LONGEST]
    assert SECRET[:8] not in shown
    assert shown.endswith(f"{MARK}… (8,016,394 characters)")
