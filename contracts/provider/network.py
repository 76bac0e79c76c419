"""The network of one exchange: everything that comes and goes, encrypted or not, counts against one deadline and one cap.

Budget              what the exchange may still take, and how far it got
Network             httpcore's network backend: resolves and connects
├── _Socket         bytes as they travel
├── _Tls            encryption in memory, so that OpenSSL never reads from a socket by itself
└── _Stream         bytes as HTTP reads and writes them
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import httpcore

WIRE_CAP: Final = 2_000_000  # bytes that an answer may have as it travels, encryption and 1xx included
SEEN_CAP: Final = 131_072  # bytes of an answer that are kept as they came; no head that is read is longer
ADDRESSES: Final = 4  # of one name, that are tried
PIECE: Final = 16_384

T = typing.TypeVar("T")


class TooMuch(httpcore.ReadError):
    """The answer is larger than the caps allow."""


@dataclass
class Budget:
    """What one exchange may still take, and how far it got."""

    ends: float
    travelled: int = 0  # bytes that came, as they travelled
    received: int = 0  # bytes that came, as HTTP sees them
    body: int = 0  # bytes of the body as it was sent
    wire: bytearray = field(default_factory=bytearray, repr=False)  # the first bytes that HTTP saw
    reached: str = "resolve"  # then connect, tls, ask, head, body

    def left(self) -> float:
        """Seconds; ReadTimeout where there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left

    def came(self, data: bytes) -> bytes:
        """Count bytes as they travelled. TooMuch: there are more than an answer may have."""
        self.travelled += len(data)
        if self.travelled > WIRE_CAP:
            raise TooMuch(f"more than {WIRE_CAP:,} bytes")
        return data

    def saw(self, data: bytes) -> bytes:
        """Keep the first bytes that HTTP sees."""
        self.received += len(data)
        if len(self.wire) < SEEN_CAP:
            self.wire += data[: SEEN_CAP - len(self.wire)]
        return data


class _Socket(httpcore.NetworkStream):
    """A connection under the budget."""

    def __init__(self, inner: httpcore.NetworkStream, budget: Budget) -> None:
        self._inner, self._budget = inner, budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._budget.came(self._inner.read(max_bytes, self._budget.left()))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._budget.left())

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> typing.Any:
        return self._inner.get_extra_info(info)


class _Tls(httpcore.NetworkStream):
    """TLS over a connection. OpenSSL works on memory, piece by piece: a flood of empty records ends with the budget."""

    def __init__(self, inner: httpcore.NetworkStream, context: ssl.SSLContext, host: str | None) -> None:
        self._inner = inner
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        try:
            self._do(self._tls.do_handshake)
        except BaseException as error:
            inner.close()
            if isinstance(error, ssl.SSLError):
                raise httpcore.ConnectError(str(error)) from error
            raise

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._do(lambda: self._tls.read(max_bytes))
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""  # with or without a farewell: what the length or the chunks promise tells whether all came
        except ssl.SSLError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            while buffer:
                done = self._do(lambda: self._tls.write(buffer))  # noqa: B023 - called at once
                buffer = buffer[done:]
        except ssl.SSLError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> typing.Any:
        return self._tls if info == "ssl_object" else self._inner.get_extra_info(info)

    def _do(self, step: Callable[[], T]) -> T:
        """Let OpenSSL take a step, with what it needs from the other side."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._send()
                if data := self._inner.read(PIECE):
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            except ssl.SSLError:
                with contextlib.suppress(httpcore.NetworkError, httpcore.TimeoutException):
                    self._send()  # the alert that says why
                raise
            else:
                self._send()
                return done

    def _send(self) -> None:
        if data := self._outgoing.read():
            self._inner.write(data)


class _Stream(httpcore.NetworkStream):
    """What HTTP reads and writes. `gate`, if any, holds back the last byte of the head until the partner is ready too."""

    def __init__(self, inner: httpcore.NetworkStream, budget: Budget, gate: threading.Barrier | None) -> None:
        self._inner, self._budget, self._gate = inner, budget, gate

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._budget.reached != "body":
            self._budget.reached = "head"
        return self._budget.saw(self._inner.read(max_bytes))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._budget.reached = "ask"
        if self._gate is not None and buffer:
            gate, self._gate = self._gate, None
            self._inner.write(buffer[:-1])
            with contextlib.suppress(threading.BrokenBarrierError):  # the partner failed to connect; this request goes alone
                gate.wait(self._budget.left())
            buffer = buffer[-1:]
        self._inner.write(buffer)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._budget.reached = "tls"
        return _Stream(_Tls(self._inner, ssl_context, server_hostname), self._budget, self._gate)

    def get_extra_info(self, info: str) -> typing.Any:
        return self._inner.get_extra_info(info)


class Network(httpcore.NetworkBackend):
    """Connects under the budget of the exchange that is under way in this thread: `now.budget` and `now.gate`."""

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
        return _Stream(_Socket(stream, budget), budget, self.now.gate)

    def _connect(
        self, addresses: Sequence[str], port: int, budget: Budget, options: Iterable[typing.Any] | None
    ) -> httpcore.NetworkStream:
        """A stream to the first address that answers; none may use up the time of those behind it."""
        while True:
            address, *addresses = addresses
            try:
                return self._inner.connect_tcp(address, port, budget.left() / (1 + len(addresses)), None, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not addresses:
                    raise


def _addresses(host: str, port: int, budget: Budget) -> tuple[str, ...]:
    """The addresses of a host. A resolver that does not answer cannot be interrupted, so it is waited for in a thread.

    ConnectError, ConnectTimeout: there are none, or none within the budget.
    """
    with contextlib.suppress(OSError):
        return _numeric(host, port)
    found: list[tuple[str, ...]] = []
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


@lru_cache(64)
def _numeric(host: str, port: int) -> tuple[str, ...]:
    """The address of a host that is one; it stays the same. OSError: it is a name."""
    return _look_up(host, port, socket.AI_NUMERICHOST)


def _look_up(host: str, port: int, flags: int) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))[:ADDRESSES]
