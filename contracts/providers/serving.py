"""Any ASGI app on a real socket, for as long as a `with` block lasts."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    import uvicorn
    from starlette.types import ASGIApp

START_SECONDS = 30.0
STOP_SECONDS = 10.0  # for an app that keeps its loop from ending; the server itself needs no time to stop
GRACEFUL_SECONDS = 0.4


class ServerNotStarted(RuntimeError):
    """The app could not be served; the message says why."""


@contextlib.contextmanager
def serve(app: ASGIApp, *, tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[str]:
    """Serve `app` on 127.0.0.1 and yield its base URL, without a slash at the end.

    `tls` is a server-side context that has its certificate loaded. Port 0 takes a free one. When the block ends,
    requests under way have 0.4 seconds to finish; then nothing listens any more.
    """
    with _bind(port) as listener:
        server = _Running(app, tls, listener)
        server.start()
        try:
            scheme = "https" if tls else "http"
            yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.stop()


def _bind(port: int) -> socket.socket:
    # The protocol is named because asyncio switches Nagle's delay off (40 ms an answer) only where it is.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise ServerNotStarted(f"port {port} of 127.0.0.1 cannot be used: {error}") from error
    return listener


class _Running:
    """One uvicorn server in a thread of its own."""

    def __init__(self, app: ASGIApp, tls: ssl.SSLContext | None, listener: socket.socket) -> None:
        self._app, self._tls, self._listener = app, tls, listener
        self._settled = threading.Event()
        self._error: BaseException | None = None
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="contracts-serve", daemon=True)

    def start(self) -> None:
        self._thread.start()
        in_time = self._settled.wait(START_SECONDS)
        if self._error is not None:
            raise ServerNotStarted(f"the server did not start: {self._error!r}") from self._error
        if not in_time:
            raise ServerNotStarted(f"the server did not start within {START_SECONDS:g} seconds")

    def stop(self) -> None:
        server, loop, stopping = self._server, self._loop, self._stopping
        if server is None or loop is None or stopping is None:
            return
        server.should_exit = True
        with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
            loop.call_soon_threadsafe(stopping.set)
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except (Exception, SystemExit) as error:  # told by start(); uvicorn leaves with SystemExit
            self._error = error
        finally:
            self._settled.set()

    async def _serve(self) -> None:
        # Imported here: who only sends requests should not pay for a server.
        import uvicorn

        config = uvicorn.Config(
            self._app,
            http="h11",
            ws="none",
            lifespan="off",
            log_level="critical",
            log_config=None,
            access_log=False,
            server_header=False,
            ssl_context_factory=(lambda *_: self._tls) if self._tls else None,  # type: ignore[arg-type]
        )
        server = uvicorn.Server(config)
        stopping = asyncio.Event()
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[self._listener])
        self._server, self._loop, self._stopping = server, asyncio.get_running_loop(), stopping
        self._settled.set()
        # In place of uvicorn's own loop and shutdown, which take a tenth of a second each to notice anything.
        while not await server.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), timeout=1.0)
        await self._finish(server)

    async def _finish(self, server: uvicorn.Server) -> None:
        for accepting in server.servers:
            accepting.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        deadline = time.monotonic() + GRACEFUL_SECONDS
        while server.server_state.connections and time.monotonic() < deadline:
            await asyncio.sleep(0.002)
        # What is still under way is cancelled when the loop ends.
