"""A script played on a real socket: an HTTP/1.1 endpoint that answers, stalls, cuts off and resets as each scenario says.

    serve_script
    └── _Stage              a thread with its own loop: the script, the pages, the connections
        └── _Connection     one client's connection: its requests one after the other
            ├── _requests   bytes to requests, within limits
            └── _play       a scenario to what is written when, and how it ends

Nobody but the client under test is expected here, but it may send anything: what is no request closes its connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import http
import itertools
import re
import socket
import struct
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

from contracts.answers import Answer, json_answer
from contracts.consumers.script import Script
from contracts.exchange import Request
from contracts.scenario import LANDING, NO_BODY, Delivery, Scenario, page

COOKIE: Final = "scenario"  # by this cookie a request names the number of its scenario
FAVICON: Final = "/favicon.ico"  # browsers ask for it by themselves
LONGEST_HEAD: Final = 64 << 10
LARGEST_BODY: Final = 1 << 20
LONGEST_CHUNK_LINE: Final = 1 << 10
MOST_CONNECTIONS: Final = 500
IDLE_SECONDS = 30.0  # a connection that brings no whole request for so long is dropped
START_SECONDS: Final = 5.0
STOP_SECONDS: Final = 2.0
STEPS: Final = 4  # pieces of a slow body
DRIP_SECONDS: Final = 0.1
BEAT_SECONDS: Final = 0.02  # between half a body and the reset; on some systems a reset takes away what was not read yet
PAGES_MAX_AGE: Final = 3600

_REQUEST_LINE: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/1\.([01])")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST: Final = re.compile(r"[0-9A-Za-z._:\[\]-]+")
_LENGTH: Final = re.compile(r"[0-9]{1,9}")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?", re.DOTALL)
_NUMBER: Final = re.compile(rf"(?:^|;)[ \t]*{COOKIE}=([0-9]{{1,15}})[ \t]*(?:;|$)")
_BY_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: do not wait, drop what is left; closing is then a reset


class EndpointNotStarted(RuntimeError):
    """The scripted endpoint could not be started; the message says why."""


@dataclass(frozen=True)
class Page:
    """A static file that the stage serves besides the endpoint. `media_type` is the whole Content-Type."""

    media_type: str
    body: bytes


@contextlib.contextmanager
def serve_script(
    script: Script, pages: Mapping[str, Page] | None = None, elsewhere: Mapping[str, object] | None = None
) -> Iterator[str]:
    """Play `script` on 127.0.0.1 and yield the base URL, without a slash at the end.

    A cookie `scenario` names the number of the scenario that a request is to meet; without it the one that is on is met.
    `pages` are served by their paths, as they are now; neither they nor the landing page nor a browser's favicon is noted.
    Whatever else is asked beside the endpoint is answered with a success whose data are `elsewhere`. When the block ends,
    connections are dropped.
    """
    stage = _Stage(script, pages or {}, elsewhere or {})
    try:
        yield stage.start()
    finally:
        stage.stop()


# --- what is said -----------------------------------------------------------------------------------------------------

_STATUS_LINES: Final = {int(s): f"HTTP/1.1 {s.value} {s.phrase}\r\n" for s in http.HTTPStatus}
_FRAMING: Final = ("content-length", "transfer-encoding")


class _End(enum.Enum):
    """What becomes of the connection after an answer."""

    KEPT = enum.auto()
    CLOSED = enum.auto()
    RESET = enum.auto()


class _Play(NamedTuple):
    """What is written how many seconds after the request, and how it ends."""

    steps: Iterable[tuple[float, bytes]]
    end: _End


def _play(scenario: Scenario, *, to_head: bool) -> _Play:
    """How a scenario goes. Where nothing can be cut or drawn out because there is no body, nothing comes at all."""
    answer, delivery, seconds = scenario.answer, scenario.delivery, scenario.seconds
    bodiless = answer is None or to_head or not _has_body(answer.status)
    if answer is None and delivery.arrives:
        return _Play((), _End.CLOSED)
    if answer is not None and delivery.arrives:
        head, body = _head(answer), b"" if bodiless else answer.body
        end = _End.CLOSED if _frames_itself(answer) else _End.KEPT
        if delivery is Delivery.WHOLE:
            return _Play(((0.0, head + body),), end)
        size = len(body) // STEPS + 1
        late = (((step + 1) * seconds / STEPS, body[step * size : (step + 1) * size]) for step in range(STEPS))
        return _Play(((0.0, head), *late) if body else ((seconds, head),), end)
    if answer is not None and not bodiless:
        if delivery in (Delivery.TRUNCATED, Delivery.ABORTED):
            half = _head(_unframed(answer), at_least=1) + answer.body[: len(answer.body) // 2]
            aborted = delivery is Delivery.ABORTED
            return _Play(((0.0, half), (BEAT_SECONDS, b"")), _End.RESET) if aborted else _Play(((0.0, half),), _End.CLOSED)
        if delivery is Delivery.ENDLESS:
            return _Play(_drips(answer, seconds), _End.RESET)
    if delivery in (Delivery.SILENT, Delivery.ENDLESS):
        return _Play(((seconds, b""),), _End.RESET)
    return _Play((), _End.CLOSED if delivery in (Delivery.CLOSED, Delivery.TRUNCATED) else _End.RESET)


def _drips(answer: Answer, seconds: float) -> Iterator[tuple[float, bytes]]:
    """A chunked body, byte by byte, then spaces for as long as there is time."""
    yield 0.0, _head(Answer(answer.status, (*_unframed(answer).headers, ("Transfer-Encoding", "chunked")), b""))
    bytes_ = itertools.chain(answer.body, itertools.repeat(ord(" ")))
    for drip, byte in enumerate(itertools.islice(bytes_, int(seconds / DRIP_SECONDS)), 1):
        yield drip * DRIP_SECONDS, b"1\r\n%c\r\n" % byte
    yield seconds, b""


def _has_body(status: int) -> bool:
    return status >= 200 and status not in NO_BODY


def _frames_itself(answer: Answer) -> bool:
    """Whether the answer says by itself how its body ends, rightly or wrongly."""
    return any(name.lower() in _FRAMING for name, _ in answer.headers)


def _unframed(answer: Answer) -> Answer:
    """The answer without what it says of how its body ends."""
    return Answer(answer.status, tuple(h for h in answer.headers if h[0].lower() not in _FRAMING), answer.body)


def _head(answer: Answer, at_least: int = 0) -> bytes:
    """Status line and headers; the length of the body is added where the answer does not say how its body ends."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in answer.headers])
    if _has_body(answer.status) and not _frames_itself(answer):
        lines += f"Content-Length: {max(len(answer.body), at_least)}\r\n"
    status = _STATUS_LINES.get(answer.status) or f"HTTP/1.1 {answer.status} \r\n"
    return f"{status}{lines}\r\n".encode("latin-1", "replace")


class _Static(NamedTuple):
    """An answer that is always the same, ready to be written."""

    head: bytes
    body: bytes


def _static(answer: Answer) -> _Static:
    return _Static(_head(answer), answer.body)


def _page(shown: Page) -> _Static:
    headers = (("Content-Type", shown.media_type), ("Cache-Control", f"max-age={PAGES_MAX_AGE}"))
    return _static(Answer(200, headers, shown.body))


# --- what is asked ----------------------------------------------------------------------------------------------------


class _Malformed(Exception):
    """What came is no HTTP request, or one beyond the limits."""


class _Asked(NamedTuple):
    """A whole request: its path without the query, the scenario that it names, and whether its connection stays."""

    request: Request
    path: str
    number: int | None
    keep: bool


class _Head(NamedTuple):
    """The head of a request. `length` is that of its body, None when that is chunked."""

    method: str
    url: str
    path: str
    headers: tuple[tuple[str, str], ...]
    length: int | None
    number: int | None
    keep: bool


def _requests(buffer: bytearray, base: str) -> Generator[_Asked | None, None, None]:
    """The requests in a buffer, taken out of it one by one; None whenever more has to come first."""
    while True:
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            _check_beginning(buffer)
            yield None
        if end > LONGEST_HEAD:
            raise _Malformed
        head = _read_head(buffer[:end].decode("latin-1"), base)
        del buffer[: end + 4]
        if head.length is None:
            body = yield from _chunked(buffer)
        else:
            body = yield from _taken(buffer, head.length)
        yield _Asked(Request(head.method, head.url, head.headers, body), head.path, head.number, head.keep)


def _check_beginning(buffer: bytearray) -> None:
    """What cannot become a request is told early: a client that speaks something else should not have to wait."""
    end = buffer.find(b"\n")
    if end >= 0 and not (buffer[end - 1 : end] == b"\r" and _REQUEST_LINE.fullmatch(buffer[: end - 1].decode("latin-1"))):
        raise _Malformed
    if len(buffer) > LONGEST_HEAD or (buffer and not _NAME.match(chr(buffer[0]))):
        raise _Malformed


def _read_head(text: str, base: str) -> _Head:
    first, *lines = text.split("\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None or not text.count("\r") == text.count("\n") == len(lines) or "\0" in text:
        raise _Malformed
    method, target, minor = line.groups()
    headers = []
    host = length = number = None
    chunked, keep = False, minor == "1"
    for line_ in lines:
        name, colon, value = line_.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise _Malformed
        value = value.strip(" \t")
        headers.append((name, value))
        key = name.lower()
        if key == "host":
            host = value
        elif key == "content-length":
            if length not in (None, value) or not _LENGTH.fullmatch(value):
                raise _Malformed
            length = value
        elif key == "transfer-encoding":
            if chunked or value.lower() != "chunked":
                raise _Malformed
            chunked = True
        elif key == "connection":
            keep = keep and "close" not in value.lower()
        elif key == "cookie" and (found := _NUMBER.search(value)):
            number = int(found[1])
    if (chunked and length) or int(length or 0) > LARGEST_BODY:
        raise _Malformed
    url, path = _address(target, host, base)
    return _Head(method, url, path, tuple(headers), None if chunked else int(length or 0), number, keep)


def _address(target: str, host: str | None, base: str) -> tuple[str, str]:
    """The absolute URL of a request, and its path."""
    if target.startswith("/"):
        if host and not _HOST.fullmatch(host):
            raise _Malformed
        return f"http://{host}{target}" if host else base + target, target.partition("?")[0].partition("#")[0]
    if target == "*":
        return f"{base}/*", "/*"
    try:
        parts = urlsplit(target)
    except ValueError:
        raise _Malformed from None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise _Malformed
    return target, parts.path or "/"


def _taken(buffer: bytearray, length: int) -> Generator[None, None, bytes]:
    """The next `length` bytes, once they are there."""
    while len(buffer) < length:
        yield None
    taken = bytes(buffer[:length])
    del buffer[:length]
    return taken


def _line(buffer: bytearray) -> Generator[None, None, bytes]:
    """The next line, without its end."""
    while (end := buffer.find(b"\r\n", 0, LONGEST_CHUNK_LINE)) < 0:
        if len(buffer) >= LONGEST_CHUNK_LINE:
            raise _Malformed
        yield None
    line = bytes(buffer[:end])
    del buffer[: end + 2]
    return line


def _chunked(buffer: bytearray) -> Generator[None, None, bytes]:
    """A chunked body. Trailers are read and forgotten."""
    body = bytearray()
    while True:
        size = _CHUNK.fullmatch((yield from _line(buffer)))
        if size is None or len(body) + int(size[1], 16) > LARGEST_BODY:
            raise _Malformed
        length = int(size[1], 16)
        if not length:
            break
        body += yield from _taken(buffer, length)
        if (yield from _taken(buffer, 2)) != b"\r\n":
            raise _Malformed
    room = LONGEST_HEAD
    while line := (yield from _line(buffer)):
        room -= len(line)
        if room < 0:
            raise _Malformed
    return bytes(body)


# --- the connection ---------------------------------------------------------------------------------------------------


class _Connection(asyncio.Protocol):
    """One client's connection. What it asks while an answer is under way, or before it reads the last ones, waits."""

    def __init__(self, stage: _Stage) -> None:
        self._stage = stage
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._requests = _requests(self._buffer, stage.base)
        self._timer: asyncio.TimerHandle | None = None
        self._playing = self._full = False
        self._since = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._stage.take(self):
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stage.connections.discard(self)
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._playing or self._full:
            if len(self._buffer) > LONGEST_HEAD:
                self._transport.pause_reading()
            return
        self._go_on()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._go_on()

    def drop(self) -> None:
        """End it at once."""
        self._transport.abort()

    def drop_if_idle(self) -> None:
        """End it when nothing whole has been asked for long."""
        if not self._playing and self._loop.time() - self._since > IDLE_SECONDS:
            self.drop()

    def _go_on(self) -> None:
        """Answer what has come in as far as it can be answered now."""
        try:
            while not (self._playing or self._full or self._transport.is_closing()):
                asked = next(self._requests)
                if asked is None:
                    self._transport.resume_reading()
                    return
                self._since = self._loop.time()
                self._answer(asked)
        except _Malformed:
            self._transport.close()

    def _answer(self, asked: _Asked) -> None:
        static = self._stage.pages.get(asked.path)
        to_head = asked.request.method == "HEAD"
        if static is None:
            scenario = self._stage.script.meet(asked.request, asked.number)
            if scenario is not None:
                steps, end = _play(scenario, to_head=to_head)
                self._playing = True
                self._step(iter(steps), end if asked.keep or end is _End.RESET else _End.CLOSED, self._since)
                return
            static = self._stage.elsewhere
        self._transport.write(static.head if to_head else static.head + static.body)
        if not asked.keep:
            self._transport.close()

    def _step(self, steps: Iterator[tuple[float, bytes]], end: _End, start: float) -> None:
        """Write what is due at once, then come back when the next is due."""
        for at, piece in steps:
            if at:
                self._timer = self._loop.call_at(start + at, self._later, piece, steps, end, start)
                return
            self._transport.write(piece)
        self._playing = False
        if end is _End.CLOSED:
            self._transport.close()
        elif end is _End.RESET:
            with contextlib.suppress(OSError):  # the client was quicker
                self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _BY_RESET)
            self._transport.abort()

    def _later(self, piece: bytes, steps: Iterator[tuple[float, bytes]], end: _End, start: float) -> None:
        self._transport.write(piece)
        self._step(steps, end, start)
        self._since = self._loop.time()
        self._go_on()


# --- the stage --------------------------------------------------------------------------------------------------------


class _Stage:
    """The endpoint in a thread of its own."""

    def __init__(self, script: Script, pages: Mapping[str, Page], elsewhere: Mapping[str, object]) -> None:
        self.elsewhere = _static(json_answer(200, {"status": 200, "success": True, "data": elsewhere}))
        self.script = script
        self.base = ""
        self.connections: set[_Connection] = set()
        landing = Page("text/html; charset=utf-8", page(200).body)
        self.pages = {path: _page(shown) for path, shown in {**pages, LANDING: landing}.items()}
        self.pages.setdefault(FAVICON, _static(Answer(204, (), b"")))
        self._settled = threading.Event()
        self._error: Exception | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="contracts-endpoint", daemon=True)

    def start(self) -> str:
        """Listen; the base URL."""
        self._thread.start()
        in_time = self._settled.wait(START_SECONDS)
        if self._error is not None:
            raise EndpointNotStarted(f"the scripted endpoint did not start: {self._error!r}") from self._error
        if not in_time:
            raise EndpointNotStarted(f"the scripted endpoint did not start within {START_SECONDS:g} seconds")
        return self.base

    def stop(self) -> None:
        """Drop what is under way and stop listening."""
        loop, stopping = self._loop, self._stopping
        if loop is not None and stopping is not None:
            with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
                loop.call_soon_threadsafe(stopping.set)
            self._thread.join(STOP_SECONDS)

    def take(self, connection: _Connection) -> bool:
        """Whether there is room for a new connection."""
        if len(self.connections) >= MOST_CONNECTIONS or self._stopping is None or self._stopping.is_set():
            return False
        self.connections.add(connection)
        return True

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if self._settled.is_set():
                raise
            self._error = error  # told by start()
        finally:
            self._settled.set()

    async def _serve(self) -> None:
        self._loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        self._stopping = stopping
        server = await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=MOST_CONNECTIONS)
        self.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._settled.set()
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), timeout=IDLE_SECONDS / 10)
            for connection in list(self.connections):
                connection.drop_if_idle()
        server.close()
        # Connections that were just accepted still become ones, and dropped ones still have to let go of their sockets.
        for _ in range(5):
            for connection in list(self.connections):
                connection.drop()
            await asyncio.sleep(0)
