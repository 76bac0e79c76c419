"""Whom the endpoint must not serve: strangers, and other methods."""

from __future__ import annotations

import re
from typing import Any, Final

from contracts.model.exchange import JSON, Exchange, Kind, Response
from contracts.model.tokens import JWT
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import ENUM, POST, Memory, circumstances, is_strangers, member_text, posted, rule

_TOKEN_NAMES: Final = frozenset({"token", "access_token", "accesstoken"})
_ERRORS: Final = frozenset({"error", "errors"})
# Inside an error, a member with such a name may only mention a token, in a sentence or with a code such as token_expired.
_GIVEN: Final = re.compile(r"\s*(?:bearer\s+)?(?![a-z]{1,20}(?:[._:-][a-z]{1,20})*\s*\Z)[!-~]+\s*", re.IGNORECASE)


def _token_in(value: Any, in_error: bool = False, depth: int = 0) -> str | None:
    """The name of the member in which a body gives a token; None if it gives none."""
    if depth > 8:
        return None
    if isinstance(value, dict):
        for key, inner in value.items():
            name = key.lower()
            if name in _TOKEN_NAMES and isinstance(inner, str) and (_GIVEN.fullmatch(inner) if in_error else inner.strip()):
                return str(key)
            if found := _token_in(inner, in_error or name in _ERRORS, depth + 1):
                return found
    elif isinstance(value, list):
        for inner in value[:100]:
            if found := _token_in(inner, in_error, depth + 1):
                return found
    elif isinstance(value, str) and JWT.search(value):
        return "a JWT"
    return None


@rule("refuses-without-session")
def refuses_without_session(exchange: Exchange, memory: Memory) -> Breach | None:
    r = posted(exchange)
    session = exchange.situation.session
    if r is None or not is_strangers(exchange):
        return None
    whose = "without a session" if session == "none" else f"to {'an' if session[0] == 'e' else 'a'} {session} session"
    expected = "a refusal (4xx) without a token"
    if r.claims_success and r.status < 400:
        return Breach(expected, f"HTTP {r.status} with {member_text(r, 'success')}, {whose}")
    if where := _token_in(r.reading.value):
        return Breach(expected, f"HTTP {r.status} that gives a token ({where}), {whose}")
    if r.status >= 500:
        # A failure that a logged-in customer gets too does not break this rule.
        mine = {name for name, _ in exchange.situation.conditions}
        if not any({name for name, _ in known} <= mine for known in memory.explained):
            return Breach(expected, f"HTTP {r.status}, {whose}{circumstances(exchange)}")
    elif r.status >= 400 and r.status != 429:
        return OK
    return None


def _replaces_session(exchange: Exchange, r: Response) -> bool:
    """Whether the answer gives a new value to a cookie that was sent."""
    sent = dict(part.strip().partition("=")[::2] for part in (exchange.request.header("cookie") or "").split(";"))
    given = dict(line.partition(";")[0].strip().partition("=")[::2] for line in r.cookies())
    return any(value and sent.get(name, value) != value for name, value in given.items())


@rule("other-methods-never-refresh")
def other_methods_never_refresh(exchange: Exchange, memory: Memory) -> Breach | None:
    """The answer to OPTIONS may be any JSON; it is a refresh only if it gives a token. The answer to HEAD has no body; it is a
    refresh if it is a success that replaces the session.
    """
    r = exchange.response
    method = exchange.request.method
    if r is None or method == POST:
        return None
    refreshed = _token_in(r.reading.value) is not None or (method != "OPTIONS" and exchange.kind is not Kind.FAILED)
    if method == "HEAD":
        refreshed = r.status in ENUM and r.media_type == JSON and _replaces_session(exchange, r)
    return OK if not refreshed else Breach(f"no refresh by {method}", f"{method} is answered like a refresh: HTTP {r.status}")
