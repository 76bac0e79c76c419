"""Access tokens: what looks like a JWT, and what is read from one."""

from __future__ import annotations

import base64

import pytest

from contracts.model.tokens import JWT, claims_of, signed, unsigned
from tests.kit.exchanges import jwt


@pytest.mark.parametrize("size", range(8))
def test_the_claims_of_a_jwt_are_read(size: int) -> None:
    """A payload of any length is padded as Base64 wants it."""
    claims = {"exp": 1, "x": "y" * size}
    assert claims_of(jwt(**claims)) == claims


@pytest.mark.parametrize(
    "token",
    ["eyJh.e30", "abc.e30.x", "eyJh.!!!.x", "eyJh.W10.x", f"eyJh.{base64.urlsafe_b64encode(b'[' * 12_000).decode()}.x"],
    ids=["two parts", "another beginning", "no Base64", "a list", "nested too deeply to be read"],
)
def test_what_is_no_jwt_has_no_claims(token: str) -> None:
    """A text that only looks like a JWT gives no claims, and raises nothing."""
    assert claims_of(token) is None


def test_a_long_token_is_not_read() -> None:
    """A token of more than 16,384 characters is no JWT."""
    token = "eyJh.e30."
    assert claims_of(token.ljust(16_384, "x")) == {}
    assert claims_of(token.ljust(16_385, "x")) is None


def test_a_token_that_is_made_says_whose_it_is_and_how_long_it_is_good() -> None:
    """A mocked provider's token names the customer, begins now, ends after its time, and is another one each time."""
    claims = {"sub": "7", "iat": 1_000, "exp": 1_900, "jti": "a"}
    assert claims_of(unsigned("7", now=1_000.5, ttl=900, jti="a")) == claims
    made = [signed("7", now=1_000.5, ttl=900, key=b"k" * 32) for _ in range(2)]
    assert made[0] != made[1]
    for token in made:
        read = claims_of(token)
        assert read
        assert {**read, "jti": "a"} == claims


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("eyJhbGciOiJ.eyJzdWIi.sig", True),
        ("Bearer eyJhbGciOiJ.eyJzdWIi.", True),
        ("%20eyJhbGciOiJ.eyJzdWIi.x", True),
        ("camelCaseeyJhbGciOiJ.eyJzdWIi.x", False),
        ("eyJhbGciOi.eyJzdWIi.x", False),
        ("eyJhbGciOiJ.eyJzdWI.x", False),
        ("eyJhbGciOiJ.eyJzdWIi", False),
    ],
)
def test_what_looks_like_a_signed_token(text: str, found: bool) -> None:
    """A JWT has three parts, begins where a word does, and its first two parts are not too short."""
    assert bool(JWT.search(text)) is found
