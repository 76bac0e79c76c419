"""The real SDK in a real browser does what is known of it, and no bundle can hang, harm or escape the harness."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.consumer import browser, page_session, sdk
from contracts.consumer.browser import Chromium
from contracts.consumer.sdk import Missing, Twilight, Unusable, available, find_bundle
from contracts.model.answers import Answer, error, json_answer
from contracts.model.outcome import LISTENERS, THROWN, Outcome
from contracts.model.scenario import (
    IN_A_ROW,
    Delivery,
    Scenario,
    ScenarioSequence,
    at_page_load,
    interleaved,
    named,
    refreshed,
    success_body,
)
from contracts.rules import known_deviations

MODES = Twilight.modes
PATIENCE = 1.0  # seconds after which the endpoint ends what would not end
TOKENS = (f"token-{number:04}-{'x' * 12}" for number in itertools.count(1))
TABLE = {scenario.name: scenario for scenario in (*named(TOKENS, patience=PATIENCE), *at_page_load(TOKENS))}
REFUSED = Scenario("error-401", error(401))

NEW, OLD = "resolved; no event; token new", "rejected; one event; token kept"
BOGUS = "resolved; no event; token bogus"
# What the published SDK makes of each scenario, the faulty included.
BY_SCENARIO = {
    "success-200": NEW,
    "success-201": NEW,
    "success-202": NEW,
    "success-extra-members": NEW,
    "success-slow": NEW,
    "success-without-data": OLD,
    "success-data-empty": BOGUS,
    "success-token-null": BOGUS,
    "success-token-number": BOGUS,
    "success-token-object": BOGUS,
    "false-without-data": OLD,
    "false-with-token": NEW,
    "success-status-204": NEW,
    "status-as-string": NEW,
    "success-missing": NEW,
    "http-204": BOGUS,
    "body-empty": BOGUS,
    "html-200": OLD,
    "body-cut-json": OLD,
    "body-array": OLD,
    "body-null": OLD,
    "body-number": OLD,
    "redirect-302-to-html": OLD,
    "error-401": OLD,
    "error-403-html": OLD,
    "error-422": OLD,
    "error-429-empty": OLD,
    "error-500": OLD,
    "error-500-listener-throws": OLD,
    "network-truncated": OLD,
    "network-aborted": OLD,
    "network-reset": OLD,
    "network-closed": OLD,
    "network-silent": OLD,
    "network-endless": OLD,
    "network-refused": OLD,
    "network-unresolved": OLD,
    "network-offline": OLD,
    "network-timed-out": OLD,
    "network-refused-listener-throws": OLD,
    "error-401-at-once": "rejected; 5 events; token kept",
    "success-200-at-once": NEW,
}
BY_PAGE_LOAD = {
    "success-200-at-page-load": "no event; token new; logged in",
    "success-data-empty-at-page-load": "no event; token bogus; logged in",
    "error-401-at-page-load": "one event; token gone; logged out",
    "error-429-at-page-load": "one event; token gone; logged out",
    "error-500-at-page-load": "one event; token gone; logged out",
    "network-reset-at-page-load": "one event; token gone; logged out",
}


def sequences() -> Iterator[ScenarioSequence]:
    """Everything, cut so that it takes no longer than the longest sequence."""
    for name in BY_PAGE_LOAD:
        yield ScenarioSequence((TABLE[name],), MODES[0])
    for mode in MODES:
        table = [TABLE[name] for name in BY_SCENARIO]
        short = [s for s in table if s.delivery.ends and s.delivery.reaches]
        yield ScenarioSequence(tuple(interleaved([s for s in table if not s.delivery.reaches], TOKENS)), mode)
        for several in ([s for s in table if not s.delivery.ends], short[::3], short[1::3], short[2::3]):
            yield ScenarioSequence(tuple(interleaved(several, TOKENS)), mode)
    yield ScenarioSequence((refreshed(next(TOKENS)), *[REFUSED] * IN_A_ROW, refreshed(next(TOKENS))), "fast")


@pytest.fixture(scope="module")
def bundle() -> Path:
    """The installed SDK. Tests are skipped without it, or without a browser."""
    if lacking := available(None):
        pytest.skip(lacking)
    return find_bundle(None)


@pytest.fixture(scope="module")
def chromium(bundle: Path) -> Iterator[Chromium]:
    """A browser for all tests that need none of their own."""
    shared = Chromium()
    yield shared
    shared.close()


class Play:
    """Plays some scenarios to a patched SDK."""

    def __init__(self, bundle: Path, chromium: Chromium) -> None:
        self.bundle, self.chromium = bundle, chromium

    def __call__(self, *scenarios: Scenario, patch: str = "", bundle: Path | None = None, patience: float = 3.0) -> list[Outcome]:
        sdk = Twilight(bundle or self.bundle, patch=patch, patience=patience, chromium=self.chromium)
        try:
            return sdk.play([ScenarioSequence(scenarios, "fast")])
        finally:
            sdk.close()


@pytest.fixture
def play(bundle: Path, chromium: Chromium) -> Play:
    """Plays scenarios to the installed SDK, which may be patched."""
    return Play(bundle, chromium)


@pytest.fixture(scope="module")
def played(bundle: Path) -> Iterator[tuple[Twilight, list[ScenarioSequence], list[Outcome]]]:
    """The SDK after everything was played to it in parallel."""
    sdk = Twilight(bundle)
    everything = list(sequences())
    try:
        yield sdk, everything, sdk.play(everything)
    finally:
        sdk.close()


@pytest.fixture(scope="module")
def outcomes(played: tuple[Twilight, list[ScenarioSequence], list[Outcome]]) -> dict[tuple[str, str], Outcome]:
    """The outcomes by name and mode."""
    return {(o.scenario.name, o.client): o for o in played[2]}


def hearing(o: Outcome) -> tuple[set[tuple[bool, int | None]], tuple[int, ...]]:
    """What the events carried, and how often each listener heard one."""
    return {(event.is_error, event.status) for event in o.events}, o.heard


# --- what the published SDK does --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", BY_SCENARIO)
def test_scenario(outcomes: dict[tuple[str, str], Outcome], name: str, mode: str) -> None:
    """The published SDK does in each scenario what the table above says."""
    o = outcomes[name, mode]
    assert o.summary == BY_SCENARIO[name]
    assert o.exchanges
    assert {(x.request.method, x.request.body) for x in o.exchanges} == {("POST", b"")}


@pytest.mark.parametrize("name", BY_PAGE_LOAD)
def test_page_load(outcomes: dict[tuple[str, str], Outcome], name: str) -> None:
    """A page that loads with an expired token refreshes by itself, and only once if an answer comes."""
    o = outcomes[name, "debounced"]
    assert o.summary == BY_PAGE_LOAD[name]
    assert o.calls == ()
    assert len(o.exchanges) == 1 or not o.scenario.delivery.arrives
    assert o.heard == (o.fired,) * LISTENERS
    assert str(o.token_before).startswith("eyJ")
    assert all(x.request.header("authorization") is None for x in o.exchanges)


@pytest.mark.parametrize("mode", MODES)
def test_value(outcomes: dict[tuple[str, str], Outcome], mode: str) -> None:
    """A call resolves with the body of the answer, and the times of the outcome are plausible."""
    o = outcomes["success-extra-members", mode]
    assert o.calls[0].value == json.loads(o.scenario.answer.body if o.scenario.answer else b"")
    assert 0 <= o.calls[0].at < 60
    assert abs(o.started - time.time()) < 600
    assert abs(o.started + o.calls[0].at - o.exchanges[0].started) < 60


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("name", "after", "sent"),
    [
        ("success-data-empty", None, "Bearer undefined"),
        ("success-token-null", None, "Bearer null"),
        ("success-token-number", 5, "Bearer 5"),
        ("success-token-object", {}, "Bearer [object Object]"),
    ],
)
def test_bogus_token(outcomes: dict[tuple[str, str], Outcome], name: str, mode: str, after: object, sent: str) -> None:
    """A bogus token is reported with its JSON type as it is stored, and as the next request carries it."""
    o = outcomes[name, mode]
    assert (o.token_after, o.sent_after) == (after, sent)


STANDING_STILL = """
    const still = () => { for (const since = Date.now(); Date.now() - since < 1500; ); };
    salla.event.on("auth::token.fetched", () => setTimeout(still, 100));
"""


def test_page_that_stands_still(bundle: Path, chromium: Chromium) -> None:
    """A page that a busy machine does not run for a while is still given the time to send its next request."""
    sdk = Twilight(bundle, patch=STANDING_STILL, chromium=chromium)
    try:
        (o,) = sdk.play([ScenarioSequence((TABLE["success-200-at-page-load"],), "debounced")])
    finally:
        sdk.close()
    assert o.sent_after == f"Bearer {o.token_after}"


def test_bogus_token_at_page_load(outcomes: dict[tuple[str, str], Outcome]) -> None:
    """After a page load, the token that is sent is read from the requests that the page makes by itself."""
    assert outcomes["success-data-empty-at-page-load", "debounced"].sent_after == "Bearer undefined"
    o = outcomes["success-200-at-page-load", "debounced"]
    assert o.sent_after == f"Bearer {o.token_after}"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("error-401", 401, "AxiosError: Request failed with status code 401"),
        ("error-429-empty", 429, "AxiosError: Request failed with status code 429"),
        ("success-without-data", None, "TypeError: "),
        ("network-reset", None, "AxiosError: Network Error"),
        ("network-offline", None, "AxiosError: Network Error"),
        ("network-timed-out", None, "AxiosError: "),
    ],
)
def test_error(outcomes: dict[tuple[str, str], Outcome], name: str, mode: str, status: int | None, words: str) -> None:
    """Every listener gets the error that the caller gets, with its response if there was one."""
    o = outcomes[name, mode]
    assert o.calls[0].error.startswith(words)
    assert hearing(o) == ({(True, status)}, (1,) * LISTENERS)
    assert {event.text for event in o.events} == {o.calls[0].error}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["error-500-listener-throws", "network-refused-listener-throws"])
def test_throwing_listener(outcomes: dict[tuple[str, str], Outcome], name: str, mode: str) -> None:
    """A listener that throws harms neither the others nor the rejection."""
    o = outcomes[name, mode]
    assert o.heard == (1,) * LISTENERS
    assert THROWN not in o.calls[0].error


@pytest.mark.parametrize(("mode", "requests"), [("debounced", 1), ("fast", 5)])
def test_calls_at_once(outcomes: dict[tuple[str, str], Outcome], mode: str, requests: int) -> None:
    """Only the debounced SDK lets calls at once share a request; each call fires an event of its own."""
    o = outcomes["error-401-at-once", mode]
    assert (len(o.exchanges), o.settled("rejected"), o.heard) == (requests, 5, (5,) * LISTENERS)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["network-silent", "network-endless"])
def test_waiting(outcomes: dict[tuple[str, str], Outcome], name: str, mode: str) -> None:
    """The SDK never gives up: it waits until the endpoint ends the exchange, even if the browser sends a second request."""
    o = outcomes[name, mode]
    assert o.calls[0].at >= PATIENCE
    assert o.settled("pending") == 0


def test_hundredth_failure(played: tuple[Twilight, list[ScenarioSequence], list[Outcome]]) -> None:
    """The hundredth failure in a row fires like the first, and the next refresh still completes."""
    first, *failures, last = played[2][-IN_A_ROW - 2 :]
    assert {o.summary for o in failures} == {OLD}
    assert {o.summary for o in (first, last)} == {NEW}


def test_numbers(played: tuple[Twilight, list[ScenarioSequence], list[Outcome]]) -> None:
    """Outcomes come in the order of the sequences, are numbered on, and know the mode of their sequence."""
    sdk, everything, found = played
    assert [o.index for o in found] == list(range(1, len(found) + 1))
    assert [(o.scenario, o.client) for o in found] == [(s, sequence.mode) for sequence in everything for s in sequence.scenarios]
    assert sdk.requests == sum(len(o.exchanges) for o in found if o.scenario.delivery.reaches)
    about = json.loads((find_bundle(None).parents[2] / "package.json").read_bytes())
    assert (sdk.name, sdk.kind, sdk.version) == ("twilight", "real", about["version"])


def test_playing_again(bundle: Path) -> None:
    """Numbers go on from one play to the next, and after close() everything starts anew."""
    sdk = Twilight(bundle)
    try:
        ((first,), (second,)) = (sdk.play([ScenarioSequence((refreshed(next(TOKENS)),), mode)]) for mode in ("debounced", "fast"))
        sdk.close()
        (third,) = sdk.play([ScenarioSequence((replace(REFUSED, calls=0),), "fast")])
    finally:
        sdk.close()
        sdk.close()
    assert [(o.index, o.summary) for o in (first, second)] == [(1, NEW), (2, NEW)]
    assert first.token_before is second.token_before is None
    assert [x.request.header("authorization") for o in (first, second) for x in o.exchanges] == [None, None]
    assert (third.index, third.summary, third.client) == (3, BY_PAGE_LOAD["error-401-at-page-load"], "fast")


@pytest.mark.parametrize("body", ["0", "0.0", "false", '""'])
def test_what_javascript_takes_for_nothing_counts_as_a_success(play: Play, body: str) -> None:
    """The SDK resolves for a body that is falsy in JavaScript as it does for an empty one, and its list says so."""
    answer = Answer(200, (("Content-Type", "application/json"),), body.encode())
    _, outcome, _ = play(refreshed(next(TOKENS)), Scenario("falsy", answer), refreshed(next(TOKENS)))
    assert outcome.summary == BOGUS
    listed = known_deviations.shipped("twilight", "2.14.570")
    assert any(entry.rule == "failure-rejects" and entry.allows(outcome) for entry in listed)


@pytest.mark.parametrize("success", [True, False])
@pytest.mark.parametrize("data", ["x", "", 5, 0, True, False, [], ["x"]], ids=repr)
def test_data_that_is_no_object_leaves_no_token(play: Play, data: object, success: bool) -> None:
    """Whatever `data` is but null, the SDK reads a token from it and keeps what it finds; its list says so for each rule."""
    scenario = Scenario("data", json_answer(200, success_body(..., success=success, data=data)))
    _, outcome, _ = play(refreshed(next(TOKENS)), scenario, refreshed(next(TOKENS)))
    assert outcome.summary == BOGUS
    owed = {"no-bogus-token"} if success else {"no-bogus-token", "failure-rejects", "failure-fires-once", "failure-keeps-token"}
    listed = known_deviations.shipped("twilight", "2.14.570")
    assert {entry.rule for entry in listed if entry.allows(outcome)} >= owed


def test_mixed_sequence(play: Play) -> None:
    """Page loads, failures of the network and ordinary scenarios may share a sequence."""
    refused = Scenario("network-refused", None, Delivery.REFUSED)
    before, after = refreshed(next(TOKENS)), refreshed(next(TOKENS))
    found = play(before, refused, replace(REFUSED, calls=0), REFUSED, replace(refused, calls=0), after)
    loaded = BY_PAGE_LOAD["error-401-at-page-load"]
    assert [o.summary for o in found] == [NEW, OLD, loaded, OLD, loaded, NEW]
    assert found[1].exchanges[0].request.header("authorization") == f"Bearer {found[0].token_after}"
    assert [len(o.exchanges) for o in found if o.scenario.delivery is Delivery.REFUSED] == [1, 1]
    assert found[0].sent_after == f"Bearer {found[0].token_after}"


# --- liars ------------------------------------------------------------------------------------------------------------

MUTE = "salla.auth.event.refreshFailed = () => undefined;"
LATE = """{
    const { event } = salla.auth;
    const fire = event.refreshFailed.bind(event);
    event.refreshFailed = (error) => setTimeout(() => fire(%s), 300);
}"""
FRAGILE = """{
    const listeners = [];
    salla.event.auth.onRefreshFailed = (listener) => listeners.push(listener);
    salla.auth.event.refreshFailed = (error) => listeners.forEach((listener) => listener(error));
}"""
MARKING = """{
    const found = [localStorage.mark ?? null, sessionStorage.mark ?? null, document.cookie];
    localStorage.mark = sessionStorage.mark = "1";
    document.cookie = "mark=1";
    salla.auth.api.refresh = () => found;
}"""
STUCK_ONCE = """{
    const { refresh } = salla.auth.api;
    let made = 0;
    salla.auth.api.refresh = () => (made++ ? refresh.call(salla.auth.api) : new Promise(() => {}));
}"""
BROKEN = """{
    const circle = {};
    circle.o = circle;
    const ways = [() => { throw new Error("at once"); }, () => Promise.reject(), () => 7, () => circle, () => Infinity];
    salla.auth.api.refresh = () => ways.shift()();
}"""
STUCK_FOR_GOOD = "salla.auth.api.refresh = () => { for (;;); };"
LEAVING = "salla.auth.api.refresh = () => { location.href = '/landing.html'; return new Promise(() => {}); };"
FETCHING = "for (const host of ['127.0.0.2', 'elsewhere.test']) fetch(`http://${host}:%d/`, {mode: 'no-cors'}).catch(() => 0);"


def test_no_event(play: Play) -> None:
    """An SDK that fires no event has outcomes without events."""
    assert [o.summary for o in play(REFUSED, patch=MUTE)] == ["rejected; no event; token kept"]


def test_late_event(play: Play) -> None:
    """An event that comes late belongs to the call whose error it carries."""
    failed, completed = play(REFUSED, refreshed(next(TOKENS)), patch=LATE % "error")
    assert (failed.summary, completed.summary) == (OLD, NEW)
    assert min(event.at for event in failed.events) - failed.calls[0].at > 0.2


def test_late_event_with_another_error(play: Play) -> None:
    """An event that carries no call's error belongs to the scenario that is running, and is described as it is."""
    failed, completed = play(REFUSED, TABLE["success-slow"], patch=LATE % "'nothing'")
    assert (failed.fired, completed.fired) == (0, 1)
    assert {(event.is_error, event.status, event.text) for event in completed.events} == {(False, None, "nothing")}


def test_fragile(play: Play) -> None:
    """The harm that a throwing listener does is seen, and the listener throws only if the scenario says so."""
    whole, broken = play(REFUSED, replace(REFUSED, throwing=True), patch=FRAGILE)
    assert (whole.summary, whole.heard) == (OLD, (1,) * LISTENERS)
    assert (broken.heard, broken.calls[0].error) == ((1, 0, 0), f"Error: {THROWN}")


def test_used_page_is_clean(bundle: Path, chromium: Chromium) -> None:
    """A page that was used before has an empty storage and no cookies."""
    sdk = Twilight(bundle, patch=MARKING, chromium=chromium)
    try:
        found = [o for _ in range(2) for o in sdk.play([ScenarioSequence((REFUSED,), "fast")])]
    finally:
        sdk.close()
    assert [o.calls[0].value for o in found] == [[None, None, ""]] * 2


def test_never_settling(play: Play) -> None:
    """A call that does not settle is pending, and the next scenario is played."""
    stuck, completed = play(REFUSED, refreshed(next(TOKENS)), patch=STUCK_ONCE)
    assert (stuck.summary, completed.summary) == ("pending; no event; token kept", NEW)
    assert stuck.calls[0].at >= 3.0
    assert stuck.exchanges == ()


def test_broken_refresh(play: Play) -> None:
    """The value or error of a broken refresh() is reported as it is, or in words."""
    found = play(*[REFUSED] * 5, patch=BROKEN)
    assert [(call.settled, call.value, call.error) for o in found for call in o.calls] == [
        ("rejected", None, "Error: at once"),
        ("rejected", None, "undefined"),
        ("resolved", 7, ""),
        ("resolved", "[object Object]", ""),
        ("resolved", "Infinity", ""),
    ]


def test_silence_is_not_begun_again(play: Play) -> None:
    """A browser sends a request again if it was reset, but the second silence ends with the first."""
    silent = Scenario("silent", None, Delivery.SILENT, 3.0)
    assert [o.summary for o in play(refreshed(next(TOKENS)), silent, patience=2.0)] == [NEW, OLD]


def test_version_as_reported(bundle: Path, chromium: Chromium, tmp_path: Path) -> None:
    """A bundle outside a package reports its version itself."""
    alone = tmp_path / "sdk.js"
    alone.write_bytes(bundle.read_bytes())
    sdk = Twilight(alone, patch="salla.versions.twilight = '0.0.1';", chromium=chromium)
    assert sdk.version is None
    try:
        sdk.play([ScenarioSequence((REFUSED,), "fast")])
    finally:
        sdk.close()
    assert sdk.version == "0.0.1"


# --- bundles that are no SDK ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "it defines no salla"),
        ("let salla = {", "it defines no salla: SyntaxError"),
        ("var salla = {};", "it has no salla.init()"),
        ("var salla = {init() {}, auth: {}};", "it has no salla.auth.refresh()"),
        ("Object.defineProperty(window, 'harness', {value: {}});", "it defines no salla: TypeError"),
    ],
    ids=["empty", "cut-off", "no-init", "no-refresh", "meddling"],
)
def test_no_sdk(play: Play, tmp_path: Path, source: str, words: str) -> None:
    """A bundle that is no SDK is refused in one sentence that names the reason."""
    path = tmp_path / "sdk.js"
    path.write_text(source)
    with pytest.raises(Unusable) as raised:
        play(REFUSED, bundle=path)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (STUCK_FOR_GOOD, "a sign of life from the page of the SDK took more than"),
        ("for (;;);", "loading the SDK took more than"),
        ("salla.init = () => new Promise(() => {});", "it does not start: salla.init"),
        ("salla.init = () => { throw new Error('not today'); };", "it does not start: Error: not today"),
        (LEAVING, "the page of the SDK broke"),
    ],
    ids=["hangs-when-called", "hangs-when-loaded", "never-starts", "fails-to-start", "leaves"],
)
def test_hostile(play: Play, monkeypatch: pytest.MonkeyPatch, patch: str, words: str) -> None:
    """An SDK that hangs or leaves its page ends the play within time limits."""
    monkeypatch.setattr(page_session, "OPENING_SECONDS", 10.0)
    monkeypatch.setattr(page_session, "ANSWERING_SECONDS", 5.0)
    monkeypatch.setattr(page_session, "BEAT_SECONDS", 0.2)
    with pytest.raises(Unusable, match=words):
        play(REFUSED, refreshed(next(TOKENS)), patch=patch)


def test_crash(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that crashes ends the play."""

    async def crashing(page: object) -> None:
        session = await page.context.new_cdp_session(page)  # type: ignore[attr-defined]
        await session.send("Page.crash")

    monkeypatch.setattr(page_session, "_beats", crashing)
    with pytest.raises(Unusable, match=r"the page of the SDK broke: .*crash"):
        play(replace(REFUSED, delivery=Delivery.SILENT, seconds=30.0))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux listens on every loopback address at once")
def test_nothing_leaves(play: Play) -> None:
    """An SDK reaches no address but that of its stage, by name or number, and no proxy."""
    with socket.create_server(("127.0.0.2", 0)) as listener:
        listener.settimeout(0.1)
        os.environ["http_proxy"] = f"http://127.0.0.2:{listener.getsockname()[1]}"
        try:
            play(TABLE["success-slow"], patch=FETCHING % listener.getsockname()[1])
        finally:
            del os.environ["http_proxy"]
        with pytest.raises(TimeoutError):
            listener.accept()


# --- ending -----------------------------------------------------------------------------------------------------------

ENDLESS = """
import sys
from pathlib import Path
from contracts.consumer.sdk import Twilight
from contracts.model.scenario import Delivery, Scenario, ScenarioSequence

class Loud(Twilight):
    async def _play_in_page(self, *args):
        print("playing", flush=True)
        return await super()._play_in_page(*args)

Loud(Path(sys.argv[1])).play([ScenarioSequence((Scenario("silent", None, Delivery.SILENT, 60.0),), "fast")])
"""


def processes(mark: str) -> list[str]:
    """The processes that hold a mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "comm").read_text().strip())
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_interrupt(bundle: Path) -> None:
    """Ctrl-C ends the play and leaves no browser behind."""
    mark = uuid.uuid4().hex
    command = [sys.executable, "-W", "error", "-c", ENDLESS, str(bundle)]
    root = Path(__file__).parents[2]
    env = {**os.environ, "MARK": mark, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "playing\n"
            time.sleep(1.0)
            os.killpg(child.pid, signal.SIGINT)  # as a terminal does it: everybody in the foreground gets it
            _, errors = child.communicate(timeout=300)
        finally:
            child.kill()
    assert errors.strip().endswith("KeyboardInterrupt")
    assert "Warning" not in errors
    deadline = time.monotonic() + 60
    while processes(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes(mark) == []


# --- requirements -----------------------------------------------------------------------------------------------------


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without a browser, and an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.delenv(browser.NAMED_BY, raising=False)
    return tmp_path


def installed(folder: Path, names: Sequence[str]) -> None:
    """Make a folder look as if Playwright had downloaded browsers to it, in the revisions that it drives."""
    for listed in json.loads((browser._package() / "driver/package/browsers.json").read_bytes())["browsers"]:
        if listed["name"] in names:
            own = folder / f"{listed['name'].replace('-', '_')}-{listed['revision']}"
            own.mkdir()
            (own / "INSTALLATION_COMPLETE").touch()


def program(folder: Path, name: str) -> str:
    """An executable file."""
    path = folder / name
    path.touch(0o755)
    return str(path)


needs_playwright = pytest.mark.skipif(
    browser.importlib.util.find_spec("playwright") is None, reason="Playwright for Python is not installed"
)


@needs_playwright
def test_no_browser(bare: Path) -> None:
    """Without a browser, a sentence says how to get one."""
    assert "playwright install chromium" in (browser.lacking() or "")


@needs_playwright
@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (["chromium", "chromium-headless-shell"], {}),
        (["chromium"], {"channel": "chromium"}),
        (["firefox"], {"executable_path": "google-chrome"}),
    ],
    ids=["shell", "chromium", "system"],
)
def test_which_browser(bare: Path, own: list[str], expected: dict[str, str]) -> None:
    """Playwright's own browser is preferred to the system's."""
    path = program(bare, "google-chrome")
    installed(bare, own)
    assert browser._choice() == {name: path if value == "google-chrome" else value for name, value in expected.items()}


@needs_playwright
def test_named_browser(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser that the environment names is preferred to any other, and has to exist."""
    installed(bare, ["chromium-headless-shell"])
    monkeypatch.setenv(browser.NAMED_BY, program(bare, "mine"))
    assert browser._choice() == {"executable_path": str(bare / "mine")}
    monkeypatch.setenv(browser.NAMED_BY, "absent")
    assert "'absent'" in (browser.lacking() or "")


def test_browser_that_does_not_start(bundle: Path, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not start as a browser is named, and everything that was started is stopped."""
    before = threading.active_count()
    path = program(bare, "mine")
    Path(path).write_text("#!/bin/sh\nexit 3\n")
    monkeypatch.setenv(browser.NAMED_BY, path)
    sdk = Twilight(bundle)
    with pytest.raises(Missing, match="mine does not start"):
        sdk.play([ScenarioSequence((REFUSED,), "fast")])
    deadline = time.monotonic() + 60.0  # the thread that waits for a process may take a moment to notice that it ended
    while threading.active_count() > before:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_no_playwright(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Playwright, a sentence says how to get it."""
    monkeypatch.setattr(browser.importlib.util, "find_spec", lambda name: None)
    assert "twilight-refresh-contract[sdk]" in (browser.lacking() or "")


def test_no_bundle(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the SDK, a sentence says how to get it, and a path that does not exist is named."""
    monkeypatch.setattr(sdk, "BUNDLE", Path("no/such.js"))
    assert "npm install @salla.sa/twilight" in (available(None) or "")
    assert "absent.js is no file" in (available("absent.js") or "")


def test_where_the_bundle_is(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle is found in the current folder or above it, and only then in the checkout."""
    own = bare / sdk.BUNDLE
    own.parent.mkdir(parents=True)
    own.touch()
    below = bare / "src/app"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_bundle(None) == own
    assert find_bundle(str(own)) == find_bundle(own) == own.resolve()
