"""The player and its stage without a socket: every delivery as httpx clients see it, and every odd client as it is told of."""

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

from contracts.answers import Answer, error, success
from contracts.consumers import Listener, intercept, player
from contracts.consumers import script as scripts
from contracts.consumers.intercept import intercepted
from contracts.consumers.observer import Client
from contracts.consumers.player import LONGEST, STOOD_STILL, TRIES, ConsumerUnusable, Player
from contracts.consumers.python import RefreshClient
from contracts.consumers.script import Script
from contracts.document import load
from contracts.exchange import Kind, Request, Response
from contracts.outcome import LISTENERS, THROWN, Outcome
from contracts.providers.serving import serve
from contracts.providers.store import Store
from contracts.rules import Judging
from contracts.rules.consumer import BOOK
from contracts.scenario import LANDING, Delivery, Lane, Scenario, refreshed

from .clients.clock import QuickLoop

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
    """A script with one scenario on, played to httpx."""
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
    """What breaks is the error that httpx raises for it on a socket, after as long as the scenario takes."""
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
    """A client that looks at the status before it reads the body sees a success, and a part of it."""
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
    """Status, headers in their order and repetition, and the body's bytes come as they were given, however slowly."""
    answer = Answer(207, (("X-A", "1"), ("Content-Type", "text/odd"), ("X-A", "2")), b"\xff\x00 body")
    with on(Scenario("", answer, delivery, 0.1)) as script:
        got = post()
    assert (got.status_code, got.content) == (207, answer.body)
    assert got.headers.raw == [
        *((name.encode(), value.encode()) for name, value in answer.headers),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    assert len(script.end(1).exchanges) == 1


def test_status_without_a_body_has_none(post: Callable[..., httpx.Response]) -> None:
    """With 204, and to HEAD, no body comes, whatever the scenario would have; so none can be cut off."""
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
    """A length that an answer states, rightly or wrongly, stands alone."""
    with on(Scenario("", Answer(200, (("Content-Length", "2"),), b"body"))):
        assert post().headers.raw == [(b"Content-Length", b"2")]


def test_drip_goes_on_after_the_body() -> None:
    """An endless answer has more to it than a client needs."""
    seen = b""
    with on(Scenario("", Answer(200, (), b"{}"), Delivery.ENDLESS, 0.3)), httpx.stream("POST", URL) as response:
        pieces = response.iter_raw()
        with contextlib.suppress(httpx.ReadError):
            while True:
                seen += next(pieces)
    assert seen[:3] == b"{} "


@pytest.mark.parametrize("delivery", [Delivery.SILENT, Delivery.ENDLESS])
def test_async_client_may_give_up(delivery: Delivery) -> None:
    """While an async client waits its loop goes on, and a deadline of its own strikes."""

    async def run() -> None:
        async with httpx.AsyncClient() as client, asyncio.timeout(0.1):
            await client.post(URL, timeout=None)

    with on(Scenario("", success(200, TOKEN), delivery, 20.0)), pytest.raises(TimeoutError):
        asyncio.run(run())  # otherwise the script would end it, with an error of the connection


def test_requests_are_noted_as_sent() -> None:
    """Method, address, headers and body of a request are in the script's evidence."""
    with on(UNAUTHORIZED) as script, httpx.Client() as client:
        client.put(URL + "?a=1", content=b"body", headers={"X-A": "1"})
    (x,) = script.end(1).exchanges
    assert (x.request.method, x.request.url, x.request.body, x.request.header("x-a")) == ("PUT", URL + "?a=1", b"body", "1")


def test_read_timeout_ends_silence(post: Callable[..., httpx.Response]) -> None:
    """A client's read timeout strikes where no byte comes, as on a socket, before the script ends it."""
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
    """A redirect leads to a page, and what goes elsewhere gets some JSON and is noted; neither reaches the endpoint."""
    with on(Scenario("", Answer(302, (("location", LANDING),), b""))) as script:
        page = post(follow_redirects=True)
        assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
        assert post("https://api.example/profile").json()["success"] is True
    part = script.end(1)
    assert len(part.exchanges) == 1
    assert [stray.url for stray in part.strays] == ["https://api.example/profile"]


def test_one_address_may_pass_through(post: Callable[..., httpx.Response]) -> None:
    """Requests to a real server reach it; all others are still intercepted, another port of the same host too."""
    store = Store()
    with serve(store.app) as base, on(UNAUTHORIZED, pass_through=base) as script:
        assert post(base + load().path, headers={"Cookie": store.log_in()}).status_code == 200
        assert script.end(1).exchanges == []
        assert post("http://127.0.0.1:9/auth/refresh").json()["success"] is True


def test_httpx_is_given_back() -> None:
    """After the block requests go to the network again."""
    store = Store()
    with on(UNAUTHORIZED):
        pass
    with serve(store.app) as base:
        assert by_sync(base + load().path, headers={"Cookie": store.log_in()}).status_code == 200


def test_threads_may_ask_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sync clients in several threads do not wait for each other: each answer comes only once all have been asked for."""
    context = ssl.create_default_context()  # costs most of a client
    all_asked = threading.Barrier(8)
    monkeypatch.setattr(intercept, "time", SimpleNamespace(sleep=lambda seconds: seconds and all_asked.wait(60)))
    with on(Scenario("", success(200, TOKEN), Delivery.SLOW, 0.5)) as script, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(by_sync, verify=context) for _ in range(8)]
        assert {answer.result().status_code for answer in answers} == {200}
    assert len(script.end(1).exchanges) == 8


# --- odd clients ------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """What the fakes raise."""

    def __init__(self, came: Any) -> None:
        super().__init__("refused")
        self.response = came if isinstance(came, Response) else None


class Fake:
    """The smallest right client: meets the script without any network. The others differ in one thing."""

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
        scenario = self.asked
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
        met = self.script.meet(Request("POST", BASE + path, headers))
        if met is not None:
            self.asked = met

    def fire(self, what: Any) -> None:
        """Tell every listener, whatever they raise."""
        for listener in self.listeners:
            with contextlib.suppress(RuntimeError):
                listener(what)


class Stalls:
    """What is known of the process: for so many seconds it stood still, each time that it was played to; then no more."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)

    def __call__(self) -> contextlib.nullcontext[SimpleNamespace]:
        return contextlib.nullcontext(SimpleNamespace(longest=self.seconds.pop(0) if self.seconds else 0.0))


class Watch:
    """Plays scenarios to a fake, on a clock that does not wait: what came of them, and the seconds that it took."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.players: list[Player] = []
        self._monkeypatch = monkeypatch
        self._monkeypatch.setattr(player, "Turns", Stalls())

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
        return made.meet(scenarios)

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
    """Rules broken, each with the number of the outcome."""
    judging = Judging(BOOK)
    return [(finding.rule, finding.exchange) for outcome in outcomes for finding in judging.add(outcome)]


def test_right_client_is_told_as_it_is(watch: Watch) -> None:
    """Calls, events, requests and tokens of each scenario are its own, numbered in order."""
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
    """A client that stops at it, or that rejects with its error, is told of there and nowhere else."""

    class Spoiled(Fake):
        def fire(self, what: Any) -> None:
            for listener in self.listeners:
                listener(what)

    outcomes = watch(Spoiled, UNAUTHORIZED, LISTENED, UNAUTHORIZED)
    assert [o.heard for o in outcomes] == [(1, 1, 1), (1, 0, 0), (1, 1, 1)]
    assert [THROWN in o.calls[0].error for o in outcomes] == [False, True, False]
    assert findings(outcomes) == [("throwing-listener-harms-nothing", 2)]


class Later(Fake):
    """Tells its listeners a while after the rejection."""

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
    """More than a second after the rejection nobody waits any more."""

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
    """Told some turns of the loop after the rejection it belongs there, since the next scenario has not sent anything yet."""

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
                    thrown.append(f"{error} in {self.asked.name}")

    outcomes = watch(Constant, RESET, RESET, LISTENED, RESET)
    assert [o.heard for o in outcomes] == [(1, 1, 1)] * 4
    assert thrown == [f"{THROWN} in {LISTENED.name}"]


def lanes(kind: Callable[[Script], Any], *played: Scenario) -> list[Outcome]:
    """What came of scenarios that a client met in a lane each."""
    script = Script()
    client = kind(script)
    player = Player(lambda: client, script, name="fake", kind="mock")
    try:
        return player.play([Lane((scenario,)) for scenario in played])
    finally:
        player.close()


def test_event_of_an_earlier_lane_is_too_late() -> None:
    """An event that comes again while the next lane is on is not blamed on that."""

    class Again(Fake):
        former: ClassVar[list[Any]] = []

        async def refresh(self) -> Any:
            for what in self.former:
                super().fire(what)
            return await super().refresh()

        def fire(self, what: Any) -> None:
            super().fire(what)
            self.former.append(what)

    assert [o.fired for o in lanes(Again, RESET, completed())] == [1, 0]


def test_error_of_an_earlier_lane_may_be_raised_again() -> None:
    """Where a client has one error for all failures, its event counts in every lane."""
    constant = Refused(None)

    class Constant(Fake):
        async def refresh(self) -> Any:
            self.fire(constant)
            raise constant

    assert [o.fired for o in lanes(Constant, RESET, RESET)] == [1, 1]


@pytest.mark.parametrize("again", [0.0, 0.005], ids=["at once", "a little later"])
def test_second_event_is_heard_to_the_last(watch: Watch, again: float) -> None:
    """An event that fires twice is told so, also for the last scenario."""

    class Double(Fake):
        def fire(self, what: Any) -> None:
            super().fire(what)
            asyncio.get_running_loop().call_later(again, super().fire, what)

    outcomes = watch(Double, completed(), UNAUTHORIZED)
    assert [o.fired for o in outcomes] == [0, 2]
    assert findings(outcomes) == [("failure-fires-once", 2)]


def test_event_that_carries_something_else_is_described(watch: Watch) -> None:
    """What is no error is told by its type and text, cut short; a strange status is none."""

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
    """An error that cannot even be printed is told by its type."""

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
    """Is right, but comes too late the first few times."""

    times: ClassVar[int] = 0

    async def refresh(self) -> Any:
        if type(self).times:
            type(self).times -= 1
            raise Refused(None)
        return await super().refresh()


@pytest.mark.parametrize(
    ("late", "stalls", "played", "blamed"),
    [
        (1, [STOOD_STILL, 0.0], 2, False),
        (2, [9.0, STOOD_STILL, 0.0], 3, False),
        (1, [STOOD_STILL - 0.01], 1, True),
        (TRIES, [9.0] * TRIES, TRIES, True),
    ],
)
def test_what_came_while_the_process_stood_still_is_played_again(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, late: int, stalls: list[float], played: int, blamed: bool
) -> None:
    """A client is not blamed for it; nor is it let off, where it makes the process do so each time."""
    monkeypatch.setattr(Late, "times", late)
    monkeypatch.setattr(player, "Turns", Stalls(*stalls))
    outcomes = watch(Late, completed())
    assert [o.index for o in outcomes] == [played]
    assert bool(findings(outcomes)) is blamed


class Hanging(Fake):
    """Never comes back from a failure."""

    ended: ClassVar[list[str]] = []

    async def refresh(self) -> Any:
        self.ask()
        if self.asked.kind is not Kind.FAILED:
            return await super().refresh()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.append("cancelled")


def test_call_that_never_settles_is_pending(watch: Watch) -> None:
    """It is waited for as long as it may take, the others go on, and in the end it is cancelled."""
    Hanging.ended.clear()
    outcomes = watch(Hanging, completed(), UNAUTHORIZED, completed(), patience=0.3)
    assert [o.calls[0].settled for o in outcomes] == ["resolved", "pending", "resolved"]
    assert outcomes[1].calls[0].at == pytest.approx(0.3, abs=0.001)
    assert Hanging.ended == ["cancelled"]
    assert findings(outcomes) == [("settles-when-it-is-over", 2)]


def test_next_scenario_begins_at_once(watch: Watch) -> None:
    """A client gets no pause after a failure: a caller may try again right away."""

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
    """What a call becomes while later scenarios are on changes nothing any more."""

    class Slow(Fake):
        async def refresh(self) -> Any:
            self.ask()
            await asyncio.sleep(0.3 if self.asked.kind is Kind.FAILED else 0.4)
            return {}

    outcomes = watch(Slow, UNAUTHORIZED, Scenario("", success(200, TOKEN), Delivery.SLOW, 1.0), patience=0.1)
    assert [o.calls[0].settled for o in outcomes] == ["pending", "resolved"]


def test_seconds_of_the_scenario_are_waited_too(watch: Watch) -> None:
    """What takes its time by the script may take it."""

    class Patient(Fake):
        async def refresh(self) -> Any:
            self.ask()
            await asyncio.sleep(0.3)
            self.fire(None)
            return {}

    (outcome,) = watch(Patient, Scenario("", None, Delivery.SILENT, 2.0), patience=0.1)
    assert outcome.calls[0].settled == "resolved"


def test_client_that_will_not_be_cancelled_cannot_hold_the_player_up(watch: Watch) -> None:
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
    """It may raise before there is anything to await, return an awaitable of any kind, or the body itself."""

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
    """An interrupt in the middle of a refresh ends the play, the player can be closed, and nothing is left to complain about."""

    class Interrupted(Fake):
        async def refresh(self) -> Any:
            raise KeyboardInterrupt

    script = Script()
    player = Player(lambda: Interrupted(script), script, name="fake", kind="mock")
    with pytest.raises(KeyboardInterrupt):
        player.meet([RESET])
    player.close()
    gc.collect()
    assert caplog.records == []


def test_strays_and_requests_are_counted(watch: Watch) -> None:
    """Requests elsewhere are kept beside those to the endpoint."""

    class Straying(Fake):
        def ask(self, path: str = load().path) -> None:
            super().ask("/profile")
            super().ask(path)
            super().ask(path)

    (outcome,) = watch(Straying, UNAUTHORIZED)
    assert ([stray.url for stray in outcome.strays], len(outcome.exchanges)) == ([BASE + "/profile"], 2)


# --- what cannot be used ----------------------------------------------------------------------------------------------


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
def test_what_is_no_client_is_told(watch: Watch, made: Any, says: str) -> None:
    """One sentence names what is missing."""
    with pytest.raises(ConsumerUnusable, match=says):
        watch(lambda script: made, UNAUTHORIZED)


def test_token_that_breaks_later_is_told(watch: Watch) -> None:
    """A client may become unusable in the middle."""

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


# --- its life ---------------------------------------------------------------------------------------------------------


def test_player_is_a_client_for_the_observer() -> None:
    """It plays lanes of one client that exists, intercepted while it plays and not otherwise, and numbers on."""
    script = Script()
    player = Player.of(RefreshClient(BASE), script)
    client: Client = player
    assert (client.name, client.kind, client.modes, client.loads) == ("python", "mock", ("",), False)
    refused = Scenario("network-refused", None, Delivery.REFUSED)
    outcomes = client.play([Lane((completed(), refused)), Lane((UNAUTHORIZED,))])
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
    """A client that is used no more is closed on the loop where it lived; the next one is heard."""
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
    assert player.meet([UNAUTHORIZED])[0].fired == 1
    player.use(first)
    assert closed == []
    player.use(Closing(script))
    assert closed == ["on its loop"]
    (outcome,) = player.meet([UNAUTHORIZED])
    assert (outcome.index, outcome.fired, len(first.listeners)) == (2, 1, LISTENERS)
    player.close()
    assert closed == ["on its loop"] * 2


def test_client_that_cannot_even_be_closed_is_let_go() -> None:
    """How well a client closes is not judged."""

    class Broken(Fake):
        def aclose(self) -> None:
            raise ValueError("no")

    script = Script()
    player = Player.of(Broken(script), script)
    assert player.meet([UNAUTHORIZED])[0].fired == 1
    player.close()
