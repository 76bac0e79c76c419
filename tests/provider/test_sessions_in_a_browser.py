"""What the gate says of a session is what Chromium sees: whether the customer is still logged in after a few refreshes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from contracts.consumer.browser import Chromium, ended, lacking
from contracts.model.cookies import parse_cookies
from tests.kit.endpoints import judged
from tests.liars import LIARS, Running
from tests.liars.build import Layer, Maker, altering, housed
from tests.liars.changes import headed, same
from tests.liars.conditions import all_of, anything, overlapping, refused
from tests.liars.home import Home
from tests.liars.jars import DELETED, GUEST
from tests.liars.kit import PATH, Change
from tests.liars.odd_sessions import SESSIONS

PATIENCE = 60.0  # seconds for one visit, after which the test has failed
ASK = "async ([path, method]) => (await fetch(path, {method})).status"
# How a visitor came by these cookies cannot be told to a browser from outside, or the browser knows no host of this name.
NOT_GIVEN = ("session-near", "session-twice", "cookie-too-long", "cookie-host-domain")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A browser for all tests of this file."""
    if lacks := lacking():
        pytest.skip(lacks)
    shared = Chromium()
    yield shared
    shared.close()


def visit(chromium: Chromium, running: Running, *, two_tabs: bool) -> list[int]:
    """The statuses that a customer gets who refreshes, in one tab or in two at once, calls GET, and refreshes again."""

    async def visiting() -> list[int]:
        context = await (await chromium.browser()).new_context()
        try:
            for name, value in parse_cookies(running.cookie):
                secure = name.startswith("__")
                origin = running.base_url.replace("http:", "https:") if secure else running.base_url
                await context.add_cookies([{"name": name, "value": value, "url": origin, "secure": secure}])
            tabs = [await context.new_page() for _ in range(1 + two_tabs)]
            for tab in tabs:
                await tab.goto(running.base_url)
            statuses = await asyncio.gather(*(tab.evaluate(ASK, [PATH, "POST"]) for tab in tabs))
            for method in ("GET", "POST"):
                statuses.append(await tabs[0].evaluate(ASK, [PATH, method]))
            return statuses
        finally:
            await ended(context.close())

    async def limited() -> list[int]:
        async with asyncio.timeout(PATIENCE):
            return await visiting()

    return chromium.run(limited())


def shop(change: Change, *around: Layer) -> Maker:
    """A shop that replaces the session at each refresh, and whose refusal of the second of two tabs is changed like this."""
    closing = altering(anything, headed(connection="close"))  # so that the server knows which requests are under way
    losing = altering(all_of(refused, overlapping), change, waits=True, sleep=0.05)
    return housed(losing, closing, *around, grace=0.0)


def meeting(home: Home) -> Home:
    """The first two refreshes reach the shop together, however far apart the browser sends them."""
    numbers, both = count(1), asyncio.Event()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (scope["path"], scope["method"]) == (PATH, "POST"):
            if next(numbers) == 2:
                both.set()
            await both.wait()
        await home.app(scope, receive, send)

    return replace(home, app=app)


@pytest.mark.parametrize(
    ("change", "kept"), [(DELETED, False), (GUEST, False), (same, True)], ids=["deleted", "a guest's", "left alone"]
)
def test_two_tabs(chromium: Chromium, change: Change, kept: bool) -> None:
    """Two tabs refresh at once: where the refusal of one takes the session, Chromium is logged out, and the gate says so."""
    with shop(change, meeting)() as running:
        first, second, method, then = visit(chromium, running, two_tabs=True)
    assert ({first, second}, method) == ({200, 401}, 405)
    assert then == (200 if kept else 401)
    with shop(change)() as running:
        judgement = judged(running)
    assert judgement.verdicts["session-is-kept"] == ("pass" if kept else "fail")
    assert judgement.verdict == ("conformant" if kept else "non-conformant")


LOST = [
    liar
    for liar in LIARS
    if liar.rule == "session-is-kept" and liar.name.startswith(("cookie-", "get-", "success-")) and liar.name not in NOT_GIVEN
]
KEPT = [odd for odd in SESSIONS if odd.name not in NOT_GIVEN]


@pytest.mark.parametrize(
    ("make", "kept"),
    [pytest.param(one.make, one in KEPT, id=one.name) for one in (*LOST, *KEPT)],
)
def test_cookies_that_browsers_keep_and_drop(chromium: Chromium, make: Maker, kept: bool) -> None:
    """A session is refused in Chromium at the next refresh where the gate says that an answer took it, and only there."""
    with make() as running:
        first, method, then = visit(chromium, running, two_tabs=False)
    assert (first, method, then) == (200, 405, 200 if kept else 401)
