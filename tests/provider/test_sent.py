"""What leaves for a target: as a browser of the shop sends it, as the environment needs it, and as HTTP allows it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from itertools import islice

import httpx
import pytest

from contracts.judge import judge_provider
from contracts.model.document import load
from contracts.model.exchange import Response
from contracts.provider.bodies import ODD_BODIES
from contracts.provider.plan import plan, repeats
from contracts.provider.probes import Probe, foreign_headers, sdk_headers
from contracts.provider.target import Target
from tests.kit.fake_target import OK, FakeTarget, observing
from tests.liars.wire import listening

FOREIGN = load().foreign_origin
OK_ON_THE_WIRE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
ENVIRONMENT = {"Authorization": "Basic b3Blbg==", "User-Agent": "our-probe/1.0", "Origin": "https://staging.example"}
FIELD_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")  # RFC 9110, 5.5, without what it calls obsolete


def behind(headers: Mapping[str, str]) -> tuple[FakeTarget, Target]:
    """A target that is reached with these headers alone."""
    handler = FakeTarget(OK)
    target = Target.in_process(handler, "session=first")
    target.headers = headers
    return handler, target


def exchanged(body: str, until: bytes, answer: bytes = OK_ON_THE_WIRE) -> tuple[bytes, Response]:
    """What a probe with this body sends to a server that answers and hangs up once it has read `until`, and what comes back."""
    sent: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent.append(await reader.readuntil(until))
        writer.write(answer)
        await writer.drain()
        writer.close()

    with listening(handle) as url:
        target = Target.at(url, "session=first", deadline=60.0)
        came = target.sender.send(target.request(Probe("", body=body)))
    assert isinstance(came, Response)
    return sent[0], came


@pytest.mark.parametrize(
    ("body", "framing", "end"),
    [
        ("none", {b"content-length: 0"}, b"\r\n\r\n"),
        ("without Content-Length", set(), b"\r\n\r\n"),
        ("empty and chunked", {b"transfer-encoding: chunked"}, b"\r\n\r\n0\r\n\r\n"),
        ("empty but labelled JSON", {b"content-length: 0", b"content-type: application/json"}, b"\r\n\r\n"),
        ("broken JSON", {b"content-length: 4", b"content-type: application/json"}, b"\r\n\r\n{bad"),
    ],
)
def test_how_a_body_is_framed(body: str, framing: set[bytes], end: bytes) -> None:
    """A body has its length, is chunked, or is not there at all, as the probe says; nothing more is said of it."""
    sent, _ = exchanged(body, end)
    lines = sent.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
    names = (b"content-length", b"transfer-encoding", b"content-type")
    assert {line for line in lines if line.partition(b":")[0] in names} == framing
    assert sent[sent.index(b"\r\n\r\n") :] == end


def test_a_handler_in_this_process_sees_no_length_where_none_is_sent() -> None:
    """What is not sent to a server is not handed to a handler either."""
    handler = FakeTarget(OK)
    observer, _ = observing(handler)
    for body in ("none", "without Content-Length", "empty and chunked"):
        observer.probe(Probe("", body=body))
    assert handler.header("content-length") == ["0", None, None]
    assert handler.header("transfer-encoding") == [None, None, "chunked"]


def test_a_large_body_that_is_refused_unread_has_its_answer() -> None:
    """A server may refuse 200 KB before it has read them and hang up: its answer is read all the same."""
    refusal = b'{"status": 413, "success": false, "error": {"code": "too_large", "message": "Too large."}}'
    head = b"HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(refusal)
    _, answer = exchanged("of 200 KB", b"\r\n\r\n", head + refusal)
    assert (answer.status, answer.body) == (413, refusal)


@pytest.mark.parametrize("expired", [False, True])
def test_each_odd_body_is_sent_alone(expired: bool) -> None:
    """The pass sends each body that may be refused to a logged-in customer, with nothing else that is unusual."""
    alone = {probe.body for probe in plan(expired=expired) if len(probe.conditions) == 1 and probe.session == "valid"}
    assert alone >= ODD_BODIES.keys()


def test_each_request_has_the_origin_of_the_shop() -> None:
    """A browser's POST always has an Origin, so that each request of a run has the shop's own, except few from elsewhere."""
    handler = FakeTarget(OK)
    judge_provider(Target.in_process(handler, "session=first"))
    origins = handler.header("origin")
    assert set(origins) == {"https://store.example", FOREIGN}
    assert origins.count(FOREIGN) == 2


@pytest.mark.parametrize(
    ("url", "origin", "referer"),
    [
        ("https://Store.example:443/", "https://store.example", "https://store.example/cart"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123", "http://127.0.0.1:8123/cart"),
        ("https://shops.example/dev", "https://shops.example", "https://shops.example/dev/cart"),
        ("https://متجر.example", "https://xn--pgbep1f.example", "https://xn--pgbep1f.example/cart"),
    ],
)
def test_the_addresses_of_the_shop(url: str, origin: str, referer: str) -> None:
    """The origin is written as browsers do, and the referer is a page of the shop."""
    request = Target.at(url, "session=first").request(Probe("", headers=sdk_headers()))
    assert (request.header("origin"), request.header("referer")) == (origin, referer)


def test_headers_that_browsers_send_together() -> None:
    """Where a probe has one header of Fetch Metadata, all three are sent."""
    names = ("sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest")
    target = Target.in_process(FakeTarget(OK), "session=first")
    bare, own, foreign = (target.request(Probe("", headers=headers)) for headers in ((), sdk_headers(), foreign_headers()))
    assert [bare.header(name) for name in names] == [None, None, None]
    assert [own.header(name) for name in names] == ["same-origin", "cors", "empty"]
    assert [foreign.header(name) for name in names] == ["cross-site", "cors", "empty"]


@pytest.mark.parametrize(("session", "own"), [("valid", "; session=first"), ("none", ""), ("empty", "; session=")])
def test_other_cookies_stand_beside_the_session(session: str, own: str) -> None:
    """Other cookies stand before the session, in one header, whoever asks."""
    (others,) = load().browser_headers["cookie"]
    request = Target.in_process(FakeTarget(OK), "session=first").request(Probe("", session=session, headers=sdk_headers()))
    assert [value for name, value in request.headers if name == "cookie"] == [others + own]


def test_a_condition_names_no_cookie() -> None:
    """Other cookies are a condition without their values, which a report would take for secrets."""
    cookies = [value for name, value in Probe("", headers=sdk_headers()).conditions if name == "header:cookie"]
    assert cookies == ["beside the session"]


def test_what_the_environment_needs_is_never_replaced() -> None:
    """Headers that an environment needs are in each request of a run as they were given."""
    handler, target = behind(ENVIRONMENT)
    judge_provider(target)
    for name, value in ENVIRONMENT.items():
        assert set(handler.header(name)) == {value}


def test_a_request_has_each_header_of_the_environment_once() -> None:
    """A header that an environment needs stands once, in whatever case a probe writes it."""
    _, target = behind(ENVIRONMENT)
    request = target.request(Probe("", headers=(("authorization", "Bearer {token}"), ("USER-AGENT", "curl"))))
    for name, value in ENVIRONMENT.items():
        assert [given for sent, given in request.headers if sent.lower() == name.lower()] == [value]


def test_what_was_not_sent_is_no_condition() -> None:
    """A header of a probe that gives way to one of the environment is not among the conditions of the exchange."""
    handler = FakeTarget(OK)
    observer, _ = observing(handler)
    observer.target.headers = ENVIRONMENT
    exchange, _ = observer.probe(Probe("", headers=(("AUTHORIZATION", "Bearer {token}"), ("currency", "SAR"))))
    assert exchange.conditions == {("header:currency", "SAR")}
    assert handler.header("authorization") == [ENVIRONMENT["Authorization"]]


def test_every_header_value_is_one_that_http_allows() -> None:
    """No probe has a header value beyond ASCII, or with a blank at its end: some servers refuse these before anything else."""
    probes = [*plan(expired=True), *islice(repeats(expired=True), 300)]
    values = {value for probe in probes for _, value in probe.headers}
    assert not [value for value in values if not FIELD_VALUE.fullmatch(value)]


def test_every_phase_sends_what_http_allows() -> None:
    """No request of a large run has a header value beyond ASCII."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"status": 200, "success": True, "data": {"token": f"t-{len(seen)}"}})

    judge_provider(Target.in_process(handle, "session=first"), budget=120, only=["generated", "properties", "sessions"])
    values = {value for request in seen for _, value in request.headers.multi_items()}
    assert not [value for value in values if not value.isascii()]
