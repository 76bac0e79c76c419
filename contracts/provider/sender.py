"""Sends a request and says what came back: a whole answer, or in plain words why there is none. A server cannot make it raise."""

from __future__ import annotations

import ssl
import threading
import time
import zlib
from typing import Final

import httpcore

from contracts.model.exchange import Failure, Request, Response
from contracts.provider import wire
from contracts.provider.network import Budget, TooMuch
from contracts.provider.transport import Transport

BODY_CAP: Final = 1_000_000  # bytes of a body once it is unpacked
STEP: Final = 65_536  # bytes that are unpacked at a time
MEMBERS: Final = 16  # gzip members, one behind the other, that a body may have
_SO_FAR: Final = {
    "resolve": "the host's name was not resolved",
    "connect": "the host did not take the connection",
    "tls": "the TLS handshake did not end",
    "ask": "the request was not taken",
}


class Sender:
    """Sends one request, or two at once. `deadline`, in seconds, holds for each, from connect to last byte."""

    def __init__(self, transport: Transport, deadline: float) -> None:
        self._transport = transport
        self.deadline = deadline

    def send(self, request: Request, gate: threading.Barrier | None = None) -> Response | Failure:
        """The answer to one request, or why there is none."""
        begun = time.monotonic()
        with self._transport.begin(self.deadline, gate) as budget:
            try:
                status, headers, body = self._exchange(request)
            except Exception as error:
                kind, message = describe(error, self.deadline, budget)
                return Failure(kind, message, time.monotonic() - begun)
            behind = wire.trailing_data(bytes(budget.wire), request.method) if budget.received == len(budget.wire) else b""
            if request.method == "HEAD":
                body, behind = body or behind, b""
            return Response(status, headers, body, time.monotonic() - begun, len(behind))

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
        status, headers, raw = self._transport.exchange(request)
        head = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in headers)
        coding = ", ".join(v for k, v in head if k.lower() == "content-encoding").strip().lower()
        return status, head, decoded(raw, coding)


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
    """Why no answer came: one word (unreachable, tls, timeout, malformed, too-large, reset) and one plain sentence."""
    text = str(error) or type(error).__name__
    so_far = _so_far(budget)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "tls", f"the TLS certificate is not trusted: {text}"
    if budget.reached == "tls" or isinstance(error, ssl.SSLError):
        return "tls", f"no TLS connection in {deadline:g} s" if _timed_out(error) else f"no TLS connection: {text}"
    if isinstance(error, TooMuch):
        return "too-large", f"the answer was too large: {text}"
    if budget.reached in ("resolve", "connect") or isinstance(error, httpcore.ConnectError):
        return "unreachable", f"no connection in {deadline:g} s: {so_far}" if _timed_out(error) else f"no connection: {text}"
    if _timed_out(error):
        return "timeout", f"no well-formed answer in {deadline:g} s: {so_far}"
    if isinstance(error, (httpcore.ReadError, httpcore.WriteError, OSError)):
        return "reset", f"no well-formed answer: the connection broke, {so_far} ({text})"
    return "malformed", f"no well-formed answer: {text} ({so_far})"


def _timed_out(error: Exception) -> bool:
    return isinstance(error, httpcore.TimeoutException)


def _so_far(budget: Budget) -> str:
    """How far the exchange got."""
    if budget.reached in _SO_FAR:
        return _SO_FAR[budget.reached]
    if budget.reached == "body":
        return f"the body stopped after {budget.body:,} bytes"
    return f"the head stopped after {budget.received:,} bytes" if budget.received else "nothing came"
