"""A script played to httpx clients without a socket: respx takes every request, whatever its host and path.

A request gets the timeline of its scenario as a series of moves: each is a wait, then bytes or the error that ends the exchange.
The first move brings the head, the others bring the body. httpx leaves read timeouts to the network, so they are kept here.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import httpx
import respx

from contracts.consumer.delivery import End, Head, Timeline, timeline
from contracts.consumer.script import Script
from contracts.model.answers import json_answer
from contracts.model.exchange import Request
from contracts.model.scenario import LANDING, Delivery, Scenario, page

FIRST: Final = "contracts.first"  # the extension of a response that holds its first move
LANDED: Final = Scenario("landing", page(200))
ELSEWHERE: Final = Scenario("elsewhere", json_answer(200, {"status": 200, "success": True, "data": {}}))
NEVER_SEEN: Final = Head(500, ())  # httpx needs a head even where an error comes before it

_UNREACHABLE: Final[dict[Delivery, tuple[type[httpx.TransportError], str]]] = {
    Delivery.REFUSED: (httpx.ConnectError, "connection refused"),
    Delivery.UNRESOLVED: (httpx.ConnectError, "name or service not known"),
    Delivery.OFFLINE: (httpx.ConnectError, "network is unreachable"),
    Delivery.TIMED_OUT: (httpx.ConnectTimeout, "the connection timed out"),
}


@contextmanager
def intercepted(script: Script, pass_through: str | None = None) -> Iterator[respx.MockRouter]:
    """Play the script to every httpx client, sync or async, for as long as the block lasts.

    Requests to the base URL `pass_through` go to the network untouched.
    """
    with _Router(script, pass_through) as router:
        yield router


Then = bytes | httpx.TransportError


class _Move(NamedTuple):
    """How long to wait, and what comes then: bytes, or the error that ends the exchange."""

    seconds: float
    then: Then

    def piece(self) -> bytes:
        """The bytes. TransportError: the exchange ends here."""
        if isinstance(self.then, httpx.TransportError):
            raise self.then
        return self.then


class _Router(respx.MockRouter):
    """Makes the response to a request, and waits for its head: respx calls `handler` for a sync client and `async_handler` for
    an async one."""

    def __init__(self, script: Script, pass_through: str | None) -> None:
        super().__init__(assert_all_called=False, assert_all_mocked=True)
        self._script = script
        if pass_through is not None:
            stage = httpx.URL(pass_through)
            self.route(scheme=stage.scheme, host=stage.host, port=stage.port).pass_through()
        self.route().mock(side_effect=self._answer)

    def handler(self, request: httpx.Request) -> httpx.Response:
        response = super().handler(request)
        first: _Move = response.extensions[FIRST]
        time.sleep(first.seconds)
        first.piece()
        return response

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        response = await super().async_handler(request)
        first: _Move = response.extensions[FIRST]
        await asyncio.sleep(first.seconds)
        first.piece()
        return response

    def _answer(self, request: httpx.Request) -> httpx.Response:
        scenario = self._scenario(request)
        played = timeline(scenario, to_head=request.method == "HEAD")
        moves = _moves(played, _error(scenario.delivery, played), request.extensions.get("timeout", {}).get("read"))
        first, head = next(moves), played.head or NEVER_SEEN
        return httpx.Response(head.status, headers=head.headers, stream=_Body(moves), extensions={FIRST: first})

    def _scenario(self, request: httpx.Request) -> Scenario:
        if request.url.path == LANDING:
            return LANDED
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
        received = Request(request.method, str(request.url), headers, request.content)
        return self._script.receive(received) or ELSEWHERE


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The moves after the head, as httpx reads a body."""

    def __init__(self, moves: Iterator[_Move]) -> None:
        self._moves = moves

    def __iter__(self) -> Iterator[bytes]:
        for move in self._moves:
            time.sleep(move.seconds)
            yield move.piece()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for move in self._moves:
            await asyncio.sleep(move.seconds)
            yield move.piece()


def _moves(played: Timeline, error: httpx.TransportError | None, timeout: float | None) -> Iterator[_Move]:
    """The timeline as moves. Where a gap is longer than the client's read timeout, the timeout ends the exchange."""
    head: list[tuple[float, Then]] = [] if played.head is None else [(played.starts, b"")]
    end: list[tuple[float, Then]] = [] if error is None else [(played.ends, error)]
    now = 0.0
    for at, then in itertools.chain(head, played.body, end):
        if timeout is not None and timeout < at - now:
            yield _Move(timeout, httpx.ReadTimeout("nothing came in time (by the script)"))
            return
        yield _Move(at - now, then)
        now = at


def _error(delivery: Delivery, played: Timeline) -> httpx.TransportError | None:
    """The error with which httpx tells of the end of a connection on a socket."""
    if delivery in _UNREACHABLE:
        kind, message = _UNREACHABLE[delivery]
    elif played.end is End.RESET:
        kind, message = httpx.ReadError, "connection reset by peer"
    elif played.end is End.CUT and played.head is None:
        kind, message = httpx.RemoteProtocolError, "Server disconnected without sending a response."
    elif played.end is End.CUT:
        kind, message = httpx.RemoteProtocolError, "peer closed connection without sending complete message body"
    else:
        return None
    return kind(f"{message} (by the script)")
