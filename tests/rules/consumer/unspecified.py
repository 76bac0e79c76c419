"""What a client owes its page when the contract leaves open what came."""

from __future__ import annotations

from dataclasses import replace

from tests.kit.judgements import Table, breaks, holds, silent
from tests.kit.outcomes import (
    DONE,
    EARLIER,
    HALF,
    NEW,
    NO_TOKEN,
    NULL_TOKEN,
    ODD_STATUS,
    REFUSED,
    at_once,
    heard,
    loading,
    outcome,
    told,
)

UNSPECIFIED: Table = {
    "unspecified-is-coherent": (
        holds("rejected, with an event", outcome(NO_TOKEN)),
        holds("resolved, without", outcome(NO_TOKEN, "resolved")),
        holds("resolved with nothing", outcome(NO_TOKEN, "resolved", value=None)),
        holds("five rejected, one event", outcome(at_once(NO_TOKEN))),
        holds("five rejected, five events", outcome(at_once(NO_TOKEN), events=told(NO_TOKEN, heard(5)))),
        holds("five resolved", outcome(at_once(NO_TOKEN), "resolved")),
        holds("three of five rejected", outcome(at_once(NO_TOKEN), HALF, events=told(NO_TOKEN, heard(3)))),
        breaks(
            "rejected, without",
            outcome(NO_TOKEN, events=()),
            words=("one event", "success-data-empty: one call rejected, no event"),
        ),
        breaks(
            "resolved, with an event",
            outcome(NO_TOKEN, "resolved", events=told(NO_TOKEN)),
            words=("no event", "success-data-empty: 0 calls rejected, one event"),
        ),
        breaks("rejected, two events", outcome(NO_TOKEN, events=told(NO_TOKEN, heard(2)))),
        breaks("three of five rejected, four events", outcome(at_once(NO_TOKEN), HALF, events=told(NO_TOKEN, heard(4)))),
        breaks(
            "five rejected, no event",
            outcome(at_once(NO_TOKEN), events=()),
            words=("one to 5 events", "success-data-empty: 5 calls rejected, no event"),
        ),
        breaks(
            "two rejected, no event",
            outcome(replace(NO_TOKEN, calls=2), "rejected", events=()),
            words=("one to 2 events", "success-data-empty: 2 calls rejected, no event"),
        ),
        breaks("five rejected, six events", outcome(at_once(NO_TOKEN), "rejected", events=told(NO_TOKEN, heard(6)))),
        silent("pending", outcome(NO_TOKEN, "pending", events=told(NO_TOKEN))),
        silent("a success", outcome(DONE, events=told(DONE))),
        silent("a failure", outcome(REFUSED, events=())),
        silent("at page load", outcome(loading(NO_TOKEN))),
    ),
    "no-bogus-token": (
        holds("kept", outcome(NO_TOKEN)),
        holds("removed", outcome(NO_TOKEN, "resolved", token_after=None)),
        holds("the one of the answer", outcome(ODD_STATUS, "resolved", token_after=NEW, sent_after=f"Bearer {NEW}")),
        holds("the one of the answer, though rejected", outcome(ODD_STATUS, token_after=NEW)),
        holds("none before, none after", outcome(NO_TOKEN, token_before=None, token_after=None)),
        holds("kept, at page load", outcome(loading(NO_TOKEN))),
        *(breaks(f"{v!r} stored", outcome(NO_TOKEN, "resolved", token_after=v)) for v in ("undefined", "null", 5, True, {}, [])),
        *(breaks(f"{w} sent", outcome(NULL_TOKEN, sent_after=f"Bearer {w}")) for w in ("null", "undefined", "[object Object]")),
        breaks("another one stored", outcome(ODD_STATUS, "resolved", token_after=EARLIER)),
        breaks("removed, and null sent", outcome(NULL_TOKEN, "resolved", token_after=None, sent_after="Bearer null")),
        breaks("undefined sent after a page load", outcome(loading(NO_TOKEN), sent_after="Bearer undefined")),
        breaks(
            "null stored after a null",
            outcome(NULL_TOKEN, "resolved", token_after="null"),
            words=(
                "the old token, that of the answer, or none",
                "success-token-null: afterwards it is 'null', which is no token",
            ),
        ),
        breaks("null stored after a failed page load", outcome(loading(REFUSED), token_after="null")),
        silent("pending", outcome(NO_TOKEN, "pending", token_after=5)),
        silent("a success", outcome(DONE, token_after=5)),
        silent("a failure", outcome(REFUSED, token_after=5)),
        silent("no refresh at page load", outcome(loading(NO_TOKEN), exchanges=(), token_after=5)),
    ),
}
