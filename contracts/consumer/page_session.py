"""One page of a browser with the SDK in it, for as long as it plays scenarios.

    open ──► play (many scenarios) or load (one) ──► record ──► outcomes

The bundle may hold anything, so every step has a time limit, and one sentence says how a page broke or hung.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from contracts.consumer.browser import Unusable, ended, within
from contracts.consumer.script import Log, Script
from contracts.model.exchange import Request
from contracts.model.limits import EVENT_WAIT_SECONDS, IMPATIENT_SECONDS, PATIENT_SCENARIOS
from contracts.model.outcome import LISTENERS, THROWN, Call, Event, Outcome, linked
from contracts.model.scenario import Delivery, Scenario
from contracts.model.tokens import unsigned

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

CALM_SECONDS: Final = 0.6  # a page load is over after so long without a request; a debounced request leaves after 0.3
MOST_PAGES: Final = 14  # in parallel; each is a process of its own
OPENING_PAGES: Final = 3  # pages that load the SDK in parallel
OPENING_SECONDS = 30.0  # for a page with the SDK
ANSWERING_SECONDS = 15.0  # for a page to show that it is alive
BEAT_SECONDS = 2.0  # between two checks that a page is alive
LONG_AGO: Final = 1_000_000_000  # the Unix time at which the token of a page load was made
UNREACHABLE: Final = {  # the error with which the browser then aborts a request
    Delivery.REFUSED: "connectionrefused",
    Delivery.UNRESOLVED: "namenotresolved",
    Delivery.OFFLINE: "internetdisconnected",
    Delivery.TIMED_OUT: "timedout",
}


class PagePool:
    """The pages of a browser. Each has its own cookies, storage and connections, and is cleaned before it is used again."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._pages = asyncio.Semaphore(MOST_PAGES)
        self._openings = asyncio.Semaphore(OPENING_PAGES)
        self._free: list[Page] = []

    @contextlib.asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        """A page for one session. It is closed if the session goes wrong."""
        from playwright.async_api import Error

        async with self._pages:
            page = None
            try:
                async with self._openings:
                    page = await (self._cleaned(self._free.pop()) if self._free else self._new())
                    await within(OPENING_SECONDS, page.goto(self._address), "loading the SDK")
                yield page
                self._free.append(page)
            except Error as error:
                raise Unusable(f"the page of the SDK broke: {_first_line(error)}") from error
            finally:
                if page is not None and page not in self._free:
                    await ended(page.context.close())

    async def keep(self, most: int) -> None:
        """Close free pages until at most so many are left; each takes tens of megabytes."""
        spare, self._free = self._free[most:], self._free[:most]
        await asyncio.gather(*(ended(page.context.close()) for page in spare))

    async def _new(self) -> Page:
        context = await within(OPENING_SECONDS, self._browser.new_context(), "opening a page")
        return await within(OPENING_SECONDS, context.new_page(), "opening a page")

    async def _cleaned(self, page: Page) -> Page:
        """The harness in the page clears its storage by itself when it is loaded."""
        await within(OPENING_SECONDS, page.unroute_all(), "cleaning a page")
        await within(OPENING_SECONDS, page.context.clear_cookies(), "cleaning a page")
        return page


@dataclass
class PageSession:
    """Plays scenarios in a page of its own: many one after the other, or a single one by loading the page."""

    pool: PagePool
    script: Script
    mode: str
    patience: float
    version: str | None = None  # as the SDK itself reports it, once it is loaded

    async def play(self, numbered: Sequence[tuple[int, Scenario]]) -> list[Outcome]:
        """Play scenarios that the script has ready under these numbers. A scenario without calls has to come alone."""
        loads = not numbered[0][1].calls
        async with self.pool.page() as page:
            await self._make_unreachable(page, numbered)
            await self._open(page, loads)
            plans = [self._plan(number, scenario) for number, scenario in numbered]
            limit = sum(plan["limit"] for plan in plans) / 1000 + EVENT_WAIT_SECONDS + ANSWERING_SECONDS
            work = "plan => harness.load(plan)" if loads else "plans => harness.play(plans)"
            record = _parsed(await _watched(page, work, plans[0] if loads else plans, limit))
        logs = {number: self.script.end(number) for number, _ in numbered}
        try:
            outcomes = _Record(record, logs, self.mode).outcomes()
        except (LookupError, TypeError, ValueError) as error:
            raise Unusable("the page of the SDK returned a record that cannot be read") from error
        return [_with_token_sent(outcome) for outcome in outcomes] if loads else linked(outcomes)

    def _plan(self, number: int, scenario: Scenario) -> dict[str, Any]:
        """How the page is to play a scenario; times are in milliseconds."""
        limit, least = (1000 * (scenario.seconds + seconds) for seconds in (self.patience, min(self.patience, IMPATIENT_SECONDS)))
        return {"number": number, "calls": scenario.calls, "limit": limit, "least": least, "throwing": scenario.throwing}

    # --- the page -----------------------------------------------------------------------------------------------------

    async def _make_unreachable(self, page: Page, numbered: Sequence[tuple[int, Scenario]]) -> None:
        """Let the network fail for the scenarios that reach no server."""
        errors = {number: UNREACHABLE[s.delivery] for number, s in numbered if s.delivery in UNREACHABLE}
        if errors:
            await within(OPENING_SECONDS, page.route(self._is_refresh, self._failing(errors)), "opening a page")

    def _is_refresh(self, url: str) -> bool:
        return urlsplit(url).path == self.script.path

    def _failing(self, errors: dict[int, str]) -> Callable[[Route], Awaitable[None]]:
        """A handler of requests that fails those whose scenario has an error, and lets all others go on."""
        from playwright.async_api import Error

        async def handle(route: Route) -> None:
            request = route.request
            with contextlib.suppress(Error):  # the page may have been closed meanwhile
                cookies = await request.frame.page.context.cookies(request.url)
                number = next((int(c["value"]) for c in cookies if c["name"] == "scenario"), 0)
                if number not in errors:
                    await route.continue_()
                    return
                body = request.post_data_buffer or b""
                self.script.receive(Request(request.method, request.url, tuple(request.headers.items()), body), number)
                await route.abort(errors[number])

        return handle

    async def _open(self, page: Page, loads: bool) -> None:
        """Start the SDK in the page."""
        settings = {
            "fast": self.mode == "fast",
            "loads": loads,
            "listeners": LISTENERS,
            "thrown": THROWN,
            "late": 1000 * EVENT_WAIT_SECONDS,
            "patient": PATIENT_SCENARIOS,
            "opening": 1000 * OPENING_SECONDS / 2,
            "calm": 1000 * CALM_SECONDS,
            "path": self.script.path,
            "token": unsigned("7", now=LONG_AGO, ttl=900, jti="expired"),
        }
        opening = page.evaluate("settings => harness.open(settings)", settings)
        found = _parsed(await within(OPENING_SECONDS, opening, "starting the SDK"))
        if fault := found.get("fault"):
            raise Unusable(f"this bundle cannot be used as the Twilight SDK: {fault}")
        version = found.get("version")
        self.version = version if isinstance(version, str) else None


async def _watched(page: Page, work: str, argument: Any, limit: float) -> Any:
    """The result of `work` in the page, which has to show all the while that it is alive."""
    working = asyncio.ensure_future(page.evaluate(work, argument))
    watching = asyncio.create_task(_beats(page))
    try:
        done, _ = await asyncio.wait({working, watching}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if working in done:
            return working.result()
        if done:
            watching.result()
        raise Unusable(f"the page of the SDK did not finish within {limit:.0f} s")
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


def _parsed(text: object) -> dict[str, Any]:
    """The JSON object that the harness in the page returned."""
    try:
        value = json.loads(str(text))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Unusable("the page of the SDK returned something that is no record")
    return value


async def _beats(page: Page) -> None:
    """Check again and again that the page is alive."""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        await within(ANSWERING_SECONDS, page.evaluate("1"), "a sign of life from the page of the SDK")


# --- the record -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Record:
    """The record of a page, and the requests that the endpoint logged meanwhile. Its times are milliseconds since `origin`."""

    data: Any
    logs: dict[int, Log]
    mode: str

    def outcomes(self) -> list[Outcome]:
        """The outcome of each scenario, in their order."""
        events: dict[int, list[dict[str, Any]]] = {number: [] for number in self.logs}
        for event in self.data["events"]:
            events[self._owner(event)].append(event)
        return [self._outcome(played, events[played["number"]]) for played in self.data["scenarios"]]

    def _outcome(self, played: dict[str, Any], events: Sequence[dict[str, Any]]) -> Outcome:
        number, started = played["number"], played["started"]
        log = self.logs[number]
        calls = (Call(str(c["settled"]), c["at"] / 1000, c["value"], str(c["error"])) for c in played["calls"])
        return Outcome(
            log.scenario,
            tuple(calls),
            tuple(_event(event, started) for event in events),
            tuple(log.exchanges),
            tuple(log.strays),
            played["before"],
            played["after"],
            logged_in=played["logged_in"],
            client=self.mode,
            index=number,
            started=(self.data["origin"] + started) / 1000,
        )

    def _owner(self, event: dict[str, Any]) -> int:
        """The scenario whose rejection the event carries, else the one that was played when the event was heard.

        If that one had not sent anything yet, the event comes from the one before.
        """
        if event["owner"] is not None:
            return int(event["owner"])
        during = int(event["during"])
        moment = (self.data["origin"] + event["at"]) / 1000
        exchanges = self.logs[during].exchanges
        return during - 1 if exchanges and moment < exchanges[0].started and during - 1 in self.logs else during


def _event(event: dict[str, Any], started: float) -> Event:
    status = event["status"]
    known = status if isinstance(status, int) and not isinstance(status, bool) else None
    return Event(event["listener"], (event["at"] - started) / 1000, event["is_error"] is True, known, str(event["text"]))


def _with_token_sent(load: Outcome) -> Outcome:
    """A page load, with the token that the later requests of the page carried."""
    sent = [header for request in load.strays if (header := request.header("authorization")) is not None]
    return replace(load, sent_after=sent[-1] if sent else None)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
