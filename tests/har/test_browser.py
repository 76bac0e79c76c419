"""A HAR that a person saves while the real SDK refreshes in a real Chromium is judged; and what we write, a browser can use."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.consumer.browser import Chromium, lacking
from contracts.consumer.protocol import CannotBeJudged
from contracts.consumer.sdk import find_bundle
from contracts.judge import judge_provider
from contracts.model.document import load
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.provider.target import Target
from tests.kit import replays
from tests.kit.gates import Gate

SETTLED = """async () => {
  await salla.init({debug: false, language_code: 'en', store: {id: 1, url: location.origin, api: location.origin + '/api'},
                    user: {type: 'guest'}});
  for (let call = 0; call < 3; call++) await salla.auth.refresh().catch(() => {});
}"""
PAGE = b"<!doctype html><title>shop</title><script src='/sdk.js'></script>"
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def missing() -> str | None:
    """What keeps the SDK from running here."""
    try:
        find_bundle(None)
    except CannotBeJudged as error:
        return str(error)
    return lacking()


pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


def shop(store: Store, *, lies: bool) -> App:
    """A shop with a page that loads the SDK, and an endpoint that may lie."""
    sdk = find_bundle(None).read_bytes()
    false = json.dumps({"status": 200, "success": False, "data": {"token": "a-token-all-the-same"}}).encode()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def answer(kind: str, body: bytes) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]})
            await send({"type": "http.response.body", "body": body})

        path = scope.get("path")
        if path == load().path and not lies:
            await store.app(scope, receive, send)
        elif scope["type"] == "http":
            kind, body = {
                "/": ("text/html", PAGE),
                "/sdk.js": ("text/javascript", sdk),
                load().path: ("application/json", false),
            }.get(path or "", ("application/json", b'{"status": 200, "success": true, "data": {}}'))
            await answer(kind, body)

    return app


def in_browser(work: Callable[[Any], Awaitable[Any]]) -> Any:
    """What comes of work in a browser of its own."""
    chromium = Chromium()

    async def limited() -> Any:
        async with asyncio.timeout(600):
            return await work(await chromium.browser())

    try:
        return chromium.run(limited())
    finally:
        chromium.close()


def recorded(url: str, store: Store, har: Path) -> None:
    """Refresh three times in a browser that records what it asks."""
    name, _, value = store.log_in().partition("=")

    async def refreshes(browser: Any) -> None:
        context = await browser.new_context(record_har_path=har)
        await context.add_cookies([{"name": name, "value": value, "url": url}])
        page = await context.new_page()
        await page.goto(url)
        await page.evaluate(SETTLED)
        await context.close()

    in_browser(refreshes)


@pytest.mark.parametrize("lies", [False, True], ids=["honest", "liar"])
def test_a_har_saved_from_chromium_is_judged(gate: Gate, tmp_path: Path, lies: bool) -> None:
    """The refresh calls of the SDK are found among all that the page asked for, and judged by what they show."""
    store, har = Store(), tmp_path / "saved.har"
    with serve(shop(store, lies=lies)) as url:
        recorded(url, store, har)
    ran = gate("--refresh-replay", "saved.har")
    found = {id for r in ran.report["rules"] for id in [r["id"]] if "fail" in r["verdicts"].values()}
    assert ran.report["requests"] == 3
    assert ran.report["implementations"][0]["name"] == url.removeprefix("http://")
    assert "3 calls found" in ran.out
    if lies:
        assert ran.code == 1
        assert found == {"success-flag-is-truthful"}
        assert "a-token-all-the-same" not in ran.out
    else:
        assert ran.code == 10
        assert not found
        assert ran.verdicts("status-mirrors-http") == {"pass"}
        assert ran.verdicts("no-input-needed") == {"not-exercised"}
        assert "the recording does not show it; to judge all of it, run without --refresh-replay" in ran.last
    assert har.exists()


def test_a_browser_can_use_what_we_write(tmp_path: Path) -> None:
    """Playwright answers a page from our file: it is a HAR for others too."""
    store = Store()
    with serve(store.app) as url:
        log = replays.written(judge_provider(Target.at(url, store.log_in()), budget=1))
    (tmp_path / "evidence.har").write_text(json.dumps({"log": log}))

    async def asks(browser: Any) -> Any:
        page = await browser.new_page()
        await page.route_from_har(tmp_path / "evidence.har", url="**/auth/refresh")
        await page.route("**/page", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        await page.goto(f"{url}/page")
        return await page.evaluate(f"async () => (await fetch('{load().path}', {{method: 'POST'}})).json()")

    body = in_browser(asks)
    assert (body["success"], body["status"]) == (True, 200)
