"""Liars about what a logged-in customer keeps: the session, as a browser keeps it."""

from __future__ import annotations

from dataclasses import replace

from tests.liars.build import Lies, altering, lie, made
from tests.liars.conditions import all_of, got, overlapping, refused, sends, some_session, succeeded
from tests.liars.jars import DELETED, GUEST, at_localhost, named

_ONCE = {"grace": 0.0}  # the store's sessions are good for one refresh

_BEHIND = {"waits": True, "sleep": 0.05}  # the refusal arrives behind the success that it overlaps

_HOST_DOMAIN = made(
    "cookie-host-domain",
    "sets the new session as a __Host- cookie with a Domain",
    named("__Host-session", "Secure; Path=/; Domain=localhost"),
    store=_ONCE,
)

SESSION: Lies = {
    "session-is-kept": (
        *(
            made(name, sentence, altering(all_of(refused, overlapping), change, **_BEHIND), store=_ONCE)
            for name, sentence, change in (
                ("two-tabs-logged-out", "deletes the new session when it refuses the second of two tabs", DELETED),
                (
                    "two-tabs-guest",
                    "gives a guest's session when it refuses the second of two tabs",
                    GUEST,
                ),
            )
        ),
        lie("get-logs-out", "deletes the session's cookie in its answer to GET", all_of(got("GET"), some_session), DELETED),
        lie("get-makes-a-guest", "puts a guest's session in place in its answer to GET", all_of(got("GET"), some_session), GUEST),
        lie(
            "success-logs-out",
            "deletes the session's cookie when it refreshes",
            *(succeeded, DELETED),
            store={"rotate": False},
        ),
        lie(
            "xhr-logs-out",
            "deletes the session's cookie when it refreshes by XHR",
            *(succeeded, DELETED, sends("x-requested-with")),
            store={"rotate": False},
        ),
        *(
            made(f"cookie-{name}", f"sets the new session {how}", named(cookie, attributes), store=_ONCE)
            for name, how, cookie, attributes in (
                ("host-path", "as a __Host- cookie for another path", "__Host-session", "Secure; Path=/auth"),
                ("not-secure", "as a __Secure- cookie without Secure", "__Secure-session", "Path=/"),
                ("same-site-none", "with SameSite=None, but without Secure", "session", "Path=/; SameSite=None"),
                ("elsewhere", "for a path that does not cover the endpoint", "session", "Path=/account"),
                ("other-domain", "for another domain", "session", "Path=/; Domain=store.example"),
            )
        ),
        replace(_HOST_DOMAIN, make=at_localhost(_HOST_DOMAIN.make)),
        made(
            "cookie-too-long",
            "sets a cookie that no browser keeps",
            named("session", "Path=/", "x" * 2100),
            store=_ONCE,
        ),
    ),
}
