"""Providers whose tokens keep the contract but look odd: none of them may be blamed."""

from __future__ import annotations

import time

from tests.liars import changes as c
from tests.liars.build import Layer, Odd, altering, fresh, odd
from tests.liars.conditions import refused, succeeded
from tests.liars.kit import Answer, Asked, granted

REUSE = 5.0  # seconds


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


def _reuse_interval() -> Layer:
    """Gives each customer the same token again for five seconds, as an endpoint that forgives two tabs does."""
    latest: dict[str, tuple[float, str]] = {}

    def change(answer: Answer) -> Answer:
        customer, now = c.customer_of(answer), time.monotonic()
        if customer not in latest or now - latest[customer][0] > REUSE:
            latest[customer] = now, c.token_of(answer)
        return c.with_data(token=latest[customer][1])(answer)

    return altering(succeeded, change)


ODD_TOKENS: tuple[Odd, ...] = (
    odd("bearer-accepted", "accepts the last token in place of the session", fresh(_bearer_accepted)),
    odd("reuse-interval", "gives the same token again within five seconds", fresh(_reuse_interval)),
    odd("no-sub", "names the customer in a claim of its own", altering(succeeded, c.resigned(c.renamed))),
)
