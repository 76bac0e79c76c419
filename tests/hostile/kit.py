"""What hostile behaviours are made of: a socket that does as it likes, the request it was asked, and an honest answer to spoil.

Behaviour ──► Listener ──► one thread a connection ──► behave(peer, asked)
              (sees whether the client closed the connection, or would have stayed for ever)
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.model.answers import Answer, error, success

SESSION = "c4nary/Of+the~Session=9f=="
"""The session's value. Whatever form of it is printed is a leak."""
TOKEN = "t0k3n-Of-the-Canary"
"""How every token begins that an honest answer gives."""
NEXT = "n3xt-Session-Of-the-Canary"
"""How every value begins that an answer puts in the session's place."""

DEADLINE = 10.0
"""Seconds that the gate gives one exchange. A busy machine needs a tenth of that at most."""
SHORT = 1.0
"""The same against a server that uses up whatever it is given: its answers are late on every machine."""
PATIENCE = 100.0
"""Seconds that a server waits for its client to go: ten times what a client may stay, so that one who stays is seen."""
LARGEST_REQUEST = 1 << 20
MOST_SENT = 1 << 30
BLOCK = 1 << 16


class GoneError(Exception):
    """The client has hung up."""


@dataclass(frozen=True)
class Asked:
    """One request. `number` counts connections from 1; `elsewhere` is another origin's host and port."""

    number: int
    elsewhere: str
    method: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def cookie(self) -> str:
        """The Cookie header, empty when there is none."""
        return next((value for name, value in self.headers if name == "cookie"), "")

    @property
    def session(self) -> str:
        """The value of the cookie `session`."""
        pairs = (part.strip().partition("=") for part in self.cookie.split(";"))
        return next((value for name, _, value in pairs if name == "session"), "")

    @property
    def logged_in(self) -> bool:
        """Whether the session is the canary, or one that an answer gave."""
        return self.session == SESSION or NEXT in self.session


class Peer:
    """The client's end of a connection; whatever it is told to do ends in `GoneError` when the client has hung up.

    TimeoutError: the client neither takes anything nor hangs up, and the server's patience is at an end.
    """

    def __init__(self, line: socket.socket, patience: float = PATIENCE) -> None:
        self.line = line
        self.patience = patience
        self.ends = time.monotonic() + patience
        line.settimeout(patience)

    def send(self, *pieces: bytes) -> None:
        """Write pieces, at once."""
        try:
            for piece in pieces:
                self.line.sendall(piece)
        except TimeoutError:
            raise
        except OSError:
            raise GoneError from None

    def flood(self, piece: bytes) -> None:
        """Write a piece over and over, until the client goes."""
        block = piece * max(1, BLOCK // len(piece))
        sent = 0
        while sent < MOST_SENT and time.monotonic() < self.ends:
            self.send(block)
            sent += len(block)

    def drip(self, piece: bytes, *, every: float = 0.1) -> None:
        """Write a piece every now and then, until the client goes."""
        while time.monotonic() < self.ends:
            self.send(piece)
            if self._gone_within(every):
                raise GoneError

    def pause(self, seconds: float) -> None:
        """Do nothing for a while."""
        if self._gone_within(seconds):
            raise GoneError

    def silence(self) -> None:
        """Say nothing more, and stay."""
        self.pause(self.patience)

    def reset(self) -> None:
        """Break the connection with a RST."""
        with contextlib.suppress(OSError):
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.line.close()
        raise GoneError

    def drain(self) -> None:
        """Read until the client goes."""
        if not self._gone_within(self.patience):
            raise TimeoutError

    def _gone_within(self, seconds: float) -> bool:
        ends = min(time.monotonic() + seconds, self.ends)
        try:
            while (left := ends - time.monotonic()) > 0:
                self.line.settimeout(left)
                if not self.line.recv(BLOCK):
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            with contextlib.suppress(OSError):
                self.line.settimeout(self.patience)
        return False


Behave = Callable[[Peer, Asked], None]


@dataclass(frozen=True)
class Behaviour:
    """One way to be hostile: `exits` are the right exit codes, `word` stands in the last line, `shown` somewhere in the output.

    `raw`: it wants the socket before the request was read. `tls`: the name of a certificate (see `tls.CERTIFICATES`).
    `stalls`: its exchanges take as long as the gate lets them.
    """

    group: str
    name: str
    sentence: str
    behave: Behave
    exits: frozenset[int] = frozenset({1})
    word: str = ""
    shown: str = ""
    raw: bool = False
    tls: str = ""
    stalls: bool = False
    options: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Group and name."""
        return f"{self.group}-{self.name}"

    @property
    def deadline(self) -> float:
        """Seconds that the gate gives one exchange with it."""
        return SHORT if self.stalls else DEADLINE


FAULTLESS = frozenset({0})
INCOMPLETE = frozenset({10})


class Listener:
    """A behaviour on a loopback port. `outstayed` counts the connections that it had to end itself, its patience being over."""

    def __init__(
        self, behaviour: Behaviour, elsewhere: str, context: ssl.SSLContext | None = None, patience: float = PATIENCE
    ) -> None:
        self.behaviour, self.elsewhere, self.context, self.patience = behaviour, elsewhere, context, patience
        self.outstayed = 0
        self.mistakes: list[str] = []  # of the behaviour itself
        self.connections = 0
        self._open = 0
        self._changed = threading.Condition()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """What to give as --base-url."""
        return f"http{'s' if self.behaviour.tls else ''}://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening, and wait until all connections have ended: at most twice as long as a server is patient."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.settle(0)

    def settle(self, connections: int) -> None:
        """Wait until so many connections have come and all have ended: at most twice as long as a server is patient."""
        with self._changed:
            self._changed.wait_for(lambda: self.connections >= connections and not self._open, 2 * self.patience)

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            with self._changed:
                self._open += 1
                self.connections += 1
                number = self.connections
            threading.Thread(target=self._serve, args=(line, number), daemon=True).start()

    def _serve(self, line: socket.socket, number: int) -> None:
        peer, outstayed = Peer(line, self.patience), False
        try:
            if self.context is not None:
                peer.line = self.context.wrap_socket(line, server_side=True)
            asked = Asked(number, self.elsewhere)
            self.behaviour.behave(peer, asked if self.behaviour.raw else read(peer, asked))
            with contextlib.suppress(OSError):
                peer.line.shutdown(socket.SHUT_WR)
            peer.drain()
        except TimeoutError:
            outstayed = True
        except (GoneError, OSError):
            pass
        except Exception as error:  # the test shows it; a thread's own traceback would be lost
            self.mistakes.append(repr(error))
        finally:
            peer.line.close()
            with self._changed:
                self._open -= 1
                self.outstayed += outstayed
                self._changed.notify_all()


def read(peer: Peer, asked: Asked) -> Asked:
    """The request's head, read. GoneError: there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = peer.line.recv(BLOCK)
        data += piece
        if not piece or len(data) > LARGEST_REQUEST:
            raise GoneError
    first, *lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
    return Asked(asked.number, asked.elsewhere, first.partition(" ")[0], headers)


# --- answers ----------------------------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any], Asked], Any]
Lines = tuple[bytes, ...]


def http(body: bytes = b"", *lines: bytes, status: bytes = b"200 OK", sized: bool = True) -> bytes:
    """An answer with any status line and any lines in its head; labelled as JSON and sized, unless told otherwise."""
    size = (b"Content-Length: %d" % len(body),) if sized else ()
    return b"\r\n".join((b"HTTP/1.1 " + status, b"Content-Type: application/json", *size, *lines, b"", body))


def honest(asked: Asked) -> Answer:
    """What the contract asks for: a success for the session, a refusal for others, 405 for other methods."""
    if asked.method != "POST":
        return error(405)
    return success(200, f"{TOKEN}-{asked.number}") if asked.logged_in else error(401)


def written(asked: Asked, answer: Answer, *lines: bytes) -> bytes:
    """An answer on the wire, with more lines in its head; none has a body for HEAD."""
    own = [f"{name}: {value}".encode("latin-1") for name, value in answer.headers if name.lower() != "content-type"]
    whole = http(answer.body, *own, *lines, status=b"%d -" % answer.status)
    return whole if asked.method != "HEAD" else whole[: len(whole) - len(answer.body)]


# --- behaviours made of them ------------------------------------------------------------------------------------------


def always(*pieces: bytes) -> Behave:
    """Write the same bytes, whatever is asked."""
    return lambda peer, asked: peer.send(*pieces)


def flooding(start: bytes, piece: bytes) -> Behave:
    """Write a start, then a piece without end, as fast as it goes."""

    def behave(peer: Peer, asked: Asked) -> None:
        peer.send(start)
        peer.flood(piece)

    return behave


def dripping(start: bytes, piece: bytes, *, every: float = 0.1) -> Behave:
    """Write a start, then a piece without end, slowly."""

    def behave(peer: Peer, asked: Asked) -> None:
        peer.send(start)
        peer.drip(piece, every=every)

    return behave


def then_silent(start: bytes = b"") -> Behave:
    """Write a start and nothing more."""

    def behave(peer: Peer, asked: Asked) -> None:
        peer.send(start)
        peer.silence()

    return behave


def honestly(*lines: bytes, change: Change | None = None, saying: Callable[[Asked], Lines] = lambda asked: ()) -> Behave:
    """The honest answer, with more lines in its head (`saying` makes them) and its body changed."""

    def behave(peer: Peer, asked: Asked) -> None:
        answer = honest(asked)
        if change is not None:
            told = change(json.loads(answer.body), asked)
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            answer = Answer(answer.status, answer.headers, body)
        peer.send(written(asked, answer, *lines, *saying(asked)))

    return behave


def by_turns(*behaves: Behave) -> Behave:
    """One after the other, from connection to connection."""
    return lambda peer, asked: behaves[asked.number % len(behaves)](peer, asked)


@contextlib.contextmanager
def listening(
    behaviour: Behaviour, elsewhere: str, context: ssl.SSLContext | None = None, patience: float = PATIENCE
) -> Iterator[Listener]:
    """A listener that is closed in the end."""
    listener = Listener(behaviour, elsewhere, context, patience)
    try:
        yield listener
    finally:
        listener.close()
