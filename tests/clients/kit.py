"""An honest client in steps, each of which a liar tells otherwise: ask, read, accept, keep, fail, tell."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from contracts.consumer.protocol import Listener, RefreshConsumer

STORE = "https://store.example"
TRUST = ssl.create_default_context()  # making one takes longer than all that a client does with it


class NotRefreshed(Exception):
    """The refresh was not completed; `response` is what came, if anything did."""

    def __init__(self, message: str, response: Any = None) -> None:
        super().__init__(message)
        self.response = response


class Client:
    """Keeps every rule, without haste and without sharing anything between calls."""

    method, path, body = "POST", "/auth/refresh", b""
    statuses: tuple[int, ...] = (200, 201, 202)
    patience = 1.0

    def __init__(self, base_url: str = STORE) -> None:
        self.token: Any = None
        self.url = base_url + self.path
        self.listeners: list[Listener] = []
        self.failures = 0
        self.last: Any = None
        self.http = httpx.AsyncClient(verify=TRUST)

    async def aclose(self) -> None:
        """Close its connections."""
        await self.http.aclose()

    def on_refresh_failed(self, listener: Listener) -> None:
        """One more listener."""
        self.listeners.append(listener)

    async def refresh(self) -> Any:
        """Ask, and keep the token, or fail."""
        try:
            body = await self.completed()
        except Exception as error:
            await self.fail(error)
            raise
        self.keep(body)
        return body

    async def completed(self) -> Any:
        """The body of a refresh that completed."""
        try:
            async with asyncio.timeout(self.patience):
                response = await self.http.request(self.method, self.url, headers=self.headers(), content=self.body or None)
        except (httpx.HTTPError, TimeoutError) as error:
            raise NotRefreshed(f"no answer: {error!r}") from error
        self.last = response
        try:
            body = self.read(response)
        except ValueError as error:
            raise NotRefreshed("no JSON", response) from error
        if not self.accepts(response, body):
            raise NotRefreshed(f"HTTP {response.status_code}", response)
        return body

    def headers(self) -> dict[str, str]:
        """What is sent beside the request line."""
        return {"accept": "application/json"} | ({"authorization": f"Bearer {self.token}"} if self.token else {})

    def read(self, response: httpx.Response) -> Any:
        """The body as JSON. ValueError: it is none."""
        return json.loads(response.content.decode("utf-8"))

    def accepts(self, response: httpx.Response, body: Any) -> bool:
        """Whether this is a success that can be used."""
        return (
            response.status_code in self.statuses
            and isinstance(body, dict)
            and body.get("success") is True
            and self.good_status(body.get("status"))
            and self.usable(body.get("data"))
        )

    def good_status(self, status: Any) -> bool:
        """Whether the body's status is that of a success."""
        return isinstance(status, (int, float)) and not isinstance(status, bool) and status in self.statuses

    def usable(self, data: Any) -> bool:
        """Whether there is a token to keep."""
        return isinstance(data, dict) and isinstance(data.get("token"), str) and bool(data["token"].strip())

    def keep(self, body: Any) -> None:
        """Put the new token in place."""
        self.token = body["data"]["token"]

    async def fail(self, error: Exception) -> None:
        """Count the failure and tell of it."""
        self.failures += 1
        self.tell(error)

    def tell(self, error: Any) -> None:
        """Every listener hears it, whatever the others do."""
        for listener in self.listeners:
            with contextlib.suppress(Exception):
                listener(error)


def named(make: type[Client]) -> str:
    """The name of a client: that of its class, in words."""
    return re.sub(r"(?<!^)(?=[A-Z])|(?<=[a-z])(?=[0-9])", "-", make.__name__).lower()


@dataclass(frozen=True)
class Liar:
    """A client that breaks `rule`; `others` are MUST rules that it cannot help breaking with it."""

    name: str
    rule: str
    sentence: str
    make: Callable[[], RefreshConsumer]
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Odd:
    """A client that keeps every MUST but looks odd; `warns` names the SHOULD rules it may be warned for."""

    name: str
    sentence: str
    make: Callable[[], RefreshConsumer]
    warns: tuple[str, ...] = ()
