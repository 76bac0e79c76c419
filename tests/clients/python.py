"""Liars in Python: the smallest changes of an honest client that break a rule."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from tests.clients.kit import Client, Liar, NotRefreshed, named

LIARS: list[Liar] = []
COHERENT = "unspecified-is-coherent"  # of a success without a token too it tells otherwise than it does


def liar(rule: str, *others: str) -> Any:
    """Enlist a class under its name; its docstring is what it does wrong."""

    def enlist(make: type[Client]) -> type[Client]:
        name = named(make)
        LIARS.append(Liar(name, rule, (make.__doc__ or "").strip(), make, others))
        return make

    return enlist


# --- the event ---------------------------------------------------------------------------------------------------------


@liar("failure-fires-once", COHERENT)
class NeverFires(Client):
    """No failure is told."""

    def tell(self, error: Any) -> None: ...


@liar("failure-fires-once", COHERENT)
class FiresTwice(Client):
    """Each failure is told twice."""

    def tell(self, error: Any) -> None:
        super().tell(error)
        super().tell(error)


@liar("failure-fires-once", COHERENT)
class FiresAgainLater(Client):
    """Each failure is told once more half a second later."""

    def tell(self, error: Any) -> None:
        super().tell(error)
        asyncio.get_running_loop().call_later(0.5, super().tell, error)


@liar("failure-fires-once", COHERENT)
class FiresTooLate(Client):
    """A failure is told two seconds after the rejection."""

    def tell(self, error: Any) -> None:
        asyncio.get_running_loop().call_later(2.0, super().tell, error)


@liar("success-fires-nothing", COHERENT)
class FiresOnSuccess(Client):
    """A success is told as if it were a failure."""

    def keep(self, body: Any) -> None:
        super().keep(body)
        self.tell(NotRefreshed("not at all"))


def only(name: str, sentence: str, when: Any) -> None:
    """A liar that tells of some failures only."""

    def tell(self: Client, error: Any) -> None:
        if when(error):
            Client.tell(self, error)

    LIARS.append(Liar(name, "failure-fires-once", sentence, type(name, (Client,), {"tell": tell}), (COHERENT,)))


def status(error: Any) -> int:
    """The HTTP status of an error, 0 without a response."""
    return error.response.status_code if error.response is not None else 0


def html(response: Any) -> bool:
    """Whether a response is an HTML page."""
    return response is not None and "html" in response.headers.get("content-type", "")


def came_of(error: Any, kind: type[Exception]) -> bool:
    """Whether an error came of one of this kind."""
    return isinstance(error.__cause__, kind)


only("fires-not-for-500", "A 500 is not told.", lambda error: status(error) != 500)
only("fires-not-for-429", "A 429 is not told.", lambda error: status(error) != 429)
only("fires-not-for-410", "A 410 is not told.", lambda error: status(error) != 410)
only("fires-for-401-only", "Only a 401 is told.", lambda error: status(error) == 401)
only("fires-for-client-errors-only", "Only 4xx are told.", lambda error: 400 <= status(error) < 500)
only("fires-for-http-only", "What the network does is not told.", lambda error: error.response is not None)
only("fires-for-network-only", "What a server says is not told.", lambda error: error.response is None)
only("fires-not-for-200", "A 200 without success is not told.", lambda error: status(error) != 200)
only(
    "fires-not-for-html",
    "An HTML page is not told.",
    lambda error: error.response is None or "html" not in str(error.response.headers),
)
only("fires-not-for-empty", "An empty answer is not told.", lambda error: error.response is None or error.response.content)
only("fires-not-for-redirects", "A redirect is not told.", lambda error: not 300 <= status(error) < 400)
only("fires-not-for-time-outs", "A time-out is not told.", lambda error: not came_of(error, TimeoutError))
only(
    "fires-not-for-refused",
    "A refused connection is not told.",
    lambda error: not isinstance(error.__cause__, httpx.ConnectError),
)
only("fires-not-for-cut-off", "A cut-off answer is not told.", lambda error: not came_of(error, httpx.ReadError))


@liar("every-failure-fires", "failure-fires-once", COHERENT)
class FiresTheFirstTimeOnly(Client):
    """Only the first failure is told."""

    def tell(self, error: Any) -> None:
        if self.failures == 1:
            super().tell(error)


@liar("every-failure-fires")
class FiresTenTimesInARow(Client):
    """After ten failures in a row it has told enough."""

    in_a_row = 0

    def keep(self, body: Any) -> None:
        super().keep(body)
        self.in_a_row = 0

    def tell(self, error: Any) -> None:
        self.in_a_row += 1
        if self.in_a_row <= 10:
            super().tell(error)


@liar("every-failure-fires", "failure-fires-once", COHERENT)
class FiresOncePerKind(Client):
    """The same failure is told once."""

    def __init__(self) -> None:
        super().__init__()
        self.told: set[str] = set()

    def tell(self, error: Any) -> None:
        if str(error) not in self.told:
            self.told.add(str(error))
            super().tell(error)


@liar("event-carries-error")
class TellsNothing(Client):
    """The event carries nothing."""

    def tell(self, error: Any) -> None:
        super().tell(None)


@liar("event-carries-error")
class TellsWords(Client):
    """The event carries a text."""

    def tell(self, error: Any) -> None:
        super().tell(str(error))


@liar("event-carries-error")
class LosesTheResponse(Client):
    """The event's error has no response."""

    def tell(self, error: Any) -> None:
        super().tell(NotRefreshed(str(error)))


@liar("event-carries-error")
class TellsAnOldResponse(Client):
    """The event's error carries the response of the failure before."""

    before: Any = None

    def tell(self, error: Any) -> None:
        stale, self.before = self.before, error.response
        super().tell(NotRefreshed(str(error), stale if error.response is not None else None))


@liar("every-listener-hears", "throwing-listener-harms-nothing")
class TellsTheFirstOnly(Client):
    """Only the first listener hears of it."""

    def tell(self, error: Any) -> None:
        self.listeners, all_of_them = self.listeners[:1], self.listeners
        super().tell(error)
        self.listeners = all_of_them


@liar("every-listener-hears", "throwing-listener-harms-nothing")
class TellsTheLastOnly(Client):
    """A new listener takes the place of the one before."""

    def on_refresh_failed(self, listener: Any) -> None:
        self.listeners = [listener]


@liar("throwing-listener-harms-nothing")
class StopsAtThrowing(Client):
    """A listener that throws keeps the others from hearing."""

    def tell(self, error: Any) -> None:
        try:
            for listener in self.listeners:
                listener(error)
        except Exception:
            return


@liar("throwing-listener-harms-nothing")
class RejectsWithWhatWasThrown(Client):
    """The caller gets the listener's error."""

    def tell(self, error: Any) -> None:
        thrown = None
        for listener in self.listeners:
            try:
                listener(error)
            except Exception as problem:
                thrown = problem
        if thrown:
            raise thrown


# --- the promise -------------------------------------------------------------------------------------------------------


@liar("failure-rejects", COHERENT)
class Swallows(Client):
    """A failure is told, but the caller gets nothing."""

    async def refresh(self) -> Any:
        try:
            return await super().refresh()
        except NotRefreshed:
            return None


@liar("failure-rejects")
class SwallowsServerErrors(Client):
    """Of a 5xx the caller hears nothing."""

    async def refresh(self) -> Any:
        try:
            return await super().refresh()
        except NotRefreshed as error:
            if status(error) < 500:
                raise
            return None


@liar("settles-when-it-is-over")
class NeverSettles(Client):
    """After a failure the caller waits for ever."""

    async def refresh(self) -> Any:
        try:
            return await super().refresh()
        except NotRefreshed:
            await asyncio.Event().wait()


@liar("settles-when-it-is-over")
class NeverSettlesAfterReset(Client):
    """After a reset connection the caller waits for ever."""

    async def refresh(self) -> Any:
        try:
            return await super().refresh()
        except NotRefreshed as error:
            if isinstance(error.__cause__, httpx.ReadError):
                await asyncio.Event().wait()
            raise


@liar("settles-when-it-is-over")
class SettlesLate(Client):
    """A success takes eight seconds more."""

    async def refresh(self) -> Any:
        body = await super().refresh()
        if self.last.status_code == 201:
            await asyncio.sleep(8)
        return body


@liar("success-resolves-with-body")
class ResolvesWithNothing(Client):
    """A success gives the caller nothing."""

    async def refresh(self) -> Any:
        await super().refresh()


@liar("success-resolves-with-body")
class ResolvesWithData(Client):
    """A success gives the caller a part of the body."""

    async def refresh(self) -> Any:
        return (await super().refresh())["data"]


class Refuses(Client):
    """Takes a success for a failure; told and rejected as such."""

    def refused(self, response: httpx.Response, body: Any) -> bool:
        """Which successes it does not take."""
        raise NotImplementedError

    def accepts(self, response: httpx.Response, body: Any) -> bool:
        return super().accepts(response, body) and not self.refused(response, body)


REFUSAL = ("success-fires-nothing", "success-puts-token-in-place")


@liar("success-resolves-with-body", *REFUSAL)
class Refuses201(Refuses):
    """A 201 is taken for a failure."""

    def refused(self, response: httpx.Response, body: Any) -> bool:
        return response.status_code == 201


@liar("success-resolves-with-body", *REFUSAL)
class Refuses202(Refuses):
    """A 202 is taken for a failure."""

    def refused(self, response: httpx.Response, body: Any) -> bool:
        return response.status_code == 202


@liar("success-resolves-with-body", *REFUSAL)
class RefusesExtraMembers(Refuses):
    """A member that it does not know is taken for a failure."""

    def refused(self, response: httpx.Response, body: Any) -> bool:
        return bool(set(body) - {"status", "success", "data"})


@liar("success-resolves-with-body", *REFUSAL)
class RefusesCharset(Refuses):
    """A content type with a parameter is taken for a failure."""

    def refused(self, response: httpx.Response, body: Any) -> bool:
        return response.headers["content-type"] != "application/json"


# --- what it takes for a success ---------------------------------------------------------------------------------------

TAKEN = ("failure-fires-once", "failure-keeps-token")


def said_in_200(response: httpx.Response, body: Any) -> bool:
    """Whether an HTTP 200 says something in an object."""
    return response.status_code == 200 and isinstance(body, dict)


class Lenient(Client):
    """Takes more for a success than it should."""

    def taken(self, response: httpx.Response, body: Any) -> bool:
        """What more it takes."""
        raise NotImplementedError

    def accepts(self, response: httpx.Response, body: Any) -> bool:
        return super().accepts(response, body) or self.taken(response, body)

    def keep(self, body: Any) -> None:
        data = body.get("data") if isinstance(body, dict) else None
        if self.usable(data):
            super().keep(body)


@liar("failure-rejects", "failure-fires-once")
class Accepts204(Lenient):
    """A 204 is taken for a success."""

    def read(self, response: httpx.Response) -> Any:
        return {} if response.status_code == 204 else super().read(response)

    def taken(self, response: httpx.Response, body: Any) -> bool:
        return response.status_code == 204


@liar("failure-rejects", *TAKEN)
class AcceptsStatusAsString(Lenient):
    """A status "200" is taken for a success."""

    def taken(self, response: httpx.Response, body: Any) -> bool:
        return (
            response.status_code == 200 and isinstance(body, dict) and body.get("status") == "200" and body.get("success") is True
        )


@liar("failure-rejects", *TAKEN)
class AcceptsMissingSuccess(Lenient):
    """A body without the member success is taken for a success."""

    def taken(self, response: httpx.Response, body: Any) -> bool:
        return (
            response.status_code == 200
            and isinstance(body, dict)
            and "success" not in body
            and self.good_status(body.get("status"))
        )


@liar("failure-rejects", *TAKEN)
class AcceptsFalse(Lenient):
    """A success that says false is taken for one."""

    def taken(self, response: httpx.Response, body: Any) -> bool:
        return said_in_200(response, body) and body.get("success") is False


@liar("failure-rejects", *TAKEN)
class AcceptsTruthy(Lenient):
    """A success "true" is taken for true."""

    def taken(self, response: httpx.Response, body: Any) -> bool:
        return said_in_200(response, body) and body.get("success") == "true"


@liar("failure-rejects", *TAKEN)
class AcceptsAny2xx(Lenient):
    """Any status of 2xx is taken for a success."""

    def taken(self, response: httpx.Response, body: Any) -> bool:
        return response.status_code in (203, 206) and isinstance(body, dict) and body.get("success") is True


@liar("failure-rejects", *TAKEN)
class AcceptsAnErrorThatSaysSuccess(Lenient):
    """A 500 whose body says success is taken for one."""

    def taken(self, response: httpx.Response, body: Any) -> bool:
        return response.status_code == 500 and isinstance(body, dict) and body.get("success") is True


@liar("failure-rejects", "failure-fires-once")
class AcceptsHtml(Lenient):
    """A page is taken for a success."""

    def read(self, response: httpx.Response) -> Any:
        return {} if html(response) else super().read(response)

    def taken(self, response: httpx.Response, body: Any) -> bool:
        return response.status_code == 200 and html(response)


@liar("failure-rejects", "failure-fires-once")
class AcceptsEmpty(Lenient):
    """A 200 with nothing in it is taken for a success."""

    def read(self, response: httpx.Response) -> Any:
        return super().read(response) if response.content else {}

    def taken(self, response: httpx.Response, body: Any) -> bool:
        return response.status_code == 200 and not response.content


@liar("failure-rejects", "failure-fires-once")
class AcceptsAnyJson(Lenient):
    """A 200 with any JSON is taken for a success."""

    def taken(self, response: httpx.Response, body: Any) -> bool:
        return response.status_code == 200 and not isinstance(body, dict)


# --- the token ---------------------------------------------------------------------------------------------------------


@liar("success-puts-token-in-place")
class StoresNothing(Client):
    """The new token is not kept."""

    def keep(self, body: Any) -> None: ...


@liar("success-puts-token-in-place", "no-bogus-token")
class StoresTheWrongThing(Client):
    """Something else is kept as the token."""

    def keep(self, body: Any) -> None:
        self.token = body["data"]["token"][::-1]


@liar("success-puts-token-in-place")
class StoresWithoutUsing(Client):
    """The new token is kept, but the first one is sent for ever."""

    first: Any = None

    def headers(self) -> dict[str, str]:
        self.first = self.first or self.token
        return super().headers() | ({"authorization": f"Bearer {self.first}"} if self.first else {})


@liar("success-puts-token-in-place")
class StoresFor200Only(Client):
    """The token of a 201 is not kept."""

    def keep(self, body: Any) -> None:
        if body["status"] != 201:
            super().keep(body)


@liar("failure-keeps-token")
class StoresAfterFailure(Client):
    """A token that comes with a failure is kept."""

    async def fail(self, error: Exception) -> None:
        await super().fail(error)
        try:
            token = json.loads(error.response.content)["data"]["token"]  # type: ignore[attr-defined]
        except (AttributeError, ValueError, LookupError, TypeError):
            return
        if isinstance(token, str) and token and status(error) >= 400:
            self.token = token


@liar("failure-keeps-token")
class ForgetsAfterFailure(Client):
    """A failure costs the token."""

    async def fail(self, error: Exception) -> None:
        await super().fail(error)
        self.token = None


@liar("failure-keeps-token")
class ForgetsAfterServerError(Client):
    """A 503 costs the token."""

    async def fail(self, error: Exception) -> None:
        await super().fail(error)
        if status(error) == 503:
            self.token = None


@liar("failure-keeps-token", "no-bogus-token")
class StoresUndefined(Client):
    """A failure leaves the word undefined behind."""

    async def fail(self, error: Exception) -> None:
        await super().fail(error)
        self.token = "undefined"


class HalfSure(Client):
    """Takes a success without a usable token for one."""

    def usable(self, data: Any) -> bool:
        return data is None or isinstance(data, dict)

    def good_status(self, status: Any) -> bool:
        return super().good_status(status) or status == 204


@liar("no-bogus-token")
class StoresWhateverCame(HalfSure):
    """What stands in the token's place is kept, whatever it is."""

    def keep(self, body: Any) -> None:
        self.token = (body.get("data") or {}).get("token", self.token)


@liar("no-bogus-token")
class StoresTheWordUndefined(HalfSure):
    """Where no token came, the word undefined is sent."""

    def keep(self, body: Any) -> None:
        self.token = (body.get("data") or {}).get("token") if super().usable(body.get("data")) else "undefined"
        self.token = self.token or "undefined"


@liar("unspecified-is-coherent")
class TellsAndResolves(HalfSure):
    """A success without a token resolves, and is told as a failure too."""

    def keep(self, body: Any) -> None:
        if Client.usable(self, body.get("data")):
            super().keep(body)
        else:
            self.tell(NotRefreshed("no token"))


@liar("unspecified-is-coherent", "failure-fires-once")
class RejectsInSilence(Client):
    """A success without a token rejects, and nobody is told."""

    def tell(self, error: Any) -> None:
        if status(error) != 200 or b'"success": true' not in error.response.content:
            super().tell(error)


# --- the call ----------------------------------------------------------------------------------------------------------


@liar("sends-post-without-body")
class Gets(Client):
    """It asks with GET."""

    method = "GET"


@liar("sends-post-without-body")
class Puts(Client):
    """It asks with PUT."""

    method = "PUT"


@liar(
    "sends-post-without-body",
    "success-resolves-with-body",
    "success-puts-token-in-place",
    "failure-rejects",
    "failure-fires-once",
)
class WrongPath(Client):
    """It asks somewhere else, and takes any 2xx for what it wanted."""

    path = "/auth/refreshh"

    async def completed(self) -> Any:
        with_token = await self.http.request(self.method, self.url, headers=self.headers())
        return {**with_token.json(), "data": {"token": "t" * 24}}


@liar("sends-post-without-body")
class SendsABody(Client):
    """It sends the old token along."""

    body = b'{"token": "old"}'


@liar("sends-post-without-body")
class SendsAQuery(Client):
    """It sends a query."""

    path = "/auth/refresh?force=1"


@liar("sends-post-without-body", "success-resolves-with-body", *REFUSAL)
class SendsNothing(Client):
    """It refreshes in its head."""

    async def completed(self) -> Any:
        raise NotRefreshed("no time")


# --- good manners ------------------------------------------------------------------------------------------------------


@liar("calls-at-once-share")
class SharesNothing(Client):
    """Every call sends a request of its own."""


@liar("gives-up-in-the-end")
class WaitsForEver(Client):
    """It waits as long as the server likes."""

    patience = 3600.0
