"""Sends a request and says what came back: a whole answer, or in plain words why there is none. A server cannot make it raise.

    Sender          one exchange, or two that overlap
    ├── Network     to a target: HTTP by h11, over a connection of its own for each exchange
    └── InProcess   to a handler in this process

A total deadline and a cap on bytes hold for name resolution, connect, TLS, head, 1xx and body together; nothing is redirected,
proxied, retried or sent over a used connection.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

import h11

from contracts.model.exchange import Failure, Request, Response
from contracts.provider.connection import Budget, Connection, TooMuch, connect, trust
from contracts.provider.probes import WITH_BODY

if TYPE_CHECKING:
    import httpx

BODY_CAP: Final = 1_000_000  # bytes of a body once it is unpacked
HEAD_CAP: Final = 102_400  # bytes of a head
STEP: Final = 65_536  # bytes that are unpacked at a time
FRAME: Final = 9  # bytes of the head of an HTTP/2 frame
MEMBERS: Final = 16  # gzip members, one behind the other, that a body may have
_SO_FAR: Final = {
    "resolve": "the host's name was not resolved",
    "connect": "the host did not take the connection",
    "tls": "the TLS handshake did not end",
    "ask": "the request was not taken",
}
_PORTS: Final = {"http": 80, "https": 443}
_IN_A_PATH: Final = "/%:@!$&'()*+,;=~-._"
_IN_A_QUERY: Final = _IN_A_PATH + "?"
Headers = list[tuple[bytes, bytes]]


class Answer(NamedTuple):
    """An answer as it came. `trailing` came behind it: a client that keeps its connection takes it for its next answer."""

    status: int
    headers: Headers
    body: bytes
    trailing: bytes = b""


class Transport(Protocol):
    """Carries one request within a budget. `gate`, if any, holds back its last byte until the partner is ready too."""

    def exchange(self, request: Request, budget: Budget, gate: threading.Barrier | None) -> Answer: ...


class Sender:
    """Sends one request, or two at once. `deadline`, in seconds of `clock`, holds for each, from connect to last byte."""

    def __init__(self, transport: Transport, deadline: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._clock = clock
        self.deadline = deadline

    def send(self, request: Request, gate: threading.Barrier | None = None) -> Response | Failure:
        """The answer to one request, or why there is none."""
        begun = self._clock()
        budget = Budget(begun + self.deadline, self._clock)
        try:
            status, headers, raw, trailing = self._transport.exchange(request, budget, gate)
            head = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in headers)
            body = decoded(raw, ", ".join(v for k, v in head if k.lower() == "content-encoding").strip().lower())
        except Exception as error:
            if gate is not None:
                gate.abort()  # the partner goes alone
            kind, message = describe(error, self.deadline, budget)
            return Failure(kind, message, self._clock() - begun)
        if request.method == "HEAD":
            body, trailing = body or trailing, b""
        return Response(status, head, body, self._clock() - begun, len(trailing))

    def send_all(
        self, requests: Sequence[Request], *, together: int = 0, on_answer: Callable[[int], None] = lambda number: None
    ) -> tuple[Response | Failure, ...]:
        """The answers to requests that are under way at the same time. The last bytes of the first `together` leave together.

        `on_answer` is told which one arrives, by its place.
        """
        gate = threading.Barrier(together) if together > 1 else None
        answers: dict[int, Response | Failure] = {}

        def send(number: int) -> None:
            answers[number] = self.send(requests[number], gate if number < together else None)
            on_answer(number)

        others = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(1, len(requests))]
        for other in others:
            other.start()
        send(0)
        for other in others:
            other.join(self.deadline + 2)
        none = Failure("timeout", f"no answer in {self.deadline:g} s")
        return tuple(answers.get(number, none) for number in range(len(requests)))


# --- the ways of a request --------------------------------------------------------------------------------------------


class Network:
    """Opens a connection for each exchange. `context` holds the trusted certificates: the system's unless given."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context

    def exchange(self, request: Request, budget: Budget, gate: threading.Barrier | None) -> Answer:
        """The answer as it came. TooMuch, OSError (TimeoutError among them), h11.ProtocolError: there is none."""
        url = _read_url(request.url)
        headers = _encoded(request)
        if request.sized and (request.body or request.method in WITH_BODY):
            headers.insert(0, (b"Content-Length", b"%d" % len(request.body)))
        if not any(name.lower() == b"host" for name, _ in headers):
            headers.insert(0, (b"Host", url.shown))
        if url.encrypted and self._context is None:
            self._context = trust()
        connection = connect(url.host, url.port, self._context if url.encrypted else None, budget)
        try:
            http = h11.Connection(h11.CLIENT, HEAD_CAP)
            whole = http.send(h11.Request(method=request.method, target=url.target, headers=headers))
            whole += (http.send(h11.Data(request.body)) if request.body else b"") + http.send(h11.EndOfMessage())
            budget.reached = "ask"
            broken = _send(connection, whole, budget, gate)
            try:
                return receive(connection, http, budget)
            except h11.RemoteProtocolError:
                if broken and not budget.received:
                    raise broken from None  # a reset is told once: reading then sees no more than an end
                raise
        finally:
            connection.close()


def _send(connection: Connection, whole: bytes, budget: Budget, gate: threading.Barrier | None) -> OSError | None:
    """Send a request. Where the connection breaks, the answer may have come before: it is read all the same. How it broke."""
    broken = None
    try:
        if gate is not None:
            connection.send(whole[:-1])
            with contextlib.suppress(threading.BrokenBarrierError):  # the partner failed to connect; this request goes alone
                gate.wait(budget.left())
            whole = whole[-1:]
        connection.send(whole)
    except OSError as error:
        broken = error
    budget.left()
    return broken


def receive(connection: Connection, http: h11.Connection, budget: Budget) -> Answer:
    """The first final answer on a connection, once the request was sent; errors as `Network.exchange`."""
    budget.reached = "head"
    head: h11.Response | h11.InformationalResponse | None = None
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            data = connection.receive()
            if not data and head is None:
                raise h11.RemoteProtocolError("Server disconnected without sending a response.")
            budget.received += len(data)
            budget.first = budget.first or data[:FRAME]
            http.receive_data(data)
        elif isinstance(event, h11.Data):
            body += event.data
            budget.body = len(body)
        elif isinstance(event, h11.Response) or (isinstance(event, h11.InformationalResponse) and event.status_code == 101):
            head = event
            budget.reached = "body"
        elif not isinstance(event, h11.InformationalResponse):
            assert head is not None  # h11 ends no message that has not begun
            trailing = http.trailing_data[0].lstrip(b"\r\n") if isinstance(event, h11.EndOfMessage) else b""
            return Answer(head.status_code, head.headers.raw_items(), bytes(body), trailing)


def _encoded(request: Request) -> Headers:
    return [(k.encode("ascii"), v.encode("latin-1")) for k, v in request.headers]


class _Url(NamedTuple):
    """An absolute URL: where to connect, what is asked for there, and the Host header."""

    encrypted: bool
    host: str
    port: int
    target: str
    shown: bytes


@lru_cache(64)
def _read_url(url: str) -> _Url:
    parts = urlsplit(url)
    host = (parts.hostname or "").encode("idna").decode()
    usual = _PORTS[parts.scheme]
    port = parts.port or usual
    shown = (f"[{host}]" if ":" in host else host) + (f":{port}" if port != usual else "")
    target = quote(parts.path, _IN_A_PATH) + (f"?{quote(parts.query, _IN_A_QUERY)}" if parts.query else "")
    return _Url(parts.scheme == "https", host, port, target, shown.encode())


def origin_of(url: str) -> str:
    """The origin of an absolute URL, as a browser's header says it."""
    return f"{urlsplit(url).scheme}://{_read_url(url).shown.decode()}"


def address_of(url: str) -> str:
    """An absolute URL without a slash at its end, as a header may hold it: in ASCII."""
    return origin_of(url) + _read_url(url).target.rstrip("/")


class InProcess:
    """Hands requests to a handler, as httpx gives them to a mock. Nothing travels, so no deadline holds."""

    def __init__(self, handler: Callable[[httpx.Request], httpx.Response]) -> None:
        import httpx

        self._transport = httpx.MockTransport(handler)

    def exchange(self, request: Request, budget: Budget, gate: threading.Barrier | None) -> Answer:
        """The handler's answer. Errors are those of a real exchange, when the handler raises httpx's, else the handler's."""
        import httpx

        budget.reached = "head"
        outgoing = httpx.Request(request.method, request.url, headers=_encoded(request), content=request.body)
        if not request.sized:
            outgoing.headers.pop("content-length", None)
        try:
            answer = self._transport.handle_request(outgoing)
            assert isinstance(answer.stream, httpx.SyncByteStream)
            return Answer(answer.status_code, answer.headers.raw, b"".join(answer.stream))
        except httpx.TimeoutException as error:
            raise TimeoutError(str(error)) from error
        except httpx.NetworkError as error:
            if isinstance(error, httpx.ConnectError):
                budget.reached = "connect"
            raise ConnectionError(str(error)) from error


# --- what came of it --------------------------------------------------------------------------------------------------


def decoded(raw: bytes, coding: str) -> bytes:
    """The body without its content coding: identity, or one layer of gzip, in steps up to the cap.

    zlib.error: it is no such body. TooMuch: it would be larger than the cap.
    """
    if coding in ("", "identity") or not raw:
        body = raw
    elif coding in ("gzip", "x-gzip"):
        body = _inflated(raw)
    else:
        raise zlib.error(f"Content-Encoding {coding!r} was not asked for")
    if len(body) > BODY_CAP:
        raise TooMuch(f"a body of more than {BODY_CAP:,} bytes")
    return body


def _inflated(packed: bytes) -> bytes:
    body = bytearray()
    for _ in range(MEMBERS):
        member = zlib.decompressobj(31)
        while not member.eof:
            step = member.decompress(packed, STEP)
            packed = member.unconsumed_tail
            if not step and not packed and not member.eof:
                raise zlib.error("the gzip stream ends too early")
            body += step
            if len(body) > BODY_CAP:
                return bytes(body)  # the caller says that it is too much
        packed = member.unused_data
        if not packed:
            return bytes(body)
    raise zlib.error(f"more than {MEMBERS} gzip members")


def describe(error: Exception, deadline: float, budget: Budget) -> tuple[str, str]:
    """Why no answer came: one word (unreachable, tls, http2, timeout, malformed, too-large, reset) and one plain sentence."""
    text = str(error) or type(error).__name__
    so_far, late = _so_far(budget), isinstance(error, TimeoutError)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "tls", f"the TLS certificate is not trusted: {text}"
    if is_http2(budget.first):
        return (
            "http2",
            "it answers with a frame of HTTP/2, so it speaks HTTP/2 only; give an address that speaks HTTP/1.1",
        )
    if budget.reached == "tls":
        return "tls", f"no TLS connection in {deadline:g} s" if late else f"no TLS connection: {text}"
    if isinstance(error, TooMuch):
        return "too-large", f"the answer was too large: {text}"
    if budget.reached in ("resolve", "connect"):
        return "unreachable", f"no connection in {deadline:g} s: {so_far}" if late else f"no connection: {text}"
    if late:
        return "timeout", f"no well-formed answer in {deadline:g} s: {so_far}"
    if isinstance(error, OSError):
        return "reset", f"no well-formed answer: the connection broke, {so_far} ({text})"
    return "malformed", f"no well-formed answer: {text} ({so_far})"


def is_http2(first: bytes) -> bool:
    """Whether these are the first bytes of an HTTP/2 connection: a frame SETTINGS or GOAWAY of stream 0 (RFC 9113, 4.1)."""
    return len(first) == FRAME and first[:1] == b"\0" and first[3] in (4, 7) and first[4] == 0 and first[5:] == bytes(4)


def _so_far(budget: Budget) -> str:
    """How far the exchange got."""
    if budget.reached in _SO_FAR:
        return _SO_FAR[budget.reached]
    if budget.reached == "body":
        return f"the body stopped after {budget.body:,} bytes"
    return f"the head stopped after {budget.received:,} bytes" if budget.received else "nothing came"
