"""A script played to httpx clients without a socket: respx takes every request, whatever its host and path.

    what happens before the head     _Before       a wait, then nothing else, or an error
    what happens to the body         _Pieces       bytes with gaps between them, then nothing else, or an error

httpx leaves its read timeout to the network, which is not there; it is kept here, for each gap as on a socket.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import httpx
import respx

from contracts.consumer.script import Script
from contracts.model.answers import Answer, json_answer
from contracts.model.exchange import Request
from contracts.model.scenario import LANDING, NO_BODY, Delivery, Scenario, page

BEFORE: Final = "contracts.before"  # the extension of a response under which its _Before lies
DRIP_SECONDS: Final = 0.05
STEPS: Final = 4  # pieces of a slow body
ELSEWHERE: Final = json_answer(200, {"status": 200, "success": True, "data": {}})  # for requests to anything but the endpoint

_WITHIN: Final = (Delivery.TRUNCATED, Delivery.ABORTED, Delivery.ENDLESS)  # what happens within the body
_ERRORS: Final[dict[Delivery, tuple[type[httpx.TransportError], str]]] = {
    Delivery.TRUNCATED: (httpx.RemoteProtocolError, "peer closed connection without sending complete message body"),
    Delivery.ABORTED: (httpx.ReadError, "connection reset by peer"),
    Delivery.RESET: (httpx.ReadError, "connection reset by peer"),
    Delivery.CLOSED: (httpx.RemoteProtocolError, "Server disconnected without sending a response."),
    Delivery.SILENT: (httpx.ReadError, "connection reset by peer"),
    Delivery.ENDLESS: (httpx.ReadError, "connection reset by peer"),
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


@dataclass(frozen=True)
class _Before:
    """What comes before the head of an answer, or instead of it."""

    seconds: float = 0.0
    error: httpx.TransportError | None = None


class _Router(respx.MockRouter):
    """Decides in one place what an answer is, and waits as the client's kind demands: respx calls `handler` for a
    sync client and `async_handler` for an async one."""

    def __init__(self, script: Script, pass_through: str | None) -> None:
        super().__init__(assert_all_called=False, assert_all_mocked=True)
        self._script = script
        if pass_through is not None:
            stage = httpx.URL(pass_through)
            self.route(scheme=stage.scheme, host=stage.host, port=stage.port).pass_through()
        self.route().mock(side_effect=self._answer)

    def handler(self, request: httpx.Request) -> httpx.Response:
        response = super().handler(request)
        before: _Before = response.extensions[BEFORE]
        time.sleep(before.seconds)
        if before.error is not None:
            raise before.error
        return response

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        response = await super().async_handler(request)
        before: _Before = response.extensions[BEFORE]
        await asyncio.sleep(before.seconds)
        if before.error is not None:
            raise before.error
        return response

    def _answer(self, request: httpx.Request) -> httpx.Response:
        scenario = self._scenario(request)
        answer = scenario.answer or ELSEWHERE  # the latter is not seen: an error comes before it
        has_body = scenario.answer is not None and answer.status not in NO_BODY and request.method != "HEAD"
        timeout = request.extensions.get("timeout", {}).get("read")
        return httpx.Response(
            answer.status,
            headers=_headers(scenario, answer),
            stream=_body(scenario, answer.body if has_body else b"", timeout),
            extensions={BEFORE: _before(scenario, has_body, timeout)},
        )

    def _scenario(self, request: httpx.Request) -> Scenario:
        if request.url.path == LANDING:
            return Scenario("landing", page(200))
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
        met = self._script.meet(Request(request.method, str(request.url), headers, request.content))
        return met or Scenario("elsewhere", ELSEWHERE)


def _headers(scenario: Scenario, answer: Answer) -> list[tuple[str, str]]:
    """The headers of the answer and, as servers say it, its length: by that a body that is cut off is known."""
    labelled = any(name.lower() in ("content-length", "transfer-encoding") for name, _ in answer.headers)
    lengthless = scenario.delivery is Delivery.ENDLESS or answer.status in NO_BODY
    return [*answer.headers, *([] if labelled or lengthless else [("content-length", str(len(answer.body)))])]


def _error(delivery: Delivery) -> httpx.TransportError | None:
    kind, message = _ERRORS.get(delivery, (None, ""))
    return kind(f"{message} (by the script)") if kind else None


def _before(scenario: Scenario, has_body: bool, timeout: float | None) -> _Before:
    """Where nothing can be cut or drawn out because there is no body, nothing comes at all."""
    delivery = scenario.delivery
    if scenario.answer is not None and (delivery.arrives or (has_body and delivery in _WITHIN)):
        return _Before()
    if delivery.ends:
        return _Before(error=_error(delivery) or _error(Delivery.CLOSED))
    if timeout is not None and timeout < scenario.seconds:
        return _Before(timeout, httpx.ReadTimeout("no answer in time (by the script)"))
    return _Before(scenario.seconds, _error(delivery))


class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in (seconds before it, bytes), then an error or the end."""

    def __init__(self, pieces: Iterable[tuple[float, bytes]], error: httpx.TransportError | None, timeout: float | None) -> None:
        self._pieces, self._error, self._timeout = pieces, error, timeout

    def __iter__(self) -> Iterator[bytes]:
        for gap, piece in self._pieces:
            time.sleep(self._kept(gap))
            yield self._in_time(gap, piece)
        if self._error is not None:
            raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for gap, piece in self._pieces:
            await asyncio.sleep(self._kept(gap))
            yield self._in_time(gap, piece)
        if self._error is not None:
            raise self._error

    def _kept(self, gap: float) -> float:
        return gap if self._timeout is None else min(gap, self._timeout)

    def _in_time(self, gap: float, piece: bytes) -> bytes:
        if self._kept(gap) < gap:
            raise httpx.ReadTimeout("the rest did not come in time (by the script)")
        return piece


def _body(scenario: Scenario, whole: bytes, timeout: float | None) -> _Pieces:
    error = _error(scenario.delivery)
    if scenario.delivery is Delivery.SLOW:
        size = len(whole) // STEPS + 1
        gap = scenario.seconds / STEPS
        return _Pieces(((gap, whole[step * size : (step + 1) * size]) for step in range(STEPS)), error, timeout)
    if scenario.delivery is Delivery.ENDLESS:
        drips = itertools.chain((bytes([byte]) for byte in whole), itertools.repeat(b" "))
        count = round(scenario.seconds / DRIP_SECONDS)
        return _Pieces(((DRIP_SECONDS, drip) for drip in itertools.islice(drips, count)), error, timeout)
    half = whole if error is None else whole[: len(whole) // 2]
    return _Pieces([(0.0, half)], error, timeout)
