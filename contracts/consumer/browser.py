"""Finds a Chromium on this machine and starts it, cut off from every other machine. Nothing that it is asked to do may hang."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Awaitable, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from contracts.consumer.protocol import CannotBeJudged

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
NAMED_BY: Final = "REFRESH_CHROMIUM"  # the environment variable that may name the browser
FLAGS: Final = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    # The SDK is under test, not the network: no name is resolved and no proxy is asked, so nothing leaves the machine.
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
START_SECONDS: Final = 30.0
ENDING_SECONDS: Final = 5.0  # for each step of stopping what is left
T = TypeVar("T")


class Missing(CannotBeJudged):
    """Something that the SDK needs is not installed; the message names it and says how to get it."""


class Unusable(CannotBeJudged):
    """The bundle that was given cannot be used as the SDK, or it broke its page; the message says in one sentence how."""


async def within(seconds: float, work: Awaitable[T], what: str) -> T:
    """The result of `work`, which may take so many seconds. Unusable: it took longer; `what` names it in the message."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError as error:
        raise Unusable(f"{what} took more than {seconds:g} s") from error


async def ended(closing: Awaitable[object]) -> None:
    """Wait until something has been closed; errors of closing do not matter."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(ENDING_SECONDS):
            await closing


def lacking() -> str | None:
    """The reason why no browser can be started here, in one sentence; None if one can be. Starts nothing."""
    try:
        _package()
        _choice()
    except Missing as missing:
        return str(missing)
    return None


class Chromium:
    """A browser without a window, on an event loop of its own. Both start when they are first needed."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work on the loop of the browser. Ctrl-C cancels it."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(work)

    async def browser(self) -> Browser:
        """The browser. Missing: there is none."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = await self._launch()
        return self._browser

    def close(self) -> None:
        """Stop the browser, within seconds. It can be started again."""
        runner, self._runner = self._runner, None
        if runner is not None:
            with runner:
                runner.run(self._stop())

    async def _launch(self) -> Browser:
        from playwright.async_api import Error, async_playwright

        root = hasattr(os, "geteuid") and os.geteuid() == 0
        flags = [*FLAGS, "--no-sandbox"] if root else list(FLAGS)  # Chromium's sandbox refuses to work for root
        choice = _choice()
        try:
            if self._playwright is None:
                self._playwright = await within(START_SECONDS, async_playwright().start(), "starting Playwright")
            launching = self._playwright.chromium.launch(args=flags, headless=True, **choice)
            return await within(START_SECONDS, launching, "starting the browser")
        except (Error, OSError) as error:
            which = choice.get("executable_path", "of Playwright")
            raise Missing(f"the browser {which} does not start; {NAMED_BY} may name another one") from error

    async def _stop(self) -> None:
        # After Ctrl-C the browser may have ended already, and then everything that it was asked to do ends with an error.
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        browser, self._browser = self._browser, None
        playwright, self._playwright = self._playwright, None
        if browser is not None:
            await ended(browser.close())
        if playwright is not None:
            await ended(playwright.stop())


# --- which one --------------------------------------------------------------------------------------------------------


def _package() -> Path:
    """Where Playwright for Python is installed."""
    found = importlib.util.find_spec("playwright")
    if found is None or found.origin is None:
        raise Missing("Playwright is not installed; `pip install 'twilight-refresh-contract[sdk]'` brings it")
    return Path(found.origin).parent


def _choice() -> dict[str, Any]:
    """The browser to launch, as arguments of Playwright's launch(): the one that is named, Playwright's own, or the system's."""
    if named := os.environ.get(NAMED_BY):
        if not (found := shutil.which(named)):
            raise Missing(f"{NAMED_BY} names {named!r}, which is no program that can be run")
        return {"executable_path": found}
    installed = set(_own())
    if "chromium-headless-shell" in installed:
        return {}
    if "chromium" in installed:
        return {"channel": "chromium"}
    for name in NAMES:
        if found := shutil.which(name):
            return {"executable_path": found}
    raise Missing(
        f"no Chromium was found; `python -m playwright install chromium` or Debian's `apt-get install chromium` brings one, "
        f"and {NAMED_BY} may name one that is elsewhere"
    )


def _own() -> Iterator[str]:
    """Playwright's own browsers that are installed in the revisions that this Playwright drives."""
    try:
        listed = json.loads((_package() / "driver/package/browsers.json").read_bytes())["browsers"]
        names = [(str(b["name"]), str(b["revision"])) for b in listed if str(b["name"]).startswith("chromium")]
    except (OSError, ValueError, KeyError, TypeError):
        return
    for name, revision in names:
        folder = _store() / f"{name.replace('-', '_')}-{revision}"
        if (folder / "INSTALLATION_COMPLETE").is_file():
            yield name


def _store() -> Path:
    """Where Playwright keeps its browsers."""
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    if named == "0":
        return _package() / "driver/package/.local-browsers"
    if named:
        return Path(named)
    home = Path.home()
    caches = {"darwin": home / "Library/Caches", "win32": Path(os.environ.get("LOCALAPPDATA", home / "AppData/Local"))}
    return caches.get(sys.platform, Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))) / "ms-playwright"
