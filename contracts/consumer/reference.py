"""The reference client: it does what the contract asks of a client, in as few lines as possible.

    refresh()  ──►  one request for all calls made at the same moment
                      ├── completed        it stores the token, and every call returns the body
                      └── anything else    it calls every listener once, and every call raises RefreshFailed

It is written to be read, since a client in another language owes its callers the same.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from contracts.consumer.protocol import Listener
from contracts.model.document import load
from contracts.model.exchange import Exchange, Kind, Request, Response

LARGEST: Final = 1_000_000  # bytes of a body; that of a refresh has a few hundred
SENDABLE: Final = re.compile(r"[!-~]+")  # what a header can carry after "Bearer "
_LOG: Final = logging.getLogger("contracts.consumer")


class RefreshFailed(Exception):
    """A refresh failed. `response` is the answer of the endpoint, None if no whole answer came; `__cause__` then says why."""

    def __init__(self, message: str, response: httpx.Response | None = None) -> None:
        super().__init__(message)
        self.response = response


Flight = asyncio.Task[dict[str, Any] | RefreshFailed]  # it returns its failure, since nobody may be left to catch it


class RefreshClient:
    """Holds an access token and refreshes it.

    `timeout` limits a whole refresh, in seconds. `cookies` are those of the logged-in session; the client takes over new values
    that the endpoint sets. A `client` of your own brings its proxies, certificates and cookies, and you close it yourself.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        cookies: Mapping[str, str] | None = None,
        path: str | None = None,
        timeout: float = 10.0,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self.token = token
        self._url = base_url.rstrip("/") + (path or load().path)
        self._cookies = dict(cookies or {})
        self._timeout = timeout
        # No connection is kept: the endpoint may have closed it meanwhile, and finding out would take sending the POST twice.
        self._http = client or httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0))
        self._owns_http = client is None
        self._listeners: list[Listener] = []
        self._flight: Flight | None = None

    def on_refresh_failed(self, listener: Listener) -> Listener:
        """Call `listener(error)` whenever a refresh fails. Returns the listener, so this works as a decorator."""
        self._listeners.append(listener)
        return listener

    async def refresh(self) -> dict[str, Any]:
        """Get a new token and return the JSON body of the answer. RefreshFailed: it failed, and the old token stays."""
        flight = self._under_way()
        if flight is None:
            flight = self._flight = asyncio.create_task(self._refresh())
        result = await asyncio.shield(flight)  # cancelling one caller must not cancel the others
        if isinstance(result, RefreshFailed):
            raise result
        return result

    async def aclose(self) -> None:
        """Wait for a refresh that is under way, then close the connections."""
        if flight := self._under_way():
            await asyncio.wait([flight])
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    def _under_way(self) -> Flight | None:
        flight = self._flight
        here = flight is not None and not flight.done() and flight.get_loop() is asyncio.get_running_loop()
        return flight if here else None

    async def _refresh(self) -> dict[str, Any] | RefreshFailed:
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._ask()
        except Exception as error:  # whatever went wrong, callers and listeners must learn that the refresh was not completed
            failure = RefreshFailed(f"the refresh was not completed: no whole answer ({type(error).__name__})")
            failure.__cause__ = error
        else:
            answer = Response(response.status_code, tuple(response.headers.multi_items()), response.content)
            kind = Exchange(Request(load().method, self._url), answer).kind
            if kind is Kind.COMPLETED:
                self.token = answer.token
                body: dict[str, Any] = response.json()
                return body
            # An unspecified success fails too: its token is missing or cannot be trusted.
            what = "a success that is not as documented" if kind is Kind.UNSPECIFIED else "no success"
            failure = RefreshFailed(f"the refresh was not completed: HTTP {answer.status}, {what}", response)
        self._fire(failure)
        return failure

    async def _ask(self) -> httpx.Response:
        """Send the request and read the answer up to a limit, since httpx itself does not limit its size."""
        async with self._http.stream(
            load().method, self._url, headers=self._headers(), timeout=self._timeout, follow_redirects=False
        ) as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise httpx.ReadError(f"the body has more than {LARGEST:,} bytes")
        self._cookies |= {c.name: c.value for c in response.cookies.jar if c.name in self._cookies and c.value}
        headers = [(name, value) for name, value in response.headers.multi_items() if name != "content-encoding"]
        return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=response.request)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"}
        if self.token is not None and SENDABLE.fullmatch(self.token):
            headers["Authorization"] = f"Bearer {self.token}"
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return headers

    def _fire(self, failure: RefreshFailed) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(failure)
            except Exception:
                _LOG.exception("a listener of on_refresh_failed raised")
