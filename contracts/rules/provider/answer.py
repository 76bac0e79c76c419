"""What an answer to POST says: its flag, its status, its error."""

from __future__ import annotations

from contracts.model.exchange import Exchange
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import ENUM, ENUM_TEXT, POST, Memory, member, member_text, posted, readable, rule, shown


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
    if r.status not in ENUM:
        return Breach(f"a success with an HTTP status out of {ENUM_TEXT}", f"HTTP {r.status}")
    if r.success is not False and body_status is not None:
        actual = f"HTTP {r.status} with {member_text(r, 'status')}"
        return OK if body_status in ENUM else Breach(f"status out of {ENUM_TEXT}", actual)
    return None


@rule("status-mirrors-http")
def status_mirrors_http(exchange: Exchange, memory: Memory) -> Breach | None:
    """Ignores what status-in-enum reports."""
    r = readable(exchange)
    if r is None or r.body_status is None:
        return None
    if r.status < 400 and r.success is not False and (r.status not in ENUM or r.body_status not in ENUM):
        return None
    return OK if r.body_status == r.status else Breach(f"status: {r.status}, as HTTP says", member_text(r, "status"))


@rule("success-flag-is-truthful")
def success_flag_is_truthful(exchange: Exchange, memory: Memory) -> Breach | None:
    r = readable(exchange)
    if r is None or r.success is None:
        return None
    truth = r.status < 400
    return OK if r.success is truth else Breach(f"success: {shown(truth)} with HTTP {r.status}", member_text(r, "success"))


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
