"""Providers whose sessions look odd, and which browsers follow all the same: none of them may be blamed."""

from __future__ import annotations

from tests.liars.build import Odd, altering, odd
from tests.liars.conditions import posted, refused
from tests.liars.jars import GUEST, balanced, encrypted, in_pieces, named, renamed, setting, visiting

_ONCE = {"grace": 0.0}  # the store's sessions are good for one refresh

SESSIONS: tuple[Odd, ...] = (
    odd("session-balanced", "a load balancer's cookie, new in each answer", balanced, store=_ONCE),
    odd("session-encrypted", "the session's cookie, encrypted anew in each answer", encrypted, store={"rotate": False}),
    odd("session-in-pieces", "the session in one cookie, two and three by turns", in_pieces, store=_ONCE),
    odd("session-renamed", "the session in a cookie of another name each time", renamed, store=_ONCE),
    odd("session-quoted", "the session's cookie in quotes", named("session", "Path=/", '"'), store=_ONCE),
    odd("session-host", "a __Host- cookie", named("__Host-session", "Secure; Path=/; HttpOnly; SameSite=Lax"), store=_ONCE),
    odd("session-none", "SameSite=None with Secure", named("session", "Path=/; SameSite=None; Secure"), store=_ONCE),
    odd("session-near", "a cookie for the endpoint's folder, without a Path", named("session", "HttpOnly"), store=_ONCE),
    odd("session-domain", "a cookie with a Domain", named("session", "Path=/; Domain=127.0.0.1; Max-Age=900"), store=_ONCE),
    odd(
        "session-twice",
        "one name twice in the Cookie header, of which the second counts",
        visiting(lambda cookie: f"session=made-up-of-long-ago; {cookie}"),
        store=_ONCE,
    ),
    odd(
        "session-elsewhere-too",
        "sessions of the same name for another path and another host beside it",
        altering(posted, setting("session=of-the-admin; Path=/admin", "session=of-another; Domain=other.example; Path=/")),
        store=_ONCE,
    ),
    odd(
        "session-guest",
        "gives a guest's session to those whom it refuses, and one who asks twice at once is served twice",
        altering(refused, GUEST),
    ),
)
