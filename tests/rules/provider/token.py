"""What is advised of a token."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Any

from contracts.model.exchange import Exchange, Response
from tests.kit.exchanges import FRESH, NOBODY, NOW, answer, exchange, jwt
from tests.kit.judgements import Table, breaks, holds, silent


def dated(off: float, **claims: Any) -> Response:
    """A success with these claims, whose Date is so many seconds off."""
    return answer(200, None, ("Date", formatdate(NOW + off, usegmt=True)), data={"token": jwt(**claims)})


def given(token: str) -> Response:
    """A success with this token."""
    return answer(data={"token": token})


def at(seconds: float, one: Exchange) -> Exchange:
    """The exchange, so many seconds later."""
    return replace(one, started=NOW + seconds)


TOKEN: Table = {
    "success-carries-token": (
        holds("a token", exchange(answer())),
        breaks("no data", exchange(answer(data=...)), words=("data.token: a non-empty string", "no member data")),
        breaks("an empty one", exchange(answer(data={"token": ""}))),
        breaks("a number", exchange(answer(data={"token": 5})), words=("data.token: a non-empty string", "data.token is 5")),
        breaks("no member token", exchange(answer(data={})), words=("data.token: a non-empty string", "data.token is null")),
        breaks("a list for data", exchange(answer(data=[])), words=("data.token: a non-empty string", "data is []")),
        silent("a refusal", exchange(answer(401))),
        silent("a stranger, who is to have none", exchange(answer(data={}), **NOBODY)),
    ),
    "token-is-not-expired": (
        holds("a second later", exchange(answer(data={"token": jwt(exp=NOW + 1)}))),
        breaks(
            "over at this very moment",
            exchange(answer(data={"token": jwt(exp=NOW)})),
            words=("exp in the future", "exp is 1800000000.0, not after the request"),
        ),
        breaks("no exp", exchange(answer(data={"token": jwt(sub="7")}))),
        breaks(
            "exp is a word", exchange(answer(data={"token": jwt(exp="x")})), words=("exp: a time in the future", 'exp is "x"')
        ),
        breaks(
            "exp is a boolean",
            exchange(answer(data={"token": jwt(exp=True)})),
            words=("exp: a time in the future", "exp is true"),
        ),
        breaks(
            "milliseconds",
            exchange(answer(data={"token": jwt(exp=1_800_000_900_000)})),
            words=("exp in seconds", "exp is 1800000900000, which seems to be milliseconds"),
        ),
        holds("over by this machine's clock, which is fast", exchange(dated(-120, exp=NOW - 60))),
        holds("over by the clock of the endpoint, which is fast", exchange(dated(120, exp=NOW + 60))),
        breaks("over by both clocks", exchange(dated(-30, exp=NOW - 60))),
        breaks("over, and Date is no date", exchange(answer(200, None, ("Date", "soon"), data={"token": jwt(exp=NOW - 60)}))),
        silent("opaque", exchange(answer())),
        silent("dots but no JWT", exchange(answer(data={"token": "eyJ.é.c"}))),
        silent("nobody knows when it was", replace(exchange(answer(data={"token": "eyJh.e30.x"})), started=0.0)),
    ),
    "token-is-valid-already": (
        holds("a minute ago", exchange(dated(0, nbf=NOW - 60, iat=NOW - 60))),
        holds("now, within what clocks may differ", exchange(answer(data={"token": jwt(exp=NOW + 900, iat=NOW + 60)}))),
        breaks(
            "an hour from now",
            exchange(answer(data={"token": jwt(exp=NOW + 9000, nbf=NOW + 3600)})),
            words=("nbf and iat not in the future", "nbf is 1800003600.0, 3600 s after the request"),
        ),
        breaks("both claims", exchange(dated(0, nbf=NOW + 61, iat=NOW + 61))),
        breaks(
            "milliseconds",
            exchange(answer(data={"token": jwt(exp=NOW + 900, iat=1_800_000_000_000)})),
            words=("nbf and iat not in the future", "iat is 1800000000000, which seems to be milliseconds"),
        ),
        holds("this machine's clock is slow", exchange(dated(3600, iat=NOW + 3600, exp=NOW + 9000))),
        holds("the endpoint's clock is slow", exchange(dated(-3600, iat=NOW))),
        silent("milliseconds in exp too", exchange(answer(data={"token": jwt(exp=1_800_000_900_000, iat=1_800_000_000_000)}))),
        silent("neither", exchange(answer(data={"token": FRESH}))),
        silent("no numbers", exchange(answer(data={"token": jwt(exp=NOW + 900, iat="now", nbf=True)}))),
        silent("opaque", exchange(answer())),
        silent("nobody knows when it was", replace(exchange(answer(data={"token": jwt(iat=9e9)})), started=0.0)),
        silent("a refusal", exchange(answer(401))),
    ),
    "token-is-new": (
        holds("another", exchange(answer()), exchange(answer(data={"token": "opaque-token-2"}))),
        breaks(
            "the same, a minute later",
            exchange(answer()),
            at(60, exchange(answer())),
            words=("a token not given before", "a token that an earlier answer gave already"),
        ),
        breaks("the same, and nobody knows when", *[replace(exchange(answer()), started=0.0)] * 2),
        breaks("one of two, again", exchange(given("a")), exchange(given("b")), exchange(given("a"))),
        breaks(
            "twice, where new ones come at once",
            exchange(given("a")),
            at(0.5, exchange(given("b"))),
            at(0.6, exchange(given("b"))),
        ),
        breaks(
            "twice within a second, without a jti",
            *(at(0.3 * n, exchange(given(jwt(exp=NOW + 900 + n // 3)))) for n in range(5)),
            words=(
                "a token not given before",
                "a token that an earlier answer gave already; it has no jti, so that two that are signed within the same second "
                "are the same",
            ),
        ),
        breaks(
            "twice within a second, with a jti",
            *(at(0.3 * n, exchange(given(jwt(exp=NOW + 900, jti=n // 3)))) for n in range(5)),
            words=("a token not given before", "a token that an earlier answer gave already"),
        ),
        breaks("within ten seconds, but signed an hour ago", *[exchange(dated(0, iat=NOW - 3600, exp=NOW + 900))] * 2),
        silent("signed a second ago", *[exchange(dated(0, iat=NOW - 1, exp=NOW + 900))] * 2),
        breaks("the interval is over", exchange(answer()), at(10.1, exchange(answer()))),
        silent("within a reuse interval", exchange(answer()), at(10, exchange(answer()))),
        silent("within the next interval", exchange(given("a")), at(8, exchange(given("b"))), at(9, exchange(given("b")))),
        holds("a new one after the interval", exchange(answer()), at(1, exchange(answer())), at(11, exchange(given("b")))),
        silent("of each customer their own", exchange(given("a")), exchange(given("b"), customer="other"), exchange(given("a"))),
        silent("the other customer's", exchange(given("a")), at(60, exchange(given("a"), customer="other"))),
        silent("the first", exchange(answer())),
        silent("none", exchange(answer(data={}))),
        silent("no token, twice", exchange(answer(data={})), exchange(answer(data={}))),
    ),
}
