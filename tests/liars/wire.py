"""Servers that write their bytes themselves, for what no framework would send."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from tests.liars.build import Layer, Running, built
from tests.liars.home import new_home
from tests.liars.kit import PATH, Answer, Asked, Memory, When, ask, asked_of

Speak = Callable[[Answer], Iterable[bytes | float]]
"""The pieces of an answer: bytes are written, a number is a pause in seconds; then the line is closed."""

START_SECONDS = 60.0
LARGEST_HEAD = 1 << 20


def head(answer: Answer, *, version: str = "1.1", reason: str | None = None, drop: tuple[str, ...] = ()) -> bytes:
    """Status line and headers as they stand, without those in `drop`, with the empty line."""
    if reason is None:
        known = answer.status in HTTPStatus._value2member_map_
        reason = HTTPStatus(answer.status).phrase if known else "Unknown"
    dropped = ("connection", "transfer-encoding", *drop)
    lines = [f"HTTP/{version} {answer.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers if name.lower() not in dropped]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")


def sized(answer: Answer, size: int | None = None) -> Answer:
    """The answer with a Content-Length, the true one unless `size` is given."""
    return answer.with_header("content-length", str(len(answer.body) if size is None else size))


def plain(answer: Answer) -> Iterable[bytes | float]:
    """An answer as everyone writes it."""
    return (head(sized(answer)) + answer.body,)


@contextmanager
def listening(handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> Iterator[str]:
    """A socket server in a thread, as a base URL."""
    started = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    stopping: list[Callable[[], None]] = []

    async def run() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(handle, sock=listener, limit=LARGEST_HEAD)
        stopping.append(lambda: loop.call_soon_threadsafe(stop.set))
        started.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="wire-liar", daemon=True)
    thread.start()
    assert started.wait(START_SECONDS), "the server did not start"
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopping[0]()
        thread.join(START_SECONDS)


async def _read(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes] | None:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    path, _, query = target.partition("?")
    pairs = [line.partition(":") for line in lines if line]
    headers = [(name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, _, value in pairs]
    length = int(dict(headers).get(b"content-length", b"0"))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode("latin-1"),
        "headers": headers,
        "client": None,
        "server": ("127.0.0.1", 80),
    }
    return scope, await reader.readexactly(length)


def wired(speak: Speak, when: When, *layers: Layer, **settings: Any) -> Callable[[], AbstractContextManager[Running]]:
    """A maker of servers: answers for which `when` holds are written as `speak` says, the others plainly."""

    @contextmanager
    def make() -> Iterator[Running]:
        home, memory = built(new_home(**settings), layers), Memory(waits=False)

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Who asks may hang up at any time, and the server's end cancels who still waits.
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await _serve_one(reader, writer)
            with contextlib.suppress(Exception):
                writer.close()

        async def _serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            read = await _read(reader)
            if read is None:
                return
            scope, body = {**read[0], "home": home}, read[1]
            asked, answer = await memory.enter(asked_of(scope, body), ()), await ask(home.app, scope, body)
            memory.leave(asked, answer)
            chosen = scope["path"] == PATH and when(asked, answer)
            for piece in (speak if chosen else plain)(_bodiless(asked, answer, chosen)):
                if isinstance(piece, bytes):
                    writer.write(piece)
                    await writer.drain()
                else:
                    await asyncio.sleep(piece)

        with listening(handle) as base_url:
            yield Running(base_url, home.cookie, home.expired_cookie, home.other_cookie)

    return make


def _bodiless(asked: Asked, answer: Answer, chosen: bool) -> Answer:
    # The choice to lie about HEAD is the liar's own.
    return replace(answer, body=b"") if asked.method == "HEAD" and not chosen else answer


# Ways to speak


def with_a_body(answer: Answer) -> Iterable[bytes | float]:
    """An answer to HEAD, with a body all the same."""
    body = b'{"status": 405, "success": false, "error": {"code": "no", "message": "Use POST."}}'
    return (head(sized(answer, len(body))) + body,)


def nothing(answer: Answer) -> Iterable[bytes | float]:
    """The line is closed without a word."""
    return ()


def forever(answer: Answer) -> Iterable[bytes | float]:
    """No word, and the line stays open."""
    return (3600.0,)


def stuck(answer: Answer) -> Iterable[bytes | float]:
    """The head, half of the body, and no more."""
    return (head(sized(answer)) + answer.body[: len(answer.body) // 2], 3600.0)


def dripping(answer: Answer) -> Iterable[bytes | float]:
    """The head, then a blank every tenth of a second, without an end."""
    yield head(sized(answer, 10**6))
    for _ in range(10**5):
        yield b" "
        yield 0.1


def cut_short(answer: Answer) -> Iterable[bytes | float]:
    """Less of a body than its length says."""
    return (head(sized(answer, len(answer.body) + 10)) + answer.body,)


def cut_chunk(answer: Answer) -> Iterable[bytes | float]:
    """A chunked body without its last chunk."""
    start = head(answer.with_header("content-length", None)).removesuffix(b"\r\n")
    return (start + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(answer.body), answer.body),)


def garbage(answer: Answer) -> Iterable[bytes | float]:
    """No HTTP at all."""
    return (b"HELO storefront\r\n\r\n" + answer.body,)


def no_number(answer: Answer) -> Iterable[bytes | float]:
    """A status line without a number."""
    return (head(sized(answer)).replace(b" %d " % answer.status, b" OK ", 1) + answer.body,)


def two_lengths(answer: Answer) -> Iterable[bytes | float]:
    """Two lengths that differ."""
    start = head(sized(answer)).removesuffix(b"\r\n")
    return (start + b"Content-Length: 3\r\n\r\n" + answer.body,)


def twice(answer: Answer) -> Iterable[bytes | float]:
    """The same answer once more behind it, which belongs to no request."""
    return (b"".join(part for part in plain(answer) if isinstance(part, bytes)) * 2,)


def with_a_blank_line(answer: Answer) -> Iterable[bytes | float]:
    """A line break behind the answer, as some old programs send."""
    return (b"".join(part for part in plain(answer) if isinstance(part, bytes)) + b"\r\n",)


def in_pieces(answer: Answer) -> Iterable[bytes | float]:
    """Chunked, three bytes a piece, with an extension and a trailer."""
    start = head(answer.with_header("content-length", None)).removesuffix(b"\r\n")
    chunks = [answer.body[at : at + 3] for at in range(0, len(answer.body), 3)]
    tail = b"0\r\nX-Trailer: yes\r\n\r\n"
    return (
        start + b"Transfer-Encoding: chunked\r\n\r\n",
        *(b"%x\r\n%s\r\n" % (len(p), p) for p in chunks),
        tail,
    )


def old_http(answer: Answer) -> Iterable[bytes | float]:
    """HTTP/1.0 without a length: the body ends with the line."""
    return (head(answer, version="1.0", drop=("content-length",)), answer.body)


def no_reason(answer: Answer) -> Iterable[bytes | float]:
    """A status line without a reason phrase."""
    return (head(sized(answer), reason="") + answer.body,)


def shouted(answer: Answer) -> Iterable[bytes | float]:
    """Header names in capitals."""
    loud = tuple((name.upper(), value) for name, value in sized(answer).headers)
    return (head(replace(answer, headers=loud)) + answer.body,)


def hinted(answer: Answer) -> Iterable[bytes | float]:
    """103 Early Hints first."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </app.css>; rel=preload\r\n\r\n"
    return (hints, 0.01, *plain(answer))


def in_two_writes(answer: Answer) -> Iterable[bytes | float]:
    """The head in two writes, the body in a third, with pauses."""
    whole, start = next(iter(plain(answer))), 20
    assert isinstance(whole, bytes)
    at = len(whole) - len(answer.body)
    return (whole[:start], 0.01, whole[start:at], 0.01, whole[at:])
