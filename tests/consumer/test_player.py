"""The player and the stage without a socket: what httpx clients see of each delivery, and what outcomes say of odd clients."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, ClassVar

import httpx
import pytest

from contracts.consumer import httpx_stage, player
from contracts.consumer import script as scripts
from contracts.consumer.httpx_stage import intercepted
from contracts.consumer.observe import Client
from contracts.consumer.player import LONGEST_STALL, TRIES, ConsumerUnusable, Player
from contracts.consumer.protocol import Listener
from contracts.consumer.reference import RefreshClient
from contracts.consumer.running import LONGEST
from contracts.consumer.script import Script
from contracts.model.answers import Answer, error, success
from contracts.model.document import load
from contracts.model.exchange import Kind, Request, Response
from contracts.model.outcome import LISTENERS, THROWN, Outcome
from contracts.model.scenario import LANDING, Delivery, Scenario, ScenarioSequence, refreshed
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.rules.consumer import RULE_SET
from contracts.rules.engine import Evaluator
from tests.clients.clock import QuickLoop

BASE = "https://store.example"
URL = BASE + load().path
TOKEN = "t" * 24
UNAUTHORIZED = Scenario("error-401", error(401))
LISTENED = Scenario("error-401-listener-throws", error(401), throwing=True)
RESET = Scenario("network-reset", None, Delivery.RESET)


# --- the stage --------------------------------------------------------------------------------------------------------


def by_sync(url: str = URL, **options: Any) -> httpx.Response:
    """POST by a sync client."""
    with httpx.Client(**options) as client:
        return client.post(url)


def by_async(url: str = URL, **options: Any) -> httpx.Response:
    """POST by an async client."""

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(**options) as client:
            return await client.post(url)

    return asyncio.run(run())


def by_sync_in_async(url: str = URL, **options: Any) -> httpx.Response:
    """POST by a sync client that async code calls."""

    async def run() -> httpx.Response:
        return by_sync(url, **options)

    return asyncio.run(run())


@pytest.fixture(params=[by_sync, by_async, by_sync_in_async])
def post(request: pytest.FixtureRequest) -> Callable[..., httpx.Response]:
    """POST by one kind of client."""
    return request.param  # type: ignore[no-any-return]


@contextlib.contextmanager
def on(scenario: Scenario, **options: Any) -> Iterator[Script]:
    """Play a script with one scenario to httpx."""
    script = Script()
    script.prepare(1, scenario)
    script.begin(1)
    with intercepted(script, **options):
        yield script


@pytest.mark.parametrize(
    ("delivery", "error_type", "message"),
    [
        (Delivery.TRUNCATED, httpx.RemoteProtocolError, "complete message body"),
        (Delivery.ABORTED, httpx.ReadError, "reset"),
        (Delivery.RESET, httpx.ReadError, "reset"),
        (Delivery.CLOSED, httpx.RemoteProtocolError, "without sending a response"),
        (Delivery.SILENT, httpx.ReadError, "reset"),
        (Delivery.ENDLESS, httpx.ReadError, "reset"),
        (Delivery.REFUSED, httpx.ConnectError, "refused"),
        (Delivery.UNRESOLVED, httpx.ConnectError, "not known"),
        (Delivery.OFFLINE, httpx.ConnectError, "unreachable"),
        (Delivery.TIMED_OUT, httpx.ConnectTimeout, "timed out"),
    ],
)
def test_broken_deliveries(
    post: Callable[..., httpx.Response], delivery: Delivery, error_type: type[Exception], message: str
) -> None:
    """A broken delivery raises the error that httpx raises for it on a socket, after as long as the scenario takes."""
    seconds = 0.0 if delivery.ends else 0.2
    answered = delivery in (Delivery.TRUNCATED, Delivery.ABORTED, Delivery.ENDLESS)
    began = time.monotonic()
    scenario = Scenario("", success(200, TOKEN) if answered else None, delivery, seconds)
    with on(scenario) as script, pytest.raises(error_type, match=message) as caught:
        post()
    assert type(caught.value) is error_type
    assert time.monotonic() - began >= seconds
    assert [x.kind for x in script.end(1).exchanges] == [Kind.FAILED]


@pytest.mark.parametrize("delivery", [Delivery.TRUNCATED, Delivery.ABORTED, Delivery.ENDLESS])
def test_head_comes_before_the_body_breaks(delivery: Delivery) -> None:
    """If the body breaks, a client that looks at the status first sees a success, and then a part of the body."""
    seen = b""
    with on(Scenario("", success(200, TOKEN), delivery, 0.2)), httpx.Client() as client, client.stream("POST", URL) as response:
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
        assert ("content-length" in response.headers) == (delivery is not Delivery.ENDLESS)
        pieces = response.iter_raw()
        with contextlib.suppress(httpx.TransportError):
            while True:
                seen += next(pieces)
    whole = success(200, TOKEN).body
    assert whole.startswith(seen)
    assert 0 < len(seen) < len(whole)


@pytest.mark.parametrize("delivery", [Delivery.WHOLE, Delivery.SLOW])
def test_whole_answers(post: Callable[..., httpx.Response], delivery: Delivery) -> None:
    """A whole answer comes with its own status, headers and bytes, in their order and repetition, however slowly."""
    answer = Answer(207, (("X-A", "1"), ("Content-Type", "text/odd"), ("X-A", "2")), b"\xff\x00 body")
    with on(Scenario("", answer, delivery, 0.1)) as script:
        got = post()
    assert (got.status_code, got.content) == (207, answer.body)
    assert got.headers.raw == [
        *((name.encode(), value.encode()) for name, value in answer.headers),
        (b"Content-Length", str(len(answer.body)).encode()),
    ]
    assert len(script.end(1).exchanges) == 1


def test_status_without_a_body_has_none(post: Callable[..., httpx.Response]) -> None:
    """No body comes with 204 or for HEAD, whatever the scenario has, so none can be cut off."""
    answer = Answer(204, (), b"body")
    with on(Scenario("", answer)):
        got = post()
    assert (got.content, got.headers.raw) == (b"", [])
    with on(Scenario("", answer, Delivery.TRUNCATED)), pytest.raises(httpx.RemoteProtocolError), httpx.stream("POST", URL):
        pytest.fail("a head came")
    with on(UNAUTHORIZED):
        head = httpx.head(URL)
    assert (head.status_code, head.content, int(head.headers["content-length"]) > 0) == (401, b"", True)


def test_answer_may_say_its_own_length(post: Callable[..., httpx.Response]) -> None:
    """If an answer states its length itself, rightly or wrongly, no other is added."""
    with on(Scenario("", Answer(200, (("Content-Length", "2"),), b"body"))):
        assert post().headers.raw == [(b"Content-Length", b"2")]


def test_drip_goes_on_after_the_body() -> None:
    """An endless answer goes on dripping when the body is over."""
    seen = b""
    with on(Scenario("", Answer(200, (), b"{}"), Delivery.ENDLESS, 0.4)), httpx.stream("POST", URL) as response:
        pieces = response.iter_raw()
        with contextlib.suppress(httpx.ReadError):
            while True:
                seen += next(pieces)
    assert seen[:3] == b"{} "


@pytest.mark.parametrize("delivery", [Delivery.SILENT, Delivery.ENDLESS])
def test_async_client_may_give_up(delivery: Delivery) -> None:
    """While an async client waits, its event loop goes on, so that its own deadline can strike."""

    async def run() -> None:
        async with httpx.AsyncClient() as client, asyncio.timeout(0.1):
            await client.post(URL, timeout=None)

    with on(Scenario("", success(200, TOKEN), delivery, 20.0)), pytest.raises(TimeoutError):
        asyncio.run(run())  # otherwise the script would end it, with an error of the connection


def test_requests_are_logged_as_sent() -> None:
    """The script logs the method, address, headers and body of a request."""
    with on(UNAUTHORIZED) as script, httpx.Client() as client:
        client.put(URL + "?a=1", content=b"body", headers={"X-A": "1"})
    (x,) = script.end(1).exchanges
    assert (x.request.method, x.request.url, x.request.body, x.request.header("x-a")) == ("PUT", URL + "?a=1", b"body", "1")


def test_read_timeout_ends_silence(post: Callable[..., httpx.Response]) -> None:
    """A client's read timeout strikes while no byte comes, as on a socket, before the script ends the exchange."""
    with on(Scenario("", None, Delivery.SILENT, 20.0)), pytest.raises(httpx.ReadTimeout):
        post(timeout=0.1)


def test_read_timeout_is_for_each_gap(post: Callable[..., httpx.Response]) -> None:
    """A drip outlasts a read timeout that is longer than its gaps, and not one that is shorter."""
    endless = Scenario("", success(200, TOKEN), Delivery.ENDLESS, 0.4)
    with on(endless), pytest.raises(httpx.ReadError):
        post(timeout=0.3)
    with on(endless), pytest.raises(httpx.ReadTimeout):
        post(timeout=0.01)


def test_other_places_are_answered(post: Callable[..., httpx.Response]) -> None:
    """A redirect leads to a page, and other requests get some JSON and are logged as strays; neither reaches the endpoint."""
    with on(Scenario("", Answer(302, (("location", LANDING),), b""))) as script:
        page = post(follow_redirects=True)
        assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
        assert post("https://api.example/profile").json()["success"] is True
    part = script.end(1)
    assert len(part.exchanges) == 1
    assert [stray.url for stray in part.strays] == ["https://api.example/profile"]


def test_one_address_may_pass_through(post: Callable[..., httpx.Response]) -> None:
    """Requests to a real server reach it; all others are still intercepted, even to another port of the same host."""
    store = Store()
    with serve(store.app) as base, on(UNAUTHORIZED, pass_through=base) as script:
        assert post(base + load().path, headers={"Cookie": store.log_in()}).status_code == 200
        assert script.end(1).exchanges == []
        assert post("http://127.0.0.1:9/auth/refresh").json()["success"] is True


def test_httpx_is_given_back() -> None:
    """After the block, requests go to the network again."""
    store = Store()
    with on(UNAUTHORIZED):
        pass
    with serve(store.app) as base:
        assert by_sync(base + load().path, headers={"Cookie": store.log_in()}).status_code == 200


def test_threads_may_ask_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sync clients in several threads do not wait for each other: every answer comes only once all have sent a request."""
    context = ssl.create_default_context()  # costs most of a client
    all_sent = threading.Barrier(8)
    monkeypatch.setattr(httpx_stage, "time", SimpleNamespace(sleep=lambda seconds: seconds and all_sent.wait(60)))
    with on(Scenario("", success(200, TOKEN), Delivery.SLOW, 0.5)) as script, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(by_sync, verify=context) for _ in range(8)]
        assert {answer.result().status_code for answer in answers} == {200}
    assert len(script.end(1).exchanges) == 8


# --- odd clients ------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """The error that the fakes raise."""

    def __init__(self, came: Any) -> None:
        super().__init__("refused")
        self.response = came if isinstance(came, Response) else None


class Fake:
    """The smallest right client: it sends its requests to the script without any network. The others differ in one point."""

    name: ClassVar[str] = "fake"

    def __init__(self, script: Script) -> None:
        self.script = script
        self.token: Any = None
        self.listeners: list[Listener] = []

    def on_refresh_failed(self, listener: Listener) -> object:
        self.listeners.append(listener)
        return None

    async def refresh(self) -> Any:
        self.ask()
        await asyncio.sleep(0)
        scenario = self.scenario
        if scenario.kind is Kind.COMPLETED:
            assert isinstance(scenario.came, Response)
            self.token = scenario.came.token
            return scenario.came.reading.value
        failure = Refused(scenario.came)
        self.fire(failure)
        raise failure

    def ask(self, path: str = load().path) -> None:
        """Send a request."""
        headers = () if self.token is None else (("authorization", f"Bearer {self.token}"),)
        scenario = self.script.receive(Request("POST", BASE + path, headers))
        if scenario is not None:
            self.scenario = scenario

    def fire(self, what: Any) -> None:
        """Call every listener, whatever it raises."""
        for listener in self.listeners:
            with contextlib.suppress(RuntimeError):
                listener(what)


class KnownStalls:
    """Stands in for `Stalls`: the process stalls for so many seconds each time that scenarios are played, then no more."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)

    def __call__(self) -> contextlib.nullcontext[SimpleNamespace]:
        return contextlib.nullcontext(SimpleNamespace(longest=self.seconds.pop(0) if self.seconds else 0.0))


class Watch:
    """Plays scenarios to a fake on a clock that does not wait; returns the outcomes and measures the seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.players: list[Player] = []
        self._monkeypatch = monkeypatch
        self._monkeypatch.setattr(player, "Stalls", KnownStalls())

    def __call__(self, kind: Callable[[Script], Any], *scenarios: Scenario, patience: float = 0.3) -> list[Outcome]:
        script, self.clock = Script(), QuickLoop()
        self.began = self.clock.time()
        ticks = itertools.count()  # what comes later is later, if only by a microsecond

        def now() -> float:
            return self.clock.time() + next(ticks) / 1_000_000

        for module in (player, scripts):
            self._monkeypatch.setattr(module, "time", SimpleNamespace(time=now, monotonic=now))
        made = Player(lambda: kind(script), script, name="fake", kind="mock", patience=patience, loop=self.clock)
        self.players.append(made)
        return made.play_scenarios(scenarios)

    @property
    def took(self) -> float:
        """Seconds on the clock."""
        return self.clock.time() - self.began


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Plays scenarios to fakes."""
    watch = Watch(monkeypatch)
    yield watch
    for made in watch.players:
        made.close()


def completed() -> Scenario:
    """A refresh that completes, with a token of its own."""
    return refreshed(f"token-{next(NUMBERS):020d}")


NUMBERS = itertools.count()


def findings(outcomes: Sequence[Outcome]) -> list[tuple[str, int]]:
    """The rules that were broken, each with the number of the outcome."""
    evaluator = Evaluator(RULE_SET)
    return [(finding.rule, finding.exchange) for outcome in outcomes for finding in evaluator.add(outcome)]


def test_outcomes_of_a_right_client(watch: Watch) -> None:
    """Each outcome has the calls, events, requests and tokens of its own scenario, and they are numbered in order."""
    first, second = completed(), completed()
    outcomes = watch(Fake, first, UNAUTHORIZED, second, LISTENED, RESET, completed())
    assert [o.index for o in outcomes] == [1, 2, 3, 4, 5, 6]
    assert [o.summary for o in outcomes] == [
        *("resolved; no event; token new", "rejected; one event; token kept"),
        *("resolved; no event; token new", "rejected; one event; token kept", "rejected; one event; token kept"),
        "resolved; no event; token new",
    ]
    assert [len(o.exchanges) for o in outcomes] == [1] * 6
    assert outcomes[0].calls[0].value == outcomes[0].exchanges[0].response.reading.value  # type: ignore[union-attr]
    assert (outcomes[0].token_before, outcomes[0].token_after) == (None, outcomes[1].token_before)
    assert outcomes[0].sent_after == f"Bearer {outcomes[0].token_after}"
    assert outcomes[1].calls[0].error == "Refused: refused"
    event = outcomes[1].events[0]
    assert (event.is_error, event.status, event.text) == (True, 401, "Refused: refused")
    assert (outcomes[4].events[0].status, [event.listener for event in outcomes[1].events]) == (None, [0, 1, 2])
    assert [o.calls[0].at for o in outcomes] == pytest.approx([0.0] * 6, abs=0.001)
    assert [o.started for o in outcomes] == pytest.approx([watch.began] * 6, abs=0.001)
    assert findings(outcomes) == []


def test_calls_are_made_at_the_same_moment(watch: Watch) -> None:
    """All calls of a scenario are under way before the first is answered."""

    class Counting(Fake):
        most = now = 0

        async def refresh(self) -> Any:
            self.now += 1
            self.most = max(self.most, self.now)
            try:
                return await super().refresh()
            finally:
                self.now -= 1

    made: list[Counting] = []

    def make(script: Script) -> Counting:
        made.append(Counting(script))
        return made[0]

    (outcome,) = watch(make, Scenario("", error(401), calls=5))
    assert (made[0].most, len(outcome.calls), len(outcome.exchanges), outcome.fired) == (5, 5, 5, 5)


def test_throwing_listener_is_the_first_and_only_where_the_scenario_says_so(watch: Watch) -> None:
    """Only the first listener throws, and only if the scenario says so; a client that suffers from it is blamed only there."""

    class Spoiled(Fake):
        def fire(self, what: Any) -> None:
            for listener in self.listeners:
                listener(what)

    outcomes = watch(Spoiled, UNAUTHORIZED, LISTENED, UNAUTHORIZED)
    assert [o.heard for o in outcomes] == [(1, 1, 1), (1, 0, 0), (1, 1, 1)]
    assert [THROWN in o.calls[0].error for o in outcomes] == [False, True, False]
    assert findings(outcomes) == [("throwing-listener-harms-nothing", 2)]


class Later(Fake):
    """A client that fires its event a while after the rejection."""

    seconds = 0.1

    def fire(self, what: Any) -> None:
        asyncio.get_running_loop().call_later(self.seconds, super().fire, what)


def test_late_event_belongs_to_its_rejection(watch: Watch) -> None:
    """An event that comes during a later scenario, or after the last one, counts where its error was raised."""
    outcomes = watch(Later, UNAUTHORIZED, Scenario("", success(200, TOKEN), Delivery.WHOLE), RESET)
    assert [o.fired for o in outcomes] == [1, 0, 1]
    assert all(event.at - o.calls[0].at >= 0.09 for o in outcomes for event in o.events)
    assert findings(outcomes) == []


def test_event_that_is_too_late_is_not_waited_for(watch: Watch) -> None:
    """The player waits for an event little more than a second after the rejection."""

    class Much(Later):
        seconds = 30.0

    outcomes = watch(Much, UNAUTHORIZED)
    assert 1.0 <= watch.took < 2.0
    assert findings(outcomes) == [("failure-fires-once", 1)]


@pytest.mark.parametrize("wrap", ["cause", "context", "wrapped"])
def test_event_by_relation(watch: Watch, wrap: str) -> None:
    """An event may carry the error from which the rejection was raised, or one that was raised from the rejection."""

    class Related(Fake):
        async def refresh(self) -> Any:
            try:
                return await super().refresh()
            except Refused as inner:
                loop = asyncio.get_running_loop()
                outer = ValueError("outer")
                outer.__cause__ = inner if wrap == "cause" else None
                outer.__context__ = inner if wrap == "context" else None
                if wrap == "wrapped":
                    outer.__cause__ = inner
                    loop.call_later(0.1, super().fire, outer)
                    raise
                loop.call_later(0.1, super().fire, inner)
            raise outer

        def fire(self, what: Any) -> None:
            """Not yet."""

    outcomes = watch(Related, UNAUTHORIZED, completed(), completed())
    assert [o.fired for o in outcomes] == [1, 0, 0]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_event_without_relation_counts_when_it_is_heard(watch: Watch, turns: int) -> None:
    """An event some turns of the loop after the rejection belongs to it, since the next scenario has not sent anything yet."""

    class Foreign(Fake):
        def fire(self, what: Any, left: int = turns) -> None:
            if left:
                asyncio.get_running_loop().call_soon(self.fire, what, left - 1)
            else:
                super().fire(ValueError("no relation"))

    outcomes = watch(Foreign, completed(), UNAUTHORIZED, completed(), UNAUTHORIZED)
    assert [o.fired for o in outcomes] == [0, 1, 0, 1]


def test_one_error_raised_again_and_again_counts_each_time(watch: Watch) -> None:
    """A client may have one error for all failures; its events belong to the failure at hand."""
    constant = Refused(None)
    thrown: list[str] = []

    class Constant(Fake):
        async def refresh(self) -> Any:
            try:
                return await super().refresh()
            except Refused:
                pass
            raise constant

        def fire(self, what: Any) -> None:
            for listener in self.listeners:
                try:
                    listener(constant)
                except RuntimeError as error:
                    thrown.append(f"{error} in {self.scenario.name}")

    outcomes = watch(Constant, RESET, RESET, LISTENED, RESET)
    assert [o.heard for o in outcomes] == [(1, 1, 1)] * 4
    assert thrown == [f"{THROWN} in {LISTENED.name}"]


def sequences(kind: Callable[[Script], Any], *played: Scenario) -> list[Outcome]:
    """The outcomes of scenarios that were played in a sequence each."""
    script = Script()
    client = kind(script)
    player = Player(lambda: client, script, name="fake", kind="mock")
    try:
        return player.play([ScenarioSequence((scenario,)) for scenario in played])
    finally:
        player.close()


def test_event_of_an_earlier_sequence_is_too_late() -> None:
    """An event that fires again during the next sequence does not count there."""

    class Again(Fake):
        former: ClassVar[list[Any]] = []

        async def refresh(self) -> Any:
            for what in self.former:
                super().fire(what)
            return await super().refresh()

        def fire(self, what: Any) -> None:
            super().fire(what)
            self.former.append(what)

    assert [o.fired for o in sequences(Again, RESET, completed())] == [1, 0]


def test_error_of_an_earlier_sequence_may_be_raised_again() -> None:
    """If a client has one error for all failures, its event counts in every sequence."""
    constant = Refused(None)

    class Constant(Fake):
        async def refresh(self) -> Any:
            self.fire(constant)
            raise constant

    assert [o.fired for o in sequences(Constant, RESET, RESET)] == [1, 1]


@pytest.mark.parametrize("again", [0.0, 0.005], ids=["at once", "a little later"])
def test_second_event_counts_even_in_the_last_scenario(watch: Watch, again: float) -> None:
    """An event that fires twice counts twice, even in the last scenario."""

    class Double(Fake):
        def fire(self, what: Any) -> None:
            super().fire(what)
            asyncio.get_running_loop().call_later(again, super().fire, what)

    outcomes = watch(Double, completed(), UNAUTHORIZED)
    assert [o.fired for o in outcomes] == [0, 2]
    assert findings(outcomes) == [("failure-fires-once", 2)]


def test_event_that_carries_something_else_is_described(watch: Watch) -> None:
    """An event without an error is described by the type and text of its argument, and a strange status is dropped."""

    class Odd:
        class response:
            status_code = "401"
            status = True

        def __str__(self) -> str:
            return "x" * LONGEST

    class Talking(Fake):
        def fire(self, what: Any) -> None:
            super().fire(Odd())

    event = watch(Talking, UNAUTHORIZED)[0].events[0]
    assert (event.is_error, event.status, len(event.text), event.text[:5]) == (False, None, LONGEST, "Odd: ")


def test_hostile_errors_do_no_harm(watch: Watch) -> None:
    """An error that cannot even be printed is described by its type."""

    class Hostile(Exception):
        @property
        def response(self) -> Any:
            raise ZeroDivisionError

        def __str__(self) -> str:
            raise ZeroDivisionError

    class Angry(Fake):
        async def refresh(self) -> Any:
            self.fire(failure := Hostile())
            raise failure

    (outcome,) = watch(Angry, UNAUTHORIZED)
    assert (outcome.calls[0].error, outcome.events[0].text, outcome.events[0].status) == ("Hostile", "Hostile", None)


class Late(Fake):
    """A client that is right, but comes too late the first few times."""

    times: ClassVar[int] = 0

    async def refresh(self) -> Any:
        if type(self).times:
            type(self).times -= 1
            raise Refused(None)
        return await super().refresh()


@pytest.mark.parametrize(
    ("late", "stalls", "played", "blamed"),
    [
        (1, [LONGEST_STALL, 0.0], 2, False),
        (2, [9.0, LONGEST_STALL, 0.0], 3, False),
        (1, [LONGEST_STALL - 0.01], 1, True),
        (TRIES, [9.0] * TRIES, TRIES, True),
    ],
)
def test_scenarios_are_played_again_after_a_stall(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, late: int, stalls: list[float], played: int, blamed: bool
) -> None:
    """A client is not blamed for a stall, unless the process stalls every time."""
    monkeypatch.setattr(Late, "times", late)
    monkeypatch.setattr(player, "Stalls", KnownStalls(*stalls))
    outcomes = watch(Late, completed())
    assert [o.index for o in outcomes] == [played]
    assert bool(findings(outcomes)) is blamed


class Hanging(Fake):
    """A client whose refresh() never returns from a failure."""

    ended: ClassVar[list[str]] = []

    async def refresh(self) -> Any:
        self.ask()
        if self.scenario.kind is not Kind.FAILED:
            return await super().refresh()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.append("cancelled")


def test_call_that_never_settles_is_pending(watch: Watch) -> None:
    """A call that never settles is pending: it is waited for as long as it may take, the next ones go on, and it is cancelled."""
    Hanging.ended.clear()
    outcomes = watch(Hanging, completed(), UNAUTHORIZED, completed(), patience=0.3)
    assert [o.calls[0].settled for o in outcomes] == ["resolved", "pending", "resolved"]
    assert outcomes[1].calls[0].at == pytest.approx(0.3, abs=0.001)
    assert Hanging.ended == ["cancelled"]
    assert findings(outcomes) == [("settles-when-it-is-over", 2)]


def test_next_scenario_begins_at_once(watch: Watch) -> None:
    """A client gets no pause after a failure, since a caller may try again at once."""

    class Counting(Fake):
        turns: ClassVar[list[int]] = []
        counting = False

        async def refresh(self) -> Any:
            self.counting = False
            return await super().refresh()

        def fire(self, what: Any) -> None:
            super().fire(what)
            self.counting = True
            self.turn()

        def turn(self) -> None:
            if self.counting:
                self.turns.append(1)
                asyncio.get_running_loop().call_soon(self.turn)

    watch(Counting, RESET, completed())
    assert 1 < len(Counting.turns) < 10


def test_call_that_settles_too_late_stays_pending(watch: Watch) -> None:
    """A call that settles during a later scenario stays pending in its outcome."""

    class Slow(Fake):
        async def refresh(self) -> Any:
            self.ask()
            await asyncio.sleep(0.3 if self.scenario.kind is Kind.FAILED else 0.4)
            return {}

    outcomes = watch(Slow, UNAUTHORIZED, Scenario("", success(200, TOKEN), Delivery.SLOW, 1.0), patience=0.1)
    assert [o.calls[0].settled for o in outcomes] == ["pending", "resolved"]


def test_seconds_of_the_scenario_are_waited_too(watch: Watch) -> None:
    """A call may take as long as its scenario and the patience together."""

    class Patient(Fake):
        async def refresh(self) -> Any:
            self.ask()
            await asyncio.sleep(0.3)
            self.fire(None)
            return {}

    (outcome,) = watch(Patient, Scenario("", None, Delivery.SILENT, 2.0), patience=0.1)
    assert outcome.calls[0].settled == "resolved"


def test_client_that_cannot_be_cancelled_does_not_hold_up_the_player(watch: Watch) -> None:
    """A call that swallows every cancellation is left behind."""
    over = False

    class Stubborn(Fake):
        async def refresh(self) -> Any:
            while not over:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.1)

    (outcome,) = watch(Stubborn, UNAUTHORIZED, patience=0.1)
    assert outcome.calls[0].settled == "pending"
    with contextlib.suppress(RuntimeError):
        over = True
        watch.players[0].close()
    assert 0.1 <= watch.took < 5.0


def test_refresh_may_be_any_function(watch: Watch) -> None:
    """refresh() may raise before there is anything to await, return any awaitable, or return the body itself."""

    class Early(Fake):
        def refresh(self) -> Awaitable[Any]:  # type: ignore[override]
            self.ask()
            failure = Refused(None)
            self.fire(failure)
            raise failure

    class Future(Fake):
        def refresh(self) -> Awaitable[Any]:  # type: ignore[override]
            return asyncio.ensure_future(super().refresh())

    class Plain(Fake):
        def refresh(self) -> Any:
            self.ask()
            return {"plain": 1}

    assert watch(Early, RESET)[0].summary == "rejected; one event; token kept"
    assert [o.summary for o in watch(Future, completed(), RESET)] == [
        "resolved; no event; token new",
        "rejected; one event; token kept",
    ]
    assert watch(Plain, completed())[0].calls[0].value == {"plain": 1}


def test_rejection_by_cancelling_is_a_rejection(watch: Watch) -> None:
    """A client that cancels its own work has rejected the call."""

    class Cancelling(Fake):
        async def refresh(self) -> Any:
            self.fire(failure := asyncio.CancelledError())
            raise failure

    assert watch(Cancelling, RESET)[0].calls[0].settled == "rejected"


def test_interrupt_goes_through(caplog: pytest.LogCaptureFixture) -> None:
    """An interrupt during a refresh ends the play, the player can be closed, and asyncio logs nothing."""

    class Interrupted(Fake):
        async def refresh(self) -> Any:
            raise KeyboardInterrupt

    script = Script()
    player = Player(lambda: Interrupted(script), script, name="fake", kind="mock")
    with pytest.raises(KeyboardInterrupt):
        player.play_scenarios([RESET])
    player.close()
    gc.collect()
    assert caplog.records == []


def test_strays_and_requests_are_counted(watch: Watch) -> None:
    """Requests to other addresses are kept beside those to the endpoint."""

    class Straying(Fake):
        def ask(self, path: str = load().path) -> None:
            super().ask("/profile")
            super().ask(path)
            super().ask(path)

    (outcome,) = watch(Straying, UNAUTHORIZED)
    assert ([stray.url for stray in outcome.strays], len(outcome.exchanges)) == ([BASE + "/profile"], 2)


# --- objects that are no clients --------------------------------------------------------------------------------------


class NoToken:
    """A client without `token`."""

    def on_refresh_failed(self, listener: Listener) -> object:
        return None

    async def refresh(self) -> Any:
        return None


class Locked(NoToken):
    @property
    def token(self) -> str:
        raise PermissionError("locked")


class NoRefresh:
    token = None

    def on_refresh_failed(self, listener: Listener) -> object:
        return None


class NoEvent:
    token = None

    async def refresh(self) -> Any:
        return None


class Picky(NoToken):
    token = None

    def on_refresh_failed(self, listener: Listener) -> object:
        raise TypeError("one listener is enough")


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (NoToken(), "reading its token raised AttributeError"),
        (Locked(), "reading its token raised PermissionError: locked"),
        (NoRefresh(), r"no method refresh\(\)"),
        (NoEvent(), r"no method on_refresh_failed\(\)"),
        (Picky(), "TypeError: one listener is enough"),
        (None, "NoneType cannot be used as a client"),
    ],
    ids=["no token", "token raises", "no refresh", "no event", "takes no listener", "nothing"],
)
def test_object_that_is_no_client_is_refused(watch: Watch, made: Any, says: str) -> None:
    """One sentence names what an object lacks to be a client."""
    with pytest.raises(ConsumerUnusable, match=says):
        watch(lambda script: made, UNAUTHORIZED)


def test_client_may_become_unusable_later(watch: Watch) -> None:
    """A client whose token breaks in the middle is refused then."""

    class Breaking(Fake):
        reads = 0

        @property
        def token(self) -> Any:
            self.reads += 1
            if self.reads > 3:
                raise ValueError("gone")
            return None

        @token.setter
        def token(self, value: Any) -> None:
            """Ignored."""

    with pytest.raises(ConsumerUnusable, match="ValueError: gone"):
        watch(Breaking, UNAUTHORIZED, UNAUTHORIZED)


# --- the life of a player ---------------------------------------------------------------------------------------------


def test_player_is_a_client_for_the_observer() -> None:
    """The player plays sequences to one existing client, intercepts httpx only while it plays, and goes on numbering."""
    script = Script()
    player = Player.of(RefreshClient(BASE), script)
    client: Client = player
    assert (client.name, client.kind, client.modes, client.loads) == ("python", "mock", ("",), False)
    refused = Scenario("network-refused", None, Delivery.REFUSED)
    outcomes = client.play([ScenarioSequence((completed(), refused)), ScenarioSequence((UNAUTHORIZED,))])
    assert [o.index for o in outcomes] == [1, 2, 3]
    assert [o.summary for o in outcomes][1:] == ["rejected; one event; token kept"] * 2
    assert outcomes[0].sent_after is not None
    assert client.requests == 2  # the refused one reached nobody
    store = Store()
    with serve(store.app) as base:
        assert by_sync(base + load().path, headers={"Cookie": store.log_in()}).status_code == 200
    client.close()
    client.close()


def test_player_goes_on_with_another_client() -> None:
    """A client that is no longer used is closed on the loop where it lives, and the next one is listened to."""
    closed: list[str] = []

    class Closing(Fake):
        loop: asyncio.AbstractEventLoop | None = None

        async def refresh(self) -> Any:
            self.loop = asyncio.get_running_loop()
            return await super().refresh()

        async def aclose(self) -> None:
            closed.append("on its loop" if asyncio.get_running_loop() is self.loop else "elsewhere")
            raise ValueError("closed before")

    script = Script()
    player = Player.of(first := Closing(script), script)
    assert (player.name, player.kind) == ("Closing", "real")
    player.use(first)
    assert player.play_scenarios([UNAUTHORIZED])[0].fired == 1
    player.use(first)
    assert closed == []
    player.use(Closing(script))
    assert closed == ["on its loop"]
    (outcome,) = player.play_scenarios([UNAUTHORIZED])
    assert (outcome.index, outcome.fired, len(first.listeners)) == (2, 1, LISTENERS)
    player.close()
    assert closed == ["on its loop"] * 2


def test_client_that_cannot_even_be_closed_is_let_go() -> None:
    """A client whose closing fails is not judged for it."""

    class Broken(Fake):
        def aclose(self) -> None:
            raise ValueError("no")

    script = Script()
    player = Player.of(Broken(script), script)
    assert player.play_scenarios([UNAUTHORIZED])[0].fired == 1
    player.close()
