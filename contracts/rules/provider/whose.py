"""Whose answer it is: nobody is given what was made for another customer."""

from __future__ import annotations

from typing import Final

from contracts.model.cookies import XSRF, parse_cookies
from contracts.model.exchange import Exchange
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import Memory, posted, rule

_NOT_CHOSEN: Final = ("after", "overlap", "customer")  # conditions that cannot choose what a token says


@rule("token-belongs-to-customer")
def token_belongs_to_customer(exchange: Exchange, memory: Memory) -> Breach | None:
    """No finding quotes a claim, which may be an address or a name."""
    r = posted(exchange)
    situation = exchange.situation
    if r is None or situation.session != "valid" or not r.claims_success:
        return None
    expected = "a token, and a session, of the customer who asked"
    if _has_session_of_another(exchange, memory):
        return Breach(expected, "the session that the other customer has")
    plain = all(name in _NOT_CHOSEN for name, _ in situation.conditions)
    fault = memory.owners.fault(r.token, situation.customer, exchange.index, plain=plain) if r.token else None
    return Breach(expected, fault) if fault else OK


def _has_session_of_another(exchange: Exchange, memory: Memory) -> bool:
    """Whether the only cookie that the customer has is one that the other customer had, so that an answer must have given it.

    With several cookies, nobody knows which is the session; one that names a node of the environment may well be equal.
    """
    sent = [value for name, value in parse_cookies(exchange.request.header("cookie") or "") if name != XSRF]
    return len(sent) == 1 and memory.owners.holder_of(sent[0], exchange.situation.customer) != exchange.situation.customer
