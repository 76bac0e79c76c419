"""How a request travels, and what came of it.

    GuardedTransport    the one way to a target: httpcore, guarded
    InProcess           to a handler in this process

A total deadline and a cap on bytes hold for name resolution, connect, TLS, head, 1xx and body together; nothing is redirected,
proxied, retried or sent over a used connection. An HTTP library by itself limits each read, so a drip of one byte a second would
never end.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote, urlsplit

import httpcore

from contracts.model.exchange import Request
from contracts.provider.network import WIRE_CAP, Budget, Network, TooMuch
from contracts.provider.probes import WITH_BODY

if TYPE_CHECKING:
    import httpx

LOGGERS: Final = ("httpcore.connection", "httpcore.http11")
Headers = list[tuple[bytes, bytes]]
_IN_A_PATH: Final = "/%:@!$&'()*+,;=~-._"
_IN_A_QUERY: Final = _IN_A_PATH + "?"


class Transport(Protocol):
    """Carries one request at a time in each thread, under the budget that `begin` gives it."""

    def begin(self, deadline: float, gate: threading.Barrier | None) -> AbstractContextManager[Budget]: ...
    def exchange(self, request: Request) -> tuple[int, Headers, bytes]: ...


class _Discreet(logging.Filter):
    """Drops the log records of exchanges under way: httpcore logs headers, and those hold the session."""

    def __init__(self, now: threading.local) -> None:
        super().__init__()
        self._now = now

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(self._now, "budget", None)


class GuardedTransport:
    """Opens a connection for each exchange and keeps to the budget of each exchange.

    `context` holds the trusted certificates: the system's unless given.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._backend = Network()
        self._context = context
        discreet = _Discreet(self._backend.now)
        for name in LOGGERS:
            logging.getLogger(name).addFilter(discreet)

    @contextlib.contextmanager
    def begin(self, deadline: float, gate: threading.Barrier | None) -> Iterator[Budget]:
        """The next exchange of this thread, under a budget of `deadline` seconds."""
        now = self._backend.now
        now.budget, now.gate = Budget(time.monotonic() + deadline), gate
        try:
            yield now.budget
        finally:
            now.budget = now.gate = None

    def exchange(self, request: Request) -> tuple[int, Headers, bytes]:
        """Status, headers and body as they came. Errors are httpcore's, `TooMuch` among them."""
        url, host = _address(request.url)
        if url.scheme == b"https" and self._context is None:
            self._context = ssl.create_default_context()
        headers = _encoded(request)
        if request.body or request.method in WITH_BODY:
            headers.insert(0, (b"Content-Length", b"%d" % len(request.body)))
        if not any(name.lower() == b"host" for name, _ in headers):
            headers.insert(0, (b"Host", host))
        connection = httpcore.HTTPConnection(url.origin, self._context, network_backend=self._backend)
        try:
            answer = connection.handle_request(httpcore.Request(request.method, url, headers=headers, content=request.body))
            budget: Budget = self._backend.now.budget
            budget.reached = "body"
            return answer.status, answer.headers, b"".join(_counted(answer.iter_stream(), budget))
        finally:
            connection.close()


def _encoded(request: Request) -> Headers:
    return [(k.encode("ascii"), v.encode("latin-1")) for k, v in request.headers]


def _counted(chunks: Iterable[bytes], budget: Budget) -> Iterator[bytes]:
    for chunk in chunks:
        budget.body += len(chunk)
        if budget.body > WIRE_CAP:
            raise TooMuch("the body is larger than the cap")
        yield chunk


@lru_cache(64)
def _address(url: str) -> tuple[httpcore.URL, bytes]:
    """An absolute URL as it travels, and its Host header."""
    parts = urlsplit(url)
    host = (parts.hostname or "").encode("idna")
    target = quote(parts.path, _IN_A_PATH) + (f"?{quote(parts.query, _IN_A_QUERY)}" if parts.query else "")
    shown = b"[%s]" % host if b":" in host else host
    where = shown if parts.port in (None, _PORTS[parts.scheme]) else b"%s:%d" % (shown, parts.port)
    return httpcore.URL(scheme=parts.scheme.encode(), host=host, port=parts.port, target=target.encode()), where


_PORTS: Final = {"http": 80, "https": 443}


class InProcess:
    """Hands requests to a handler, as httpx gives them to a mock."""

    def __init__(self, handler: Callable[[httpx.Request], httpx.Response]) -> None:
        import httpx

        self._transport = httpx.MockTransport(handler)

    def begin(self, deadline: float, gate: threading.Barrier | None) -> AbstractContextManager[Budget]:
        """An exchange that is not guarded: nothing travels."""
        return contextlib.nullcontext(Budget(time.monotonic() + deadline, reached="head"))

    def exchange(self, request: Request) -> tuple[int, Headers, bytes]:
        """Status, headers and body. Errors are those of a real exchange, when the handler raises httpx's, else the handler's."""
        import httpx

        outgoing = httpx.Request(request.method, request.url, headers=_encoded(request), content=request.body)
        try:
            answer = self._transport.handle_request(outgoing)
            assert isinstance(answer.stream, httpx.SyncByteStream)
            return answer.status_code, answer.headers.raw, b"".join(answer.stream)
        except httpx.TimeoutException as error:
            raise httpcore.TimeoutException(str(error)) from error
        except httpx.ConnectError as error:
            raise httpcore.ConnectError(str(error)) from error
        except httpx.NetworkError as error:
            raise httpcore.ReadError(str(error)) from error
