"""The scripted endpoint on its real socket: every way of answering, whatever is sent to it, and a quick end."""

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

from contracts.answers import Answer, error, json_answer, success
from contracts.consumers import endpoint, said
from contracts.consumers.endpoint import EndpointNotStarted, serve_script
from contracts.consumers.said import Page, play
from contracts.consumers.script import Part, Script
from contracts.exchange import Response
from contracts.scenario import LANDING, Delivery, Scenario, named, refreshed

TLS = ssl.create_default_context()  # never used; each httpx client would load one of its own
PATIENCE = 60.0  # seconds within which anything has to happen
SUCCESS = success(200, "t" * 24)
POST = b"POST /auth/refresh HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 0\r\n\r\n"
HEAD = POST.replace(b"POST", b"HEAD")
TABLE = [s for s in named((f"token-{n:020}" for n in range(100)), patience=0.3) if s.delivery.reaches]
ODD_HEADERS = (("Content-Type", "application/json"), ("X-Odd", "a"), ("x-odd", "b, é"))
PAGES = {"/": Page("text/html; charset=utf-8", b"<!doctype html><title>shop</title>"), "/sdk.js": Page("text/javascript", b"1;")}


@dataclass(frozen=True)
class Stage:
    """A served script; scenario 1 is on."""

    script: Script
    base: str

    @property
    def part(self) -> Part:
        """Scenario 1 and what was asked while it was on."""
        return self.script.end(1)

    def refresh(self, **options: Any) -> httpx.Response:
        """One call by httpx."""
        with httpx.Client(trust_env=False, timeout=options.pop("timeout", PATIENCE), verify=TLS) as client:
            return client.post(f"{self.base}/auth/refresh", **options)

    def connect(self) -> socket.socket:
        """A bare connection."""
        address = urlsplit(self.base)
        return socket.create_connection((address.hostname, address.port), timeout=PATIENCE)

    def ask(self, *parts: bytes) -> tuple[bytes, str]:
        """What comes for these bytes until the connection ends, and how it ends: closed or reset."""
        with self.connect() as wire:
            with contextlib.suppress(OSError):  # it may have ended before all was sent
                for part in parts:
                    wire.sendall(part)
            return rest(wire)


def rest(wire: socket.socket) -> tuple[bytes, str]:
    """What comes until the end, and which end that is."""
    got = b""
    try:
        while more := wire.recv(1 << 16):
            got += more
    except ConnectionResetError:
        return got, "reset"
    return got, "closed"


def one_answer(wire: socket.socket) -> bytes:
    """One whole answer that says its length."""
    got = b""
    while b"\r\n\r\n" not in got or len(got) < length(got):
        more = wire.recv(1 << 16)
        assert more, f"the connection ended in the middle of {got!r}"
        got += more
    return got


def length(got: bytes) -> int:
    """How long an answer says it is, its head included."""
    head, _, _ = got.partition(b"\r\n\r\n")
    said = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return len(head) + 4 + int(said.partition(b":")[2])


def head_of_success() -> bytes:
    """The head of SUCCESS on the wire."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in SUCCESS.headers)
    return f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(SUCCESS.body)}\r\n\r\n".encode()


@contextlib.contextmanager
def played(*scenarios: Scenario) -> Iterator[Stage]:
    """A stage on which scenarios are ready under their numbers from 1, and the first is on."""
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
    """Nothing that a client does is an error of the endpoint: the loop has nothing to complain of."""
    yield
    said = [record.getMessage() for record in caplog.get_records("call") if record.name == "asyncio"]
    assert [line for line in said if not line.startswith("Executing ")] == []  # that is how debug mode tells of slow machines


# --- deliveries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", TABLE, ids=lambda s: s.name)
def test_a_client_gets_what_the_scenario_says(scenario: Scenario) -> None:
    """Every scenario of the table comes as it says: the same status, headers and body, or no whole answer."""
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
    """Status line, the answer's own headers in their order and spelling, the length, and the body, in this order."""
    body = b'{"a": 1}'
    with played(Scenario("on", Answer(status, ODD_HEADERS, body))) as stage:
        got, _ = stage.ask(POST.replace(b"Host", b"Connection: close\r\nHost"))
    first, _, after = got.partition(b"\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % status)
    own = "Content-Type: application/json\r\nX-Odd: a\r\nx-odd: b, é\r\n".encode("latin-1")
    assert after == own + (b"\r\n" if status == 304 else b"Content-Length: 8\r\n\r\n" + body)


def test_the_head_of_a_slow_answer_comes_at_once() -> None:
    """Only the body takes its time."""
    with played(Scenario("on", SUCCESS, Delivery.SLOW, 60.0)) as stage, stage.connect() as wire:
        wire.sendall(POST)
        assert wire.recv(1 << 16) == head_of_success()


def test_a_slow_answer_takes_its_time() -> None:
    """It is whole in the end, and not before the time is over."""
    with played(Scenario("on", SUCCESS, Delivery.SLOW, 0.4)) as stage:
        started = time.monotonic()
        assert stage.refresh().content == SUCCESS.body
        assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize("size", [1, 3, 4, 5, 1000])
def test_a_slow_body_is_spread_over_the_time(size: int) -> None:
    """Pieces come at even distances, the last one at the end."""
    answer = Answer(200, (), b"x" * size)
    steps, _ = play(Scenario("", answer, Delivery.SLOW, 2.0), to_head=False)
    times, (_, *pieces) = zip(*steps, strict=True)
    assert times == (0.0, 0.5, 1.0, 1.5, 2.0)
    assert b"".join(pieces) == answer.body
    assert len(pieces[0]) <= size // 4 + 1


def test_an_endless_body_comes_byte_by_byte() -> None:
    """A byte a tenth of a second, as long as the time lasts."""
    steps, _ = play(Scenario("", SUCCESS, Delivery.ENDLESS, 1.0), to_head=False)
    times, (_, *drips, last) = zip(*steps, strict=True)
    assert times == pytest.approx([*(n / 10 for n in range(11)), 1.0])
    assert {len(drip) for drip in drips} == {len(b"1\r\nx\r\n")}
    assert last == b""


def test_a_slow_answer_without_a_body_is_late() -> None:
    """Where there is no body to draw out, the head itself takes its time."""
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
def test_what_is_cut_off_ends_as_it_should(delivery: Delivery) -> None:
    """Half of the announced body or nothing comes, then the connection is closed or reset; httpx says which."""
    kind, end, half = CUT[delivery]
    answer = SUCCESS if half else None
    with played(Scenario("on", answer, delivery, 0.1 if delivery is Delivery.SILENT else 0.0)) as stage:
        with pytest.raises(httpx.TransportError) as caught:
            stage.refresh()
        assert type(caught.value) is kind
        got, ended = stage.ask(POST)
    assert ended == end
    head, _, body = got.partition(b"\r\n\r\n")
    assert body == (SUCCESS.body[: len(SUCCESS.body) // 2] if half else b"")
    assert (f"Content-Length: {len(SUCCESS.body)}".encode() in head) is half


@pytest.mark.parametrize("answer", [None, Answer(204, (), b""), Answer(304, (), b"")], ids=["nothing", "204", "304"])
@pytest.mark.parametrize("delivery", [Delivery.TRUNCATED, Delivery.ABORTED, Delivery.ENDLESS])
def test_what_has_no_body_cannot_be_cut_in_it(delivery: Delivery, answer: Answer | None) -> None:
    """Where half an answer would be a whole one, none comes."""
    end = "closed" if delivery is Delivery.TRUNCATED else "reset"
    with played(Scenario("on", answer, delivery)) as stage:
        assert stage.ask(POST) == (b"", end)


@pytest.mark.parametrize("delivery", [Delivery.WHOLE, Delivery.SLOW])
def test_no_answer_is_no_answer(delivery: Delivery) -> None:
    """A scenario that has nothing to say closes the connection."""
    with played(Scenario("on", None, delivery)) as stage:
        assert stage.ask(POST) == (b"", "closed")


@pytest.mark.parametrize("own", ["0", "5000"])
def test_an_empty_body_is_cut_too(own: str) -> None:
    """Cut off means that less comes than was announced, though there is no body, or the answer gives its own length."""
    answer = Answer(200, (("Content-Length", own),), b"")
    with played(Scenario("on", answer, Delivery.TRUNCATED)) as stage, pytest.raises(httpx.RemoteProtocolError):
        stage.refresh()


def test_the_reset_comes_after_what_came_before() -> None:
    """There is a moment between half an answer and its reset: not every system lets a client read what it has by then."""
    with played(Scenario("on", SUCCESS, Delivery.ABORTED)) as stage:
        started = time.monotonic()
        assert stage.ask(POST)[1] == "reset"
        assert time.monotonic() - started >= said.BEAT_SECONDS


def test_silence_outlasts_a_client() -> None:
    """Nothing comes before the endpoint's time is over: who waits less gives up."""
    with played(Scenario("on", None, Delivery.SILENT, 60.0)) as stage, pytest.raises(httpx.ReadTimeout):
        stage.refresh(timeout=httpx.Timeout(PATIENCE, read=0.2))


def test_silence_ends() -> None:
    """After its time a silent connection is reset, and no sooner."""
    with played(Scenario("on", None, Delivery.SILENT, 0.3)) as stage:
        started = time.monotonic()
        assert stage.ask(POST) == (b"", "reset")
        assert time.monotonic() - started >= 0.3


def test_an_endless_body_drips() -> None:
    """First the body, then spaces; in the end it is reset."""
    body = b"{}"
    with (
        played(Scenario("on", json_answer(200, {}), Delivery.ENDLESS, 0.5)) as stage,
        httpx.Client(trust_env=False, timeout=PATIENCE, verify=TLS) as client,
        client.stream("POST", f"{stage.base}/auth/refresh") as response,
    ):
        got: list[bytes] = []
        with pytest.raises(httpx.ReadError):
            got.extend(response.iter_raw())
    assert response.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in response.headers
    assert b"".join(got).rstrip(b" ") == body
    assert len(b"".join(got)) > len(body)


def test_an_endless_body_is_chunked_alone() -> None:
    """What the answer says of its length does not hold here."""
    answer = Answer(200, (("Content-Length", "2"),), b"{}")
    with played(Scenario("on", answer, Delivery.ENDLESS, 0.25)) as stage:
        started = time.monotonic()
        got, ended = stage.ask(POST)
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
        assert len(stage.part.exchanges) == 3


@pytest.mark.parametrize("delivery", [Delivery.WHOLE, Delivery.SLOW])
@pytest.mark.parametrize(
    "request_",
    [POST.replace(b"Host", b"Connection: Close\r\nHost"), POST.replace(b"1.1", b"1.0")],
    ids=["connection-close", "http-1.0"],
)
def test_a_connection_is_closed_for_who_asks(request_: bytes, delivery: Delivery) -> None:
    """Who wants no more gets one whole answer and the end, for pages as well."""
    with played(Scenario("on", SUCCESS, delivery, 0.02)) as stage:
        for asked, body in ((request_, SUCCESS.body), (request_.replace(b"/auth/refresh", b"/sdk.js"), b"1;")):
            got, ended = stage.ask(asked)
            assert got.endswith(b"\r\n\r\n" + body)
            assert ended == "closed"


def test_a_reset_is_one_whatever_was_asked() -> None:
    """Who wants no more than one answer is reset all the same."""
    with played(Scenario("on", None, Delivery.RESET)) as stage:
        assert stage.ask(POST.replace(b"1.1", b"1.0")) == (b"", "reset")


def test_a_wrong_length_ends_the_connection() -> None:
    """An answer that gives its own length may be wrong about it; the next one does not get mixed up with it."""
    with played(Scenario("on", Answer(200, (("content-length", "1"),), b"{}"))) as stage:
        got, ended = stage.ask(POST)
    assert got == b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{}"
    assert ended == "closed"


def test_answers_to_head_have_no_body() -> None:
    """HEAD gets the same head, and what follows is the next answer."""
    with played(Scenario("on", SUCCESS)) as stage, stage.connect() as wire:
        for path in (b"/auth/refresh", b"/sdk.js", b"/elsewhere"):
            wire.sendall(HEAD.replace(b"/auth/refresh", path) + POST)
            got = b""
            while not got.endswith(SUCCESS.body):
                got += wire.recv(1 << 16)
            assert got.count(b"\r\n\r\n") == got.count(b"HTTP/1.1 200") == 2
            assert got.partition(b"\r\n\r\n")[2].startswith(b"HTTP/1.1 200")


def test_requests_in_advance_are_answered_in_order() -> None:
    """Who sends several requests at once gets the answers one after the other, though the first takes time."""
    scenarios = [Scenario("1", SUCCESS, Delivery.SLOW, 0.2), *(Scenario("", error(s)) for s in (401, 429, 500))]
    asked = b"".join(POST.replace(b"Host", b"Cookie: scenario=%d\r\nHost" % number) for number in (1, 2, 3, 4))
    with played(*scenarios) as stage, stage.connect() as wire:
        wire.sendall(asked)
        got = b""
        while not got.endswith(error(500).body):
            got += wire.recv(1 << 16)
    assert re.findall(rb"HTTP/1.1 (\d+)", got) == [b"200", b"401", b"429", b"500"]
    assert got.startswith(head_of_success() + SUCCESS.body)


def test_five_at_once() -> None:
    """Clients that call at the same moment get each the answer that is meant for it."""
    scenarios = [replace(refreshed(f"token-{n}"), delivery=Delivery.SLOW, seconds=0.1) for n in range(5)]
    with played(*scenarios) as stage, ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(stage.refresh, headers={"cookie": f"scenario={n + 1}"}) for n in range(5)]
        tokens = [call.result(PATIENCE).json()["data"]["token"] for call in calls]
        assert [len(stage.script.end(n + 1).exchanges) for n in range(5)] == [1] * 5
    assert tokens == [f"token-{n}" for n in range(5)]


def test_who_waits_holds_up_nobody() -> None:
    """While four connections wait for answers that take a minute, a fifth is answered."""
    slow = [Scenario("", SUCCESS, delivery, 60.0) for delivery in (Delivery.SILENT, Delivery.SLOW, Delivery.ENDLESS)]
    with played(*slow, Scenario("", error(401))) as stage, contextlib.ExitStack() as wires:
        for number in (1, 2, 3, 1):
            wire = wires.enter_context(stage.connect())
            wire.sendall(POST.replace(b"Host", b"Cookie: scenario=%d\r\nHost" % number))
        assert stage.refresh(headers={"cookie": "scenario=4"}).status_code == 401


# --- who meets what ---------------------------------------------------------------------------------------------------


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
    """The scenario of that number is met, or the one that is on where the cookie names none."""
    with played(Scenario("on", SUCCESS), Scenario("other", error(401))) as stage:
        assert stage.refresh(headers={"cookie": cookie}).status_code == status


def test_the_scenario_that_is_on_changes(stage: Stage) -> None:
    """Without a cookie `begin` decides, also for a connection that was there before."""
    stage.script.prepare(2, Scenario("next", error(503)))
    with httpx.Client(trust_env=False, timeout=PATIENCE, verify=TLS) as client:
        statuses = []
        for number in (1, 2, 1):
            stage.script.begin(number)
            statuses.append(client.post(f"{stage.base}/auth/refresh").status_code)
    assert statuses == [200, 503, 200]


def test_nothing_on(stage: Stage) -> None:
    """A scenario that is over is met no more; an empty success comes instead."""
    stage.script.end(1)
    assert stage.refresh().json() == {"status": 200, "success": True, "data": {}}


def test_a_request_is_noted_as_it_came(stage: Stage) -> None:
    """Method, absolute URL, headers in their spelling, and the body."""
    stage.ask(b"PUT /auth/refresh?a=http://b/c HTTP/1.1\r\nHoSt: shop.example:81\r\nX-Odd:  a b \r\nContent-Length: 2\r\n"
              b"Connection: close\r\n\r\nhi")  # fmt: skip
    [exchange] = stage.part.exchanges
    request = exchange.request
    assert (request.method, request.url) == ("PUT", "http://shop.example:81/auth/refresh?a=http://b/c")
    assert request.headers[:3] == (("HoSt", "shop.example:81"), ("X-Odd", "a b"), ("Content-Length", "2"))
    assert request.body == b"hi"


def test_without_a_host_the_own_address_is_noted(stage: Stage) -> None:
    """The URL is absolute even if the request does not say for which host it is."""
    stage.ask(b"POST /auth/refresh HTTP/1.0\r\n\r\n")
    assert [x.request.url for x in stage.part.exchanges] == [f"{stage.base}/auth/refresh"]


def test_an_absolute_target_is_understood(stage: Stage) -> None:
    """A request as proxies get it is for the endpoint too."""
    stage.ask(b"POST http://shop.example/auth/refresh HTTP/1.0\r\n\r\n")
    assert [x.request.url for x in stage.part.exchanges] == ["http://shop.example/auth/refresh"]


BODIES = {
    "length": (b"Content-Length: 11", b"hello world"),
    "chunked": (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"),
    "trailers": (b"Transfer-Encoding: chunked", b"B \r\nhello world\r\n0\r\nX-Sum: 1\r\n\r\n"),
}


@pytest.mark.parametrize("pieces", [1, 7, 10_000], ids=["byte-by-byte", "few", "at-once"])
@pytest.mark.parametrize("form", BODIES)
def test_bodies_are_read(stage: Stage, form: str, pieces: int) -> None:
    """A body comes with its length or in chunks, and in any pieces; what follows it is the next request."""
    header, body = BODIES[form]
    asked = POST.replace(b"Content-Length: 0", header) + body + POST.replace(b"Host", b"Connection: close\r\nHost")
    got, ended = stage.ask(*(asked[at : at + pieces] for at in range(0, len(asked), pieces)))
    assert (got.count(b"HTTP/1.1 200 OK"), ended) == (2, "closed")
    assert [x.request.body for x in stage.part.exchanges] == [b"hello world", b""]


def test_strays_are_noted(stage: Stage) -> None:
    """What goes elsewhere than to the endpoint is noted as such, and gets an empty success."""
    with httpx.Client(trust_env=False, timeout=PATIENCE, verify=TLS) as client:
        got = client.post(f"{stage.base}/api/profile/info?x=1", content=b"x")
    assert (got.status_code, got.json()) == (200, {"status": 200, "success": True, "data": {}})
    assert got.headers["content-type"] == "application/json"
    part = stage.part
    assert [(r.method, r.url) for r in part.strays] == [("POST", f"{stage.base}/api/profile/info?x=1")]
    assert part.exchanges == []


@pytest.mark.parametrize(
    ("path", "status", "media_type", "body"),
    [
        ("/", 200, "text/html; charset=utf-8", PAGES["/"].body),
        ("/sdk.js?v=2", 200, "text/javascript", b"1;"),
        (LANDING, 200, "text/html; charset=utf-8", b"<!doctype html>"),
        ("/favicon.ico", 204, None, b""),
    ],
)
def test_pages_are_served_and_not_noted(stage: Stage, path: str, status: int, media_type: str | None, body: bytes) -> None:
    """Files of the stage, the landing page and what a browser asks by itself are no business of the scenario."""
    with httpx.Client(trust_env=False, timeout=PATIENCE, verify=TLS) as client:
        got = client.get(stage.base + path)
    assert (got.status_code, got.headers.get("content-type")) == (status, media_type)
    assert got.content.startswith(body)
    part = stage.part
    assert (part.strays, part.exchanges) == ([], [])


def test_a_redirect_leads_to_the_landing_page() -> None:
    """The location is given as it is, and what it names is there."""
    with played(Scenario("on", Answer(302, (("location", LANDING),), b""))) as stage:
        got = stage.refresh(follow_redirects=True)
        assert [r.headers["location"] for r in got.history] == [LANDING]
        assert got.headers["content-type"].startswith("text/html")
        assert stage.part.strays == []


# --- whatever comes ---------------------------------------------------------------------------------------------------

MALFORMED = {
    "garbage": b"\x00\x01\x02 not HTTP at all \xff\xfe",
    "garbage-with-an-end": b"hello\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01",
    "http-2": b"PRI * HTTP/2.0\r\n",
    "http-0.9": b"GET /\r\n",
    "bare-newlines": b"GET / HTTP/1.1\nHost: x\n\n",
    "bare-newline-inside": b"GET / HTTP/1.1\r\nX: y\nZ: z\r\n\r\n",
    "bare-return-inside": b"GET / HTTP/1.1\r\nX: y\rZ: z\r\n\r\n",
    "zero-byte": b"GET / HTTP/1.1\r\nX: y\x00\r\n\r\n",
    "odd-host": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "odd-target": b"GET ftp://x/ HTTP/1.1\r\n\r\n",
    "odd-address": b"GET http://[x/ HTTP/1.1\r\n\r\n",
    "relative-target": b"GET auth/refresh HTTP/1.1\r\n\r\n",
    "no-colon": b"GET / HTTP/1.1\r\nHost\r\n\r\n",
    "no-name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "folded": b"GET / HTTP/1.1\r\nX: y\r\n z: x\r\n\r\n",
    "space-before-colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "long-head": b"GET / HTTP/1.1\r\nX: " + b"x" * (1 << 16),
    "long-head-with-an-end": b"GET / HTTP/1.1\r\nX: " + b"x" * (1 << 16) + b"\r\n\r\n",
    "length-negative": b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "length-word": b"POST / HTTP/1.1\r\nContent-Length: ten\r\n\r\n",
    "length-huge": b"POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n",
    "length-long": b"POST / HTTP/1.1\r\nContent-Length: " + b"1" * 5000 + b"\r\n\r\n",
    "lengths-two": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "length-and-chunked": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "coding-other": b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    "chunk-no-number": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    "chunk-huge": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n",
    "chunk-line-long": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 2000,
    "chunk-without-end": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz0\r\n\r\n",
    "chunks-too-many": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"80000\r\n" + b"x" * 0x80000 + b"\r\n") * 3,
    "trailers-long": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + (b"X: " + b"x" * 500 + b"\r\n") * 200,
}


@pytest.mark.parametrize("garbage", MALFORMED)
def test_what_is_no_request_ends_the_connection(stage: Stage, garbage: str) -> None:
    """It gets no answer, is not noted, and harms no other connection."""
    got, _ = stage.ask(MALFORMED[garbage])
    assert got == b""
    assert stage.refresh().json()["success"] is True
    part = stage.part
    assert (len(part.exchanges), part.strays) == (1, [])


def test_garbage_after_a_request_ends_the_connection(stage: Stage) -> None:
    """The request before it still gets its answer."""
    with stage.connect() as wire:
        wire.sendall(POST)
        assert one_answer(wire).endswith(SUCCESS.body)
        wire.sendall(b"\x00\r\n\r\n")
        assert rest(wire)[0] == b""


def test_a_flood_of_garbage_is_survived(stage: Stage) -> None:
    """Hundreds of connections with bytes that were cut out of requests, changed or made up."""
    dice = random.Random(7)
    alphabet = [POST, b"\r\n\r\n", b"\x00", b"Transfer-Encoding: chunked\r\n", b"scenario=", b"HTTP/1.1", b"POST / "]
    for _ in range(300):
        with stage.connect() as wire, contextlib.suppress(OSError):
            wire.sendall(b"".join(dice.choice(alphabet)[dice.randrange(4) :] for _ in range(dice.randrange(8))))
    assert stage.refresh().json()["success"] is True


@pytest.mark.parametrize("delivery", [d for d in Delivery if d.reaches])
def test_clients_that_leave_are_survived(delivery: Delivery) -> None:
    """Who goes away before or in the middle of an answer, quietly or by a reset, harms nobody."""
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
    """Who sends on without reading, or while an answer is under way, is stopped instead of filling the memory."""
    asked = POST.replace(b"Content-Length: 0", b"Content-Length: 100000") + b"x" * 100_000
    with played(FLOODED[why]) as stage, stage.connect() as wire:
        wire.settimeout(0.5)
        assert not all(taken(wire, asked) for _ in range(400))


def taken(wire: socket.socket, asked: bytes) -> bool:
    """Whether the other side takes these bytes in time."""
    try:
        wire.sendall(asked)
    except TimeoutError:
        return False
    return True


def test_a_flood_is_answered_once_it_is_read() -> None:
    """Requests that had to wait are answered in the end, all of them."""
    count, answer = 200, Answer(200, (), b"x" * 200_000)
    asked = POST.replace(b"Content-Length: 0", b"Content-Length: 10000") + b"x" * 10_000
    with played(Scenario("on", answer)) as stage, stage.connect() as wire, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(wire.sendall, asked * count)
        time.sleep(0.3)  # long enough for the buffers to fill
        left = count * len(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + answer.body)
        while left > 0:
            left -= len(wire.recv(1 << 20))
        sending.result(PATIENCE)
        assert left == 0
        assert len(stage.part.exchanges) == count


def test_nothing_is_written_for_who_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was still to come of an answer is forgotten with its connection; otherwise the loop would complain."""
    monkeypatch.setattr(said, "DRIP_SECONDS", 0.005)
    with played(Scenario("on", SUCCESS, Delivery.ENDLESS, 0.4)) as stage:
        for _ in range(3):
            with stage.connect() as wire:
                wire.sendall(POST)
                wire.recv(1)
        time.sleep(0.3)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(b"", 0.2), (b"POST /auth", 0.2), (POST.replace(b"h: 0", b"h: 5") + b"abc", 0.2), (POST, 1.0)],
    ids=["nothing", "half-a-line", "half-a-body", "one-request"],
)
def test_idle_connections_are_dropped(monkeypatch: pytest.MonkeyPatch, asked: bytes, seconds: float) -> None:
    """A connection that brings no whole request for long is ended, whatever it has brought before."""
    monkeypatch.setattr(endpoint, "IDLE_SECONDS", seconds)
    with played(Scenario("on", SUCCESS)) as stage:
        got, _ = stage.ask(asked)
        assert got.endswith(SUCCESS.body if asked == POST else b"")


def test_a_drip_of_a_request_does_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte now and then is not enough."""
    monkeypatch.setattr(endpoint, "IDLE_SECONDS", 0.2)
    with played(Scenario("on", SUCCESS)) as stage, stage.connect() as wire:
        wire.sendall(b"POST /auth/refresh HTTP/1.1\r\n")
        wire.settimeout(0.05)
        deadline = time.monotonic() + PATIENCE
        with contextlib.suppress(ConnectionError):
            while not dropped(wire):
                assert time.monotonic() < deadline
                wire.sendall(b"x")


def dropped(wire: socket.socket) -> bool:
    """Whether the other side has ended the connection; waits a moment to see it."""
    try:
        return wire.recv(1) == b""
    except TimeoutError:
        return False


def test_a_slow_answer_is_not_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario that takes longer than a connection may idle still takes its time."""
    monkeypatch.setattr(endpoint, "IDLE_SECONDS", 1.0)
    with played(Scenario("on", SUCCESS, Delivery.SLOW, 2.0)) as stage:
        assert stage.refresh().content == SUCCESS.body


@pytest.mark.parametrize(("delivery", "rounds"), [(Delivery.WHOLE, 4), (Delivery.SLOW, 1)])
def test_a_connection_in_use_is_not_idle(monkeypatch: pytest.MonkeyPatch, delivery: Delivery, rounds: int) -> None:
    """The time for the next request begins when the last one is answered."""
    monkeypatch.setattr(endpoint, "IDLE_SECONDS", 0.6)
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
    """Beyond it new ones are dropped at once; when others go, there is room again."""
    monkeypatch.setattr(endpoint, "MOST_CONNECTIONS", 3)
    with played(Scenario("on", SUCCESS)) as stage:
        wires = [stage.connect() for _ in range(3)]
        for wire in wires:
            wire.sendall(POST)
            one_answer(wire)
        assert stage.ask(POST)[0] == b""
        for wire in wires:
            wire.close()
        deadline = time.monotonic() + PATIENCE
        while stage.ask(POST.replace(b"1.1", b"1.0"))[0] == b"":
            assert time.monotonic() < deadline


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delivery", [Delivery.WHOLE, Delivery.SLOW, Delivery.SILENT, Delivery.ENDLESS])
def test_the_end_waits_for_nobody(delivery: Delivery) -> None:
    """Open connections are dropped when the block ends, those in the middle of an answer too; nothing listens any more."""
    before = set(threading.enumerate())
    with played(Scenario("on", SUCCESS, delivery, 600.0)) as stage:
        wires = [stage.connect() for _ in range(3)]
        for wire in wires[:2]:
            wire.sendall(POST)
        deadline = time.monotonic() + PATIENCE
        while len(stage.script._parts[1].exchanges) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert set(threading.enumerate()) <= before
    for wire in wires:
        with wire:
            assert rest(wire)[1] in ("closed", "reset")
    with pytest.raises(ConnectionRefusedError):
        stage.connect().close()


def test_an_error_in_the_block_comes_out_of_it() -> None:
    """The endpoint ends then as well, and hides nothing."""
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), played(Scenario("on", SUCCESS)):
        raise ZeroDivisionError
    assert set(threading.enumerate()) <= before


def test_what_keeps_it_from_starting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that cannot listen says so at once."""

    before = set(threading.enumerate())

    async def refuse(*args: object, **options: object) -> None:
        raise OSError("no ports left")

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_server", refuse)
    with pytest.raises(EndpointNotStarted, match="no ports left"), serve_script(Script()):
        pass  # pragma: no cover
    assert set(threading.enumerate()) <= before
