"""Whose token it is."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from contracts.model.exchange import Exchange, Request
from tests.kit.exchanges import NOBODY, OVERLAP, URL, USD, answer, exchange, jwt
from tests.kit.judgements import Table, breaks, holds, silent

OWN = "a token, and a session, of the customer who asked"
SECOND = ("customer", "as the second customer")
_number = count(1)


def given(token: str | None, *, other: bool = False, **situation: Any) -> Exchange:
    """A success that gives a customer a token; each has a number of its own."""
    conditions = {*situation.pop("conditions", ()), *([SECOND] if other else [])}
    body = answer(data={"token": token} if token else {})
    one = exchange(body, customer="other" if other else "first", conditions=conditions, **situation)
    return replace(one, index=next(_number))


def named(who: str, *, other: bool = False, **situation: Any) -> Exchange:
    """A success whose token names somebody in `sub`."""
    return given(jwt(sub=who, jti=next(_number)), other=other, **situation)


def without_sub(who: int, *, other: bool = False, lang: str = "ar", **situation: Any) -> Exchange:
    """A success whose token names somebody in a claim of its own."""
    return given(jwt(user={"id": who}, lang=lang, shop=1, jti=next(_number)), other=other, **situation)


def set_cookie(sent: str, new: str, *, other: bool = False) -> Exchange:
    """A success with an opaque token, which replaces a cookie."""
    token = f"opaque-{next(_number)}"
    body = answer(200, None, ("Set-Cookie", f"{new}; Path=/"), data={"token": token})
    one = exchange(body, customer="other" if other else "first")
    return replace(one, request=Request("POST", URL, (("Cookie", sent),)), index=next(_number))


NODES = [given(jwt(node=node, jti=next(_number)), other=other) for other in (False, True) for node in (1, 1, 2, 2, 2)]
ONE, TWO = [named("7"), named("7")], [named("8", other=True), named("8", other=True)]

WHOSE: Table = {
    "token-belongs-to-customer": (
        holds("the first token", given("opaque-1")),
        holds("no token at all, twice", given(None), given(None, other=True)),
        holds("two opaque ones", given("opaque-1"), given("opaque-2", other=True)),
        holds("the same opaque one for the same customer", given("opaque-1"), given("opaque-1")),
        breaks(
            "the same opaque one for both",
            given("opaque-1"),
            given("opaque-1", other=True),
            words=(OWN, "the very token that the other customer was given"),
        ),
        holds("each their own name", *ONE, *TWO, named("7"), named("8", other=True)),
        breaks(
            "the name of the other",
            *ONE,
            *TWO,
            named("7", other=True),
            words=(OWN, "a token that names the other customer (sub)"),
        ),
        breaks("the name of the other, overlapping", *ONE, *TWO, named("8", overlaps=True, conditions=OVERLAP)),
        breaks("the name of the other, with a header", *ONE, *TWO, named("8", conditions=USD)),
        breaks("the name of the other at first", *ONE, named("7", other=True), *TWO),
        holds("what was said of an earlier answer is not said again", *ONE, *TWO, named("7", other=True), named("8", other=True)),
        breaks("one customer, and another name in between", *ONE, named("9"), named("7")),
        breaks("one customer, and another name twice in between", *ONE, named("9"), named("9"), named("7")),
        holds("one customer, whose name changes for good", *ONE, named("9"), named("9")),
        holds("a name that is new each time", *(named(str(n)) for n in range(9))),
        holds("two customers with one name, of whom nothing is known", *ONE, named("7", other=True), named("7", other=True)),
        breaks(
            "the name of the other in a claim that the document does not know",
            *(without_sub(1), without_sub(1), without_sub(2, other=True), without_sub(2, other=True), without_sub(2)),
            words=(OWN, "a token that names the other customer (user)"),
        ),
        holds(
            "a claim that the header of the request chose",
            *(without_sub(1), without_sub(1), without_sub(2, other=True, lang="en"), without_sub(2, other=True, lang="en")),
            without_sub(1, lang="en", conditions=[("header:accept-language", "en")]),
        ),
        holds(
            "one of two claims that tell them apart",
            *(without_sub(1), without_sub(1), without_sub(2, other=True, lang="en"), without_sub(2, other=True, lang="en")),
            without_sub(1, lang="en"),
        ),
        holds("a node that differs, but not by customer", *NODES, given(jwt(node=2), other=True)),
        holds("claims of time alone", *(given(jwt(exp=n // 2, iat=n), other=n > 3) for n in range(8))),
        breaks(
            "the session of the other",
            *(set_cookie("s=a", "s=b"), set_cookie("s=x", "s=a", other=True), set_cookie("s=a", "s=c", other=True)),
            words=(OWN, "the session that the other customer has"),
        ),
        holds("one value for both, which no browser sends", set_cookie("s=a", "s=b"), set_cookie("s=x", "s=b", other=True)),
        holds("sessions of their own", set_cookie("s=a", "s=b"), set_cookie("s=x", "s=y", other=True)),
        holds("one node for both", set_cookie("s=a; node=1", "node=2"), set_cookie("s=x; node=1", "node=2", other=True)),
        holds("one XSRF token for both", *(set_cookie(f"{s}; XSRF-TOKEN=1", s, other=s > "s=b") for s in ("s=a", "s=x"))),
        silent("a refusal", exchange(answer(401))),
        silent("a stranger", exchange(answer(), **NOBODY)),
        silent("a session that nobody knows", exchange(answer(), session="unknown")),
        silent("another method", exchange(answer(), "GET")),
    ),
}
