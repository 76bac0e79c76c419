"""What stands for secrets in evidence that is judged again."""

from __future__ import annotations

import base64
import json

import pytest

from contracts.model.exchange import Exchange, Request, Response
from contracts.model.tokens import claims_of
from contracts.redaction.pseudonyms import Pseudonyms
from contracts.redaction.redactor import Redactor
from tests.kit.exchanges import jwt

SECRET = "sess-2f9c81d4a7"
OTHER = "sess-b05e66f319"


@pytest.fixture
def stand_ins() -> Pseudonyms:
    """Of a run that knows two sessions."""
    return Pseudonyms(Redactor([SECRET, OTHER]))


def test_the_same_for_the_same(stand_ins: Pseudonyms) -> None:
    """A secret always has the same stand-in, and another secret has another, counted as they come."""
    said = [stand_ins.text(f"session={value};") for value in (SECRET, OTHER, SECRET)]
    assert said == ["session=redacted-1;", "session=redacted-2;", "session=redacted-1;"]
    assert stand_ins.value(SECRET.encode()) == "redacted-1"


def test_what_holds_no_secret_stays(stand_ins: Pseudonyms) -> None:
    """Text and bytes without a secret stay as they are to the last byte."""
    assert stand_ins.text("nothing to hide here: 2f9c") == "nothing to hide here: 2f9c"
    assert stand_ins.raw(b"\xff\xfe nothing \x00 here") == b"\xff\xfe nothing \x00 here"
    assert stand_ins.raw(b"") == b""


def test_a_secret_of_six_characters_is_all_of_a_text() -> None:
    """The shortest secret, of six characters, has a stand-in where it is all of a text."""
    assert Pseudonyms(Redactor(["q7w8e9"])).text("q7w8e9") == "redacted-1"


def test_bytes_around_a_secret_stay(stand_ins: Pseudonyms) -> None:
    """The bytes on both sides of each secret stay."""
    raw = b"\xff" + SECRET.encode() + b" and " + OTHER.encode() + b"\xfe"
    assert stand_ins.raw(raw) == b"\xffredacted-1 and redacted-2\xfe"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Cookie", f"session={SECRET}; theme=dark", "session=redacted-1; theme=redacted-2"),
        ("Cookie", "lang=ar", "lang=ar"),  # the document's own
        ("Cookie", "no-equals-sign", "redacted-1"),
        ("Cookie", "session=", "session="),
        ("Set-Cookie", f"session={SECRET}; Path=/; HttpOnly", "session=redacted-1; Path=/; HttpOnly"),
        ("Set-Cookie", f"a=b; Domain={OTHER}", "a=redacted-1; Domain=redacted-2"),
        ("Authorization", "Bearer abcdefgh-1", "Bearer redacted-1"),
        ("Authorization", "abcdefgh-1", "redacted-1"),
        ("Authorization", "no-scheme: x y", "redacted-1"),
        ("X-Api-Key", "4711", "redacted-1"),
        ("X-Note", f"with {SECRET} in it", "with redacted-1 in it"),
        ("X-Note", "nothing", "nothing"),
        ("Cookie", "session=abc=def==; lang=ar", "session=redacted-1; lang=ar"),
        ("Set-Cookie2", "session=abc; Path=/", "session=redacted-1; Path=/"),
        ("Authorization", "Bearer abc def", "Bearer redacted-1"),
        ("Cookie-Policy", "strict", "strict"),
    ],
)
def test_headers(stand_ins: Pseudonyms, name: str, value: str, shown: str) -> None:
    """A header that is secret by its name loses its value; of a cookie the name stays, of credentials the scheme."""
    assert stand_ins.header(name, value) == shown


def test_white_space_around_a_value_stays(stand_ins: Pseudonyms) -> None:
    """White space around a value stays, since a rule may be about it, and is no secret by itself."""
    assert stand_ins.value(b"  abcdefgh \n") == "  redacted-1 \n"
    assert stand_ins.value(b" \t ") == " \t "


def test_of_a_jwt_stays_when_it_expires(stand_ins: Pseudonyms) -> None:
    """The stand-in of a JWT expires when the JWT does."""
    claims = claims_of(stand_ins.value(jwt(exp=1893456000, sub="june").encode()))
    assert claims == {"redacted": 1, "exp": 1893456000}
    assert claims_of(stand_ins.value(jwt(sub="june").encode())) == {"redacted": 2}
    assert claims_of(stand_ins.value(jwt(exp="june").encode())) == {"redacted": 3, "exp": "[secret]"}
    assert claims_of(stand_ins.value(jwt(exp=1893456000.5).encode())) == {"redacted": 4, "exp": 1893456000.5}


def test_stand_ins_of_jwts_look_like_jwts(stand_ins: Pseudonyms) -> None:
    """The stand-in of a JWT has three parts without padding, of which the last is empty."""
    head, payload, signature = stand_ins.value(jwt(exp=1).encode()).split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) == {"alg": "none", "typ": "JWT"}
    assert "=" not in payload
    assert signature == ""


def test_an_exchange_is_learned_before_it_is_written(stand_ins: Pseudonyms) -> None:
    """The token of an exchange is taken out of whatever is written afterwards."""
    body = b'{"status": 200, "success": true, "data": {"token": "opaque-4fd1c0a2e9"}}'
    stand_ins.learn(Exchange(Request("POST", "https://store.example/auth/refresh"), Response(200, (), body)))
    assert stand_ins.raw(body) == body.replace(b"opaque-4fd1c0a2e9", b"redacted-1")
