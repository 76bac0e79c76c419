"""A script played on a real socket: an HTTP/1.1 endpoint that answers, stalls, cuts off and resets as each scenario says.

    serve_script
    └── _Stage              a thread with its own loop: the script, the pages, the connections
        └── _Connection     one client's connection: its requests one after the other
            ├── requests    bytes to requests, within limits (asked.py)
            └── play        a scenario to what is written when, and how it ends (said.py)

Nobody but the client under test is expected here, but it may send anything: what is no request closes its connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from typing import Final, cast

from contracts.answers import Answer, json_answer
from contracts.consumers.asked import LONGEST_HEAD, Asked, Malformed, requests
from contracts.consumers.said import End, Page, page_of, play, static
from contracts.consumers.script import Script
from contracts.scenario import LANDING, page

FAVICON: Final = "/favicon.ico"  # browsers ask for it by themselves
MOST_CONNECTIONS: Final = 500
IDLE_SECONDS = 30.0  # a connection that brings no whole request for so long is dropped
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0

_BY_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: do not wait, drop what is left; closing is then a reset


class EndpointNotStarted(RuntimeError):
    """The scripted endpoint could not be started; the message says why."""


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


# --- the connection ---------------------------------------------------------------------------------------------------


class _Connection(asyncio.Protocol):
    """One client's connection. What it asks while an answer is under way, or before it reads the last ones, waits."""

    def __init__(self, stage: _Stage) -> None:
        self._stage = stage
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._requests = requests(self._buffer, stage.base)
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
        except Malformed:
            self._transport.close()

    def _answer(self, asked: Asked) -> None:
        static = self._stage.pages.get(asked.path)
        to_head = asked.request.method == "HEAD"
        if static is None:
            scenario = self._stage.script.meet(asked.request, asked.number)
            if scenario is not None:
                steps, end = play(scenario, to_head=to_head)
                self._playing = True
                self._step(iter(steps), end if asked.keep or end is End.RESET else End.CLOSED, self._since)
                return
            static = self._stage.elsewhere
        self._transport.write(static.head if to_head else static.head + static.body)
        if not asked.keep:
            self._transport.close()

    def _step(self, steps: Iterator[tuple[float, bytes]], end: End, start: float) -> None:
        """Write what is due at once, then come back when the next is due."""
        for at, piece in steps:
            if at:
                self._timer = self._loop.call_at(start + at, self._later, piece, steps, end, start)
                return
            self._transport.write(piece)
        self._playing = False
        if end is End.CLOSED:
            self._transport.close()
        elif end is End.RESET:
            with contextlib.suppress(OSError):  # the client was quicker
                self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _BY_RESET)
            self._transport.abort()

    def _later(self, piece: bytes, steps: Iterator[tuple[float, bytes]], end: End, start: float) -> None:
        self._transport.write(piece)
        self._step(steps, end, start)
        self._since = self._loop.time()
        self._go_on()


# --- the stage --------------------------------------------------------------------------------------------------------


class _Stage:
    """The endpoint in a thread of its own."""

    def __init__(self, script: Script, pages: Mapping[str, Page], elsewhere: Mapping[str, object]) -> None:
        self.elsewhere = static(json_answer(200, {"status": 200, "success": True, "data": elsewhere}))
        self.script = script
        self.base = ""
        self.connections: set[_Connection] = set()
        landing = Page("text/html; charset=utf-8", page(200).body)
        self.pages = {path: page_of(found) for path, found in {**pages, LANDING: landing}.items()}
        self.pages.setdefault(FAVICON, static(Answer(204, (), b"")))
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
