"""One page of a browser with the SDK in it, for as long as it meets scenarios.

    open ──► play (many scenarios) or load (one) ──► record ──► outcomes

The SDK may be anything: no step takes longer than it may, and a page that breaks or hangs is told in one sentence.
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

CALM_SECONDS: Final = 0.6  # without a request, after which a page load is over; a debounced request takes 0.3 to leave
MOST_PAGES: Final = 14  # at the same time; each is a process of its own
OPENED_AT_ONCE: Final = 3
OPENING_SECONDS = 30.0  # for a page with the SDK
ANSWERING_SECONDS = 15.0  # for a page to show that it is alive
BEAT_SECONDS = 2.0  # between two looks at whether it is
LONG_AGO: Final = 1_000_000_000  # when the token of a page load ran out
DOWN: Final = {
    Delivery.REFUSED: "connectionrefused",
    Delivery.UNRESOLVED: "namenotresolved",
    Delivery.OFFLINE: "internetdisconnected",
    Delivery.TIMED_OUT: "timedout",
}


class PagePool:
    """The pages of a browser, each with cookies, storage and connections that no other shares; cleaned, and used again."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._places = asyncio.Semaphore(MOST_PAGES)
        self._doors = asyncio.Semaphore(OPENED_AT_ONCE)
        self._free: list[Page] = []

    @contextlib.asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        """A page for one visit. After a visit that went wrong its page is closed."""
        from playwright.async_api import Error

        async with self._places:
            page = None
            try:
                async with self._doors:
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
        """Close free pages until so many are left; each holds tens of megabytes."""
        spare, self._free = self._free[most:], self._free[:most]
        await asyncio.gather(*(ended(page.context.close()) for page in spare))

    async def _new(self) -> Page:
        context = await within(OPENING_SECONDS, self._browser.new_context(), "a new page")
        return await within(OPENING_SECONDS, context.new_page(), "a new page")

    async def _cleaned(self, page: Page) -> Page:
        """The harness itself clears what the page stores, when it is loaded."""
        await within(OPENING_SECONDS, page.unroute_all(), "a new page")
        await within(OPENING_SECONDS, page.context.clear_cookies(), "a new page")
        return page


@dataclass
class PageSession:
    """A page of its own, in which scenarios are met one after the other, or one by loading it."""

    rooms: PagePool
    script: Script
    mode: str
    patience: float
    version: str | None = None  # what the SDK reports itself as, once it is there

    async def meet(self, scenes: Sequence[tuple[int, Scenario]]) -> list[Outcome]:
        """What came of the numbered scenarios, which the script has ready. One without calls is met alone."""
        loads = not scenes[0][1].calls
        async with self.rooms.page() as page:
            await self._unreachable(page, scenes)
            await self._open(page, loads)
            plans = [self._plan(number, scenario) for number, scenario in scenes]
            limit = sum(plan["limit"] for plan in plans) / 1000 + EVENT_WAIT_SECONDS + ANSWERING_SECONDS
            work = "plan => harness.load(plan)" if loads else "plans => harness.play(plans)"
            said = _read(await _watched(page, work, plans[0] if loads else plans, limit))
        logs = {number: self.script.end(number) for number, _ in scenes}
        try:
            outcomes = _Record(said, logs, self.mode).outcomes()
        except (LookupError, TypeError, ValueError) as error:
            raise Unusable("the page of the SDK hands back a record that cannot be read") from error
        return [_sent_by_itself(outcome) for outcome in outcomes] if loads else linked(outcomes)

    def _plan(self, number: int, scenario: Scenario) -> dict[str, Any]:
        limit, least = (1000 * (scenario.seconds + seconds) for seconds in (self.patience, min(self.patience, IMPATIENT_SECONDS)))
        return {"number": number, "calls": scenario.calls, "limit": limit, "least": least, "throwing": scenario.throwing}

    # --- the page -----------------------------------------------------------------------------------------------------

    async def _unreachable(self, page: Page, scenes: Sequence[tuple[int, Scenario]]) -> None:
        """Have the network fail for the scenarios that reach no server."""
        down = {number: DOWN[s.delivery] for number, s in scenes if s.delivery in DOWN}
        if down:
            await within(OPENING_SECONDS, page.route(self._is_refresh, self._failing(down)), "a new page")

    def _is_refresh(self, url: str) -> bool:
        return urlsplit(url).path == self.script.path

    def _failing(self, down: dict[int, str]) -> Callable[[Route], Awaitable[None]]:
        """What the network does to a request: it fails where its scenario says so. Every other goes on."""
        from playwright.async_api import Error

        async def handle(route: Route) -> None:
            request = route.request
            with contextlib.suppress(Error):  # the page may be gone meanwhile
                cookies = await request.frame.page.context.cookies(request.url)
                number = next((int(c["value"]) for c in cookies if c["name"] == "scenario"), 0)
                if number not in down:
                    await route.continue_()
                    return
                body = request.post_data_buffer or b""
                self.script.receive(Request(request.method, request.url, tuple(request.headers.items()), body), number)
                await route.abort(down[number])

        return handle

    async def _open(self, page: Page, loads: bool) -> None:
        setting = {
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
        opening = page.evaluate("setting => harness.open(setting)", setting)
        said = _read(await within(OPENING_SECONDS, opening, "starting the SDK"))
        if fault := said.get("fault"):
            raise Unusable(f"this is no Twilight SDK that can be used: {fault}")
        version = said.get("version")
        self.version = version if isinstance(version, str) else None


async def _watched(page: Page, work: str, given: Any, limit: float) -> Any:
    """What the page makes of it, while it shows that it is alive."""
    working = asyncio.ensure_future(page.evaluate(work, given))
    watching = asyncio.create_task(_beats(page))
    try:
        done, _ = await asyncio.wait({working, watching}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if working in done:
            return working.result()
        if done:
            watching.result()
        raise Unusable(f"the page of the SDK was not done after {limit:.0f} s")
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


def _read(said: object) -> dict[str, Any]:
    """What the harness in the page says, which is an object in JSON."""
    try:
        value = json.loads(str(said))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Unusable("the page of the SDK hands back something that is no record")
    return value


async def _beats(page: Page) -> None:
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        await within(ANSWERING_SECONDS, page.evaluate("1"), "a sign of life from the page of the SDK")


# --- the record -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Record:
    """What a page wrote down, and what the endpoint was asked meanwhile. The page's times are milliseconds since `origin`."""

    said: Any
    logs: dict[int, Log]
    mode: str

    def outcomes(self) -> list[Outcome]:
        """One for each scene, in their order."""
        heard: dict[int, list[dict[str, Any]]] = {number: [] for number in self.logs}
        for event in self.said["events"]:
            heard[self._scene_of(event)].append(event)
        return [self._outcome(scene, heard[scene["number"]]) for scene in self.said["scenes"]]

    def _outcome(self, scene: dict[str, Any], heard: Sequence[dict[str, Any]]) -> Outcome:
        number, started = scene["number"], scene["started"]
        part = self.logs[number]
        calls = (Call(str(c["settled"]), c["at"] / 1000, c["value"], str(c["error"])) for c in scene["calls"])
        return Outcome(
            part.scenario,
            tuple(calls),
            tuple(_event(event, started) for event in heard),
            tuple(part.exchanges),
            tuple(part.strays),
            scene["before"],
            scene["after"],
            logged_in=scene["logged_in"],
            client=self.mode,
            index=number,
            started=(self.said["origin"] + started) / 1000,
        )

    def _scene_of(self, event: dict[str, Any]) -> int:
        """The scene whose rejection the event carries; otherwise the one during which it was heard.

        What is heard before that one has sent anything comes from the one before.
        """
        if event["owner"] is not None:
            return int(event["owner"])
        during = int(event["during"])
        moment = (self.said["origin"] + event["at"]) / 1000
        asked = [x.started for x in self.logs[during].exchanges]
        return during - 1 if asked and moment < asked[0] and during - 1 in self.logs else during


def _event(event: dict[str, Any], started: float) -> Event:
    status = event["status"]
    known = status if isinstance(status, int) and not isinstance(status, bool) else None
    return Event(event["listener"], (event["at"] - started) / 1000, event["is_error"] is True, known, str(event["text"]))


def _sent_by_itself(load: Outcome) -> Outcome:
    """A page load, told which token the page's own requests carried afterwards."""
    sent = [header for request in load.strays if (header := request.header("authorization")) is not None]
    return replace(load, sent_after=sent[-1] if sent else None)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
