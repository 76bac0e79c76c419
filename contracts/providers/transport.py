"""The one place that opens sockets to a target: httpx over httpcore, guarded.

A total deadline and a cap on bytes hold for name resolution, connect, TLS, head, 1xx and body together; nothing is redirected,
proxied, retried or sent over a used connection. `httpx` alone limits each read, so a drip of one byte a second would never end.

GuardedTransport          an httpx transport; `begin` starts the clock of one exchange
├── Budget                what the exchange may still take, and how far it got
└── _Backend, _Stream     httpcore's network, under the budget
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import httpcore
import httpx

WIRE_CAP: Final = 2_000_000
SEEN_CAP: Final = 131_072  # bytes of an answer that are kept as they came; no head that is read is longer
ADDRESSES: Final = 4  # of one name, that are tried
LOGGERS: Final = ("httpcore.connection", "httpcore.http11")


class TooMuch(httpcore.ReadError):
    """The answer is larger than the caps allow."""


@dataclass
class Budget:
    """What one exchange may still take, and how far it got."""

    ends: float
    received: int = 0  # bytes, all that came
    body: int = 0  # bytes of the body as it was sent
    wire: bytearray = field(default_factory=bytearray, repr=False)  # the first bytes as they came
    reached: str = "resolve"  # then connect, tls, ask, head, body

    def left(self) -> float:
        """Seconds; ReadTimeout where there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left

    def take(self, data: bytes) -> bytes:
        """Count what came. TooMuch: it is more than an answer may have."""
        self.received += len(data)
        if len(self.wire) < SEEN_CAP:
            self.wire += data[: SEEN_CAP - len(self.wire)]
        if self.received > WIRE_CAP:
            raise TooMuch(f"more than {WIRE_CAP:,} bytes")
        return data


class _Stream(httpcore.NetworkStream):
    """A socket under the budget. `gate`, if any, holds back the last byte of the head until the partner is ready too."""

    def __init__(self, inner: httpcore.NetworkStream, budget: Budget, gate: threading.Barrier | None) -> None:
        self._inner, self._budget, self._gate = inner, budget, gate

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._budget.reached != "body":
            self._budget.reached = "head"
        return self._budget.take(self._inner.read(max_bytes, self._budget.left()))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._budget.reached = "ask"
        if self._gate is not None and buffer:
            gate, self._gate = self._gate, None
            self._inner.write(buffer[:-1], self._budget.left())
            with contextlib.suppress(threading.BrokenBarrierError):  # the partner failed to connect; this request goes alone
                gate.wait(self._budget.left())
            buffer = buffer[-1:]
        self._inner.write(buffer, self._budget.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._budget.reached = "tls"
        inner = self._inner.start_tls(ssl_context, server_hostname, self._budget.left())
        return _Stream(inner, self._budget, self._gate)

    def get_extra_info(self, info: str) -> typing.Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects under the budget of the exchange that is under way in this thread."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()
        self.now = threading.local()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[typing.Any] | None = None,
    ) -> httpcore.NetworkStream:
        budget: Budget = self.now.budget
        try:
            addresses = _addresses(host, port, budget)
            budget.reached = "connect"
            stream = self._connect(addresses, port, budget, socket_options)
        except BaseException:
            if self.now.gate is not None:
                self.now.gate.abort()
            raise
        return _Stream(stream, budget, self.now.gate)

    def _connect(
        self, addresses: list[str], port: int, budget: Budget, options: Iterable[typing.Any] | None
    ) -> httpcore.NetworkStream:
        """A stream to the first address that answers; none may use up the time of those behind it."""
        while True:
            address, *addresses = addresses
            try:
                return self._inner.connect_tcp(address, port, budget.left() / (1 + len(addresses)), None, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not addresses:
                    raise


def _addresses(host: str, port: int, budget: Budget) -> list[str]:
    """The addresses of a host. A resolver that does not answer cannot be interrupted, so it is waited for in a thread.

    ConnectError, ConnectTimeout: there are none, or none within the budget.
    """
    with contextlib.suppress(OSError):
        return _look_up(host, port, socket.AI_NUMERICHOST)
    found: list[list[str]] = []
    failed: list[OSError | UnicodeError] = []

    def ask() -> None:
        try:
            found.append(_look_up(host, port, 0))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    thread = threading.Thread(target=ask, daemon=True, name="contracts-resolve")
    thread.start()
    thread.join(budget.left())
    if failed:
        raise httpcore.ConnectError(str(failed[0])) from failed[0]
    if not found:
        raise httpcore.ConnectTimeout("the resolver did not answer")
    return found[0]


def _look_up(host: str, port: int, flags: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))[:ADDRESSES]


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
        self._backend = _Backend()
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
