"""Liars about whose token it is: each mixes up two customers."""

from __future__ import annotations

from collections.abc import Callable

from tests.liars import changes as c
from tests.liars.build import Layer, Lies, altering, fresh, made
from tests.liars.conditions import succeeded
from tests.liars.kit import Answer, Asked, granted


def _cached(every: int) -> Layer:
    """A cache in front, which does not look at the session: each answer is given so often."""
    answers: list[Answer] = []
    count = 0

    def change(answer: Answer) -> Answer:
        nonlocal count
        if count % every == 0:
            answers[:] = [answer]
        count += 1
        return c.with_data(token=c.token_of(answers[0]))(answer)

    return altering(succeeded, change)


def _one_before(when: Callable[[Asked], bool], *, waits: bool = False, change: c.Change = c.same) -> Layer:
    """A global variable in the handler: under a condition, a token names the customer of the request before."""
    customers: list[str] = []

    def sometimes(asked: Asked, answer: Answer) -> bool:
        if succeeded(asked, answer):
            customers.append(c.customer_of(answer))
        return succeeded(asked, answer)

    def mixed(asked: Asked, answer: Answer) -> Answer:
        before = customers[-2] if len(customers) > 1 and when(asked) else customers[-1]
        return c.then(c.resigned(lambda claims: {**claims, "sub": before}), change)(answer)

    asking: list[Asked] = []

    def remember(asked: Asked, answer: Answer) -> bool:
        asking[:] = [asked]
        return sometimes(asked, answer)

    return altering(remember, lambda answer: mixed(asking[0], answer), waits=waits)


def _session_of_the_other() -> Layer:
    """Opaque tokens, and sessions that are swapped once: the second customer gets the cookie of the first."""
    cookies: dict[str, str] = {}
    done: list[bool] = []

    def change(answer: Answer) -> Answer:
        customer, cookie = c.customer_of(answer), answer.header("set-cookie")
        other = next((value for name, value in cookies.items() if name != customer), None)
        assert cookie
        cookies[customer] = cookie
        answer = c.with_data(token=c.token_of(granted()))(answer)
        if other and not done:
            done.append(True)
            return answer.with_header("set-cookie", other)
        return answer

    return altering(succeeded, change)


WHOSE: Lies = {
    "token-belongs-to-customer": (
        made("cached-for-all", "gives each answer twice, whoever asks", fresh(lambda: _cached(2)), always=False, just=False),
        made("cached-for-ever", "gives everybody the first token", fresh(lambda: _cached(10**6))),
        made(
            "global-customer",
            "names in a token the customer of the request before",
            fresh(lambda: _one_before(lambda asked: True)),
            always=False,
        ),
        made(
            "global-overlapping",
            "names in a token the customer of a request that overlaps",
            fresh(lambda: _one_before(lambda asked: asked.overlapping, waits=True)),
            always=False,
        ),
        made(
            "global-without-sub",
            "names in a claim of its own the customer of a request that overlaps",
            fresh(lambda: _one_before(lambda asked: asked.overlapping, waits=True, change=c.resigned(c.renamed))),
            always=False,
        ),
        made("session-of-the-other", "gives the second customer the session of the first once", fresh(_session_of_the_other)),
    ),
}
