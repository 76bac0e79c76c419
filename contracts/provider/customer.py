"""The session of a logged-in customer, kept as a browser keeps it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from contracts.model.cookies import XSRF, Pairs, cookie_header
from contracts.model.document import load
from contracts.model.exchange import Response
from contracts.provider.jar import Change, Jar

SOMEWHERE: Final = f"https://store.example{load().path}"


@dataclass
class Customer:
    """A logged-in customer: the browser's cookies, the XSRF token among them, and the last access token."""

    jar: Jar = field(repr=False)
    token: str | None = field(default=None, repr=False)

    @classmethod
    def with_cookies(cls, header: str, clock: Callable[[], float] = time.time) -> Customer:
        """The customer whose browser sends this Cookie header. `clock` gives seconds since the epoch."""
        return cls(Jar(header, clock))

    def update_from(self, response: Response, url: str = SOMEWHERE) -> tuple[Change, ...]:
        """Do with the cookies of an answer what a browser does, and take its access token; what changed."""
        if response.token:
            self.token = response.token
        return tuple(change for line in response.cookies() if (change := self.jar.take(line, url)))

    def xsrf(self, url: str = SOMEWHERE) -> str | None:
        """The value of the XSRF cookie, if there is one."""
        return dict(self.jar.pairs(url)).get(XSRF)

    def cookie_header(self, session: str, url: str = SOMEWHERE) -> str | None:
        """The Cookie header for a kind of session, except `expired`, which the customer does not know."""
        if session == "none":
            return None
        pairs = self.jar.pairs(url)
        if session == "valid":
            return cookie_header(pairs)
        own: Pairs = tuple(pair for pair in pairs if pair[0] != XSRF) or (("session", "made-up"),)
        return cookie_header(tuple((name, "" if session == "empty" else _made_up(name, value)) for name, value in own))


def _made_up(name: str, value: str) -> str:
    """A value that no session has: as long as the true one, and the same in each run."""
    digest = hashlib.sha256(f"made-up {name}".encode()).hexdigest()
    return (digest * (len(value) // len(digest) + 1))[: max(8, len(value))]
