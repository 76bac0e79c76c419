"""The one way to a target: httpx over httpcore, guarded.

A total deadline and a cap on bytes hold for name resolution, connect, TLS, head, 1xx and body together; nothing is redirected,
proxied, retried or sent over a used connection. `httpx` alone limits each read, so a drip of one byte a second would never end.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Final

import httpcore
import httpx

from contracts.providers.network import Budget, Network

LOGGERS: Final = ("httpcore.connection", "httpcore.http11")


class _Body(httpx.SyncByteStream):
    """The body as it comes, counted."""

    def __init__(self, response: httpcore.Response, budget: Budget) -> None:
        self._response, self._budget = response, budget

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._response.iter_stream():
            self._budget.body += len(chunk)
            yield chunk

    def close(self) -> None:
        self._response.close()


class _Discreet(logging.Filter):
    """Drops the log records of exchanges under way: httpcore logs headers, and those hold the session."""

    def __init__(self, now: threading.local) -> None:
        super().__init__()
        self._now = now

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(self._now, "budget", None)


class GuardedTransport(httpx.BaseTransport):
    """An httpx transport that never reuses a connection and keeps to the budget of each exchange.

    `context` holds the trusted certificates: the system's unless given.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._backend = Network()
        self._context = context
        self._pool: httpcore.ConnectionPool | None = None
        self._discreet = _Discreet(self._backend.now)
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self._discreet)

    @contextlib.contextmanager
    def begin(self, deadline: float, gate: threading.Barrier | None) -> Iterator[Budget]:
        """The next exchange of this thread, under a budget of `deadline` seconds."""
        now = self._backend.now
        now.budget, now.gate = Budget(time.monotonic() + deadline), gate
        try:
            yield now.budget
        finally:
            now.budget = now.gate = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._pool is None:
            if request.url.scheme == "https" and self._context is None:
                self._context = ssl.create_default_context()
            self._pool = httpcore.ConnectionPool(
                ssl_context=self._context, max_keepalive_connections=0, network_backend=self._backend
            )
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
            )
        )
        budget: Budget = self._backend.now.budget
        budget.reached = "body"
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer, budget), extensions=answer.extensions)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(self._discreet)
