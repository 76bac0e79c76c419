"""The scripted endpoint on its real socket: each way of answering, whatever a client sends, and a quick end."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from contracts.consumer import delivery, socket_stage
from contracts.consumer.delivery import Page, on_the_wire, timeline
from contracts.consumer.script import Log, Script
from contracts.consumer.socket_stage import EndpointNotStarted, serve_script
from contracts.model.answers import Answer, error, json_answer, success
from contracts.model.exchange import Response
from contracts.model.scenario import LANDING, Delivery, Scenario, named, refreshed

TLS = ssl.create_default_context()  # never used; each httpx client would load one of its own
PATIENCE = 60.0  # seconds within which anything has to happen
SUCCESS = success(200, "t" * 24)
POST = b"POST /auth/refresh HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 0\r\n\r\n"
HEAD = POST.replace(b"POST", b"HEAD")
TABLE = [s for s in named((f"token-{n:020}" for n in range(100)), patience=0.3) if s.delivery.reaches]
ODD_HEADERS = (("Content-Type", "application/json"), ("X-Odd", "a"), ("x-odd", "b, é"))
PAGES = {"/": Page("text/html; charset=utf-8", b"<!doctype html><title>shop</title>"), "/sdk.js": Page("text/javascript", b"1;")}


def http_client(timeout: float | httpx.Timeout = PATIENCE) -> httpx.Client:
    """A client that uses no proxy and loads no certificates."""
    return httpx.Client(trust_env=False, timeout=timeout, verify=TLS)


@dataclass(frozen=True)
class Stage:
    """A served script, whose current scenario is number 1."""

    script: Script
    base: str

    @property
    def log(self) -> Log:
        """The log of scenario 1, which then ends."""
        return self.script.end(1)

    def refresh(self, **options: Any) -> httpx.Response:
        """Send one refresh by httpx."""
        with http_client(options.pop("timeout", PATIENCE)) as client:
            return client.post(f"{self.base}/auth/refresh", **options)

    def connect(self) -> socket.socket:
        """Open a bare connection."""
        address = urlsplit(self.base)
        return socket.create_connection((address.hostname, address.port), timeout=PATIENCE)

    def exchange(self, *parts: bytes) -> tuple[bytes, str]:
        """Send bytes; return what comes until the connection ends, and how it ends: closed or reset."""
        with self.connect() as wire:
            with contextlib.suppress(OSError):  # it may have ended before all was sent
                for part in parts:
                    wire.sendall(part)
            return rest(wire)


def rest(wire: socket.socket) -> tuple[bytes, str]:
    """The bytes that come until the end, and how the connection ends."""
    got = b""
    try:
        while more := wire.recv(1 << 16):
            got += more
    except ConnectionResetError:
        return got, "reset"
    return got, "closed"


def one_answer(wire: socket.socket) -> bytes:
    """One whole answer that states its length."""
    got = b""
    while b"\r\n\r\n" not in got or len(got) < length(got):
        more = wire.recv(1 << 16)
        assert more, f"the connection ended in the middle of {got!r}"
        got += more
    return got


def length(got: bytes) -> int:
    """The length that an answer states, its head included."""
    head, _, _ = got.partition(b"\r\n\r\n")
    said = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return len(head) + 4 + int(said.partition(b":")[2])


def head_of_success() -> bytes:
    """The head of SUCCESS on the wire."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in SUCCESS.headers)
    return f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(SUCCESS.body)}\r\n\r\n".encode()


@contextlib.contextmanager
def played(*scenarios: Scenario) -> Iterator[Stage]:
    """A stage on which scenarios are ready under their numbers from 1; the first is the current one."""
    script = Script()
    for number, scenario in enumerate(scenarios, 1):
        script.prepare(number, scenario)
    script.begin(1)
    with serve_script(script, PAGES) as base:
        yield Stage(script, base)


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage on which the refresh completes."""
    with played(Scenario("on", SUCCESS)) as stage:
        yield stage


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The event loop of the endpoint logs no error, whatever a client does."""
    yield
    said = [record.getMessage() for record in caplog.get_records("call") if record.name == "asyncio"]
    assert [line for line in said if not line.startswith("Executing ")] == []  # that is how debug mode tells of slow machines


# --- deliveries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", TABLE, ids=lambda s: s.name)
def test_a_client_gets_what_the_scenario_says(scenario: Scenario) -> None:
    """Every scenario of the table reaches a client as it is: with its status, headers and body, or without a whole answer."""
    with played(scenario) as stage:
        try:
            got: httpx.Response | None = stage.refresh()
        except httpx.TransportError:
            got = None
    if isinstance(scenario.came, Response):
        assert got is not None
        assert (got.status_code, got.content) == (scenario.came.status, scenario.came.body)
        assert set(scenario.came.headers) <= {(k.decode(), v.decode()) for k, v in got.headers.raw}
    else:
        assert got is None


@pytest.mark.parametrize("status", [200, 299, 304, 401, 404, 451, 503, 599])
def test_an_answer_is_written_as_it_is(status: int) -> None:
    """An answer is its status line, its own headers in their order and spelling, the length, and the body."""
    body = b'{"a": 1}'
    with played(Scenario("on", Answer(status, ODD_HEADERS, body))) as stage:
        got, _ = stage.exchange(POST.replace(b"Host", b"Connection: close\r\nHost"))
    first, _, after = got.partition(b"\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % status)
    own = "Content-Type: application/json\r\nX-Odd: a\r\nx-odd: b, é\r\n".encode("latin-1")
    assert after == own + (b"\r\n" if status == 304 else b"Content-Length: 8\r\n\r\n" + body)


def test_the_head_of_a_slow_answer_comes_at_once() -> None:
    """The head of a slow answer comes at once; only the body takes its time."""
    with played(Scenario("on", SUCCESS, Delivery.SLOW, 60.0)) as stage, stage.connect() as wire:
        wire.sendall(POST)
        assert wire.recv(1 << 16) == head_of_success()


def test_a_slow_answer_takes_its_time() -> None:
    """A slow answer is whole in the end, and not before its time is over."""
    with played(Scenario("on", SUCCESS, Delivery.SLOW, 0.4)) as stage:
        started = time.monotonic()
        assert stage.refresh().content == SUCCESS.body
        assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize("size", [1, 3, 4, 5, 1000])
def test_a_slow_body_is_spread_over_the_time(size: int) -> None:
    """The pieces of a slow body come at even distances, the last one at the end."""
    answer = Answer(200, (), b"x" * size)
    played = timeline(Scenario("", answer, Delivery.SLOW, 2.0), to_head=False)
    times, pieces = zip(*played.body, strict=True)
    assert (played.starts, *times, played.ends) == (0.0, 0.5, 1.0, 1.5, 2.0, 2.0)
    assert b"".join(pieces) == answer.body
    assert len(pieces[0]) <= size // 4 + 1


def test_an_endless_body_comes_byte_by_byte() -> None:
    """An endless body brings a byte every tenth of a second, as long as its time lasts."""
    played = timeline(Scenario("", SUCCESS, Delivery.ENDLESS, 1.0), to_head=False)
    times, drips = zip(*played.body, strict=True)
    assert (times, played.ends) == (pytest.approx([n / 10 for n in range(1, 11)]), 1.0)
    assert b"".join(drips) == SUCCESS.body[:10]
    *_, (_, chunk), (_, end) = on_the_wire(timeline(Scenario("", SUCCESS, Delivery.ENDLESS, 1.0), to_head=False))
    assert (chunk, end) == (b"1\r\n%c\r\n" % SUCCESS.body[9], b"")


def test_a_slow_answer_without_a_body_is_late() -> None:
    """If a slow answer has no body, its head comes late."""
    with played(Scenario("on", Answer(204, (), b""), Delivery.SLOW, 0.2)) as stage:
        started = time.monotonic()
        assert stage.refresh().status_code == 204
        assert time.monotonic() - started >= 0.2


CUT = {
    Delivery.TRUNCATED: (httpx.RemoteProtocolError, "closed", True),
    Delivery.ABORTED: (httpx.ReadError, "reset", True),
    Delivery.RESET: (httpx.ReadError, "reset", False),
    Delivery.CLOSED: (httpx.RemoteProtocolError, "closed", False),
    Delivery.SILENT: (httpx.ReadError, "reset", False),
    Delivery.REFUSED: (httpx.ReadError, "reset", False),
}


@pytest.mark.parametrize("delivery", CUT)
def test_cut_answers_end_as_they_should(delivery: Delivery) -> None:
    """If an answer is cut off, half of its body or nothing comes, then the connection is closed or reset."""
    kind, end, half = CUT[delivery]
    answer = SUCCESS if half else None
    with played(Scenario("on", answer, delivery, 0.1 if delivery is Delivery.SILENT else 0.0)) as stage:
        with pytest.raises(httpx.TransportError) as caught:
            stage.refresh()
        assert type(caught.value) is kind
        got, ended = stage.exchange(POST)
    assert ended == end
    head, _, body = got.partition(b"\r\n\r\n")
    assert body == (SUCCESS.body[: len(SUCCESS.body) // 2] if half else b"")
    assert (f"Content-Length: {len(SUCCESS.body)}".encode() in head) is half


@pytest.mark.parametrize("answer", [None, Answer(204, (), b""), Answer(304, (), b"")], ids=["nothing", "204", "304"])
@pytest.mark.parametrize("delivery", [Delivery.TRUNCATED, Delivery.ABORTED, Delivery.ENDLESS])
def test_an_answer_without_a_body_cannot_be_cut(delivery: Delivery, answer: Answer | None) -> None:
    """If half an answer would be a whole one, nothing of it comes."""
    end = "closed" if delivery is Delivery.TRUNCATED else "reset"
    with played(Scenario("on", answer, delivery)) as stage:
        assert stage.exchange(POST) == (b"", end)


@pytest.mark.parametrize("delivery", [Delivery.WHOLE, Delivery.SLOW])
def test_a_scenario_without_an_answer_closes_the_connection(delivery: Delivery) -> None:
    """A scenario without an answer closes the connection."""
    with played(Scenario("on", None, delivery)) as stage:
        assert stage.exchange(POST) == (b"", "closed")


@pytest.mark.parametrize("own", ["0", "5000"])
def test_an_empty_body_is_cut_too(own: str) -> None:
    """An empty body is cut off by announcing more of it, whatever length the answer states itself."""
    answer = Answer(200, (("Content-Length", own),), b"")
    with played(Scenario("on", answer, Delivery.TRUNCATED)) as stage, pytest.raises(httpx.RemoteProtocolError):
        stage.refresh()


def test_the_reset_comes_after_half_the_body() -> None:
    """There is a moment between half a body and its reset, because some systems discard what was not read by then."""
    with played(Scenario("on", SUCCESS, Delivery.ABORTED)) as stage:
        started = time.monotonic()
        assert stage.exchange(POST)[1] == "reset"
        assert time.monotonic() - started >= delivery.BEAT_SECONDS


def test_silence_outlasts_a_client() -> None:
    """A silent endpoint sends nothing before its time is over, so a client that waits less gives up."""
    with played(Scenario("on", None, Delivery.SILENT, 60.0)) as stage, pytest.raises(httpx.ReadTimeout):
        stage.refresh(timeout=httpx.Timeout(PATIENCE, read=0.2))


def test_silence_ends() -> None:
    """A silent connection is reset after its time, and no sooner."""
    with played(Scenario("on", None, Delivery.SILENT, 0.3)) as stage:
        started = time.monotonic()
        assert stage.exchange(POST) == (b"", "reset")
        assert time.monotonic() - started >= 0.3


def test_an_endless_body_drips() -> None:
    """An endless body is the body and then spaces, and in the end the connection is reset."""
    body = b"{}"
    with (
        played(Scenario("on", json_answer(200, {}), Delivery.ENDLESS, 0.5)) as stage,
        http_client() as client,
        client.stream("POST", f"{stage.base}/auth/refresh") as response,
    ):
        got: list[bytes] = []
        with pytest.raises(httpx.ReadError):
            got.extend(response.iter_raw())
    assert response.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in response.headers
    assert b"".join(got).rstrip(b" ") == body
    assert len(b"".join(got)) > len(body)


def test_an_endless_body_is_only_chunked() -> None:
    """An endless body is chunked, and drops the length that its answer states."""
    answer = Answer(200, (("Content-Length", "2"),), b"{}")
    with played(Scenario("on", answer, Delivery.ENDLESS, 0.25)) as stage:
        started = time.monotonic()
        got, ended = stage.exchange(POST)
        assert time.monotonic() - started >= 0.25
    assert ended == "reset"
    assert got == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n"


# --- connections ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delivery", [Delivery.WHOLE, Delivery.SLOW])
def test_a_connection_is_used_again(delivery: Delivery) -> None:
    """After a whole answer the next request may come on the same connection."""
    with played(Scenario("on", SUCCESS, delivery, 0.02)) as stage:
        with stage.connect() as wire:
            for _ in range(3):
                wire.sendall(POST)
                assert one_answer(wire).endswith(SUCCESS.body)
        assert len(stage.log.exchanges) == 3


@pytest.mark.parametrize("delivery", [Delivery.WHOLE, Delivery.SLOW])
@pytest.mark.parametrize(
    "request_",
    [POST.replace(b"Host", b"Connection: Close\r\nHost"), POST.replace(b"1.1", b"1.0")],
    ids=["connection-close", "http-1.0"],
)
def test_a_connection_is_closed_on_request(request_: bytes, delivery: Delivery) -> None:
    """A client that wants the connection closed gets one whole answer or page, then the end."""
    with played(Scenario("on", SUCCESS, delivery, 0.02)) as stage:
        for sent, body in ((request_, SUCCESS.body), (request_.replace(b"/auth/refresh", b"/sdk.js"), b"1;")):
            got, ended = stage.exchange(sent)
            assert got.endswith(b"\r\n\r\n" + body)
            assert ended == "closed"


def test_a_reset_stays_a_reset() -> None:
    """A client that wants the connection closed is reset all the same, if the scenario says so."""
    with played(Scenario("on", None, Delivery.RESET)) as stage:
        assert stage.exchange(POST.replace(b"1.1", b"1.0")) == (b"", "reset")


def test_a_wrong_length_ends_the_connection() -> None:
    """An answer that states its own length ends the connection, since a wrong length would spoil the next answer."""
    with played(Scenario("on", Answer(200, (("content-length", "1"),), b"{}"))) as stage:
        got, ended = stage.exchange(POST)
    assert got == b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{}"
    assert ended == "closed"


def test_answers_to_head_have_no_body() -> None:
    """HEAD gets the same head without a body, and then the next answer follows."""
    with played(Scenario("on", SUCCESS)) as stage, stage.connect() as wire:
        for path in (b"/auth/refresh", b"/sdk.js", b"/elsewhere"):
            wire.sendall(HEAD.replace(b"/auth/refresh", path) + POST)
            got = b""
            while not got.endswith(SUCCESS.body):
                got += wire.recv(1 << 16)
            assert got.count(b"\r\n\r\n") == got.count(b"HTTP/1.1 200") == 2
            assert got.partition(b"\r\n\r\n")[2].startswith(b"HTTP/1.1 200")


def test_pipelined_requests_are_answered_in_order() -> None:
    """Requests that were sent in advance are answered one after the other, even if the first answer is slow."""
    scenarios = [Scenario("1", SUCCESS, Delivery.SLOW, 0.2), *(Scenario("", error(s)) for s in (401, 429, 500))]
    sent = b"".join(POST.replace(b"Host", b"Cookie: scenario=%d\r\nHost" % number) for number in (1, 2, 3, 4))
    with played(*scenarios) as stage, stage.connect() as wire:
        wire.sendall(sent)
        got = b""
        while not got.endswith(error(500).body):
            got += wire.recv(1 << 16)
    assert re.findall(rb"HTTP/1.1 (\d+)", got) == [b"200", b"401", b"429", b"500"]
    assert got.startswith(head_of_success() + SUCCESS.body)


def test_five_clients_at_once() -> None:
    """Clients that send requests at the same moment get each their own answer."""
    scenarios = [replace(refreshed(f"token-{n}"), delivery=Delivery.SLOW, seconds=0.1) for n in range(5)]
    with played(*scenarios) as stage, ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(stage.refresh, headers={"cookie": f"scenario={n + 1}"}) for n in range(5)]
        tokens = [call.result(PATIENCE).json()["data"]["token"] for call in calls]
        assert [len(stage.script.end(n + 1).exchanges) for n in range(5)] == [1] * 5
    assert tokens == [f"token-{n}" for n in range(5)]


def test_waiting_connections_hold_up_no_other() -> None:
    """While four connections wait for answers that take a minute, a fifth is answered."""
    slow = [Scenario("", SUCCESS, delivery, 60.0) for delivery in (Delivery.SILENT, Delivery.SLOW, Delivery.ENDLESS)]
    with played(*slow, Scenario("", error(401))) as stage, contextlib.ExitStack() as wires:
        for number in (1, 2, 3, 1):
            wire = wires.enter_context(stage.connect())
            wire.sendall(POST.replace(b"Host", b"Cookie: scenario=%d\r\nHost" % number))
        assert stage.refresh(headers={"cookie": "scenario=4"}).status_code == 401


# --- which scenario is played -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        ("scenario=2", 401),
        ("a=b; scenario=2; c=d", 401),
        ("a=b;scenario=2", 401),
        ("a=b", 200),
        ("scenario=two", 200),
        ("scenario=", 200),
        ("scenario=-2", 200),
        ("xscenario=2", 200),
        ("scenario=2x", 200),
        ("scenario=" + "9" * 5000, 200),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_cookie_names_the_scenario(cookie: str, status: int) -> None:
    """A request gets the scenario that its cookie names, or the current one if it names none."""
    with played(Scenario("on", SUCCESS), Scenario("other", error(401))) as stage:
        assert stage.refresh(headers={"cookie": cookie}).status_code == status


def test_the_current_scenario_changes(stage: Stage) -> None:
    """Without a cookie, `begin` decides about the scenario, even on a connection that was open before."""
    stage.script.prepare(2, Scenario("next", error(503)))
    with http_client() as client:
        statuses = []
        for number in (1, 2, 1):
            stage.script.begin(number)
            statuses.append(client.post(f"{stage.base}/auth/refresh").status_code)
    assert statuses == [200, 503, 200]


def test_a_scenario_that_is_over(stage: Stage) -> None:
    """Once a scenario is over, requests get an empty success."""
    stage.script.end(1)
    assert stage.refresh().json() == {"status": 200, "success": True, "data": {}}


def test_a_request_is_logged_as_it_came(stage: Stage) -> None:
    """A request is logged with its method, absolute URL, headers in their spelling, and body."""
    stage.exchange(b"PUT /auth/refresh?a=http://b/c HTTP/1.1\r\nHoSt: shop.example:81\r\nX-Odd:  a b \r\nContent-Length: 2\r\n"
              b"Connection: close\r\n\r\nhi")  # fmt: skip
    [exchange] = stage.log.exchanges
    request = exchange.request
    assert (request.method, request.url) == ("PUT", "http://shop.example:81/auth/refresh?a=http://b/c")
    assert request.headers[:3] == (("HoSt", "shop.example:81"), ("X-Odd", "a b"), ("Content-Length", "2"))
    assert request.body == b"hi"


def test_without_a_host_the_own_address_is_logged(stage: Stage) -> None:
    """The logged URL is absolute even if the request names no host."""
    stage.exchange(b"POST /auth/refresh HTTP/1.0\r\n\r\n")
    assert [x.request.url for x in stage.log.exchanges] == [f"{stage.base}/auth/refresh"]


def test_an_absolute_target_is_understood(stage: Stage) -> None:
    """A request with an absolute URL, as proxies get it, reaches the endpoint too."""
    stage.exchange(b"POST http://shop.example/auth/refresh HTTP/1.0\r\n\r\n")
    assert [x.request.url for x in stage.log.exchanges] == ["http://shop.example/auth/refresh"]


BODIES = {
    "length": (b"Content-Length: 11", b"hello world"),
    "chunked": (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"),
    "trailers": (b"Transfer-Encoding: chunked", b"B \r\nhello world\r\n0\r\nX-Sum: 1\r\n\r\n"),
}


@pytest.mark.parametrize("pieces", [1, 7, 10_000], ids=["byte-by-byte", "few", "at-once"])
@pytest.mark.parametrize("form", BODIES)
def test_bodies_are_read(stage: Stage, form: str, pieces: int) -> None:
    """A body may come with its length or in chunks, in any pieces, and the next request follows it."""
    header, body = BODIES[form]
    sent = POST.replace(b"Content-Length: 0", header) + body + POST.replace(b"Host", b"Connection: close\r\nHost")
    got, ended = stage.exchange(*(sent[at : at + pieces] for at in range(0, len(sent), pieces)))
    assert (got.count(b"HTTP/1.1 200 OK"), ended) == (2, "closed")
    assert [x.request.body for x in stage.log.exchanges] == [b"hello world", b""]


def test_strays_are_logged(stage: Stage) -> None:
    """A request to any other path is logged as a stray, and gets an empty success."""
    with http_client() as client:
        got = client.post(f"{stage.base}/api/profile/info?x=1", content=b"x")
    assert (got.status_code, got.json()) == (200, {"status": 200, "success": True, "data": {}})
    assert got.headers["content-type"] == "application/json"
    log = stage.log
    assert [(r.method, r.url) for r in log.strays] == [("POST", f"{stage.base}/api/profile/info?x=1")]
    assert log.exchanges == []


@pytest.mark.parametrize(
    ("path", "status", "media_type", "body"),
    [
        ("/", 200, "text/html; charset=utf-8", PAGES["/"].body),
        ("/sdk.js?v=2", 200, "text/javascript", b"1;"),
        (LANDING, 200, "text/html; charset=utf-8", b"<!doctype html>"),
        ("/favicon.ico", 204, None, b""),
    ],
)
def test_pages_are_served_and_not_logged(stage: Stage, path: str, status: int, media_type: str | None, body: bytes) -> None:
    """Requests for pages, the landing page and the favicon are served and not logged."""
    with http_client() as client:
        got = client.get(stage.base + path)
    assert (got.status_code, got.headers.get("content-type")) == (status, media_type)
    assert got.content.startswith(body)
    log = stage.log
    assert (log.strays, log.exchanges) == ([], [])


def test_a_redirect_leads_to_the_landing_page() -> None:
    """A redirect keeps its location, and the landing page is there."""
    with played(Scenario("on", Answer(302, (("location", LANDING),), b""))) as stage:
        got = stage.refresh(follow_redirects=True)
        assert [r.headers["location"] for r in got.history] == [LANDING]
        assert got.headers["content-type"].startswith("text/html")
        assert stage.log.strays == []


# --- malformed requests and floods ------------------------------------------------------------------------------------

CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
MALFORMED = {
    "garbage": b"\x00\x01\x02 not HTTP at all \xff\xfe",
    "garbage-with-an-end": b"hello\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01",
    "http-2": b"PRI * HTTP/2.0\r\n",
    "http-0.9": b"GET /\r\n",
    "bare-newlines": b"GET / HTTP/1.1\nHost: x\n\n",
    "bare-newline-inside": b"GET / HTTP/1.1\r\nHost: x\r\nX: y\nZ: z\r\n\r\n",
    "bare-return-inside": b"GET / HTTP/1.1\r\nHost: x\r\nX: y\rZ: z\r\n\r\n",
    "zero-byte": b"GET / HTTP/1.1\r\nHost: x\r\nX: y\x00\r\n\r\n",
    "odd-host": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "odd-target": b"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "odd-address": b"GET http://[x/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "relative-target": b"GET auth/refresh HTTP/1.1\r\nHost: x\r\n\r\n",
    "no-host": b"GET / HTTP/1.1\r\n\r\n",
    "hosts-two": b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "no-colon": b"GET / HTTP/1.1\r\nHost: x\r\nX\r\n\r\n",
    "no-name": b"GET / HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n",
    "folded": b"GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n z: x\r\n\r\n",
    "space-before-colon": b"GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n",
    "long-head": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * (1 << 16),
    "long-head-with-an-end": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * (1 << 16) + b"\r\n\r\n",
    "length-negative": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "length-word": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
    "length-huge": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n",
    "length-long": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"1" * 5000 + b"\r\n\r\n",
    "lengths-two": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "length-and-chunked": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "coding-other": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    "chunk-no-number": CHUNKED + b"x\r\n",
    "chunk-huge": CHUNKED + b"100001\r\n" + b"x" * 0x100001,
    "chunk-line-long": CHUNKED + b"1;" + b"x" * 2000,
    "chunk-without-end": CHUNKED + b"1\r\nxyz0\r\n\r\n",
    "chunks-too-many": CHUNKED + (b"80000\r\n" + b"x" * 0x80000 + b"\r\n") * 3,
    "trailers-long": CHUNKED + b"0\r\n" + (b"X: " + b"x" * 500 + b"\r\n") * 200,
}


@pytest.mark.parametrize("garbage", MALFORMED)
def test_malformed_requests_end_the_connection(stage: Stage, garbage: str) -> None:
    """A malformed request gets no answer, is not logged, and harms no other connection."""
    got, _ = stage.exchange(MALFORMED[garbage])
    assert got == b""
    assert stage.refresh().json()["success"] is True
    log = stage.log
    assert (len(log.exchanges), log.strays) == (1, [])


def test_garbage_after_a_request_ends_the_connection(stage: Stage) -> None:
    """Garbage after a request ends the connection, once the request was answered."""
    with stage.connect() as wire:
        wire.sendall(POST)
        assert one_answer(wire).endswith(SUCCESS.body)
        wire.sendall(b"\x00\r\n\r\n")
        assert rest(wire)[0] == b""


def test_a_flood_of_garbage_is_survived(stage: Stage) -> None:
    """The endpoint survives hundreds of connections with bytes that are cut out of requests or made up."""
    dice = random.Random(7)
    alphabet = [POST, b"\r\n\r\n", b"\x00", b"Transfer-Encoding: chunked\r\n", b"scenario=", b"HTTP/1.1", b"POST / "]
    for _ in range(300):
        with stage.connect() as wire, contextlib.suppress(OSError):
            wire.sendall(b"".join(dice.choice(alphabet)[dice.randrange(4) :] for _ in range(dice.randrange(8))))
    assert stage.refresh().json()["success"] is True


@pytest.mark.parametrize("delivery", [d for d in Delivery if d.reaches])
def test_clients_that_leave_are_survived(delivery: Delivery) -> None:
    """A client that leaves before or during an answer, quietly or by a reset, harms no other."""
    with played(Scenario("on", SUCCESS, delivery, 0.2), Scenario("other", error(401))) as stage:
        for number in range(20):
            wire = stage.connect()
            wire.sendall(POST)
            if number % 2:
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            wire.close()
        assert stage.refresh(headers={"cookie": "scenario=2"}).status_code == 401


FLOODED = {
    "unread-answers": Scenario("on", Answer(200, (), b"x" * 200_000)),
    "unfinished-answer": Scenario("on", None, Delivery.SILENT, 60.0),
}


@pytest.mark.parametrize("why", FLOODED)
def test_a_flood_of_requests_has_to_wait(why: str) -> None:
    """A client that goes on sending without reading, or during an answer, is stopped before it fills the memory."""
    sent = POST.replace(b"Content-Length: 0", b"Content-Length: 100000") + b"x" * 100_000
    with played(FLOODED[why]) as stage, stage.connect() as wire:
        wire.settimeout(0.5)
        assert not all(taken(wire, sent) for _ in range(400))


def taken(wire: socket.socket, sent: bytes) -> bool:
    """Whether the other side takes these bytes in time."""
    try:
        wire.sendall(sent)
    except TimeoutError:
        return False
    return True


def test_a_flood_is_answered_once_it_is_read() -> None:
    """Requests that had to wait are all answered in the end."""
    count, answer = 200, Answer(200, (), b"x" * 200_000)
    sent = POST.replace(b"Content-Length: 0", b"Content-Length: 10000") + b"x" * 10_000
    with played(Scenario("on", answer)) as stage, stage.connect() as wire, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(wire.sendall, sent * count)
        time.sleep(0.3)  # long enough for the buffers to fill
        left = count * len(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + answer.body)
        while left > 0:
            left -= len(wire.recv(1 << 20))
        sending.result(PATIENCE)
        assert left == 0
        assert len(stage.log.exchanges) == count


def test_nothing_is_written_after_a_client_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of an answer is dropped with its connection; otherwise the event loop would log an error."""
    monkeypatch.setattr(delivery, "DRIP_SECONDS", 0.005)
    with played(Scenario("on", SUCCESS, Delivery.ENDLESS, 0.4)) as stage:
        for _ in range(3):
            with stage.connect() as wire:
                wire.sendall(POST)
                wire.recv(1)
        time.sleep(0.3)


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [(b"", 0.2), (b"POST /auth", 0.2), (POST.replace(b"h: 0", b"h: 5") + b"abc", 0.2), (POST, 1.0)],
    ids=["nothing", "half-a-line", "half-a-body", "one-request"],
)
def test_idle_connections_are_dropped(monkeypatch: pytest.MonkeyPatch, sent: bytes, seconds: float) -> None:
    """A connection that brings no whole request for too long is dropped, whatever it brought before."""
    monkeypatch.setattr(socket_stage, "IDLE_SECONDS", seconds)
    with played(Scenario("on", SUCCESS)) as stage:
        got, _ = stage.exchange(sent)
        assert got.endswith(SUCCESS.body if sent == POST else b"")


def test_a_drip_of_a_request_does_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that brings one byte now and then is dropped too."""
    monkeypatch.setattr(socket_stage, "IDLE_SECONDS", 0.2)
    with played(Scenario("on", SUCCESS)) as stage, stage.connect() as wire:
        wire.sendall(b"POST /auth/refresh HTTP/1.1\r\n")
        wire.settimeout(0.05)
        deadline = time.monotonic() + PATIENCE
        with contextlib.suppress(ConnectionError):
            while not dropped(wire):
                assert time.monotonic() < deadline
                wire.sendall(b"x")


def dropped(wire: socket.socket) -> bool:
    """Whether the other side has ended the connection; waits a moment to find out."""
    try:
        return wire.recv(1) == b""
    except TimeoutError:
        return False


def test_a_slow_answer_is_not_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario that takes longer than a connection may idle still takes its time."""
    monkeypatch.setattr(socket_stage, "IDLE_SECONDS", 1.0)
    with played(Scenario("on", SUCCESS, Delivery.SLOW, 2.0)) as stage:
        assert stage.refresh().content == SUCCESS.body


@pytest.mark.parametrize(("delivery", "rounds"), [(Delivery.WHOLE, 4), (Delivery.SLOW, 1)])
def test_a_connection_in_use_is_not_idle(monkeypatch: pytest.MonkeyPatch, delivery: Delivery, rounds: int) -> None:
    """The time for the next request begins when the last one is answered."""
    monkeypatch.setattr(socket_stage, "IDLE_SECONDS", 0.6)
    with played(Scenario("on", SUCCESS, delivery, 0.5)) as stage:
        while True:
            paused = 0.0
            with stage.connect() as wire:
                try:
                    for _ in range(rounds):
                        wire.sendall(POST)
                        one_answer(wire)
                        answered = time.monotonic()
                        time.sleep(0.2)
                        paused = max(paused, time.monotonic() - answered)
                    wire.sendall(POST)
                    one_answer(wire)
                except (OSError, AssertionError):
                    assert paused > 0.4, "dropped too early"  # else the machine was too slow to tell: once more
                else:
                    return


def test_there_is_a_limit_of_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """New connections beyond the limit are dropped at once, and when others close there is room again."""
    monkeypatch.setattr(socket_stage, "MOST_CONNECTIONS", 3)
    with played(Scenario("on", SUCCESS)) as stage:
        wires = [stage.connect() for _ in range(3)]
        for wire in wires:
            wire.sendall(POST)
            one_answer(wire)
        assert stage.exchange(POST)[0] == b""
        for wire in wires:
            wire.close()
        deadline = time.monotonic() + PATIENCE
        while stage.exchange(POST.replace(b"1.1", b"1.0"))[0] == b"":
            assert time.monotonic() < deadline


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delivery", [Delivery.WHOLE, Delivery.SLOW, Delivery.SILENT, Delivery.ENDLESS])
def test_the_end_waits_for_no_client(delivery: Delivery) -> None:
    """When the block ends, all connections are dropped, even during an answer, and nothing listens any more."""
    before = set(threading.enumerate())
    with played(Scenario("on", SUCCESS, delivery, 600.0)) as stage:
        wires = [stage.connect() for _ in range(3)]
        for wire in wires[:2]:
            wire.sendall(POST)
        deadline = time.monotonic() + PATIENCE
        while len(stage.script._logs[1].exchanges) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert set(threading.enumerate()) <= before
    for wire in wires:
        with wire:
            assert rest(wire)[1] in ("closed", "reset")
    with pytest.raises(ConnectionRefusedError):
        stage.connect().close()


def test_an_error_in_the_block_comes_out_of_it() -> None:
    """An error in the block ends the endpoint, and is raised."""
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), played(Scenario("on", SUCCESS)):
        raise ZeroDivisionError
    assert set(threading.enumerate()) <= before


def test_an_endpoint_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that cannot listen raises an error with the reason at once."""

    before = set(threading.enumerate())

    async def refuse(*args: object, **options: object) -> None:
        raise OSError("no ports left")

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_server", refuse)
    with pytest.raises(EndpointNotStarted, match="no ports left"), serve_script(Script()):
        pass  # pragma: no cover
    assert set(threading.enumerate()) <= before
