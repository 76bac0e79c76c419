"""Providers whose tokens keep the contract but look odd: none of them may be blamed."""

from __future__ import annotations

from tests.liars import changes as c
from tests.liars.build import Layer, Odd, altering, fresh, odd
from tests.liars.conditions import refused, succeeded
from tests.liars.kit import Answer, Asked, granted


def _bearer_accepted() -> Layer:
    """Whoever has a token that was given is served, without a session too."""
    given: set[str] = set()

    def learned(asked: Asked, answer: Answer) -> bool:
        if succeeded(asked, answer):
            given.add(c.token_of(answer))
        return False

    def known(asked: Asked, answer: Answer) -> bool:
        return refused(asked, answer) and asked.headers.get("authorization", "").removeprefix("Bearer ") in given

    return lambda home: altering(known, c.said(granted))(altering(learned, c.same)(home))


ODD_TOKENS: tuple[Odd, ...] = (
    odd("bearer-accepted", "accepts the last token in place of the session", fresh(_bearer_accepted)),
    odd("no-sub", "names the customer in a claim of its own", altering(succeeded, c.resigned(c.renamed))),
)
