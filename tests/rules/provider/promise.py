"""What is promised to a logged-in customer: the refresh completes."""

from __future__ import annotations

from dataclasses import replace

from contracts.model.document import load
from contracts.model.exchange import Request
from tests.kit.exchanges import AFTER, NOBODY, OVERLAP, URL, USD, answer, exchange
from tests.kit.judgements import Table, breaks, holds, silent

WITH_HEADER = {"conditions": USD}
WITH_BODY = {"conditions": [("body", "json")]}
OUTSIDE = {"conditions": [("header:currency", "{}"), ("values", "outside their schemas")]}
ELSEWHERE = [("header:origin", load().foreign_origin)]
OVERLAPPING = {"overlaps": True, "conditions": OVERLAP}
AFTER_REFUSAL = {"after": "refusal", "conditions": AFTER}

PROMISE: Table = {
    "no-input-needed": (
        holds("a bare refresh", exchange(answer())),
        breaks("refused at once", exchange(answer(400)), words=("the refresh completes", "HTTP 400")),
        breaks("failed at once", exchange(answer(500))),
        breaks("400 with a page", exchange(answer(400, b"<"))),
        breaks(
            "an XSRF header was sent",
            replace(
                exchange(answer(419, None, ("Set-Cookie", "XSRF-TOKEN=1"))),
                request=Request("POST", URL, (("X-XSRF-TOKEN", "1"),)),
            ),
        ),
        breaks("the session was replaced, but by nobody else", exchange(answer(401), session_replaced=True)),
        silent("refused after a success", exchange(answer()), exchange(answer(401), after="success")),
        silent("with a header", exchange(answer(401), **WITH_HEADER)),
        silent("without a session", exchange(answer(401), **NOBODY)),
        silent("too many", exchange(answer(429))),
        silent("an earlier answer took the session", exchange(answer(401), lost="deleted", lost_by=1)),
        silent("asked for an XSRF header", exchange(answer(403, None, ("Set-Cookie", "XSRF-TOKEN=a; Path=/")))),
    ),
    "extras-change-nothing": (
        holds("a header", exchange(answer(), **WITH_HEADER)),
        holds("a body that is refused by the contract", exchange(answer()), exchange(answer(422), **WITH_BODY)),
        holds("a body that is refused with 499", exchange(answer(499), conditions=[("body", "json")])),
        holds("a value that no schema allows, refused by the contract", exchange(answer()), exchange(answer(422), **OUTSIDE)),
        breaks(
            "a value that no schema allows crashes it",
            exchange(answer()),
            exchange(answer(500), **OUTSIDE),
            words=("the refresh completes", "HTTP 500, the request: currency {}, values outside their schemas"),
        ),
        holds("a foreign origin that is refused", exchange(answer()), exchange(answer(403), conditions=ELSEWHERE)),
        breaks("a foreign origin that crashes it", exchange(answer()), exchange(answer(500), conditions=ELSEWHERE)),
        breaks("a header that is refused", exchange(answer()), exchange(answer(400), **WITH_HEADER)),
        breaks("a query that is refused", exchange(answer()), exchange(answer(404), conditions=[("query", "unknown")])),
        breaks("a body that crashes it", exchange(answer()), exchange(answer(500), **WITH_BODY)),
        breaks(
            "a header with which it fails",
            exchange(answer(500), conditions=USD),
            words=("the refresh completes", "HTTP 500, the request: currency USD"),
        ),
        silent("bare", exchange(answer())),
        silent("without a session", exchange(answer(401), **NOBODY, **WITH_HEADER)),
    ),
    "repeats-hold": (
        holds("again", exchange(answer()), exchange(answer(), after="success")),
        holds("after a refusal", exchange(answer()), exchange(answer(), **AFTER_REFUSAL)),
        breaks(
            "refused after a success",
            exchange(answer()),
            exchange(answer(401), after="success"),
            words=("the refresh completes", "HTTP 401"),
        ),
        breaks("refused after a refusal", exchange(answer()), exchange(answer(401), **AFTER_REFUSAL)),
        silent("the first", exchange(answer())),
        silent("with a header", exchange(answer()), exchange(answer(401), after="success", **WITH_HEADER)),
    ),
    "concurrent-calls-hold": (
        holds("both", exchange(answer()), exchange(answer(), **OVERLAPPING)),
        holds("one refused for a new session", exchange(answer()), exchange(answer(401), session_replaced=True, **OVERLAPPING)),
        breaks(
            "one refused",
            exchange(answer()),
            exchange(answer(409), **OVERLAPPING),
            words=("the refresh completes", "HTTP 409, the request: overlapping another"),
        ),
        breaks(
            "what the winner was given is refused",
            exchange(answer()),
            exchange(answer(401), lost="after two refreshes that overlapped, the session that was given is refused"),
            words=(
                "the session works on after two refreshes",
                "after two refreshes that overlapped, the session that was given is refused: HTTP 401",
            ),
        ),
        breaks("one failed for a new session", exchange(answer()), exchange(answer(500), session_replaced=True, **OVERLAPPING)),
        silent("alone", exchange(answer())),
        silent("an earlier answer took the session", exchange(answer()), exchange(answer(401), lost="deleted", lost_by=1)),
    ),
}
