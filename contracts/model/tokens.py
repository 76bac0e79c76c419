"""Access tokens: how a JWT is told and read, and how mocked providers make ones that differ each time."""

from __future__ import annotations

import base64
import json
import re
import uuid
from typing import Any, Final

FAR_FUTURE: Final = 4_000_000_000  # the year 2096: the Unix time from which made-up tokens are good
# What a signed token looks like, wherever it stands. It begins where a word does, and gives nothing back: a text of nothing but
# beginnings is read once.
JWT: Final = re.compile(r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w-]{8,}+\.[\w-]{8,}+\.[\w-]*+")


def claims_of(token: str) -> dict[str, Any] | None:
    """The payload of a JWT, unverified; None when the token is no JWT."""
    parts = token.split(".")
    if len(parts) != 3 or not parts[0].startswith("eyJ") or len(token) > 16_384:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def signed(customer: str, *, now: float, ttl: float, key: bytes) -> str:
    """A JWT for `customer`, signed with HS256, good for `ttl` seconds from `now` (Unix time)."""
    import jwt  # late: it brings all of cryptography along, and a run that judges a target makes no tokens

    return jwt.encode(_claims(customer, now, ttl), key, algorithm="HS256")


def unsigned(customer: str, *, now: float, ttl: float, jti: str | None = None) -> str:
    """The same without a signature (`alg: none`), for answers that nobody verifies; `jti` makes it reproducible."""
    import jwt

    return jwt.encode(_claims(customer, now, ttl, jti), "", algorithm="none")


def _claims(customer: str, now: float, ttl: float, jti: str | None = None) -> dict[str, object]:
    return {"sub": customer, "iat": int(now), "exp": int(now + ttl), "jti": jti or uuid.uuid4().hex}
