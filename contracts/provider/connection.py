"""A connection to a target. All that comes and goes, encrypted or not, counts against the budget of one exchange.

    Budget              what the exchange may still take, and how far it got
    trust               whose certificates are taken
    connect             the name, the connection and its encryption
    ├── Connection      bytes as they travel
    └── TlsConnection   encryption in memory, so that OpenSSL never waits for a socket by itself

An HTTP library by itself limits each read, so a drip of one byte a second would never end.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar

WIRE_CAP: Final = 2_000_000  # bytes that an answer may have as it travels, encryption and 1xx included
ADDRESSES: Final = 4  # of one name, that are tried
PIECE: Final = 65_536  # bytes that are read at a time

T = TypeVar("T")
Address = tuple[socket.AddressFamily, Any]  # an address as a socket of its family takes it


class TooMuch(Exception):
    """The answer is larger than the caps allow."""


@dataclass
class Budget:
    """What one exchange may still take, and how far it got. `ends` is a moment of `clock`."""

    ends: float
    clock: Callable[[], float] = time.monotonic
    travelled: int = 0  # bytes that came, as they travelled
    received: int = 0  # bytes that came, as HTTP sees them
    body: int = 0  # bytes of the body as it was sent
    first: bytes = b""  # the first bytes that HTTP saw
    reached: str = "resolve"  # then connect, tls, ask, head, body

    def left(self) -> float:
        """Seconds. TimeoutError: there are none."""
        left = self.ends - self.clock()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left

    def count(self, data: bytes) -> bytes:
        """The same bytes, counted as they travelled. TooMuch: there are more than an answer may have."""
        self.travelled += len(data)
        if self.travelled > WIRE_CAP:
            raise TooMuch(f"more than {WIRE_CAP:,} bytes")
        return data


class Connection:
    """A socket under a budget. OSError: the connection broke; TimeoutError: the deadline has passed."""

    def __init__(self, line: socket.socket, budget: Budget) -> None:
        self._line, self._budget = line, budget

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._line.settimeout(self._budget.left())
        self._line.sendall(data)

    def receive(self) -> bytes:
        """What comes next; nothing when the other side has ended the connection. TooMuch: it is beyond the cap."""
        self._line.settimeout(self._budget.left())
        return self._budget.count(self._line.recv(PIECE))

    def close(self) -> None:
        """End the connection at once."""
        self._line.close()


class TlsConnection(Connection):
    """TLS over a socket. OpenSSL works on memory, piece by piece: a flood of empty records ends with the budget."""

    def __init__(self, line: socket.socket, budget: Budget, context: ssl.SSLContext, host: str) -> None:
        super().__init__(line, budget)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        try:
            self._do(self._tls.do_handshake)
        except BaseException:
            self.close()
            raise

    def send(self, data: bytes) -> None:
        while data:
            done = self._do(lambda: self._tls.write(data))  # noqa: B023 - called at once
            data = data[done:]

    def receive(self) -> bytes:
        try:
            return self._do(lambda: self._tls.read(PIECE))
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""  # with or without a farewell: what the length or the chunks promise tells whether all came

    def _do(self, step: Callable[[], T]) -> T:
        """Let OpenSSL take a step, with what it needs from the other side."""
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._flush()
                if data := super().receive():
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    self._flush()  # the alert that says why
                raise
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        if data := self._outgoing.read():
            super().send(data)


def trust(ca: str | None = None) -> ssl.SSLContext:
    """Trust in the system's certificates, and in those of a file. OSError or ssl.SSLError: it cannot be read."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if ca:
        context.load_verify_locations(ca)
    return context


def connect(host: str, port: int, context: ssl.SSLContext | None, budget: Budget) -> Connection:
    """A connection to a host, encrypted where there is a context.

    OSError, UnicodeError: there is none; `budget.reached` tells whether its name, the connection or TLS is why.
    """
    addresses = _resolve(host, port, budget)
    budget.reached = "connect"
    line = _connect_to_first(addresses, budget)
    if context is None:
        return Connection(line, budget)
    budget.reached = "tls"
    return TlsConnection(line, budget, context, host)


def _connect_to_first(addresses: Sequence[Address], budget: Budget) -> socket.socket:
    """A connection to the first address that takes it; none may use up the time of those behind it."""
    while True:
        address, *addresses = addresses
        try:
            return connect_to(address, budget.left() / (1 + len(addresses)))
        except OSError:
            if not addresses:
                raise


def connect_to(address: Address, seconds: float) -> socket.socket:
    """A connection to one address within a time. OSError: it does not take it."""
    line = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        line.settimeout(seconds)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.connect(address[1])
    except BaseException:
        line.close()
        raise
    return line


def _resolve(host: str, port: int, budget: Budget) -> tuple[Address, ...]:
    """The addresses of a host. A resolver that does not answer cannot be interrupted, so it is waited for in a thread."""
    with contextlib.suppress(OSError):
        return _numeric(host, port)
    answers: list[tuple[Address, ...] | OSError | UnicodeError] = []

    def ask() -> None:
        try:
            answers.append(_look_up(host, port, 0))
        except (OSError, UnicodeError) as error:
            answers.append(error)

    thread = threading.Thread(target=ask, daemon=True, name="contracts-resolve")
    thread.start()
    thread.join(budget.left())
    if not answers:
        raise TimeoutError("the resolver did not answer")
    if isinstance(answers[0], Exception):
        raise answers[0]
    return answers[0]


@lru_cache(64)
def _numeric(host: str, port: int) -> tuple[Address, ...]:
    """The address of a host that is one; it stays the same. OSError: it is a name."""
    return _look_up(host, port, socket.AI_NUMERICHOST)


def _look_up(host: str, port: int, flags: int) -> tuple[Address, ...]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return tuple(dict.fromkeys((entry[0], entry[4]) for entry in found))[:ADDRESSES]
