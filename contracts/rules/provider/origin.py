"""Who may read an answer in a browser: SHOULD, by the Fetch standard."""

from __future__ import annotations

from typing import Final

from contracts.model.document import load
from contracts.model.exchange import Exchange
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import Memory, rule

_ORIGIN: Final = "access-control-allow-origin"
_CREDENTIALS: Final = "access-control-allow-credentials"


@rule("no-foreign-origin-with-credentials")
def no_foreign_origin_with_credentials(exchange: Exchange, memory: Memory) -> Breach | None:
    """Browsers take neither `*` nor several origins where cookies were sent, so that these harm nobody."""
    r = exchange.response
    origin = exchange.request.header("origin")
    if r is None or origin != load().foreign_origin:
        return None
    if r.single(_ORIGIN) != origin or r.single(_CREDENTIALS) != "true":
        return OK
    actual = f"{exchange.request.method}: Access-Control-Allow-Origin: {origin} with Access-Control-Allow-Credentials: true"
    return Breach("a foreign origin is not allowed with credentials", actual)
