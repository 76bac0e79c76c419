"""Clients that look wrong and are right."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx

from tests.clients.kit import TRUST, Client, NotRefreshed, Odd, named

ODD: list[Odd] = []
SHARES_NOTHING = "calls-at-once-share"


def odd(*warns: str) -> Any:
    """Enlist a class under its name; its docstring is what is odd about it."""

    def enlist(make: type[Client]) -> type[Client]:
        ODD.append(Odd(named(make), (make.__doc__ or "").strip(), make, warns))
        return make

    return enlist


@odd(SHARES_NOTHING)
class Plain(Client):
    """The kit's own client, which shares nothing between calls."""


@odd()
class Coalesces(Client):
    """Calls at the same moment share one request and one event."""

    flight: asyncio.Task[Any] | None = None

    async def refresh(self) -> Any:
        if self.flight is None or self.flight.done():
            self.flight = asyncio.ensure_future(super().refresh())
        return await asyncio.shield(self.flight)


@odd(SHARES_NOTHING)
class CoalescesButTellsEach(Client):
    """Calls at the same moment share one request, and each has its event."""

    flight: asyncio.Task[Any] | None = None

    async def refresh(self) -> Any:
        if self.flight is None or self.flight.done():
            self.flight = asyncio.ensure_future(self.completed())
        try:
            body = await asyncio.shield(self.flight)
        except Exception as error:
            await self.fail(error)
            raise
        self.keep(body)
        return body


@odd(SHARES_NOTHING)
class SendsNoAuthorization(Client):
    """It relies on the cookies alone."""

    def headers(self) -> dict[str, str]:
        return {"accept": "application/json"}


@odd(SHARES_NOTHING)
class TellsALittleLater(Client):
    """The event comes a moment after the rejection."""

    def tell(self, error: Any) -> None:
        asyncio.get_running_loop().call_later(0.2, super().tell, error)


@odd(SHARES_NOTHING)
class WrapsTheError(Client):
    """The event carries another error than the caller gets, with the same response."""

    def tell(self, error: Any) -> None:
        super().tell(NotRefreshed("wrapped", error.response))


class Status:
    """A response as some other library shows it."""

    def __init__(self, status: int) -> None:
        self.status = status


@odd(SHARES_NOTHING)
class AnotherLibrary(Client):
    """Its responses say `status` and not `status_code`."""

    def tell(self, error: Any) -> None:
        super().tell(
            NotRefreshed("as another library does it", Status(error.response.status_code) if error.response is not None else None)
        )


@odd(SHARES_NOTHING)
class TakesSuccessWithoutToken(Client):
    """All that is documented is enough: it resolves without a token and keeps the old one."""

    def usable(self, data: Any) -> bool:
        return True

    def keep(self, body: Any) -> None:
        if super().usable(body.get("data")):
            super().keep(body)


@odd(SHARES_NOTHING)
class LogsOutWithoutToken(Client):
    """A success without a token resolves and leaves no token."""

    def usable(self, data: Any) -> bool:
        return True

    def keep(self, body: Any) -> None:
        self.token = body["data"]["token"] if super().usable(body.get("data")) else None


@odd(SHARES_NOTHING)
class TakesAnySuccessStatus(Client):
    """A body that says 204 in an HTTP 200 is a success to it."""

    def good_status(self, status: Any) -> bool:
        return isinstance(status, (int, float)) and not isinstance(status, bool) and 200 <= status < 300


@odd(SHARES_NOTHING)
class InsistsOnTheSameStatus(Client):
    """A body whose status differs from the HTTP status is a failure to it."""

    def accepts(self, response: httpx.Response, body: Any) -> bool:
        return super().accepts(response, body) and body["status"] == response.status_code


@odd(SHARES_NOTHING)
class InsistsOnJson(Client):
    """A success that is not labelled as JSON is a failure to it."""

    def accepts(self, response: httpx.Response, body: Any) -> bool:
        return super().accepts(response, body) and "application/json" in response.headers.get("content-type", "").lower()


@odd(SHARES_NOTHING, "gives-up-in-the-end")
class TriesTwice(Client):
    """Without an answer it tries once more."""

    async def completed(self) -> Any:
        try:
            return await super().completed()
        except NotRefreshed as error:
            if error.response is not None:
                raise
            return await super().completed()


@odd(SHARES_NOTHING)
class UsesThreads(Client):
    """It asks with a blocking client in a thread."""

    async def completed(self) -> Any:
        return await asyncio.to_thread(asyncio.run, self.in_a_thread())

    async def in_a_thread(self) -> Any:
        """The same with connections of the thread's own."""
        async with httpx.AsyncClient(verify=TRUST) as self.http:
            return await super().completed()


@odd(SHARES_NOTHING)
class TakesItsTime(Client):
    """It settles half a second after the answer."""

    async def refresh(self) -> Any:
        try:
            return await super().refresh()
        finally:
            if self.failures % 7 == 3:
                await asyncio.sleep(0.5)


@odd(SHARES_NOTHING)
class ReturnsAnAwaitable(Client):
    """refresh() is a plain function that returns something to await."""

    def refresh(self) -> Any:  # type: ignore[override]
        return asyncio.ensure_future(super().refresh())


@odd(SHARES_NOTHING)
class TellsFromAThread(Client):
    """Its listeners are called in another thread."""

    def tell(self, error: Any) -> None:
        teller = threading.Thread(target=super().tell, args=(error,))
        teller.start()
        teller.join()


@odd(SHARES_NOTHING)
class FollowsRedirects(Client):
    """It follows redirects as browsers do, and finds no success there."""

    async def completed(self) -> Any:
        try:
            async with asyncio.timeout(self.patience):
                response = await self.http.post(self.url, headers=self.headers(), follow_redirects=True)
        except (httpx.HTTPError, TimeoutError) as error:
            raise NotRefreshed("no answer") from error
        try:
            body = self.read(response)
        except ValueError as error:
            raise NotRefreshed("no JSON", response) from error
        if not self.accepts(response, body):
            raise NotRefreshed("no success", response)
        return body
