"""What is refused: strangers, and other methods."""

from __future__ import annotations

from contracts.model.exchange import Exchange, Request, Situation
from tests.kit.exchanges import FRESH, NOBODY, NOW, URL, USD, answer, exchange, jwt
from tests.kit.judgements import Table, breaks, holds, silent

REFUSAL = "a refusal (4xx) without a token"


def gives(data: object) -> Exchange:
    """A refusal to a stranger that has these data."""
    return exchange(answer(401, data=data), **NOBODY)


def nested(depth: int, in_lists: bool) -> object:
    """A token so many objects or lists deep."""
    value: object = {"token": "opaque"}
    for _ in range(depth):
        value = [value] if in_lists else {"in": value}
    return value


def head(*headers: tuple[str, str], status: int = 200, cookie: str = "session=old") -> Exchange:
    """A HEAD request of a logged-in session, answered without a body."""
    request = Request("HEAD", URL, (("Cookie", cookie),))
    return Exchange(request, answer(status, b"", *headers), Situation(session="valid"), 1, NOW)


def sets(cookie: str) -> tuple[str, str]:
    """The header that sets a cookie."""
    return "Set-Cookie", cookie


GUARD: Table = {
    "refuses-without-session": (
        *(holds(session, exchange(answer(401), session=session)) for session in ("none", "empty", "made-up", "expired")),
        *(
            holds(f"{said!r} in a refusal", exchange(answer(401, errors=[{"fields": {"token": said}}]), **NOBODY))
            for said in ("This field is not expected.", "required", "token_expired", "auth.token.missing", "م", " ", "")
        ),
        holds("a false flag in a refusal, which is another rule's", exchange(answer(400, success=True), **NOBODY)),
        holds("a token nine objects deep", gives(nested(8, False))),
        holds("a token nine lists deep", gives(nested(8, True))),
        holds("a token behind the first hundred of a list", gives([*[0] * 100, {"access_token": "opaque"}])),
        *(holds(f"{data!r} for data", gives(data)) for data in ({"token": " "}, {"token": 5}, {"tokens": "x"}, "token")),
        holds("400", exchange(answer(400), **NOBODY)),
        holds("499", exchange(answer(499), **NOBODY)),
        *(breaks(f"{s} let in", exchange(answer(), session=s)) for s in ("none", "empty", "made-up", "expired")),
        *(
            breaks(f"{said!r} in a refusal", exchange(answer(401, error={"access_token": said}), **NOBODY))
            for said in ("opaque-token-1", " 7f3a ", "Bearer x-9", "abcdefghijklmnopqrstuvw", "a.b.", "token_expired_2")
        ),
        *(breaks(f"a token {depth} objects deep", gives(nested(depth, False))) for depth in (0, 7)),
        *(breaks(f"a token {depth} lists deep", gives(nested(depth, True))) for depth in (0, 7)),
        breaks("a token first in a list", gives([{"access_token": "opaque"}])),
        breaks("a token last in a list of a hundred", gives([*[0] * 99, {"access_token": "opaque"}])),
        *(breaks(f"{data!r} for data", gives(data)) for data in ({"Token": "x"}, {"accessToken": "x"})),
        breaks("a JWT for data", gives(jwt(exp=1))),
        breaks("a JWT in the midst of a text", gives(f"it was {jwt(exp=1)}, until now")),
        breaks(
            "a JWT deep in a list",
            gives(["", {"note": jwt(exp=1)}]),
            words=(REFUSAL, "HTTP 401 that gives a token (a JWT), without a session"),
        ),
        breaks("a word outside of the error", exchange(answer(401, data={"token": "opaque"}), **NOBODY)),
        breaks("a JWT in a refusal", exchange(answer(401, error={"message": FRESH}), **NOBODY)),
        breaks("a crash", exchange(answer(500), **NOBODY)),
        breaks("an empty 204", exchange(answer(204, b""), **NOBODY)),
        breaks(
            "a success without a session",
            exchange(answer(), **NOBODY),
            words=(REFUSAL, "HTTP 200 with success is true, without a session"),
        ),
        breaks(
            "a success to an expired session",
            exchange(answer(), session="expired"),
            words=(REFUSAL, "HTTP 200 with success is true, to an expired session"),
        ),
        breaks(
            "a token with the refusal of a made-up session",
            exchange(answer(401, token="opaque"), session="made-up"),
            words=(REFUSAL, "HTTP 401 that gives a token (token), to a made-up session"),
        ),
        breaks(
            "a crash with an empty session and a header",
            exchange(answer(500), session="empty", conditions=USD),
            words=(REFUSAL, "HTTP 500, to an empty session, the request: currency USD"),
        ),
        silent("a session", exchange(answer(401))),
        silent("nobody knows", exchange(answer(), session="unknown")),
        silent("too many", exchange(answer(429), **NOBODY)),
        silent("another method", exchange(answer(), "GET", **NOBODY)),
        silent("neither a success nor a refusal", exchange(answer(200, {"status": 200, "success": False}), **NOBODY)),
    ),
    "other-methods-never-refresh": (
        holds("405", exchange(answer(405), "GET")),
        holds("a page", exchange(answer(200, b"<!doctype html>"), "GET")),
        holds("a preflight", exchange(answer(200, {"status": 200, "success": True}), "OPTIONS")),
        holds("any JSON to a preflight", exchange(answer(data={}), "OPTIONS")),
        holds("HEAD sets no cookie", head()),
        holds("HEAD sets the same session", head(sets("session=old; Path=/"))),
        holds("HEAD sets the same session in Base64", head(sets("session=b2xk=; Path=/"), cookie="session=b2xk=")),
        holds("HEAD takes the session away", head(sets("session=; Path=/"))),
        holds("HEAD sets another cookie", head(sets("other=new; Path=/"))),
        holds("HEAD refuses and sets a session", head(sets("session=new"), status=405)),
        holds("HEAD shows a page and sets a session", head(sets("session=new"), ("Content-Type", "text/html"))),
        holds("a word about a token in a 405", exchange(answer(405, error={"token": "missing"}), "PUT")),
        breaks(
            "a refresh by GET", exchange(answer(), "GET"), words=("no refresh by GET", "GET is answered like a refresh: HTTP 200")
        ),
        breaks("HEAD replaces the session", head(sets("session=new; Path=/"))),
        breaks("HEAD replaces the session as one of two cookies", head(sets("a=1"), sets("session=new"))),
        breaks("HEAD replaces one of two cookies", head(sets("session=new"), cookie="lang=ar; session=old")),
        breaks("HEAD replaces a session in Base64", head(sets("session=bmV3; Path=/"), cookie="session=b2xk=")),
        breaks("HEAD replaces a session by one in Base64", head(sets("session=bmV3=; Path=/"), cookie="session=b2xk")),
        breaks("a token in a 405", exchange(answer(405, error={"token": "abc-1"}), "PUT")),
        breaks("a token in a preflight", exchange(answer(), "OPTIONS")),
        breaks("a success without a token", exchange(answer(data={}), "GET")),
        silent("POST", exchange(answer())),
    ),
}
