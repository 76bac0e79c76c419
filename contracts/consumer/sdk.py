"""The real Twilight SDK in the pages of a real browser.

    Twilight
    └── PageSession      one page: the scenarios of a sequence one after the other, or a single page load
        └── page.js      plays them within the page and returns a record

A sequence goes from Python into its page once and comes back once. The page does everything in between by itself, so a refresh
costs as much as it costs a customer. Only where no server may be reached does the browser ask Python about each request.
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
DEBOUNCE_SECONDS: Final = 0.3  # how long the SDK delays its calls in debounced mode
SCRIPT: Final = "text/javascript; charset=utf-8"
OWN_FILES: Final = {"/page.html": "text/html; charset=utf-8", "/page.js": SCRIPT}
LANGUAGE: Final = "/languages/assets/1.js"  # the SDK loads this script into every page
# The SDK requests this after it has restored a session; without a whole profile some versions log the customer out again.
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
    """The bundle to test: the one that is given, else that of the npm package installed here, above here, or in this checkout."""
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
    """None if everything is there that the SDK needs, else a sentence that says what is missing. Starts nothing."""
    try:
        find_bundle(given)
    except Missing as missing:
        return str(missing)
    return lacking()


class Twilight:
    """The SDK in a browser, one page for each sequence. All sequences run in parallel. The browser starts with the first play.

    `patch` is JavaScript that runs in each page after the bundle and before the SDK starts; `patience` is how many seconds its
    calls may take after the exchange has ended; `chromium` is a browser to use, which then stays open.
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
        self._pool: PagePool | None = None

    def play(self, sequences: Sequence[ScenarioSequence]) -> list[Outcome]:
        """Play the sequences and return the outcomes in order; their numbers go on from one play to the next.

        Unusable: the bundle is no SDK, or the page broke. Missing: there is no browser. Both errors close everything.
        """
        try:
            if not self._origin:
                self._origin = self._stage.enter_context(serve_script(self._script, self._served(), PROFILE))
            return self._chromium.run(self._play(sequences))
        except BaseException:
            self.close()
            raise

    def identify(self) -> None:
        """Find out the version. A bundle outside a package has to run to tell it. Raises the same errors as `play`."""
        if self.version is None:
            self.play([ScenarioSequence((refreshed("made-up-token"),))])

    def close(self) -> None:
        """Stop the browser and the stage, within seconds. Playing again starts them again."""
        pool, self._pool, self._origin = self._pool, None, ""
        with self._stage:
            if self._own_chromium:
                self._chromium.close()
            elif pool is not None:
                self._chromium.run(pool.keep(0))

    # --- pages --------------------------------------------------------------------------------------------------------

    def _served(self) -> dict[str, Page]:
        here = Path(__file__).parent
        pages = {path: Page(media_type, here.joinpath(path[1:]).read_bytes()) for path, media_type in OWN_FILES.items()}
        scripts = {"/sdk.js": self._bundle.read_bytes(), "/patch.js": self._patch.encode(), LANGUAGE: b""}
        return pages | {path: Page(SCRIPT, body) for path, body in scripts.items()}

    async def _play(self, sequences: Sequence[ScenarioSequence]) -> list[Outcome]:
        browser = await self._chromium.browser()
        pool = self._pool = self._pool or PagePool(browser, f"{self._origin}/page.html")
        planned = [(sequence.mode, numbered) for sequence in sequences for numbered in _split(self._prepared(sequence))]
        planned.sort(key=lambda plan: -self._seconds(*plan))  # what takes longest begins first
        tasks = [asyncio.create_task(self._play_in_page(pool, *plan)) for plan in planned]
        try:
            outcomes = list(itertools.chain.from_iterable(await asyncio.gather(*tasks)))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await pool.keep(KEPT_PAGES)
        self.requests += sum(len(outcome.exchanges) for outcome in outcomes if outcome.scenario.delivery.reaches)
        return sorted(outcomes, key=lambda outcome: outcome.index)

    def _seconds(self, mode: str, numbered: list[Numbered]) -> float:
        """About how long the scenarios will take."""
        return sum(scenario.seconds + (DEBOUNCE_SECONDS if mode in self.slow_modes else 0.0) for _, scenario in numbered)

    def _prepared(self, sequence: ScenarioSequence) -> list[Numbered]:
        numbered = [(next(self._numbers), scenario) for scenario in sequence.scenarios]
        for number, scenario in numbered:
            self._script.prepare(number, scenario)
        return numbered

    async def _play_in_page(self, pool: PagePool, mode: str, numbered: list[Numbered]) -> list[Outcome]:
        session = PageSession(pool, self._script, mode, self._patience)
        outcomes = await session.play(numbered)
        self.version = self.version or session.version
        return outcomes


def _split(numbered: list[Numbered]) -> list[list[Numbered]]:
    """One page for the scenarios of a sequence that call refresh(), and one more for each page load in it."""
    called = [(number, scenario) for number, scenario in numbered if scenario.calls]
    loads = [[(number, scenario)] for number, scenario in numbered if not scenario.calls]
    return [called, *loads] if called else loads


def _package_version(bundle: Path) -> str | None:
    """The version of the npm package that the bundle belongs to."""
    for folder in bundle.resolve().parents:
        about = folder / "package.json"
        if not about.is_file():
            continue
        try:
            package = json.loads(about.read_bytes())
            return str(package["version"]) if package["name"] == PACKAGE else None
        except (OSError, ValueError, LookupError, TypeError):
            return None
    return None
