"""Who may read an answer in a browser."""

from __future__ import annotations

from dataclasses import replace

from contracts.model.document import load
from contracts.model.exchange import Exchange, Request
from tests.kit.exchanges import LOST, URL, answer, exchange
from tests.kit.judgements import Table, breaks, holds, silent

FOREIGN = load().foreign_origin
EXPECTED = "a foreign origin is not allowed with credentials"


def asked(origin: str | None, *allowed: str, credentials: str = "true", method: str = "POST") -> Exchange:
    """A request from an origin, and the origins that its answer allows."""
    headers = [("Access-Control-Allow-Origin", value) for value in allowed]
    sent = (("Origin", origin),) if origin else ()
    told = exchange(answer(200, None, *headers, ("Access-Control-Allow-Credentials", credentials)), method)
    return replace(told, request=Request(method, URL, sent))


ORIGIN: Table = {
    "no-foreign-origin-with-credentials": (
        holds("another origin is allowed", asked(FOREIGN, "https://partner.example")),
        holds("every origin is allowed, which browsers do not take", asked(FOREIGN, "*")),
        holds("allowed without credentials", asked(FOREIGN, FOREIGN, credentials="")),
        holds("credentials in capitals, which browsers do not take", asked(FOREIGN, FOREIGN, credentials="TRUE")),
        holds("two origins, which browsers do not take", asked(FOREIGN, FOREIGN, "https://partner.example")),
        holds("nothing is said", asked(FOREIGN)),
        breaks(
            "the origin comes back",
            asked(FOREIGN, FOREIGN),
            words=(EXPECTED, f"POST: Access-Control-Allow-Origin: {FOREIGN} with Access-Control-Allow-Credentials: true"),
        ),
        breaks("the same line twice", asked(FOREIGN, FOREIGN, FOREIGN)),
        breaks("to a preflight", asked(FOREIGN, FOREIGN, method="OPTIONS")),
        silent("the shop's own origin", asked("https://store.example", "https://store.example")),
        silent("no origin", asked(None, FOREIGN)),
        silent("no answer", replace(exchange(LOST), request=Request("POST", URL, (("Origin", FOREIGN),)))),
    ),
}
