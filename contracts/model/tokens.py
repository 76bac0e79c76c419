"""Access tokens: recognizes and reads a JWT, and makes tokens for mocked providers that differ each time."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

FAR_FUTURE: Final = 4_000_000_000  # the year 2096: the Unix time from which made-up tokens are good
# A signed token anywhere in a text. It starts at the start of a word or after a percent escape. The possessive quantifiers avoid
# backtracking, so that hostile text takes linear time.
JWT: Final = re.compile(r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w-]{8,}+\.[\w-]{8,}+\.[\w-]*+")


@lru_cache(maxsize=16)  # several rules read the token of one answer
def claims_of(token: str) -> Mapping[str, Any] | None:
    """The claims of a JWT, without verifying it; None if the token is not a JWT."""
    parts = token.split(".")
    if len(parts) != 3 or not parts[0].startswith("eyJ") or len(token) > 16_384:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def signed(customer: str, *, now: float, ttl: float, key: bytes) -> str:
    """A JWT for `customer`, signed with HS256 and valid for `ttl` seconds from `now` (Unix time)."""
    import jwt  # imported late: it loads all of cryptography, and a run that judges a target makes no tokens

    return jwt.encode(_claims(customer, now, ttl), key, algorithm="HS256")


def unsigned(customer: str, *, now: float, ttl: float, jti: str | None = None) -> str:
    """The same without a signature (`alg: none`), for answers that nobody verifies. A given `jti` makes it reproducible."""
    import jwt

    return jwt.encode(_claims(customer, now, ttl, jti), "", algorithm="none")


def _claims(customer: str, now: float, ttl: float, jti: str | None = None) -> dict[str, object]:
    return {"sub": customer, "iat": int(now), "exp": int(now + ttl), "jti": jti or uuid.uuid4().hex}
