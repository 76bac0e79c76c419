"""Reads cookies and their dates from HTTP headers."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Final

XSRF: Final = "XSRF-TOKEN"  # a client sends the value of this cookie back in the header `x-xsrf-token`


def parse_cookies(header: str) -> dict[str, str]:
    """The names and values of a Cookie header, in order."""
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


def http_date(text: str) -> float | None:
    """An HTTP date in seconds since the epoch; None if the text is not a date."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
