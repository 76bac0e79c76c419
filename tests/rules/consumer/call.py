"""The call itself: what is sent, and that it settles."""

from __future__ import annotations

from contracts.model.exchange import Request
from contracts.model.limits import SETTLING_SECONDS
from tests.kit.judgements import Table, breaks, holds, silent
from tests.kit.outcomes import DONE, OFFLINE, REFUSED, RESET, SILENT, SLOW, STRAY, at_once, ended, loading, outcome, sent

ELSEWHERE = Request("GET", "https://store.example/elsewhere?secret=1")

CALL: Table = {
    "sends-post-without-body": (
        holds("POST", outcome(DONE)),
        holds("with an empty query", outcome(DONE, exchanges=(sent(DONE, query="?"),))),
        holds("sent twice", outcome(RESET, exchanges=(sent(RESET), sent(RESET)))),
        holds("and something elsewhere", outcome(DONE, strays=(STRAY,))),
        holds("tried though offline", outcome(OFFLINE)),
        holds("at page load", outcome(loading(DONE))),
        *(breaks(m, outcome(DONE, exchanges=(sent(DONE, method=m),))) for m in ("GET", "PUT", "HEAD", "post")),
        breaks("a body", outcome(DONE, exchanges=(sent(DONE, body=b"{}"),))),
        breaks("a query", outcome(DONE, exchanges=(sent(DONE, query="?force=1"),))),
        breaks("a body the second time", outcome(RESET, exchanges=(sent(RESET), sent(RESET, body=b"again")))),
        breaks("GET at page load", outcome(loading(DONE), exchanges=(sent(DONE, method="GET"),))),
        breaks(
            "nothing", outcome(DONE, exchanges=()), words=("POST /auth/refresh, no query, no body", "success-200: no request")
        ),
        breaks(
            "elsewhere only",
            outcome(DONE, exchanges=(), strays=(STRAY,)),
            words=("POST /auth/refresh, no query, no body", "success-200: no request to the endpoint, but POST /auth/refreshh"),
        ),
        breaks(
            "GET, and nothing else",
            outcome(DONE, exchanges=(sent(DONE, method="GET"),)),
            words=("POST /auth/refresh, no query, no body", "success-200: GET /auth/refresh, 0 bytes of body"),
        ),
        breaks(
            "a query the second time",
            outcome(DONE, exchanges=(sent(DONE), sent(DONE, query="?a=1"))),
            words=("POST /auth/refresh, no query, no body", "success-200: POST /auth/refresh?…, 0 bytes of body"),
        ),
        breaks(
            "two wrong methods, of which the first is told",
            outcome(DONE, exchanges=(sent(DONE, method="PUT"), sent(DONE, method="GET"))),
            words=("POST /auth/refresh, no query, no body", "success-200: PUT /auth/refresh, 0 bytes of body"),
        ),
        breaks(
            "elsewhere twice, of which the first is told",
            outcome(DONE, exchanges=(), strays=(ELSEWHERE, Request("PUT", "https://store.example/"))),
            words=("POST /auth/refresh, no query, no body", "success-200: no request to the endpoint, but GET /elsewhere"),
        ),
        breaks(
            "a body and a query",
            outcome(DONE, exchanges=(sent(DONE, method="PUT", query="?a=secret", body=b"{}"),)),
            words=("POST /auth/refresh, no query, no body", "success-200: PUT /auth/refresh?…, 2 bytes of body"),
        ),
        breaks("no request where the connection is reset", outcome(RESET, exchanges=())),
        silent("not even tried offline", outcome(OFFLINE, exchanges=())),
        silent("no refresh at page load", outcome(loading(DONE), exchanges=())),
    ),
    "settles-when-it-is-over": (
        holds("soon", outcome(DONE)),
        holds("a rejection", outcome(REFUSED)),
        holds("just in time", outcome(REFUSED, at=SETTLING_SECONDS)),
        holds("just in time after a slow body", outcome(SLOW, at=0.6 + SETTLING_SECONDS)),
        holds("given up", outcome(SILENT, at=1.0)),
        holds("when the endpoint ended it", outcome(SILENT, at=10.1)),
        breaks("pending", outcome(REFUSED, "pending", at=3.1)),
        breaks("one of five pending", outcome(at_once(REFUSED), ["rejected"] * 4 + ["pending"], at=3.1)),
        breaks(
            "late",
            outcome(REFUSED, at=5.25),
            words=(
                "settled at most 5 s after the exchange has ended",
                "error-401: settled after 5.2 s; the exchange was over at 0.0 s",
            ),
        ),
        breaks(
            "pending after the endpoint ended it",
            outcome(SILENT, "pending", at=13.0),
            words=(
                "settled at most 5 s after the exchange has ended",
                "network-silent: one call still pending; the exchange was over at 10.0 s",
            ),
        ),
        breaks("late, though given up", outcome(SILENT, at=10.2 + SETTLING_SECONDS)),
        breaks(
            "five calls pending",
            outcome(at_once(REFUSED), "pending"),
            words=(
                "settled at most 5 s after the exchange has ended",
                "error-401: 5 calls still pending; the exchange was over at 0.0 s",
            ),
        ),
        breaks("late after a slow body", outcome(SLOW, at=5.7)),
        breaks("one of two was late", ended(REFUSED, "rejected", 0.1, 5.5)),
        breaks("the other of two was late", ended(REFUSED, "rejected", 5.5, 0.1)),
        silent("at page load", outcome(loading(REFUSED))),
    ),
}
