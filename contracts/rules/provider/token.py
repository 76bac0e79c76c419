"""What is advised of a token: that it is there, good now, and new each time."""

from __future__ import annotations

from typing import Final

from contracts.model.cookies import http_date
from contracts.model.exchange import Exchange, Response
from contracts.model.tokens import claims_of
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import Memory, member_text, refreshed, rule, shown
from contracts.rules.provider.reuse import SHORTEST_SECONDS, Reuse

MILLISECONDS: Final = 1e11  # in seconds, such a time would be in the year 5138
LEEWAY_SECONDS: Final = 60.0  # how far the clocks of two machines may differ
MOST_TOKENS: Final = 10_000  # enough to see a repetition, and bounded


def _clocks(exchange: Exchange, r: Response) -> tuple[float, ...]:
    """What time it is, by the clock of this machine and by that of the endpoint (Date): a finding needs both to agree."""
    there = http_date(r.header("date") or "")
    return (exchange.started,) if there is None else (exchange.started, there)


def _time(value: object) -> float | None:
    """A claim that is a time; None if it is no number."""
    return None if isinstance(value, bool) or not isinstance(value, (int, float)) else value


@rule("success-carries-token")
def success_carries_token(exchange: Exchange, memory: Memory) -> Breach | None:
    if r := refreshed(exchange):
        if r.token is not None:
            return OK
        data = r.member("data")
        actual = f"data.token is {shown(data.get('token'))}" if isinstance(data, dict) else member_text(r, "data")
        return Breach("data.token: a non-empty string", actual)
    return None


@rule("token-is-not-expired")
def token_is_not_expired(exchange: Exchange, memory: Memory) -> Breach | None:
    r = refreshed(exchange)
    claims = claims_of(r.token) if r and r.token else None
    if r is None or claims is None or not exchange.started:
        return None
    exp = _time(claims.get("exp"))
    if exp is None:
        return Breach("exp: a time in the future", f"exp is {shown(claims.get('exp'))}")
    if exp >= MILLISECONDS:
        return Breach("exp in seconds", f"exp is {shown(exp)}, which seems to be milliseconds")
    return OK if exp > min(_clocks(exchange, r)) else Breach("exp in the future", f"exp is {shown(exp)}, not after the request")


@rule("token-is-valid-already")
def token_is_valid_already(exchange: Exchange, memory: Memory) -> Breach | None:
    """If `exp` is in milliseconds too, only token-is-not-expired reports it."""
    r = refreshed(exchange)
    claims = claims_of(r.token) if r and r.token else None
    if r is None or claims is None or not exchange.started or (_time(claims.get("exp")) or 0) >= MILLISECONDS:
        return None
    times = {name: time for name in ("nbf", "iat") if (time := _time(claims.get(name))) is not None}
    now = max(_clocks(exchange, r))
    late = [f"{name} is {shown(time)}, {_after(time - now)}" for name, time in times.items() if time > now + LEEWAY_SECONDS]
    return Breach("nbf and iat not in the future", "; ".join(late)) if late else OK if times else None


def _after(seconds: float) -> str:
    return "which seems to be milliseconds" if seconds >= MILLISECONDS else f"{seconds:.0f} s after the request"


@rule("token-is-new")
def token_is_new(exchange: Exchange, memory: Memory) -> Breach | None:
    r = refreshed(exchange)
    if r is None or r.token is None:
        return None
    mark, customer, now = hash(r.token), exchange.situation.customer, exchange.started
    if memory.owners.given.get(mark, customer) != customer:
        return None  # token-belongs-to-customer judges this
    reuse, first = memory.reuse.setdefault(customer, Reuse()), memory.tokens.get(mark)
    if first is None:
        if len(memory.tokens) < MOST_TOKENS:
            memory.tokens[mark] = now
        reuse.begins(mark, now)
        return OK if len(memory.tokens) > 1 else None
    claims = claims_of(r.token)
    iat, there = _time((claims or {}).get("iat")), http_date(r.header("date") or "")
    if reuse.explains(mark, now, there - iat if there and iat else 0.0):
        return None
    actual = "a token that an earlier answer gave already"
    if claims is not None and "jti" not in claims and now - first <= SHORTEST_SECONDS:
        actual += "; it has no jti, so that two that are signed within the same second are the same"
    return Breach("a token not given before", actual)
