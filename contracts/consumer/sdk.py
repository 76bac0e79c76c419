"""The real Twilight SDK in the pages of a real browser.

    Twilight
    └── visit            one page: a lane's scenarios one after the other, or a single page load
        └── page.js      plays them within the page and hands back a record

A lane crosses from Python into its page once and comes back once: everything in between is the page's own business, so a
refresh costs what it costs a customer. Only where no server is to be reached does the browser ask Python about each request.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from contracts.consumer.browser import Chromium, Missing, Unusable, lacking
from contracts.consumer.delivery import Page
from contracts.consumer.page_session import PagePool, PageSession
from contracts.consumer.script import Script
from contracts.consumer.socket_stage import serve_script
from contracts.model.limits import SETTLING_SECONDS
from contracts.model.outcome import Outcome
from contracts.model.scenario import Scenario, ScenarioSequence, refreshed

__all__ = ["Missing", "Twilight", "Unusable", "available", "find_bundle"]

PACKAGE: Final = "@salla.sa/twilight"
BUNDLE: Final = Path("node_modules", PACKAGE, "dist/@salla.sa/twilight.min.js")
KEPT_PAGES: Final = 2  # from one play to the next
DEBOUNCE_SECONDS: Final = 0.3  # by which the SDK delays its calls unless it is told to be fast
SCRIPT: Final = "text/javascript; charset=utf-8"
OWN_FILES: Final = {"/page.html": "text/html; charset=utf-8", "/page.js": SCRIPT}
LANGUAGE: Final = "/languages/assets/1.js"  # a script that the SDK loads into every page
# What the SDK asks for after it restored a session; without a whole profile some versions log the customer out again.
PROFILE: Final = {
    "id": 7,
    "first_name": "-",
    "last_name": "-",
    "email": "customer@store.example",
    "phone": {"code": "+966", "number": "500000000", "country": "SA"},
    "language": "en",
    "currency": "SAR",
    "notifications": 0,
    "pending_orders": 0,
    "avatar": "",
}
Numbered = tuple[int, Scenario]


def find_bundle(given: str | Path | None) -> Path:
    """The bundle to put under test: the one given, else the npm package installed here, above here, or in this checkout."""
    if given is not None:
        if not Path(given).is_file():
            raise Missing(f"{given} is no file; give --refresh-sdk the path of a twilight.min.js")
        return Path(given).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if (folder / BUNDLE).is_file():
            return folder / BUNDLE
    raise Missing(
        f"the Twilight SDK is not installed; `npm install {PACKAGE}` brings it, or --refresh-sdk names its twilight.min.js"
    )


def available(given: str | Path | None) -> str | None:
    """None when all that is needed is there, else the sentence that says what is missing. Starts nothing."""
    try:
        find_bundle(given)
    except Missing as missing:
        return str(missing)
    return lacking()


class Twilight:
    """The SDK in a browser, one page for each sequence; all sequences at the same time. Starts the browser when it first plays.

    `patch` is JavaScript that runs in each page after the bundle and before the SDK is started; `patience` is how many seconds
    after the end of an exchange its calls may take; `chromium` is a browser that outlives it.
    """

    name: ClassVar[str] = "twilight"
    kind: ClassVar[str] = "real"
    modes: ClassVar[tuple[str, ...]] = ("debounced", "fast")
    slow_modes: ClassVar[tuple[str, ...]] = ("debounced",)
    loads: ClassVar[bool] = True

    def __init__(
        self,
        bundle: Path,
        *,
        patch: str = "",
        patience: float = SETTLING_SECONDS,
        chromium: Chromium | None = None,
    ) -> None:
        self.version = _package_version(bundle)
        self.requests = 0  # that reached the endpoint
        self._bundle, self._patch, self._patience = bundle, patch, patience
        self._numbers = itertools.count(1)
        self._script = Script()
        self._chromium = chromium or Chromium()
        self._own_chromium = chromium is None
        self._stage = contextlib.ExitStack()
        self._origin = ""
        self._rooms: PagePool | None = None

    def play(self, sequences: Sequence[ScenarioSequence]) -> list[Outcome]:
        """What came of the scenarios, sequence by sequence; numbered on from one play to the next.

        Unusable: the bundle is no SDK, or the page broke. Missing: there is no browser. Both close everything.
        """
        try:
            if not self._origin:
                self._origin = self._stage.enter_context(serve_script(self._script, self._served(), PROFILE))
            return self._chromium.run(self._play(sequences))
        except BaseException:
            self.close()
            raise

    def identify(self) -> None:
        """Know the version, which a bundle that lies in no package says when it runs. Errors as `play`."""
        if self.version is None:
            self.play([ScenarioSequence((refreshed("made-up-token"),))])

    def close(self) -> None:
        """Stop the browser and the stage, within seconds; playing again would start them again."""
        rooms, self._rooms, self._origin = self._rooms, None, ""
        with self._stage:
            if self._own_chromium:
                self._chromium.close()
            elif rooms is not None:
                self._chromium.run(rooms.keep(0))

    # --- lanes --------------------------------------------------------------------------------------------------------

    def _served(self) -> dict[str, Page]:
        here = Path(__file__).parent
        pages = {path: Page(media_type, here.joinpath(path[1:]).read_bytes()) for path, media_type in OWN_FILES.items()}
        scripts = {"/sdk.js": self._bundle.read_bytes(), "/patch.js": self._patch.encode(), LANGUAGE: b""}
        return pages | {path: Page(SCRIPT, body) for path, body in scripts.items()}

    async def _play(self, sequences: Sequence[ScenarioSequence]) -> list[Outcome]:
        browser = await self._chromium.browser()
        rooms = self._rooms = self._rooms or PagePool(browser, f"{self._origin}/page.html")
        planned = [(sequence.mode, scenes) for sequence in sequences for scenes in _split(self._prepared(sequence))]
        planned.sort(key=lambda plan: -self._seconds(*plan))  # what takes longest begins first
        visits = [asyncio.create_task(self._visit(rooms, *plan)) for plan in planned]
        try:
            outcomes = list(itertools.chain.from_iterable(await asyncio.gather(*visits)))
        finally:
            for visit in visits:
                visit.cancel()
            await asyncio.gather(*visits, return_exceptions=True)
        await rooms.keep(KEPT_PAGES)
        self.requests += sum(len(o.exchanges) for o in outcomes if o.scenario.delivery.reaches)
        return sorted(outcomes, key=lambda outcome: outcome.index)

    def _seconds(self, mode: str, scenes: list[Numbered]) -> float:
        """About how long it will take."""
        return sum(scenario.seconds + (DEBOUNCE_SECONDS if mode in self.slow_modes else 0.0) for _, scenario in scenes)

    def _prepared(self, sequence: ScenarioSequence) -> list[Numbered]:
        numbered = [(next(self._numbers), scenario) for scenario in sequence.scenarios]
        for number, scenario in numbered:
            self._script.prepare(number, scenario)
        return numbered

    async def _visit(self, rooms: PagePool, mode: str, scenes: list[Numbered]) -> list[Outcome]:
        visit = PageSession(rooms, self._script, mode, self._patience)
        outcomes = await visit.meet(scenes)
        self.version = self.version or visit.version
        return outcomes


def _split(numbered: list[Numbered]) -> list[list[Numbered]]:
    """One page for what a sequence plays by calling, and one more for each page load in it."""
    called = [(number, scenario) for number, scenario in numbered if scenario.calls]
    loads = [[(number, scenario)] for number, scenario in numbered if not scenario.calls]
    return [called, *loads] if called else loads


def _package_version(bundle: Path) -> str | None:
    """The version of the npm package that the bundle lies in."""
    for folder in bundle.resolve().parents:
        about = folder / "package.json"
        if not about.is_file():
            continue
        try:
            said = json.loads(about.read_bytes())
            return str(said["version"]) if said["name"] == PACKAGE else None
        except (OSError, ValueError, LookupError, TypeError):
            return None
    return None
