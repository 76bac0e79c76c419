"""What is remembered of the secrets of a run: what an exchange teaches, in which forms, how much, and for how long."""

from __future__ import annotations

import base64
import sys

import pytest

from contracts.model.exchange import Exchange, Failure, Request, Response
from contracts.redaction import redactor as module
from contracts.redaction import secrets
from contracts.redaction.redactor import MARK, Redactor
from contracts.redaction.secrets import GRAM, Memory, grams_of
from tests.kit.exchanges import URL


def learn(known: Redactor, *set_cookies: str, body: bytes = b"", **headers: str) -> None:
    """Let an exchange teach."""
    answer = Response(200, tuple(("Set-Cookie", cookie) for cookie in set_cookies), body)
    known.learn_exchange(Exchange(Request("POST", URL, tuple(headers.items())), answer))


def taught(*set_cookies: str, body: bytes = b"", **headers: str) -> Redactor:
    """What is known after one exchange."""
    known = Redactor()
    learn(known, *set_cookies, body=body, **headers)
    return known


def knows(known: Redactor, *values: str) -> list[bool]:
    """Whether each is taken out."""
    return [known.clean(value) == MARK for value in values]


# --- what an exchange teaches -----------------------------------------------------------------------------------------


def test_an_exchange_teaches_all_that_it_carries() -> None:
    """An exchange teaches cookies sent and set, tokens in headers, and members called a token, escaped or not."""
    redactor = Redactor()
    body = b'{"data": {"token": "documented-token"}, "access_token": "another\\/token", "refreshToken" : "third-one-here'
    learn(
        redactor,
        "session=the-session-set; Path=/",
        body=body,
        cookie="session=the-session-sent",
        Authorization="bearer token-as-sent",
    )
    redactor.learn_exchange(Exchange(Request("POST", URL), Failure("reset", "gone")))
    for value in ("the-session-sent", "the-session-set", "documented-token", "another/token", "third-one-here", "token-as-sent"):
        assert redactor.clean(value) == MARK, value


def test_a_scheme_is_no_secret_but_what_follows_is() -> None:
    """One scheme is taken off a header, not two, and the rest is a secret."""
    assert knows(taught(authorization="Bearer token abcdefgh"), "token abcdefgh") == [True]
    assert knows(taught(**{"x-xsrf-token": "abcdefgh-1"}), "abcdefgh-1") == [True]
    assert knows(taught(other="abcdefgh-1"), "abcdefgh-1") == [False]


def test_a_password_may_hold_a_colon() -> None:
    """The password of Basic credentials begins behind the first colon."""
    credentials = base64.b64encode(b"june:first:second-half").decode()
    assert knows(Redactor([f"Basic {credentials}"]), "first:second-half") == [True]


def test_cookies_of_the_user_are_learned_for_good() -> None:
    """Each cookie of the user's own header is known for good."""
    known = Redactor()
    known.learn_cookies("session=abcdefgh-1; other=abcdefgh-2")
    assert knows(known, "abcdefgh-1", "abcdefgh-2", "session") == [True, True, False]


def test_values_of_six_characters_are_learned() -> None:
    """A cookie of six characters is learned, one of five is not."""
    assert knows(taught(cookie="a=q7w8e9; b=q7w8e"), "q7w8e9", "q7w8e") == [True, False]


def test_values_that_hide_nothing_take_no_room() -> None:
    """Short values, and the document's own, take no room in the memory."""
    known = taught(cookie="a=q7w8e; b=XMLHttpRequest; c=q7w8e9")
    assert list(known._young.values) == ["q7w8e9"]
    assert Redactor(["XMLHttpRequest"]).clean("XMLHttpRequest") == "XMLHttpRequest"


def test_a_secret_may_consist_of_public_parts_alone() -> None:
    """A secret that consists of public parts alone is a secret all the same."""
    assert Redactor(["no-input-needed"]).clean("<no-input-needed>") == f"<{MARK}>"


def test_the_documented_token_is_known_wherever_it_stands() -> None:
    """The documented token is known even behind the bytes that are searched for other tokens."""
    body = b'{"pad": "' + b"x" * 70_000 + b'", "data": {"token": "opaque-4fd1c0"}}'
    assert knows(taught(body=body), "opaque-4fd1c0") == [True]


SECRET = "s3cr3t/Session+Value=="
NESTED = '{"tokens": {"a": [{"b": "deep-inside-it"}]}, "other": {"c": "not-a-secret-at-all"}}'


def test_what_lies_under_a_member_that_is_called_a_token() -> None:
    """Texts under a member called a token are learned however they are packed, and those beside it are not."""
    assert knows(taught(body=NESTED.encode()), "deep-inside-it", "not-a-secret-at-all") == [True, False]
    assert knows(taught(body=b'{"refreshToken": ["first-of-them"]}'), "first-of-them") == [True]
    assert knows(taught(body=b'{"x": [{"TOKEN": {"v": "in-capitals-x"}}]}'), "in-capitals-x") == [True]
    assert knows(taught(body=b'token": {"a": "no-json-at-all"}'), "no-json-at-all") == [False]


@pytest.mark.parametrize(("depth", "known"), [(7, True), (8, False)])
def test_it_is_looked_for_so_deep(depth: int, known: bool) -> None:
    """Texts under a member called a token are learned through eight containers."""
    body = '{"token": ' + "[" * depth + '"deep-inside-it"' + "]" * depth + "}"
    assert knows(taught(body=body.encode()), "deep-inside-it") == [known]


def test_tokens_are_looked_for_at_the_beginning_of_a_body() -> None:
    """A nested token is looked for in the first 65,536 bytes of a body."""
    member = b'"token":["here-it-is-then"]'
    for pad, known in ((65_536 - 10 - len(b'{"p":"",'), True), (65_536, False)):
        assert knows(taught(body=b'{"p":"' + b"x" * pad + b'",' + member + b"}"), "here-it-is-then") == [known]


def test_members_called_token_are_looked_for_at_the_beginning_of_a_body() -> None:
    """A member called a token is looked for in the first 65,536 bytes of any body, be it JSON or not."""
    member = b'"token": "here-it-is"'
    for before, known in ((65_536 - len(member), True), (65_536, False)):
        assert knows(taught(body=b"x" * before + member), "here-it-is") == [known]


# --- how much is kept -------------------------------------------------------------------------------------------------


def test_every_eight_bytes_in_a_row() -> None:
    """Every eight bytes in a row are kept as a number, and fewer than eight give none."""
    for size in range(30):
        data = bytes(range(size))
        wanted = {int.from_bytes(data[at : at + GRAM], sys.byteorder) for at in range(size - GRAM + 1)}
        assert grams_of(data) == wanted


def test_a_memory_counts_what_it_has_once() -> None:
    """A memory keeps a value once, and counts its characters once."""
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
    """A secret is known with a plus for a blank, in another encoding, and with its own escapes taken off."""
    for text in (secret, *shown):
        assert Redactor([secret]).clean(text) == MARK, text


def test_a_short_value_is_kept_whole() -> None:
    """A value of seven characters is taken out whole or not at all; one of eight or more in part too."""
    assert Redactor(["q7w8e9r"]).clean("q7w8e9r q7w8e9 7w8e9r") == f"{MARK} q7w8e9 7w8e9r"
    assert Redactor(["q7w8e9rt5"]).clean("q7w8e9rt 7w8e9rt5 q7w8e9r") == f"{MARK} {MARK} q7w8e9r"


def test_of_a_long_value_so_much_is_learned() -> None:
    """Of a long value 4,096 characters are learned."""
    unlike = "".join(f"{n:04x}" for n in range(2_000))
    known = taught(cookie=f"session={unlike}")
    assert max(map(len, known._young.values)) == 4_096 == module.LONGEST_SECRET


def test_of_one_answer_so_many_cookies_are_learned() -> None:
    """One answer teaches 64 cookies, and 16,384 characters of them in all."""
    many = taught(*(f"c{n:03}=value-{n:03}" for n in range(70)))
    assert knows(many, "value-000", "value-063", "value-064") == [True, True, False]
    long = [f"c{n}=" + f"{n}" * 4_000 for n in range(1, 5)]
    fits = taught(*long, "c5=" + "x" * 384, "c6=last-one-here")
    assert sum(map(len, fits._young.values)) == 16_384
    assert knows(fits, "last-one-here") == [False]
    over = taught(*long, "c5=" + "x" * 385, "c6=last-one-here")
    assert sum(map(len, over._young.values)) == 16_000
    assert knows(over, "last-one-here") == [False]


def test_the_last_of_thousands_of_cookies_is_learned_if_it_is_the_session() -> None:
    """An answer that sets 5,000 cookies is bounded, but what a browser would send next is always known."""
    redactor = Redactor()
    junk = [f"junk{n}=" + "A" * 4_080 + f"{n:016}" for n in range(5_000)]
    learn(redactor, *junk, "session=first-value-set", "session=last-value-that-counts", cookie="session=the-session-sent")
    assert redactor.clean("last-value-that-counts") == MARK
    assert sum(m.size for m in (redactor._young, redactor._old)) <= 2 * module.COOKIE_CHARACTERS


def test_the_oldest_half_is_forgotten_first() -> None:
    """After two thousand values, or a quarter of a million characters, the older half is forgotten first."""
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


def test_memory_is_bounded_and_the_users_own_secrets_stay() -> None:
    """However many exchanges there are, what is kept stays within its bounds; the newest are known, and the user's own."""
    redactor = Redactor([SECRET])
    for n in range(3 * module.KEPT):
        learn(redactor, cookie=f"session={n * 7919:016x}")
    assert len(redactor._young.values) + len(redactor._old.values) <= module.KEPT
    assert redactor.clean(f"{SECRET} {n * 7919:016x} {(n - 1000) * 7919:016x}") == f"{MARK} {MARK} {MARK}"
    for n in range(400):
        learn(redactor, cookie="session=" + f"{n:08}" * 512)
    assert redactor._young.size + redactor._old.size <= module.KEPT_CHARACTERS
    assert redactor.clean(SECRET) == MARK


def test_bounds_of_the_memory() -> None:
    """These bounds keep the memory of a run of any length small."""
    assert (module.KEPT, module.KEPT_CHARACTERS) == (4_000, 524_288)
    assert (module.COOKIES_LEARNED, module.COOKIE_CHARACTERS, module.BODY_READ) == (64, 16_384, 65_536)
    assert (module.LONGEST, secrets.GRAM) == (16_384, 8)
