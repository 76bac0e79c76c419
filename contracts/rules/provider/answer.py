"""What an answer to POST says: its flag, its status, its error."""

from __future__ import annotations

from contracts.model.exchange import Exchange, Response
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import (
    ENUM,
    ENUM_TEXT,
    POST,
    Memory,
    is_strangers,
    member,
    member_text,
    posted,
    readable,
    rule,
    shown,
)


def _right_http(exchange: Exchange, r: Response) -> str | None:
    """The HTTP status that this answer ought to have; None unless it is HTTP that is wrong, and the body that is right.

    Whoever follows a card must not let strangers in, nor shut customers out.
    """
    said = r.body_status or 0
    if r.status >= 400:
        meant = exchange.situation.session == "valid" and r.success is True and said in ENUM
    else:
        meant = r.success is False and 400 <= said < 600
    if meant:
        return f"HTTP {said:g}"
    return "HTTP 400 or more" if r.status < 400 and is_strangers(exchange) else None


@rule("success-is-boolean")
def success_is_boolean(exchange: Exchange, memory: Memory) -> Breach | None:
    if r := readable(exchange):
        return OK if r.success is not None else Breach("success: true or false", member_text(r, "success"))
    return None


@rule("status-is-number")
def status_is_number(exchange: Exchange, memory: Memory) -> Breach | None:
    if r := readable(exchange):
        return OK if r.body_status is not None else Breach("status: a number", member_text(r, "status"))
    return None


@rule("status-in-enum")
def status_in_enum(exchange: Exchange, memory: Memory) -> Breach | None:
    r = posted(exchange)
    if r is None or r.status >= 400:
        return None
    body_status = r.body_status
    right = _right_http(exchange, r)
    if r.status not in ENUM:
        return Breach(right or f"a success with an HTTP status out of {ENUM_TEXT}", f"HTTP {r.status}")
    if r.success is not False and body_status is not None:
        actual = f"HTTP {r.status} with {member_text(r, 'status')}"
        return OK if body_status in ENUM else Breach(right or f"status out of {ENUM_TEXT}", actual)
    return None


@rule("status-mirrors-http")
def status_mirrors_http(exchange: Exchange, memory: Memory) -> Breach | None:
    """Ignores what status-in-enum reports."""
    r = readable(exchange)
    if r is None or r.body_status is None:
        return None
    if r.status < 400 and r.success is not False and (r.status not in ENUM or r.body_status not in ENUM):
        return None
    right = _right_http(exchange, r)
    expected, actual = f"status: {r.status}, as HTTP says", member_text(r, "status")
    if right:
        expected, actual = f"{right} with the same status", f"HTTP {r.status} with {actual}"
    return OK if r.body_status == r.status else Breach(expected, actual)


@rule("success-flag-is-truthful")
def success_flag_is_truthful(exchange: Exchange, memory: Memory) -> Breach | None:
    r = readable(exchange)
    if r is None or r.success is None:
        return None
    truth = r.status < 400
    expected, actual = f"success: {shown(truth)} with HTTP {r.status}", member_text(r, "success")
    if right := _right_http(exchange, r):
        expected, actual = f"{right} with success: {shown(r.success)}", f"HTTP {r.status} with {actual}"
    return OK if r.success is truth else Breach(expected, actual)


@rule("error-has-object")
def error_has_object(exchange: Exchange, memory: Memory) -> Breach | None:
    r = readable(exchange)
    if r and r.status >= 400 and isinstance(r.reading.value, dict):
        return OK if isinstance(member(r, "error"), dict) else Breach("error: an object", member_text(r, "error"))
    return None


@rule("no-redirect")
def no_redirect(exchange: Exchange, memory: Memory) -> Breach | None:
    if exchange.request.method == POST and (r := exchange.response):
        actual = f"HTTP {r.status} to {r.header('location')}"
        return OK if not 300 <= r.status < 400 else Breach("an answer, not a redirect", actual)
    return None
