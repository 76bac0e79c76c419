"""Reads cookies and their dates from HTTP headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

XSRF: Final = "XSRF-TOKEN"  # a client sends the value of this cookie back in the header `x-xsrf-token`
LONGEST: Final = 4096  # characters of a name and its value; browsers drop a cookie that is longer
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SECONDS: Final = re.compile(r"-?[0-9]+")  # as a Max-Age; browsers ignore any other

Pairs = tuple[tuple[str, str], ...]
"""The names and values of cookies, in the order in which they are sent. A name may stand more than once."""


def parse_cookies(header: str) -> Pairs:
    """The names and values of a Cookie header."""
    parts = (part.partition("=") for part in header.split(";"))
    return tuple((name.strip(), value.strip()) for name, _, value in parts if name.strip())


def cookie_header(pairs: Pairs) -> str | None:
    """The Cookie header that sends these cookies; None if there are none."""
    return "; ".join(f"{name}={value}" for name, value in pairs) or None


@dataclass(frozen=True)
class SetCookie:
    """A Set-Cookie header. `attributes` are by their names in lower case; of those that stand twice, the last counts."""

    name: str
    value: str = field(repr=False)
    attributes: Mapping[str, str]

    @classmethod
    def read(cls, line: str) -> SetCookie | None:
        """The header as RFC 6265, 5.2 reads it; None if it names no cookie."""
        pair, *parts = line.split(";")
        name, equals, value = pair.partition("=")
        given = (part.partition("=") for part in parts)
        attributes = {key.strip().lower(): text.strip() for key, _, text in given}
        return cls(name.strip(), value.strip(), attributes) if equals and name.strip() else None

    @property
    def path(self) -> str | None:
        """The Path attribute; None where it is absent or names no path, so that the path of the request counts."""
        path = self.attributes.get("path", "")
        return path if path.startswith("/") else None

    def ends(self, now: float) -> float | None:
        """When the cookie ends, in seconds since the epoch; None if with the browser. A Max-Age outweighs an Expires."""
        age = self.attributes.get("max-age", "")
        if _SECONDS.fullmatch(age):
            return now + int(age[:12]) if int(age[:12]) > 0 else 0.0
        return http_date(self.attributes.get("expires", ""))

    def refused_by_browsers(self, *, secure_origin: bool) -> str | None:
        """Why browsers do not keep this cookie, by RFC 6265bis; None if they do."""
        a, name = self.attributes, self.name.lower()
        if _CONTROL.search(self.name + self.value):
            return "it has a control character"
        if "secure" in a and not secure_origin:
            return "it is Secure, but came over plain http"
        if "secure" not in a:
            if a.get("samesite", "").lower() == "none":
                return "it has SameSite=None, but no Secure"
            if "partitioned" in a or name.startswith(("__secure-", "__host-")):
                return f"{'Partitioned' if 'partitioned' in a else 'its name'} asks for Secure, which it lacks"
        if name.startswith("__host-") and ("domain" in a or self.path != "/"):
            return f"its name begins with {self.name[:7]}, but it has {'a Domain' if 'domain' in a else 'no Path=/'}"
        return f"it is longer than {LONGEST} bytes" if len(self.name) + len(self.value) > LONGEST else None


@lru_cache(maxsize=16)  # answers within one second have the same Date
def http_date(text: str) -> float | None:
    """An HTTP date in seconds since the epoch; None if the text is not a date."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
