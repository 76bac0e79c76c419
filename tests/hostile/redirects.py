"""Answers that would have the client go elsewhere. `elsewhere` is another origin that listens; nobody may come."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.hostile.kit import FAULTLESS, INCOMPLETE, Asked, Behave, Behaviour, honestly, http

redirects = partial(Behaviour, "redirects")
RULE = "no-redirect"


def to(where: Callable[[Asked], str], status: bytes = b"302 Found") -> Behave:
    """Everyone is sent somewhere."""
    return lambda peer, asked: peer.send(http(b"", b"Location: " + where(asked).encode("latin-1", "replace"), status=status))


def other(asked: Asked) -> str:
    """The endpoint on another origin."""
    return f"http://{asked.elsewhere}/auth/refresh"


def hint(line: str) -> Behave:
    """An honest answer with a line that points elsewhere."""
    return honestly(saying=lambda asked: (line.format(asked.elsewhere).encode(),))


PAGE = b'<!doctype html><meta http-equiv="refresh" content="0; url=http://%s/"><script src="http://%s/x.js"></script>'

REDIRECTS = (
    *(
        redirects(
            f"{code}-elsewhere", f"{code} to the same path of another origin.", to(other, b"%d Go" % code), INCOMPLETE, "redirect"
        )
        for code in (301, 302, 307, 308)
    ),
    redirects("metadata", "To the metadata of a cloud.", to(lambda asked: "http://169.254.169.254/latest/meta-data/"), word=RULE),
    redirects("file", "To a file.", to(lambda asked: "file:///etc/passwd"), word=RULE),
    redirects("javascript", "To a script.", to(lambda asked: "javascript:alert(1)"), word=RULE),
    redirects("scheme-relative", "To another host without a scheme.", to(lambda asked: f"//{asked.elsewhere}/x"), word=RULE),
    redirects(
        "with-session",
        "Elsewhere, with the session in the address.",
        to(lambda asked: f"http://{asked.elsewhere}/?stolen={asked.cookie}"),
        word=RULE,
    ),
    redirects("loop", "To itself.", to(lambda asked: "/auth/refresh"), word=RULE),
    redirects("giant", "To 80 KB of address.", to(lambda asked: "http://" + "a" * 80_000), word=RULE),
    redirects("refresh-header", "An honest answer with a header Refresh.", hint("Refresh: 0; url=http://{}/"), FAULTLESS),
    redirects("alt-svc", "An honest answer with Alt-Svc.", hint('Alt-Svc: h2="{}"; ma=86400; persist=1'), FAULTLESS),
    redirects("link-preload", "An honest answer with Link.", hint("Link: <http://{}/x.js>; rel=preload"), FAULTLESS),
    redirects(
        "meta-refresh",
        "A page that goes elsewhere.",
        lambda peer, asked: peer.send(
            http(PAGE.replace(b"%s", asked.elsewhere.encode())).replace(b"application/json", b"text/html")
        ),
        INCOMPLETE,
        "HTML page",
    ),
    redirects(
        "redirect-url",
        "An honest answer whose data says to go elsewhere.",
        honestly(
            change=lambda body, asked: {**body, "data": {**body.get("data", {}), "redirect_url": f"http://{asked.elsewhere}/"}}
        ),
        FAULTLESS,
    ),
)
