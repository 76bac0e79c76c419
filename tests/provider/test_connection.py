"""What opens sockets: a total deadline, caps, no redirect, no proxy, no retry, no connection used twice, overlap that is one."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import os
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme

from contracts.model.exchange import Failure, Request, Response
from contracts.provider import connection, http
from contracts.provider.http import BODY_CAP, Network, Sender
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.provider.target import Target

Handler = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DEADLINE = 1.0


class Server:
    """A server that does with each connection what it was told to, once the request is there."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        self.requests: list[bytes] = []
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                self.connections += 1
                self._open.append(peer)
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer:
            seen = b""
            while b"\r\n\r\n" not in seen and (more := peer.recv(65_536)):
                seen += more
            self.requests.append(seen)
            self._handler(peer)

    def close(self) -> None:
        """Stop at once, whatever is under way."""
        self._listener.close()
        for peer in self._open:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def server(handler: Handler) -> Iterator[Server]:
    """A server for as long as the block lasts."""
    running = Server(handler)
    try:
        yield running
    finally:
        running.close()


def post(url: str, *headers: tuple[str, str]) -> Request:
    """A bare refresh."""
    return Request("POST", f"{url}/auth/refresh", (("accept-encoding", "identity"), *headers))


def sender(deadline: float = 60.0, context: ssl.SSLContext | None = None) -> Sender:
    """A sender as the suite makes it, with a deadline that no machine is slow enough to reach."""
    return Sender(Network(context), deadline)


def standing(deadline: float) -> Sender:
    """A sender whose clock stands still: only what blocks for the whole deadline ends with it, however slow the machine is."""
    return Sender(Network(), deadline, lambda: 0.0)


def ticking(deadline: float, tick: float = 0.05) -> Sender:
    """A sender for which a moment passes whenever it looks at its clock, as it does before each step."""
    looks = itertools.count()
    return Sender(Network(), deadline, lambda: tick * next(looks))


def says(data: bytes) -> Handler:
    """Sends some bytes and hangs up."""
    return lambda peer: peer.sendall(data)


def drips(before: bytes, drop: bytes, pause: float = 0.01) -> Handler:
    """Sends something, and then little by little without an end."""

    def handler(peer: socket.socket) -> None:
        peer.sendall(before)
        while True:
            peer.sendall(drop)
            time.sleep(pause)

    return handler


def failure(answer: Response | Failure) -> str:
    """The kind of a failure; its message is one plain line."""
    assert isinstance(answer, Failure), answer
    assert answer.message.isprintable()
    return answer.kind


DRIPS = {
    "no answer": drips(b"", b""),
    "the head": drips(b"HTTP/1.1 200 OK\r\nx: ", b"y"),
    "a body with a length": drips(HEAD + b"Content-Length: 1000\r\n\r\n", b" "),
    "a body in chunks": drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a body until the end": drips(HEAD + b"\r\n", b" "),
    "100 Continue": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "100 Continue in a flood": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10, 0.001),
}


@pytest.mark.parametrize("handler", DRIPS.values(), ids=DRIPS)
def test_the_deadline_is_total(handler: Handler) -> None:
    """An exchange is over with its deadline however the time is spent, and not a deadline after the last byte."""
    with server(handler) as target:
        kind = failure(ticking(DEADLINE).send(post(target.url)))
    assert kind in ("timeout", "too-large", "malformed")


FLOODS = {
    "a body without an end": drips(HEAD + b"\r\n", b" " * 65_536, 0),
    "chunks without an end": drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65_536 + b"\r\n", 0),
    "a head without an end": drips(b"HTTP/1.1 200 OK\r\n", b"x: " + b"y" * 60_000 + b"\r\n", 0),
}


@pytest.mark.parametrize("handler", FLOODS.values(), ids=FLOODS)
def test_a_flood_is_capped(handler: Handler) -> None:
    """An answer without an end is given up for its size, and not at the deadline."""
    with server(handler) as target:
        assert failure(standing(60.0).send(post(target.url))) in ("too-large", "malformed")


def test_a_gzip_bomb_is_not_inflated() -> None:
    """A small body that would be large is given up at the cap, without the memory for it."""
    bomb = gzip.compress(bytes(100_000_000), 9)
    head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    with server(says(head + bomb)) as target:
        tracemalloc.start()
        kind = failure(sender(10.0).send(post(target.url)))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert kind == "too-large"
    assert most < 20 * BODY_CAP


LARGE = b'{"status": 200, "padding": "' + b" " * 900_000 + b'"}'


@pytest.mark.parametrize(
    ("packed", "body"),
    [
        (gzip.compress(b'{"status": 200}'), b'{"status": 200}'),
        (gzip.compress(b'{"status"') + gzip.compress(b": 200}") + gzip.compress(b""), b'{"status": 200}'),
        (gzip.compress(LARGE, 9), LARGE),
    ],
    ids=["one", "several members", "many steps"],
)
def test_gzip_is_read(packed: bytes, body: bytes) -> None:
    """A server that packs what was not asked to be packed is still read."""
    head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with server(says(head + packed)) as target:
        answer = sender().send(post(target.url))
    assert isinstance(answer, Response)
    assert answer.body == body


BROKEN = {
    "hangs up": (b"", {"malformed", "reset"}),
    "speaks something else": (b"SSH-2.0-OpenSSH_9.2\r\n", {"malformed"}),
    "cut off": (HEAD + b"Content-Length: 100\r\n\r\n{", {"malformed"}),
    "cut off in gzip": (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}")[:-9], {"malformed"}),
    "something behind gzip": (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}") + b"more", {"malformed"}),
    "too many gzip members": (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"") * 20, {"malformed"}),
    "gzip in gzip": (HEAD + b"Content-Encoding: gzip, gzip\r\n\r\n" + gzip.compress(gzip.compress(b"{}")), {"malformed"}),
    "a coding nobody asked for": (HEAD + b"Content-Encoding: br\r\n\r\n{}", {"malformed"}),
}


@pytest.mark.parametrize(("data", "kinds"), BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_a_failure_and_is_not_tried_again(data: bytes, kinds: set[str]) -> None:
    """A POST is sent once, whatever comes of it."""
    with server(says(data)) as target:
        assert failure(sender().send(post(target.url))) in kinds
        time.sleep(0.05)
        assert target.connections == 1


def test_nobody_there() -> None:
    """A refused connection is told from an answer."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    assert failure(sender().send(post(f"http://127.0.0.1:{port}"))) == "unreachable"


def test_tls_is_verified() -> None:
    """A certificate that nobody vouches for is a failure of its own kind; with its CA the answer is read."""
    ca = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    ca.issue_cert("127.0.0.1").configure_cert(theirs)
    ca.configure_trust(ours)
    with serve(Store().app, tls=theirs) as url:
        assert failure(sender().send(post(url))) == "tls"
        answers = sender(5.0, ours).send_all((post(url), post(url)), together=2)
    assert [a.status for a in answers if isinstance(a, Response)] == [401, 401]


def test_a_reset_while_the_request_is_sent_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system tells of a reset once: if sending met it, reading sees no more than an end, and the reset is the cause."""

    class Reset:
        def send(self, data: bytes) -> None:
            raise ConnectionResetError("reset by peer")

        def receive(self) -> bytes:
            return b""

        def close(self) -> None:
            return None

    monkeypatch.setattr(http, "connect", lambda *args: Reset())
    answer = sender().send(post("http://127.0.0.1:9"))
    assert answer == Failure("reset", "no well-formed answer: the connection broke, nothing came (reset by peer)", answer.seconds)


def test_no_exchange_pays_for_reading_the_trusted_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read with the target, before a deadline runs: on a busy machine it takes longer than an answer may."""
    with serve(Store().app) as url:
        target = Target.at(url.replace("http", "https"), None, deadline=DEADLINE)
        monkeypatch.setattr(ssl, "create_default_context", lambda: pytest.fail("read by an exchange"))
        assert failure(target.sender.send(post(target.base_url))) == "tls"


STOPS = {
    "nothing": (b"", "nothing came"),
    "within the head": (b"HTTP/1.1 200 OK\r\n", "the head stopped after 17 bytes"),
    "within the body": (HEAD + b"Content-Length: 100\r\n\r\n{}", "the body stopped after 2 bytes"),
    "within a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{", "the body stopped after 1 bytes"),
}


@pytest.mark.parametrize(("data", "where"), STOPS.values(), ids=STOPS)
def test_a_silent_end_says_how_far_the_answer_got(data: bytes, where: str) -> None:
    """The message tells a server that never began from one that stopped in the middle."""

    def stops(peer: socket.socket) -> None:
        peer.sendall(data)
        peer.recv(1)

    with server(stops) as target:
        answer = standing(DEADLINE).send(post(target.url))
    assert isinstance(answer, Failure)
    assert answer.message == f"no well-formed answer in 1 s: {where}"


def test_a_silent_tls_handshake_ends_with_the_deadline() -> None:
    """A port that takes the connection and says nothing is no TLS server."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        answer = standing(0.3).send(post(f"https://127.0.0.1:{silent.getsockname()[1]}"))
    assert isinstance(answer, Failure)
    assert (answer.kind, answer.message) == ("tls", "no TLS connection in 0.3 s")


def test_a_silent_resolver_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look-up of a name cannot be interrupted; it is not waited for longer than the deadline."""
    asked, over = socket.getaddrinfo, threading.Event()

    def silent(host: str, *given: Any, **named: Any) -> Any:
        if named.get("flags") != socket.AI_NUMERICHOST:
            over.wait(60)
        return asked(host, *given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    answer = standing(0.3).send(post("http://store.example"))
    assert not over.is_set()
    over.set()
    assert isinstance(answer, Failure)
    assert (answer.kind, answer.message) == ("unreachable", "no connection in 0.3 s: the host's name was not resolved")


def test_every_address_of_a_name_has_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """One address that takes no connection does not use up the time of the next."""
    asked = socket.getaddrinfo

    def two(host: str, *given: Any, **named: Any) -> Any:
        if host != "store.example":
            return asked(host, *given, **named)
        if named.get("flags") == socket.AI_NUMERICHOST:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, given[0])) for ip in ("192.0.2.1", "127.0.0.1")]

    connect_to = connection.connect_to

    shares = []

    def deaf(address: connection.Address, seconds: float) -> socket.socket:
        shares.append(seconds)
        if address[1][0] == "192.0.2.1":
            raise TimeoutError
        return connect_to(address, seconds)

    monkeypatch.setattr(socket, "getaddrinfo", two)
    monkeypatch.setattr(connection, "connect_to", deaf)
    with server(says(HEAD + b"Content-Length: 2\r\n\r\n{}")) as target:
        answer = standing(60.0).send(post(target.url.replace("127.0.0.1", "store.example")))
    assert isinstance(answer, Response)
    assert shares == [30.0, 60.0]


def test_what_stands_behind_an_answer_is_counted() -> None:
    """A second answer on the same connection would be taken for that of the next request."""
    two = (HEAD + b"Content-Length: 2\r\n\r\n{}") * 2
    with server(says(two)) as target:
        answer = sender().send(post(target.url))
    assert isinstance(answer, Response)
    assert (answer.body, answer.trailing_bytes) == (b"{}", len(two) // 2)


def test_nothing_of_an_exchange_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """An HTTP library may log the headers of an answer, and its session with them; here nothing is logged at any level."""
    caplog.set_level("DEBUG")
    with server(says(HEAD + b"Set-Cookie: session=abcdefgh\r\nContent-Length: 2\r\n\r\n{}")) as target:
        one = sender()
        assert isinstance(one.send(post(target.url)), Response)
        assert isinstance(one.send_all((post(target.url), post(target.url)), together=2)[0], Response)
    assert not caplog.records


def test_a_redirect_is_not_followed() -> None:
    """A redirect is an answer; the address that it names is not asked."""
    with server(says(HEAD + b"Content-Length: 2\r\n\r\n{}")) as elsewhere:
        location = f"HTTP/1.1 307 Elsewhere\r\nLocation: {elsewhere.url}/auth/refresh\r\nContent-Length: 0\r\n\r\n"
        with server(says(location.encode())) as target:
            answer = sender().send(post(target.url, ("cookie", "session=abcdefgh")))
        assert isinstance(answer, Response)
        assert answer.status == 307
        assert elsewhere.connections == 0


def test_the_environment_proposes_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and .netrc of the environment are not for requests that hold a session."""
    with server(says(b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n")) as proxy, serve(Store().app) as url:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.upper(), proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        answer = sender().send(post(url))
        assert proxy.connections == 0
    assert isinstance(answer, Response)
    assert answer.status == 401
    assert "http_proxy" in os.environ


def test_no_connection_is_used_twice() -> None:
    """Each request has a connection of its own, though the server would keep it."""

    def keeps(peer: socket.socket) -> None:
        while True:
            peer.sendall(HEAD + b"Connection: keep-alive\r\nContent-Length: 2\r\n\r\n{}")
            if not peer.recv(65_536):
                return

    with server(keeps) as target:
        one = sender()
        for _ in range(3):
            assert isinstance(one.send(post(target.url)), Response)
        one.send_all((post(target.url), post(target.url)), together=2)
        assert target.connections == 5
        assert len(target.requests) == 5


def test_headers_leave_as_given() -> None:
    """Order, repetition, case and Latin-1 bytes are as the probe has them; a bare POST has an empty body."""
    with server(says(HEAD + b"Content-Length: 2\r\n\r\n{}")) as target:
        sender().send(post(target.url, ("X-B", "1"), ("x-a", "\xd8\xa7"), ("x-b", "2")))
        sent = target.requests[0]
    lines = sent.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert lines[0] == b"POST /auth/refresh HTTP/1.1"
    assert [line for line in lines if line.lower().startswith(b"x-")] == [b"X-B: 1", b"x-a: \xd8\xa7", b"x-b: 2"]
    assert sent.lower().count(b"content-length: 0\r\n") == 1
    assert sent.endswith(b"\r\n\r\n")


def test_two_at_once_overlap_at_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last bytes of both requests leave together, even if one connects late: every pair is in flight at the same moment."""
    connect_to = connection.connect_to

    def late(address: connection.Address, seconds: float) -> socket.socket:
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.08)
        return connect_to(address, seconds)

    monkeypatch.setattr(connection, "connect_to", late)
    whole, met = list[int](), 0

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        nonlocal met
        while (await receive()).get("more_body"):
            pass
        number = len(whole)
        whole.append(number)
        for _ in range(1000):  # each waits for its partner
            if len(whole) > number - number % 2 + 1:
                met += 1
                break
            await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    with serve(app) as url:
        one = sender()
        for _ in range(10):
            answers = one.send_all((post(url), post(url)), together=2)
            assert all(isinstance(a, Response) for a in answers)
    assert met == 20


def test_one_of_two_that_fails_does_not_hold_the_other() -> None:
    """Where one of two finds nobody, the other goes alone and is answered."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with serve(Store().app) as url:
        begun = time.monotonic()
        bad, good = sender(60.0).send_all((post(nobody), post(url)), together=2)
        assert time.monotonic() - begun < 30  # else it had waited for its partner until the deadline
    assert failure(bad) == "unreachable"
    assert isinstance(good, Response)


def test_a_failed_handshake_does_not_hold_the_other() -> None:
    """Where one of two finds no TLS, the other goes alone at once and is answered."""
    with serve(Store().app) as url:
        begun = time.monotonic()
        bad, good = sender(30.0).send_all((post(url.replace("http", "https")), post(url)), together=2)
        assert time.monotonic() - begun < 15
    assert failure(bad) == "tls"
    assert isinstance(good, Response)


def test_a_failure_of_two_at_once_keeps_to_the_deadline() -> None:
    """Two that are never answered end with the deadline, too."""
    with server(drips(b"", b"")) as target:
        kinds = [failure(a) for a in standing(DEADLINE).send_all((post(target.url), post(target.url)), together=2)]
    assert kinds == ["timeout", "timeout"]
