"""A script played on a real socket: an HTTP/1.1 endpoint that answers, stalls, cuts off and resets as each scenario says.

    serve_script
    └── _Stage              a thread with its own loop: the script, the pages, the connections
        └── _Connection     one client's connection: its requests one after the other
            ├── requests    reads requests out of bytes, within limits (requests.py)
            └── timeline    says what is written when, and how the connection ends (delivery.py)

Only the client under test is expected here, but it may send anything: whatever is no request closes its connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from typing import Final, cast

from contracts.consumer.delivery import End, Page, Static, on_the_wire, static, timeline
from contracts.consumer.requests import LONGEST_HEAD, ClientRequest, Malformed, requests
from contracts.consumer.script import Script
from contracts.model.answers import Answer, json_answer
from contracts.model.scenario import LANDING, page

FAVICON: Final = "/favicon.ico"  # browsers request it by themselves
MOST_CONNECTIONS: Final = 500
IDLE_SECONDS = 30.0  # after so long without a whole request a connection is dropped
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0

_BY_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: closing drops what is left to send and resets the connection


class EndpointNotStarted(RuntimeError):
    """The scripted endpoint could not be started; the message gives the reason."""


@contextlib.contextmanager
def serve_script(
    script: Script, pages: Mapping[str, Page] | None = None, elsewhere: Mapping[str, object] | None = None
) -> Iterator[str]:
    """Play `script` on 127.0.0.1 and yield the base URL, without a slash at the end.

    A request whose cookie `scenario` names a number gets that scenario, every other one gets the current scenario. `pages` are
    served by their paths, as they are now. A request for one of them, for the landing page or for a browser's favicon is not
    logged. Every other request beside the endpoint gets a success whose data are `elsewhere`. When the block ends, all
    connections are dropped.
    """
    stage = _Stage(script, pages or {}, elsewhere or {})
    try:
        yield stage.start()
    finally:
        stage.stop()


# --- the connection ---------------------------------------------------------------------------------------------------


class _Connection(asyncio.Protocol):
    """One client's connection. A request waits while an answer is under way, or until the client has read the earlier answers."""

    def __init__(self, stage: _Stage) -> None:
        self._stage = stage
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._requests = requests(self._buffer, stage.base)
        self._timer: asyncio.TimerHandle | None = None
        self._playing = self._full = False  # whether an answer is under way; whether the client reads too slowly
        self._since = self._loop.time()  # when the last whole request came, or its answer ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._stage.admit(self):
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
        self._answer_all()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._answer_all()

    def drop(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def drop_if_idle(self) -> None:
        """End the connection if no whole request has come for too long."""
        if not self._playing and self._loop.time() - self._since > IDLE_SECONDS:
            self.drop()

    def _answer_all(self) -> None:
        """Answer the requests that have come in, as far as that is possible now."""
        try:
            while not (self._playing or self._full or self._transport.is_closing()):
                received = next(self._requests)
                if received is None:
                    self._transport.resume_reading()
                    return
                self._since = self._loop.time()
                self._answer(received)
        except Malformed:
            self._transport.close()

    def _answer(self, received: ClientRequest) -> None:
        page = self._stage.pages.get(received.path)
        to_head = received.request.method == "HEAD"
        if page is None:
            scenario = self._stage.script.receive(received.request, received.number)
            if scenario is not None:
                played = timeline(scenario, to_head=to_head)
                self._playing = True
                end = End.CLOSED if played.end is End.KEPT and not received.keep else played.end
                self._play(on_the_wire(played), end, self._since)
                return
            page = self._stage.elsewhere
        self._transport.write(page.head if to_head else page.head + page.body)
        if not received.keep:
            self._transport.close()

    def _play(self, pieces: Iterator[tuple[float, bytes]], end: End, start: float) -> None:
        """Write all that is due at once, and come back when the next piece is due."""
        due = []
        for at, piece in pieces:
            if at:
                self._timer = self._loop.call_at(start + at, self._later, piece, pieces, end, start)
                break
            due.append(piece)
        else:
            self._playing = False
        self._transport.write(b"".join(due))
        if not self._playing:
            self._end(end)

    def _later(self, piece: bytes, pieces: Iterator[tuple[float, bytes]], end: End, start: float) -> None:
        self._transport.write(piece)
        self._play(pieces, end, start)
        self._since = self._loop.time()
        self._answer_all()

    def _end(self, end: End) -> None:
        """Do with the connection what the timeline says."""
        if end in (End.CLOSED, End.CUT):
            self._transport.close()
        elif end is End.RESET:
            with contextlib.suppress(OSError):  # the client may have ended it already
                self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _BY_RESET)
            self._transport.abort()


# --- the stage --------------------------------------------------------------------------------------------------------


class _Stage:
    """The endpoint in a thread of its own."""

    def __init__(self, script: Script, pages: Mapping[str, Page], elsewhere: Mapping[str, object]) -> None:
        self.elsewhere = static(json_answer(200, {"status": 200, "success": True, "data": elsewhere}))
        self.script = script
        self.base = ""
        self.connections: set[_Connection] = set()
        landing = Page("text/html; charset=utf-8", page(200).body)
        self.pages: dict[str, Static] = {path: found.static for path, found in {**pages, LANDING: landing}.items()}
        self.pages.setdefault(FAVICON, static(Answer(204, (), b"")))
        self._settled = threading.Event()
        self._error: Exception | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="contracts-endpoint", daemon=True)

    def start(self) -> str:
        """Listen, and return the base URL."""
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

    def admit(self, connection: _Connection) -> bool:
        """Take in a new connection; False if there is no room for it."""
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
            self._error = error  # start() reports it
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
        # Connections that were just accepted still have to be made, and dropped ones still have to let go of their sockets.
        for _ in range(5):
            for connection in list(self.connections):
                connection.drop()
            await asyncio.sleep(0)
