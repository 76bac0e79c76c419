"""What the provider rules share: what they remember, and how they read an answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.model.document import load
from contracts.model.exchange import Exchange, Kind, Response, described
from contracts.rules.engine import RuleSet
from contracts.rules.provider.owners import Owners
from contracts.rules.provider.reuse import Reuse


@dataclass
class Memory:
    """What the rules remember of earlier exchanges of the same run. Its size is bounded."""

    last_token: str | None = None
    tokens: dict[int, float] = field(default_factory=dict)  # the hash of a token to the time when it was first given
    reuse: dict[str, Reuse] = field(default_factory=dict)  # by customer
    owners: Owners = field(default_factory=Owners)
    plain_success: bool = False  # a bare POST with the logged-in session succeeded once
    customer_was_answered: bool = False  # whatever the answer was
    innocent: set[tuple[str, str]] = field(default_factory=set)  # conditions that a successful logged-in refresh had
    explained: list[frozenset[tuple[str, str]]] = field(default_factory=list)  # suspects of refreshes that failed, smallest first


RULE_SET: Final = RuleSet[Exchange, Memory](Memory)
rule = RULE_SET.rule
Conditions = frozenset[tuple[str, str]]

STRANGERS: Final = ("none", "empty", "made-up", "expired")  # kinds of sessions that have to be refused
NO_BODY: Final = (204, 205)
MISSING: Final = object()
ENUM: Final = load().success_statuses
ENUM_TEXT: Final = ", ".join(map(str, sorted(ENUM)))
POST: Final = load().method


def posted(exchange: Exchange) -> Response | None:
    """The answer to a POST; None if there is none or it is a redirect."""
    r = exchange.response
    return r if r is not None and exchange.request.method == POST and not 300 <= r.status < 400 else None


def with_body(exchange: Exchange) -> Response | None:
    """The answer to a POST whose status allows a body; None otherwise."""
    r = posted(exchange)
    return r if r is not None and r.status not in NO_BODY else None


def readable(exchange: Exchange) -> Response | None:
    """The answer to a POST whose body can be read as JSON; None otherwise."""
    r = with_body(exchange)
    return r if r is not None and r.reading.readable else None


def is_strangers(exchange: Exchange) -> bool:
    """Whether the request had no good session, so that it has to be refused."""
    return exchange.situation.session in STRANGERS


def refreshed(exchange: Exchange) -> Response | None:
    """The answer to a POST, if it is a completed or unspecified success. That of a stranger must not be made any better."""
    r = readable(exchange)
    return r if exchange.kind is not Kind.FAILED and not is_strangers(exchange) else None


def shown(value: Any, most: int = 80) -> str:
    """A value from a body as JSON, cut to `most` characters."""
    try:
        text = json.dumps(value, ensure_ascii=True)
    except (ValueError, TypeError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= most else text[:most] + "…"


def member(r: Response, name: str) -> Any:
    """A member of the body, or MISSING."""
    value = r.reading.value
    return value.get(name, MISSING) if isinstance(value, dict) else MISSING


def member_text(r: Response, name: str) -> str:
    """What the body has as this member, in words."""
    value = member(r, name)
    if not isinstance(r.reading.value, dict):
        return f"the body is {shown(r.reading.value)}, no object"
    return f"no member {name}" if value is MISSING else f"{name} is {shown(value)}"


def circumstances(exchange: Exchange) -> str:
    """What was unusual about the request, in words to append."""
    words = described(exchange.situation.conditions)
    return f", the request: {words}" if words else ""
