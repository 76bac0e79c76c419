"""Clients under test: what one has to offer, the reference in Python, and the Twilight SDK in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

Listener = Callable[[Any], object]


@runtime_checkable
class RefreshConsumer(Protocol):
    """A client of the refresh endpoint, as the suite uses it; `salla.auth` in Python's words.

    `token` is the access token that it holds, None when it holds none. It is read, never set.
    """

    token: str | None

    def on_refresh_failed(self, listener: Listener) -> object:
        """Call `listener(error)` whenever a refresh is not completed; for an HTTP error, `error.response` is the response."""

    async def refresh(self) -> Any:
        """Refresh the token: returns the JSON body of the answer, or raises the error that the listeners hear of."""


class CannotBeJudged(Exception):
    """A client, or something that it needs, is not there or is none; the message says in one sentence what to do."""
