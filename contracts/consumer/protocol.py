"""The protocol that a client under test implements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

Listener = Callable[[Any], object]


@runtime_checkable
class RefreshConsumer(Protocol):
    """A client of the refresh endpoint, as the suite uses it; it is `salla.auth` in Python.

    `token` is the access token that it holds, None when it holds none. The suite reads it and never sets it.
    """

    token: str | None

    def on_refresh_failed(self, listener: Listener) -> object:
        """Call `listener(error)` whenever a refresh fails; for an HTTP error, `error.response` is the response."""

    async def refresh(self) -> Any:
        """Refresh the token. Return the JSON body of the answer, or raise the error that the listeners get."""


class CannotBeJudged(Exception):
    """A client, or something that it needs, is missing or cannot be used; the message says in one sentence what to do."""
