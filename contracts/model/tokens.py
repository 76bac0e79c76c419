"""Access tokens as the mocked providers give them: JWTs that differ each time."""

from __future__ import annotations

import uuid


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
