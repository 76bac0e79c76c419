"""The one place that opens sockets to a target: httpx over httpcore, guarded.

A total deadline and a cap on bytes hold for connect, TLS, head, 1xx and body together; nothing is redirected, proxied, retried or
sent over a used connection. `httpx` alone limits each read, so a drip of one byte a second would never end.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
import time
import typing
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import httpcore
import httpx

from contracts.exchange import Failure, Request, Response

WIRE_CAP = 2_000_000
BODY_CAP = 1_000_000


class TooMuch(httpcore.ReadError):
    """The answer is larger than the caps allow."""


@dataclass
class _Budget:
    """What one exchange may still take."""

    ends: float
    wire: int = WIRE_CAP
    received: int = 0
    head: bytearray | None = None  # the wire as read, where it is looked at (HEAD)

    def left(self) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left


class _Stream(httpcore.NetworkStream):
    """A socket under the budget. `gate`, if any, holds back the last byte of the head until the partner is ready too."""

    def __init__(self, inner: httpcore.NetworkStream, budget: _Budget, gate: threading.Barrier | None) -> None:
        self._inner, self._budget, self._gate = inner, budget, gate

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._budget.left())
        self._budget.received += len(data)
        if self._budget.head is not None:
            self._budget.head += data[:BODY_CAP]
        if self._budget.received > self._budget.wire:
            raise TooMuch(f"more than {self._budget.wire:,} bytes")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
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
        budget: _Budget = self.now.budget
        try:
            stream = self._inner.connect_tcp(host, port, budget.left(), local_address, socket_options)
        except BaseException:
            if self.now.gate is not None:
                self.now.gate.abort()
            raise
        return _Stream(stream, budget, self.now.gate)


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class GuardedTransport(httpx.BaseTransport):
    """An httpx transport that never reuses a connection and keeps to the budget of each exchange."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._backend = _Backend()
        self._context = context
        self._pool: httpcore.ConnectionPool | None = None

    def begin(self, deadline: float, gate: threading.Barrier | None) -> _Budget:
        """Start the clock for the next exchange of this thread."""
        self._backend.now.budget = budget = _Budget(time.monotonic() + deadline)
        self._backend.now.gate = gate
        return budget

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
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()


class Sender:
    """Sends one request, or two at once, and says what came back; it never raises for what a server does."""

    def __init__(self, transport: httpx.BaseTransport, deadline: float) -> None:
        self._transport = transport
        self.deadline = deadline

    def send(self, request: Request, gate: threading.Barrier | None = None) -> Response | Failure:
        """The answer to one request, or why there is none."""
        begun = time.monotonic()
        budget = None
        if isinstance(self._transport, GuardedTransport):
            budget = self._transport.begin(self.deadline, gate)
            budget.head = bytearray() if request.method == "HEAD" else None
        try:
            status, headers, body = self._exchange(request)
            if budget and budget.head:
                body = _after_head(bytes(budget.head))
            return Response(status, headers, body, time.monotonic() - begun)
        except Exception as error:
            received = budget.received if budget else 0
            kind, message = describe(error, self.deadline, received)
            return Failure(kind, message, time.monotonic() - begun)

    def send_two(self, first: Request, second: Request) -> tuple[Response | Failure, Response | Failure]:
        """Both answers to two requests whose last bytes leave together."""
        gate = threading.Barrier(2)
        answers: list[Response | Failure] = []
        partner = threading.Thread(target=lambda: answers.append(self.send(second, gate)), daemon=True)
        partner.start()
        mine = self.send(first, gate)
        partner.join(self.deadline + 2)
        return mine, answers[0] if answers else Failure("timeout", f"no answer in {self.deadline:g} s")

    def _exchange(self, request: Request) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        headers = [(k.encode("ascii"), v.encode("latin-1")) for k, v in request.headers]
        outgoing = httpx.Request(request.method, request.url, headers=headers, content=request.body)
        answer = self._transport.handle_request(outgoing)
        try:
            assert isinstance(answer.stream, httpx.SyncByteStream)
            raw = b"".join(_capped(answer.stream, WIRE_CAP))
        finally:
            answer.close()
        head = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in answer.headers.raw)
        coding = answer.headers.get("content-encoding", "").strip().lower()
        return answer.status_code, head, _decoded(raw, coding)


def _after_head(wire: bytes) -> bytes:
    """What a server sent behind the head of its answer to HEAD, which HTTP libraries drop unseen."""
    while True:
        head, _, rest = wire.partition(b"\r\n\r\n")
        if not re.match(rb"HTTP/\S+ 1\d\d\b", head):
            return rest
        wire = rest


def _capped(chunks: Iterable[bytes], cap: int) -> Iterator[bytes]:
    for chunk in chunks:
        cap -= len(chunk)
        if cap < 0:
            raise TooMuch("the body is larger than the cap")
        yield chunk


def _decoded(raw: bytes, coding: str) -> bytes:
    """The body without its content coding: identity, or one layer of gzip inflated up to the cap."""
    if coding in ("", "identity") or not raw:
        body = raw
    elif coding in ("gzip", "x-gzip"):
        inflate = zlib.decompressobj(31)
        body = inflate.decompress(raw, BODY_CAP + 1)
        if not inflate.eof and len(body) <= BODY_CAP:
            raise zlib.error("the gzip stream ends too early")
    else:
        raise zlib.error(f"Content-Encoding {coding!r} was not asked for")
    if len(body) > BODY_CAP:
        raise TooMuch(f"a body of more than {BODY_CAP:,} bytes")
    return body


def describe(error: Exception, deadline: float, received: int) -> tuple[str, str]:
    """A transport error as one word and one plain sentence."""
    text = str(error) or type(error).__name__
    so_far = f"after {received:,} bytes" if received else "nothing came"
    if isinstance(error, TooMuch):
        return "too-large", f"the answer was too large: {text}"
    if "CERTIFICATE_VERIFY_FAILED" in text or isinstance(error, ssl.SSLError):
        return "tls", f"the TLS certificate is not trusted: {text}"
    if isinstance(error, (httpcore.ConnectTimeout,)):
        return "unreachable", f"no connection in {deadline:g} s"
    if isinstance(error, (httpcore.ConnectError, httpx.ConnectError)):
        kind = "tls" if "SSL" in text or "TLS" in text else "unreachable"
        return kind, f"no connection: {text}"
    if isinstance(error, (httpcore.TimeoutException, httpx.TimeoutException)):
        return "timeout", f"no whole answer in {deadline:g} s ({so_far})"
    if isinstance(error, (httpcore.RemoteProtocolError, httpx.RemoteProtocolError)):
        return "malformed", f"no well-formed answer ({so_far}): {text}"
    if isinstance(error, (httpcore.ReadError, httpcore.WriteError, httpx.NetworkError, OSError)):
        return "reset", f"the connection broke ({so_far}): {text}"
    return "malformed", f"the answer could not be read: {text}"
