"""Exchanges made by hand, for the tests of what is judged, classified or redacted without a network."""

from __future__ import annotations

import base64
import json
from typing import Any

from contracts.model.exchange import Exchange, Failure, Request, Response, Situation

URL = "https://store.example/auth/refresh"
NOW = 1_800_000_000.0
LOST = Failure("timeout", "no whole answer in 10 s (nothing came)")

# Situations: a stranger's, and that of a request with one thing that is unusual.
NOBODY = {"session": "none"}
USD = [("header:currency", "USD")]
AFTER = [("after", "after a refusal")]
OVERLAP = [("overlap", "overlapping another")]


def jwt(**claims: Any) -> str:
    """An unsigned JWT."""
    head, payload = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)
    )
    return f"{head}.{payload}.c2lnbmF0dXJl"


FRESH = jwt(exp=NOW + 900)


def answer(status: int = 200, body: Any = None, *headers: tuple[str, str], seconds: float = 0.1, **members: Any) -> Response:
    """A response: the documented one for its status unless a body is given; `members` replace, `...` takes away.

    A header without a value is left out.
    """
    if body is None:
        body = {"status": status, "success": status < 400}
        body |= {"data": {"token": "opaque-token-1"}} if status < 400 else {"error": {"code": "gone", "message": "Log in."}}
        body = {name: value for name, value in {**body, **members}.items() if value is not ...}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = {name.lower() for name, _ in headers}
    usual = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    kept = (*(pair for pair in usual if pair[0].lower() not in own), *(pair for pair in headers if pair[1]))
    return Response(status, kept, raw, seconds)


def exchange(response: Response | Failure, method: str = "POST", **situation: Any) -> Exchange:
    """An exchange in a situation; that of a logged-in customer unless told."""
    situation = {"session": "valid", **situation}
    situation["conditions"] = frozenset(situation.get("conditions", ()))
    return Exchange(Request(method, URL), response, Situation(**situation), 1, NOW)
