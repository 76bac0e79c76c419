"""A shop page with the real Login Web Component, as its customer sees it while the session is restored.

    Shop         a browser, and the pages of a shop on a real socket
    └── Visit    one customer's visit: what was sent, and what the page shows

The component comes from npm and is served as it is. Its form is another page, which it shows in a frame and which is no part
of the package: STAND_IN takes its place. What is pinned here is what `docs/login-component.md` says of this version.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

import pytest

from contracts.consumer.browser import Chromium, ended, lacking
from contracts.consumer.delivery import Page
from contracts.consumer.requests import COOKIE
from contracts.consumer.script import Script
from contracts.consumer.socket_stage import serve_script
from contracts.model.answers import error, json_answer
from contracts.model.document import load
from contracts.model.exchange import Request
from contracts.model.scenario import Delivery, Scenario, refreshed, success_body
from contracts.model.tokens import unsigned

if TYPE_CHECKING:
    from playwright.async_api import Locator, Route
    from playwright.async_api import Page as Tab

CHECKOUT: Final = Path(__file__).parents[2]
PACKAGES: Final = CHECKOUT / "node_modules/@salla.sa"
BUNDLE: Final = PACKAGES / "twilight/dist/@salla.sa/twilight.min.js"
COMPONENTS: Final = PACKAGES / "twilight-components/dist/twilight"
DOCUMENT: Final = CHECKOUT / "docs/login-component.md"

PATIENCE: Final = 60.0  # seconds within which anything that is to happen happens
CALM: Final = 0.5  # seconds without a refresh after which none is due; a debounced one takes 0.3 to leave
GRACE: Final = 20.0  # seconds for the component to take back what it has drawn for a guest
VISIT: Final = 300.0  # seconds that one test may take

CUSTOMER: Final = 7
LONG_AGO: Final = 1_000_000_000
HOUR: Final = 3600.0
GIVEN: Final = unsigned(str(CUSTOMER), now=time.time(), ttl=HOUR)  # by a refresh that completes
TOKENS: Final = {
    "expired": unsigned(str(CUSTOMER), now=LONG_AGO, ttl=HOUR),
    "valid": unsigned(str(CUSTOMER), now=time.time(), ttl=HOUR),
    "opaque": "a-token-that-is-no-jwt",
    "none": None,
}

DONE: Final = refreshed(GIVEN)
REFUSED: Final = Scenario("error-401", error(401))
NO_TOKEN: Final = Scenario("success-data-empty", json_answer(200, success_body(..., data={})))
TRANSIENT: Final = [
    Scenario("error-429", error(429)),
    Scenario("error-500", error(500)),
    Scenario("error-503", error(503)),
    Scenario("network-reset", None, Delivery.RESET),
]

# --- the shop ---------------------------------------------------------------------------------------------------------

HTML: Final = "text/html; charset=utf-8"
SCRIPT: Final = "text/javascript; charset=utf-8"
MENU: Final = "<salla-user-menu></salla-user-menu>"
WIDGETS: Final = f"{MENU}<salla-login-modal></salla-login-modal>"
WITH_BUNDLE: Final = '<script src="/sdk.js"></script>'
WITH_COMPONENTS: Final = '<script type="module" src="/twilight/twilight.esm.js"></script>'
EARLY: Final = '<script>window.early = []; salla.event.auth.onRefreshFailed(() => window.early.push("failed"));</script>'
FRAME: Final = "salla-modal.s-login-modal iframe"
FIELD: Final = "Mobile or e-mail"

SHOP_JS: Final = """
const { token, user } = window.setting;
window.heard = [];
for (const name of ["auth::token.fetched", "auth::token.invalid", "auth::refresh.failed"]) {
  salla.event.on(name, () => window.heard.push(name));
}
if (!sessionStorage.getItem("visited")) { // a page that is loaded again keeps what it stored
  sessionStorage.setItem("visited", "yes");
  if (token) salla.storage.set("token", token);
  if (user.type === "user") salla.storage.set("user", user);
}
salla.init({
  debug: false,
  language_code: "en",
  store: { id: 1, url: location.origin, api: `${location.origin}/api`, features: [] },
  login: { url: `${location.origin}/login.html` },
  user,
});
"""
STAND_IN: Final = f"<!doctype html><title>Log in</title><form><label>{FIELD} <input></label> <button>Next</button></form>"
# What the SDK stored at a visit just now: a user menu reads an older profile by itself.
STORED: Final = {"id": CUSTOMER, "type": "user", "first_name": "Some", "last_name": "customer", "fetched_at": time.time() * 1000}
PROFILE: Final = {**STORED, "first_name": "This"}  # as the shop's API has it now


def shop_page(widgets: str, *scripts: str) -> Page:
    """A page of the shop: a log-in button, then the widgets, then the scripts and the shop's own."""
    button = """<button id="log-in" onclick="salla.event.dispatch('login::open')">Log in</button>"""
    own = '<script type="module" src="/shop.js"></script>'
    text = f'<!doctype html><html lang="en"><title>Shop</title>{button}{widgets}{"".join(scripts)}{own}'
    return Page(HTML, text.encode())


def served() -> dict[str, Page]:
    """All files of the shop."""
    texts = {
        "/shop.js": SHOP_JS,
        "/languages/assets/1.js": 'window.translations = { "en.trans": { "shop": "Shop" } };',
    }
    return {
        "/with-component.html": shop_page(WIDGETS, WITH_COMPONENTS),
        "/without-component.html": shop_page(MENU, WITH_COMPONENTS),
        "/sdk-alone.html": shop_page("", WITH_BUNDLE),
        "/both.html": shop_page(WIDGETS, WITH_BUNDLE, EARLY, WITH_COMPONENTS),
        "/login.html": Page(HTML, STAND_IN.encode()),
        "/api/auth/user": Page("application/json", json.dumps(success_body(..., data=PROFILE)).encode()),
        "/sdk.js": Page(SCRIPT, BUNDLE.read_bytes()),
        **{path: Page(SCRIPT, text.encode()) for path, text in texts.items()},
        **{f"/twilight/{file.name}": Page(SCRIPT, file.read_bytes()) for file in COMPONENTS.glob("*.js")},
    }


class Ledger(Script):
    """A script that also keeps the requests of each number while its scenario is running. The shop's files are not kept."""

    def __init__(self) -> None:
        super().__init__()
        self.received: defaultdict[int, list[Request]] = defaultdict(list)

    def receive(self, request: Request, number: int | None = None) -> Scenario | None:
        if number is not None:
            self.received[number].append(request)
        return super().receive(request, number)


# --- a visit ----------------------------------------------------------------------------------------------------------


@dataclass
class Visit:
    """One customer's visit. The answer to a refresh that is held comes when it is let go."""

    number: int
    tab: Tab
    asked: list[Request]
    thrown: list[str] = field(default_factory=list)
    held: asyncio.Queue[Route] | None = None

    @property
    def refreshes(self) -> list[Request]:
        """The refreshes that reached the endpoint."""
        return [request for request in self.asked if urlsplit(request.url).path == load().path]

    @property
    def frame(self) -> Locator:
        """What the component shows its form in."""
        return self.tab.locator(FRAME)

    async def see(self, condition: str, seconds: float = PATIENCE) -> None:
        """Wait until something holds in the page."""
        await self.tab.wait_for_function(condition, timeout=seconds * 1000)

    async def settle(self) -> None:
        """Wait until the component and the header have drawn what they make of the page as it is."""
        await self.see("window.salla?.status === 'ready'")
        await self.see("[...document.querySelectorAll('salla-login-modal, salla-user-menu')].every(e => e.matches('.hydrated'))")
        if await self.tab.evaluate("salla.config.isUser()"):
            from playwright.async_api import TimeoutError as NotYet

            with contextlib.suppress(NotYet):  # a component that does not take it back is judged as it is
                await self.see("!document.querySelector('salla-modal.s-login-modal')", GRACE)

    async def restored(self) -> None:
        """Let the refresh go, and wait until the SDK has made of its answer what it will."""
        if self.held is not None:
            await (await self.held.get()).continue_()
        await self.see("window.heard !== undefined")
        await self.see("heard.includes('auth::token.fetched') || heard.includes('auth::token.invalid')")
        await self.settle()

    async def calm(self) -> None:
        """Leave time for a refresh that should not be sent."""
        await asyncio.sleep(CALM)

    async def log_in(self) -> None:
        """Press the shop's log-in button."""
        await self.tab.click("#log-in")

    async def opens(self) -> None:
        """Wait until there is something to fill in, and fill it in."""
        asked = self.frame.content_frame.get_by_label(FIELD)
        await asked.fill("0500000000")
        assert await asked.input_value() == "0500000000"
        assert await self.frame.is_visible()

    async def who(self) -> str:
        """Who the SDK takes the customer for: "user" or "guest"."""
        return str(await self.tab.evaluate("salla.config.get('user.type')"))

    async def stored(self, name: str) -> Any:
        """What the SDK has stored."""
        return await self.tab.evaluate("name => salla.storage.get(name) ?? null", name)

    async def sends(self) -> str | None:
        """The Authorization that the next call carries; none is None."""
        await self.tab.evaluate("salla.wishlist.add(1).then(() => true, () => true)")
        return next(r for r in reversed(self.asked) if r.method == "POST" and "/api/" in r.url).header("authorization")


@dataclass
class Shop:
    """A browser and the shop that it visits."""

    chromium: Chromium
    origin: str
    script: Ledger
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @contextlib.asynccontextmanager
    async def visit(
        self,
        scenario: Scenario,
        page: str = "with-component",
        *,
        token: Literal["expired", "valid", "opaque", "none"] = "expired",
        user: Literal["user", "guest"] = "user",
        held: bool = False,
    ) -> AsyncIterator[Visit]:
        """Load a page of the shop for a customer who was here before; its refresh gets `scenario`."""
        number = next(self.numbers)
        self.script.prepare(number, scenario)
        context = await (await self.chromium.browser()).new_context()
        try:
            await context.add_cookies([{"name": COOKIE, "value": str(number), "url": self.origin}])
            tab = await context.new_page()
            tab.set_default_timeout(PATIENCE * 1000)
            visit = Visit(number, tab, self.script.received[number])
            tab.on("pageerror", lambda thrown: visit.thrown.append(str(thrown)))
            if held:
                visit.held = asyncio.Queue()
                await tab.route("**/auth/refresh", visit.held.put_nowait)
            customer = STORED if user == "user" else {"type": "guest"}
            await tab.add_init_script(f"window.setting = {json.dumps({'token': TOKENS[token], 'user': customer})}")
            await tab.goto(f"{self.origin}/{page}.html")
            await visit.settle()
            yield visit
        finally:
            await ended(context.close())
            self.script.end(number)


def missing() -> str | None:
    """What these tests lack here, in one sentence."""
    for file, name in ((BUNDLE, "twilight"), (COMPONENTS / "twilight.esm.js", "twilight-components")):
        if not file.is_file():
            return f"the npm package @salla.sa/{name} is not installed; `npm ci` in the checkout brings it"
    return lacking()


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """The shop, open until the last test of this file."""
    if lacks := missing():
        pytest.skip(lacks)
    script, chromium = Ledger(), Chromium()
    with serve_script(script, served()) as origin:
        try:
            yield Shop(chromium, origin, script)
        finally:
            chromium.close()


def in_shop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test in the shop's own event loop, and not for ever."""

    @functools.wraps(test)
    def run(shop: Shop, **given: Any) -> None:
        async def limited() -> None:
            async with asyncio.timeout(VISIT):
                await test(shop, **given)

        shop.chromium.run(limited())

    return run


# --- what refreshes by itself -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["expired", "none"])
@in_shop
async def test_a_page_load_refreshes_once(shop: Shop, token: Literal["expired", "none"]) -> None:
    """The page of a logged-in customer whose token has run out, or is gone, refreshes once by itself, as the contract has it."""
    async with shop.visit(DONE, token=token) as visit:
        await visit.restored()
        await visit.calm()
        assert [(r.method, r.body) for r in visit.refreshes] == [("POST", b"")]


@in_shop
async def test_the_component_has_no_part_in_it(shop: Shop) -> None:
    """A page without the component, and one with nothing but the SDK, send just the same refresh."""
    own = ("cookie", "referer")  # the number of the scenario, and the page's own address
    sent = []
    for page in ("with-component", "without-component", "sdk-alone"):
        async with shop.visit(REFUSED, page) as visit:
            await visit.restored()
            await visit.calm()
            sent.append([(r.method, r.url, r.body, [h for h in r.headers if h[0].lower() not in own]) for r in visit.refreshes])
    assert len(sent[0]) == 1
    assert sent[1:] == sent[:1] * 2


@in_shop
async def test_a_valid_token_is_not_refreshed(shop: Shop) -> None:
    """The component on a page sends no refresh while the token is good, and the customer is logged in with that token."""
    async with shop.visit(DONE, token="valid") as visit:
        assert await visit.sends() == f"Bearer {TOKENS['valid']}"
        await visit.calm()
        assert visit.refreshes == []
        assert await visit.who() == "user"


@in_shop
async def test_nothing_refreshes_once_the_page_is_there(shop: Shop) -> None:
    """A token that runs out while the page is open is sent on, and a call that is answered 401 brings no refresh and no form."""
    async with shop.visit(DONE, token="valid") as visit:
        await visit.tab.clock.set_fixed_time(time.time() + 2 * HOUR)
        assert await visit.sends() == f"Bearer {TOKENS['valid']}"
        await visit.tab.route("**/api/**", lambda route: route.fulfill(status=401, json={"status": 401, "success": False}))
        refused = "salla.wishlist.add(2).then(() => 'resolved', error => error.response.status)"
        assert await visit.tab.evaluate(refused) == 401
        await visit.calm()
        assert visit.refreshes == []
        assert await visit.who() == "user"
        assert await visit.frame.count() == 0


@in_shop
async def test_opening_the_form_does_not_refresh(shop: Shop) -> None:
    """A guest who asks for the form gets it at once, and nothing is refreshed for it, neither before nor after."""
    async with shop.visit(DONE, token="none", user="guest") as visit:
        await visit.log_in()
        await visit.opens()
        await visit.calm()
        assert visit.refreshes == []


@in_shop
async def test_a_token_that_is_no_jwt_is_not_refreshed(shop: Shop) -> None:
    """A stored token that cannot be read logs the customer out without asking the endpoint."""
    async with shop.visit(DONE, token="opaque") as visit:
        await visit.see("heard.includes('auth::token.invalid')")
        await visit.calm()
        assert visit.refreshes == []
        assert await visit.who() == "guest"


# --- what the customer sees -------------------------------------------------------------------------------------------


@in_shop
async def test_calls_go_out_without_a_token_meanwhile(shop: Shop) -> None:
    """Until the refresh is answered the header shows a logged-in customer, whose calls carry no token at all."""
    async with shop.visit(DONE, held=True) as visit:
        await visit.see("document.querySelector('.s-user-menu-wrapper')")
        assert await visit.who() == "user"
        assert await visit.sends() is None
        await visit.restored()
        assert await visit.sends() == f"Bearer {GIVEN}"


@in_shop
async def test_after_a_refresh_the_customer_stays_logged_in(shop: Shop) -> None:
    """The header names the customer, no form is shown, and the next call carries the new token."""
    async with shop.visit(DONE, held=True) as visit:
        await visit.restored()
        await visit.tab.locator("salla-user-menu", has_text="This customer").wait_for()
        assert await visit.who() == "user"
        assert await visit.frame.count() == 0
        assert await visit.stored("token") == GIVEN
        assert await visit.sends() == f"Bearer {GIVEN}"


@in_shop
async def test_after_a_401_the_customer_is_a_guest(shop: Shop) -> None:
    """Token and customer leave the storage, and no form is opened: the customer has to ask for it."""
    async with shop.visit(REFUSED, held=True) as visit:
        await visit.restored()
        await visit.calm()
        assert await visit.who() == "guest"
        assert [await visit.stored(name) for name in ("token", "user")] == [None, None]
        assert await visit.frame.count() == 0


@in_shop
async def test_the_form_opens_at_the_second_press(shop: Shop) -> None:
    """Known: a component that was drawn for a customer fails when it is first asked for the form, and opens when asked again."""
    async with shop.visit(REFUSED, held=True) as visit:
        await visit.restored()
        await visit.log_in()
        await visit.frame.wait_for(state="attached")
        await visit.calm()
        assert not await visit.frame.is_visible()
        assert visit.thrown
        assert all("'open'" in thrown for thrown in visit.thrown)
        await visit.log_in()
        await visit.opens()


@in_shop
async def test_components_that_come_later_are_right_at_once(shop: Shop) -> None:
    """A login component and a user menu that are put in when the refresh has failed show a guest, and open when first asked."""
    async with shop.visit(REFUSED, "without-component", held=True) as visit:
        await visit.tab.evaluate("""salla.event.once("auth::token.invalid", () => {
            document.body.append(document.createElement("salla-login-modal"));
            document.querySelector("salla-user-menu").replaceWith(document.createElement("salla-user-menu"));
        })""")
        await visit.restored()
        await visit.tab.click("salla-user-menu .s-user-menu-login-btn")
        await visit.opens()
        assert visit.thrown == []


@in_shop
async def test_the_header_still_shows_the_customer_after_a_401(shop: Shop) -> None:
    """Known: a user menu that was drawn for a customer stays as it is when that customer has become a guest."""
    async with shop.visit(REFUSED, held=True) as visit:
        await visit.see("document.querySelector('.s-user-menu-wrapper')")
        await visit.restored()
        await visit.calm()
        assert await visit.who() == "guest"
        assert await visit.tab.locator(".s-user-menu-wrapper").is_visible()
        assert await visit.tab.locator(".s-user-menu-login-btn").count() == 0


@pytest.mark.parametrize("scenario", TRANSIENT, ids=lambda scenario: scenario.name)
@in_shop
async def test_a_transient_failure_logs_the_customer_out(shop: Shop, scenario: Scenario) -> None:
    """Known, and a deviation of the SHOULD rule `transient-failure-keeps-login`: it ends as a refusal does."""
    assert load().rules["transient-failure-keeps-login"].level == "SHOULD"
    async with shop.visit(scenario, held=True) as visit:
        await visit.restored()
        await visit.calm()
        assert visit.refreshes
        assert await visit.who() == "guest"
        assert [await visit.stored(name) for name in ("token", "user")] == [None, None]
        assert await visit.frame.count() == 0


@in_shop
async def test_loading_the_page_again_tries_again(shop: Shop) -> None:
    """After a transient failure the next page load sends a refresh of its own, and may bring the customer back."""
    async with shop.visit(TRANSIENT[0]) as visit:
        await visit.restored()
        assert await visit.who() == "guest"
        shop.script.prepare(visit.number, DONE)
        await visit.tab.reload()
        await visit.restored()
        assert await visit.who() == "user"
        assert await visit.sends() == f"Bearer {GIVEN}"


@in_shop
async def test_a_success_without_a_token_leaves_a_customer_without_a_session(shop: Shop) -> None:
    """Known: the customer looks logged in, the next call carries `Bearer undefined`, and the log-in button reloads the page."""
    async with shop.visit(NO_TOKEN, held=True) as visit:
        await visit.restored()
        assert await visit.who() == "user"
        assert await visit.stored("token") is None
        assert await visit.sends() == "Bearer undefined"
        async with visit.tab.expect_navigation():
            await visit.log_in()
        await visit.restored()
        assert await visit.who() == "user"
        assert await visit.frame.count() == 0


# --- what a theme should not do ---------------------------------------------------------------------------------------


@in_shop
async def test_the_components_bring_an_sdk_of_their_own(shop: Shop) -> None:
    """A listener that is added before the components are there is lost: their own SDK takes the place of the first."""
    async with shop.visit(REFUSED, "both") as visit:
        await visit.restored()
        await visit.calm()
        assert await visit.tab.evaluate("[early, heard]") == [[], ["auth::refresh.failed", "auth::token.invalid"]]
        assert len(visit.refreshes) == 1


# --- the document -----------------------------------------------------------------------------------------------------


def test_the_document_names_tests_that_exist() -> None:
    """Every test that the document names is one of this file, and every one of this file is named."""
    named = set(re.findall(r"`(test_\w+)`", DOCUMENT.read_text("utf-8")))
    here = {name for name, value in globals().items() if name.startswith("test_") and callable(value)}
    assert named == here - {"test_the_document_names_tests_that_exist", "test_the_document_speaks_of_the_pinned_version"}


def test_the_document_speaks_of_the_pinned_version() -> None:
    """What was found holds for the version that the checkout installs."""
    pinned = json.loads((CHECKOUT / "package.json").read_bytes())["devDependencies"]
    versions = {pinned[f"@salla.sa/{name}"] for name in ("twilight", "twilight-components")}
    assert set(re.findall(r"\d+\.\d+\.\d+", DOCUMENT.read_text("utf-8"))) == versions
