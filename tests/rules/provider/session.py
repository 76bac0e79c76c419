"""What a logged-in customer keeps: the session."""

from __future__ import annotations

from tests.kit.exchanges import LOST, NOBODY, OVERLAP, answer, exchange
from tests.kit.judgements import Table, breaks, holds, silent

TAKEN = {"lost": "the answer to request 9 (HTTP 401) deleted the cookie session", "lost_by": 9}
AS_A_WHOLE = "the session works on, with the cookies that a browser keeps"

SESSION: Table = {
    "session-is-kept": (
        holds("a second refresh", exchange(answer()), exchange(answer())),
        holds("a refresh after a refusal", exchange(answer(401)), exchange(answer())),
        holds("a refresh after another method", exchange(answer(405), "GET"), exchange(answer())),
        breaks(
            "an answer deleted it",
            exchange(answer(401), **TAKEN),
            words=(
                AS_A_WHOLE,
                "the answer to request 9 (HTTP 401) deleted the cookie session; "
                "the next refresh was refused (HTTP 401), and completed with the session of before",
            ),
        ),
        breaks("an answer took it from two that overlap", exchange(answer(403), overlaps=True, conditions=OVERLAP, **TAKEN)),
        silent("the first refresh", exchange(answer())),
        silent("a refresh after one without an answer", exchange(LOST), exchange(answer())),
        silent("after an answer to a stranger", exchange(answer(401), **NOBODY), exchange(answer())),
        silent("a refresh of a stranger", exchange(answer()), exchange(answer(401), **NOBODY)),
        silent("a refusal that no answer is known to cause", exchange(answer()), exchange(answer(401))),
        silent("another method", exchange(answer()), exchange(answer(405), "GET")),
        silent("two that overlap lost it", exchange(answer()), exchange(answer(401), lost="two overlapped")),
    ),
}
