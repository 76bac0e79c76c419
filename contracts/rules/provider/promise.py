"""What the endpoint promises a logged-in customer: a refresh completes, whatever else the request has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.model.exchange import Exchange, Response, Situation
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import Conditions, Memory, circumstances, posted, rule

MANY: Final = 1000  # how many conditions are remembered; a run has a few dozen, the rest is random text

_EXTRAS: Final = ("header", "query", "body", "values")
# A body that nobody asked for, a page of another origin, and values that the schema of a header does not allow.
_MAY_BE_REFUSED: Final = ("body", "header:origin", "values")
# For each rule of the promise: the situations in which a success exercises it.
_PROMISED: Final[dict[str, Callable[[Situation], bool]]] = {
    "no-input-needed": lambda s: not s.conditions,
    "extras-change-nothing": lambda s: any(name.partition(":")[0] in _EXTRAS for name, _ in s.conditions),
    "repeats-hold": lambda s: s.after != "start",
    "concurrent-calls-hold": lambda s: s.overlaps,
}


def _blames(conditions: Conditions, memory: Memory) -> tuple[str, ...]:
    """Which rules a refused refresh of a logged-in session breaks, given the unusual conditions of the request.

    Conditions that a successful refresh also had are ruled out, unless that rules out all of them. Conditions that are known to
    fail explain every larger set of conditions that contains them.
    """
    known = [smaller for smaller in memory.explained if smaller <= conditions]
    conditions = known[0] if known else _suspects(conditions, memory)
    names = {name.partition(":")[0] for name, _ in conditions}
    if ("after", "after a 429") in conditions:  # cannot be probed alone, since nobody knows when the next 429 comes
        return ("repeats-hold",)
    blamed = []
    if names.intersection(_EXTRAS):
        blamed.append("extras-change-nothing")
    if "overlap" in names:
        blamed.append("concurrent-calls-hold")
    return tuple(blamed) or ("repeats-hold" if memory.plain_success else "no-input-needed",)


def _suspects(conditions: Conditions, memory: Memory) -> Conditions:
    if rest := conditions - memory.innocent:
        return rest
    # An overlap is not ruled out by a success, since one of two overlapping requests may succeed.
    overlap = frozenset(c for c in conditions if c[0] == "overlap")
    extras = any(name.partition(":")[0] in _EXTRAS for name, _ in conditions)
    return overlap if overlap and not extras else conditions


def _asked_for_xsrf(exchange: Exchange, r: Response) -> bool:
    """Whether the refusal asks for an XSRF header whose value the client first learns from this answer."""
    return exchange.request.header("x-xsrf-token") is None and any(c.startswith("XSRF-TOKEN=") for c in r.cookies())


def _promise(exchange: Exchange, memory: Memory, rule_id: str) -> Breach | None:
    r = posted(exchange)
    situation = exchange.situation
    if r is None or situation.session != "valid" or r.status == 429:
        return None
    conditions = situation.conditions
    if situation.lost:  # session-is-kept speaks of what an answer took
        by_overlap = rule_id == "concurrent-calls-hold" and not situation.lost_by
        return Breach("the session works on after two refreshes", f"{situation.lost}: HTTP {r.status}") if by_overlap else None
    if r.claims_success:
        if len(memory.innocent) < MANY:
            memory.innocent |= conditions
        return OK if _PROMISED[rule_id](situation) else None
    if r.status < 400 or rule_id not in _blames(conditions, memory) or _asked_for_xsrf(exchange, r):
        return None
    may_refuse = (situation.overlaps and situation.session_replaced) or any(name in _MAY_BE_REFUSED for name, _ in conditions)
    if may_refuse and r.status < 500:
        return OK
    if not any(known <= conditions for known in memory.explained) and len(memory.explained) < MANY:
        memory.explained.append(_suspects(conditions, memory))
        memory.explained.sort(key=len)
    return Breach("the refresh completes", f"HTTP {r.status}{circumstances(exchange)}")


@rule("no-input-needed")
def no_input_needed(exchange: Exchange, memory: Memory) -> Breach | None:
    return _promise(exchange, memory, "no-input-needed")


@rule("extras-change-nothing")
def extras_change_nothing(exchange: Exchange, memory: Memory) -> Breach | None:
    return _promise(exchange, memory, "extras-change-nothing")


@rule("repeats-hold")
def repeats_hold(exchange: Exchange, memory: Memory) -> Breach | None:
    result = _promise(exchange, memory, "repeats-hold")
    r = posted(exchange)
    if r and exchange.situation.session == "valid" and r.claims_success and not exchange.situation.conditions:
        memory.plain_success = True
    return result


@rule("concurrent-calls-hold")
def concurrent_calls_hold(exchange: Exchange, memory: Memory) -> Breach | None:
    return _promise(exchange, memory, "concurrent-calls-hold")
