"""What the endpoint must not take from a logged-in customer: the session."""

from __future__ import annotations

from contracts.model.exchange import Exchange
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import Memory, posted, rule


@rule("session-is-kept")
def session_is_kept(exchange: Exchange, memory: Memory) -> Breach | None:
    """Exercised by a refresh that comes after another answer to the customer; the answer that took the session is to blame."""
    r, situation = posted(exchange), exchange.situation
    if situation.session != "valid" or exchange.response is None:
        return None
    was_answered, memory.customer_was_answered = memory.customer_was_answered, True
    if r and situation.lost_by:
        actual = f"{situation.lost}; the next refresh was refused (HTTP {r.status}), and completed with the session of before"
        return Breach("the session works on, with the cookies that a browser keeps", actual, situation.lost_by)
    return OK if r and was_answered and r.claims_success else None
