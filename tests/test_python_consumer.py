"""The reference client: right by every consumer rule, with and without a socket, and in the details that no rule names."""

from __future__ import annotations

import asyncio
import gc
import gzip
import itertools
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import httpx
import pytest

from contracts.answers import Answer, error, json_answer, success
from contracts.consumers.endpoint import serve_script
from contracts.consumers.intercept import intercepted
from contracts.consumers.player import Player
from contracts.consumers.python import LARGEST, RefreshClient, RefreshFailed
from contracts.consumers.script import Script
from contracts.document import load
from contracts.exchange import Kind
from contracts.outcome import Outcome
from contracts.providers.serving import serve
from contracts.providers.store import Store
from contracts.rules import Judging
from contracts.rules.consumer import BOOK
from contracts.scenario import IN_A_ROW, Delivery, Scenario, interleaved, named, refreshed, success_body

BASE = "https://store.example"
URL = BASE + load().path
OLD, NEW = "old-token-0123456789", "new-token-0123456789"
PATIENCE = 4.0  # seconds after which the endpoint ends what never ends; the client gives up long before
AT_PAGE_LOAD = {"restore-refreshes-once", "transient-failure-keeps-login"}  # a client in Python loads no page

Handler = Callable[[httpx.Request], httpx.Response]


# --- the rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["intercepted", "socket"])
def test_reference_keeps_every_rule(stage: str) -> None:
    """Whatever the endpoint does, no rule is broken, and every rule is exercised that does not need a page."""
    script, tokens = Script(), (f"token-{n:020d}" for n in itertools.count())
    table = [s for s in named(tokens, patience=PATIENCE) if s.delivery.reaches or stage == "intercepted"]
    row = [next(s for s in table if s.kind is Kind.FAILED)] * IN_A_ROW
    lanes = {
        10.0: [*interleaved((s for s in table if s.delivery.ends), tokens), *row, refreshed(next(tokens))],
        1.0: [*interleaved((s for s in table if not s.delivery.ends), tokens)],
    }
    judging = Judging(BOOK)
    with ExitStack() as stack:
        base = stack.enter_context(serve_script(script)) if stage == "socket" else BASE
        for timeout, scenarios in lanes.items():
            found = []
            for outcome in played(script, RefreshClient(base, timeout=timeout), scenarios, bare=stage == "socket"):
                found += judging.add(outcome)
            assert found == []
    assert {id for id, tally in judging.tallies.items() if not tally.exercised} == AT_PAGE_LOAD


def played(script: Script, client: RefreshClient, scenarios: list[Scenario], *, bare: bool) -> list[Outcome]:
    """What came of the scenarios; `bare`: over whatever the client's address leads to."""
    options: dict[str, Any] = {} if bare else {"stage": partial(intercepted, script)}
    player = Player(lambda: client, script, name="reference", kind="mock", **options)
    try:
        return player.meet(scenarios)
    finally:
        player.close()


# --- the request ------------------------------------------------------------------------------------------------------


class Endpoint:
    """Answers as told, the last answer for ever, and remembers what was asked. Its `client` reaches nothing else."""

    def __init__(self, *answers: Answer | Handler) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = iter([*answers, *itertools.repeat(answers[-1], 99)])
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), follow_redirects=True, timeout=None)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self._answers)
        if isinstance(answer, Answer):
            return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)
        return answer(request)

    def refresh(self, times: int = 1, **options: Any) -> tuple[RefreshClient, list[Any]]:
        """A client, and what came of refreshing it some times, one after the other: the body or the error."""

        async def run() -> tuple[RefreshClient, list[Any]]:
            client = RefreshClient(BASE + "/", client=self.client, **options)
            async with self.client:
                return client, [await ended(client.refresh()) for _ in range(times)]

        return asyncio.run(run())


async def ended(call: Coroutine[Any, Any, Any]) -> Any:
    """What a call returned, or the error that it raised."""
    try:
        return await call
    except RefreshFailed as failure:
        return failure


def test_request_is_a_bare_post() -> None:
    """POST to the path, no query, no body, the headers of the contract; without a token and a session none is sent."""
    endpoint = Endpoint(success(200, NEW))
    endpoint.refresh()
    (request,) = endpoint.asked
    assert (request.method, str(request.url), request.content) == ("POST", URL, b"")
    sent = {name: value for name, value in request.headers.items() if name not in ("host", "accept-encoding", "user-agent")}
    assert sent == {
        "accept": "application/json",
        "x-requested-with": "XMLHttpRequest",
        "connection": "keep-alive",
        "content-length": "0",
    }


def test_path_may_be_another() -> None:
    """A store may have its endpoint elsewhere."""
    endpoint = Endpoint(success(200, NEW))
    endpoint.refresh(path="/api/refresh")
    assert str(endpoint.asked[0].url) == BASE + "/api/refresh"


def test_new_token_is_stored_and_sent() -> None:
    """The body is returned, its token is kept, and the next request carries it in place of the old one."""
    body = success(202, NEW)
    endpoint = Endpoint(body)
    client, values = endpoint.refresh(2, token=OLD)
    assert values == [json.loads(body.body)] * 2
    assert client.token == NEW
    assert [request.headers["authorization"] for request in endpoint.asked] == [f"Bearer {OLD}", f"Bearer {NEW}"]


@pytest.mark.parametrize("token", ["a\nb: c", "رمز", " padded ", ""], ids=["newline", "arabic", "padded", "empty"])
def test_token_that_no_header_can_carry_stays_at_home(token: str) -> None:
    """The session alone refreshes; a strange token must not lock the customer out."""
    endpoint = Endpoint(success(200, NEW))
    client, _ = endpoint.refresh(token=token)
    assert client.token == NEW
    assert "authorization" not in endpoint.asked[0].headers


def test_session_is_sent_and_followed() -> None:
    """The cookies of the session are sent; one that the endpoint replaces is sent replaced, one that it adds is not."""
    rotated = Answer(401, (("set-cookie", "session=second; Path=/"), ("set-cookie", "other=1; Path=/")), b"")
    endpoint = Endpoint(rotated)
    endpoint.refresh(2, cookies={"session": "first", "XSRF-TOKEN": "x"})
    assert [request.headers["cookie"] for request in endpoint.asked] == [
        "session=first; XSRF-TOKEN=x",
        "session=second; XSRF-TOKEN=x",
    ]


# --- what is not completed --------------------------------------------------------------------------------------------


def test_redirect_is_not_followed() -> None:
    """A login page behind a redirect is no refresh, and it does not get the token."""
    endpoint = Endpoint(Answer(302, (("location", "https://evil.example/"),), b""), success(200, NEW))
    client, (failure,) = endpoint.refresh(token=OLD)
    assert len(endpoint.asked) == 1
    assert (failure.response.status_code, client.token) == (302, OLD)


@pytest.mark.parametrize(
    "answer",
    [
        error(401),
        json_answer(200, {"success": False, "status": 200}),
        json_answer(200, success_body(..., data={})),
        json_answer(200, success_body(5)),
        json_answer(200, success_body(NEW, status=201)),
        Answer(200, (("content-type", "text/html"),), b"<p>"),
        Answer(204, (), b""),
    ],
    ids=["401", "false", "no-token", "token-number", "status-201-in-200", "html", "204"],
)
def test_anything_but_a_completed_refresh_fails(answer: Answer) -> None:
    """The error carries the response as it was read, and names neither token nor body; the token is the old one."""
    client, (failure,) = Endpoint(answer).refresh(token=OLD)
    assert isinstance(failure, RefreshFailed)
    assert (failure.response.status_code, failure.response.content) == (answer.status, answer.body)  # type: ignore[union-attr]
    assert failure.__cause__ is None
    assert (str(answer.status) in str(failure), OLD in repr(failure), NEW in repr(failure)) == (True, False, False)
    assert client.token == OLD


def test_network_failure_has_its_cause() -> None:
    """Where no answer came there is no response, and the cause is the error of the network."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    client, (failure,) = Endpoint(refuse).refresh(token=OLD)
    assert (failure.response, type(failure.__cause__), client.token) == (None, httpx.ConnectError, OLD)
    assert Endpoint(refuse).refresh()[0].token is None


def test_packed_answers_are_read() -> None:
    """An answer that is compressed is unpacked, that of an error too."""

    def packed(answer: Answer) -> Answer:
        return Answer(answer.status, (*answer.headers, ("content-encoding", "gzip")), gzip.compress(answer.body))

    client, (body, failure) = Endpoint(packed(success(200, NEW)), packed(error(403))).refresh(2)
    assert (body["data"]["token"], client.token) == (NEW, NEW)
    assert failure.response.json() == json.loads(error(403).body)


@pytest.mark.parametrize("delivery", [Delivery.SILENT, Delivery.ENDLESS])
def test_whole_refresh_has_a_deadline(delivery: Delivery) -> None:
    """Silence is given up, and so is an answer that drips without an end: each piece of it comes in time."""
    script = Script()
    script.prepare(1, Scenario("", success(200, NEW), delivery, 20.0))
    script.begin(1)

    async def run() -> Any:
        async with RefreshClient(BASE, timeout=0.3) as client:
            return await ended(client.refresh())

    with intercepted(script):
        failure = asyncio.run(run())
    assert isinstance(failure, RefreshFailed)  # otherwise the script would end it, with an error of the connection
    assert isinstance(failure.__cause__, (TimeoutError, httpx.ReadTimeout))


def test_flood_is_given_up() -> None:
    """Of a body without an end no more is read than a limit."""
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 50_000
            yield b" " * 50_000

    _, (failure,) = Endpoint(lambda request: httpx.Response(200, content=flood())).refresh()
    assert isinstance(failure.__cause__, httpx.ReadError)
    assert sent <= LARGEST + 50_000


# --- calls and listeners ----------------------------------------------------------------------------------------------


class Gate:
    """An endpoint that answers with an error only once it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked = 0
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.client = RefreshClient(BASE, token=OLD, client=self.http)
        self.heard: list[Any] = []
        self.client.on_refresh_failed(self.heard.append)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await self.open.wait()
        return httpx.Response(500)

    async def calls(self, count: int) -> list[asyncio.Task[Any]]:
        """Calls under way."""
        tasks = [asyncio.create_task(self.client.refresh()) for _ in range(count)]
        while not self.asked:
            await asyncio.sleep(0.001)
        return tasks


def test_calls_at_once_share_request_and_failure() -> None:
    """Five callers, one request, one event, and every caller gets the error that the listeners heard of; then it is over."""

    async def run() -> None:
        gate = Gate()
        async with gate.http:
            tasks = await gate.calls(5)
            gate.open.set()
            failures = await asyncio.gather(*tasks, return_exceptions=True)
            assert (gate.asked, gate.heard) == (1, failures[:1])
            assert all(failure is failures[0] for failure in failures)
            again = await ended(gate.client.refresh())
            assert (gate.asked, gate.heard) == (2, [failures[0], again])

    asyncio.run(asyncio.wait_for(run(), 10))


def test_cancelled_caller_leaves_the_others_alone() -> None:
    """One caller loses patience; the other still gets its answer, by the same request."""

    async def run() -> None:
        gate = Gate()
        async with gate.http:
            first, second = await gate.calls(2)
            first.cancel()
            await asyncio.wait([first])
            gate.open.set()
            with pytest.raises(RefreshFailed):
                await second
            assert (first.cancelled(), gate.asked, len(gate.heard)) == (True, 1, 1)

    asyncio.run(asyncio.wait_for(run(), 10))


def test_nobody_waits_any_more_and_listeners_still_hear(caplog: pytest.LogCaptureFixture) -> None:
    """A failure that no caller is left to be told of fires all the same, and asyncio has nothing to complain about."""

    async def run() -> None:
        gate = Gate()
        async with gate.http:
            (only,) = await gate.calls(1)
            only.cancel()
            await asyncio.wait([only])
            gate.open.set()
            await gate.client.aclose()
            assert len(gate.heard) == 1

    asyncio.run(asyncio.wait_for(run(), 10))
    gc.collect()
    assert caplog.records == []


def test_listeners_hear_before_the_caller_and_despite_each_other(caplog: pytest.LogCaptureFixture) -> None:
    """A listener that raises is logged, without a secret; the next one hears too, and only then the caller is told."""
    order: list[Any] = []

    async def run() -> None:
        endpoint = Endpoint(error(401))
        async with endpoint.client:
            client = RefreshClient(BASE, token=OLD, cookies={"session": "s" * 20}, client=endpoint.client)

            @client.on_refresh_failed
            def first(failure: RefreshFailed) -> None:
                order.append(failure)
                raise ValueError("mine")

            assert client.on_refresh_failed(order.append) == order.append
            order.append(await ended(client.refresh()))
            assert callable(first)

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert order == [order[0]] * 3
    assert isinstance(order[0], RefreshFailed)
    assert "ValueError: mine" in caplog.text
    assert (OLD in caplog.text, "s" * 20 in caplog.text, len(caplog.records)) == (False, False, 1)


# --- its life ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def store() -> Iterator[tuple[str, str]]:
    """The built-in store: its address and a session."""
    shop = Store()
    with serve(shop.app) as base:
        yield base, shop.log_in().partition("=")[2]


def test_one_client_outlives_event_loops(store: tuple[str, str]) -> None:
    """A script may call asyncio.run() again and again with the same client, over real connections."""
    base, session = store
    client = RefreshClient(base, cookies={"session": session})
    tokens = [asyncio.run(client.refresh())["data"]["token"] for _ in range(3)]
    assert len(set(tokens)) == 3
    assert client.token == tokens[-1]
    asyncio.run(client.aclose())


def test_loop_that_ended_in_the_middle_is_forgotten() -> None:
    """A refresh that was lost with its loop does not stand in the way of the next."""
    client: RefreshClient | None = None

    async def lose() -> None:
        nonlocal client
        gate = Gate()
        client = gate.client
        await gate.calls(1)

    async def go_on() -> Any:
        assert client is not None
        return await ended(client.refresh())

    lost = asyncio.new_event_loop()
    lost.run_until_complete(lose())
    assert asyncio.all_tasks(lost)
    try:
        assert isinstance(asyncio.run(asyncio.wait_for(go_on(), 10)), RefreshFailed)
    finally:
        left = asyncio.all_tasks(lost)
        for task in left:
            task.cancel()
        lost.run_until_complete(asyncio.wait(left))
        lost.close()


def test_what_is_given_stays_open() -> None:
    """The client closes its own connections, not those that it was given."""

    async def run() -> tuple[bool, bool]:
        async with httpx.AsyncClient() as given:
            async with RefreshClient(BASE, client=given):
                pass
            async with RefreshClient(BASE) as own:
                pass
            return given.is_closed, own._http.is_closed

    assert asyncio.run(run()) == (False, True)


def test_no_secret_in_a_repr() -> None:
    """What is printed of a client shows neither the token nor the session."""
    client = RefreshClient(BASE, token=OLD, cookies={"session": "s" * 20})
    assert (OLD in repr(client), "s" * 20 in repr(client)) == (False, False)
    asyncio.run(client.aclose())
