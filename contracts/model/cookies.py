"""Cookies as HTTP writes them."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Final

XSRF: Final = "XSRF-TOKEN"  # the cookie whose value a client sends back as the header `x-xsrf-token`


def parse_cookies(header: str) -> dict[str, str]:
    """A Cookie header as names and values, in order."""
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


def http_date(text: str) -> float | None:
    """A date as HTTP writes it, in seconds since the epoch; None when the text is no date."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
