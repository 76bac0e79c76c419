"""The session of a logged-in customer, kept as a browser keeps it."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.model.cookies import XSRF, http_date, parse_cookies
from contracts.model.exchange import Response

_ENDS_NOW: Final = re.compile(r"-[0-9]+|0+")  # as a Max-Age


@dataclass
class Customer:
    """A logged-in customer: the cookies of the session, the XSRF token among them, and the last access token."""

    cookies: dict[str, str] = field(repr=False)
    token: str | None = field(default=None, repr=False)
    replacements: int = 0  # how often the environment replaced the session

    @classmethod
    def with_cookies(cls, header: str) -> Customer:
        """The customer whose browser sends this Cookie header."""
        return cls(parse_cookies(header))

    def update_from(self, response: Response) -> None:
        """Take over what an answer replaces: cookies of the session, the XSRF token and the access token.

        A cookie that is deleted stays: without it there is no session to go on with, and the rules see what the next answer is.
        """
        for line in response.cookies():
            pair, *attributes = line.split(";")
            name, _, value = pair.partition("=")
            name, value = name.strip(), value.strip()
            if (name not in self.cookies and name != XSRF) or _deletes(attributes):
                continue
            if self.cookies.get(name) != value:
                self.cookies[name] = value
                self.replacements += name != XSRF
        if response.token:
            self.token = response.token

    def cookie_header(self, session: str) -> str | None:
        """The Cookie header for a kind of session, except `expired`, which the customer does not know."""
        if session == "none":
            return None
        if session == "valid":
            return "; ".join(f"{name}={value}" for name, value in self.cookies.items()) or None
        own = {name: value for name, value in self.cookies.items() if name != XSRF} or {"session": "made-up"}
        return "; ".join(f"{name}={'' if session == 'empty' else _made_up(name, value)}" for name, value in own.items())


def _deletes(attributes: Sequence[str]) -> bool:
    """Whether a cookie is deleted by its Max-Age, or by a past Expires where it has no Max-Age (RFC 6265, 5.3)."""
    pairs = (attribute.partition("=") for attribute in attributes)
    given = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "max-age" in given:
        return bool(_ENDS_NOW.fullmatch(given["max-age"]))
    ends = http_date(given.get("expires", ""))
    return ends is not None and ends <= time.time()


def _made_up(name: str, value: str) -> str:
    """A value that no session has: as long as the true one, and the same in each run."""
    digest = hashlib.sha256(f"made-up {name}".encode()).hexdigest()
    return (digest * (len(value) // len(digest) + 1))[: max(8, len(value))]
