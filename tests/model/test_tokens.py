"""Access tokens: what looks like a JWT, and what is read from one."""

from __future__ import annotations

import base64

import pytest

from contracts.model.tokens import JWT, claims_of
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
