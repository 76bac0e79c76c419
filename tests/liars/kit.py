"""What liars are made of: an app in front of an honest one, which changes some of its answers, and remembers what was asked."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.liars.home import Home

App = Callable[..., Any]
PATH = "/auth/refresh"
NEVER = 3600.0


@dataclass(frozen=True)
class Answer:
    """One buffered answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def cookies(self) -> tuple[str, ...]:
        """The Set-Cookie headers."""
        return tuple(value for name, value in self.headers if name.lower() == "set-cookie")

    def with_header(self, name: str, value: str | None) -> Answer:
        """The same answer with this header set, or without it."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Asked:
    """The `number`-th request to the endpoint, what came just before, and whether it overlapped another.

    `home` is where the liar lives. `counts` belongs to the server: how often each condition that counts was met.
    """

    method: str
    headers: dict[str, str]
    query: str
    body: bytes
    number: int = 1
    before: tuple[Asked, Answer] | None = field(default=None, repr=False)
    overlapping: bool = False
    home: Home | None = field(default=None, repr=False)
    counts: Counter[Any] = field(default_factory=Counter, repr=False, compare=False)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name, values as sent."""
        parts = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in parts if name}


When = Callable[[Asked, Answer], bool]
Change = Callable[[Answer], Answer]
Connections = Collection[Any]
TURNS = 10  # of the event loop, in which a connection that is open becomes known
PATIENCE = 5_000  # looks for a request whose connection is open already
UNANSWERED = Answer(0, (), b"")
"""What a condition is given where nothing has answered yet."""


class Memory:
    """What a lying server remembers of its requests: how many, which was last, how many are in flight."""

    def __init__(self, waits: bool) -> None:
        self.waits = waits
        self.number = 0
        self.before: tuple[Asked, Answer] | None = None
        self.in_flight = 0
        self.arrivals = 0
        self.counts: Counter[Any] = Counter()

    async def enter(self, asked: Asked, connections: Connections) -> Asked:
        self.number += 1
        self.in_flight += 1
        self.arrivals += 1
        asked = replace(asked, number=self.number, before=self.before, counts=self.counts)
        if not self.waits:
            return asked
        arrivals, crowd = self.arrivals, self.in_flight > 1
        for look in range(PATIENCE):
            known = look > TURNS  # every connection that was open when this request came
            if crowd or self.arrivals > arrivals or (known and len(connections) <= self.in_flight):
                break
            await asyncio.sleep(0.001 if known else 0)
        return replace(asked, overlapping=crowd or self.arrivals > arrivals)

    def leave(self, asked: Asked, answer: Answer | None) -> None:
        self.in_flight -= 1
        if answer is not None:
            # The chain is cut, or a long run would keep every request of it.
            self.before = (replace(asked, before=None), answer)


async def ask(app: App, scope: dict[str, Any], body: bytes) -> Answer:
    """Put one request to the app and buffer what it says."""
    sent: list[dict[str, Any]] = []
    given = False

    async def receive() -> dict[str, Any]:
        nonlocal given
        if given:
            await asyncio.sleep(NEVER)
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in sent[0].get("headers", ()))
    return Answer(sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent[1:]))


async def read_body(receive: Callable[[], Any]) -> bytes:
    """All of the request's body."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def asked_of(scope: dict[str, Any], body: bytes) -> Asked:
    """The request as predicates see it."""
    headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
    return Asked(scope["method"], headers, scope.get("query_string", b"").decode("latin-1"), body, home=scope.get("home"))


async def say(send: Callable[[dict[str, Any]], Any], answer: Answer) -> None:
    """Send a buffered answer, with the length that its body has now."""
    kept = [pair for pair in answer.headers if pair[0].lower() not in ("content-length", "transfer-encoding")]
    if answer.status not in (204, 304) and answer.status >= 200:
        kept.append(("content-length", str(len(answer.body))))
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in kept]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body if answer.status != 204 else b""})


def connections_of(receive: Any) -> Connections:
    """The open connections of the server that a request came to: both of two that overlap are open before either is whole."""
    cycle = getattr(receive, "__self__", None)  # uvicorn's
    return cycle.transport.get_protocol().connections if cycle is not None else ()


def _wrapped(app: App, waits: bool, decide: Callable[[Asked, Callable[[], Any]], Any]) -> App:
    memory = Memory(waits)

    async def wrapper(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        body = await read_body(receive)
        scope = {"connections": connections_of(receive), **scope}
        asked, answer = await memory.enter(asked_of(scope, body), scope["connections"]), None
        try:
            answer = await decide(asked, lambda **new: ask(app, {**scope, **new}, body))
        finally:
            memory.leave(asked, answer)
        await say(send, answer)

    return wrapper


def altered(app: App, when: When, change: Change, *, waits: bool = False, sleep: float = 0.0) -> App:
    """The app, but answers for which `when` holds are changed (and held back `sleep` seconds)."""

    async def decide(asked: Asked, honest: Callable[..., Any]) -> Answer:
        answer: Answer = await honest()
        if not when(asked, answer):
            return answer
        await asyncio.sleep(sleep)
        return change(answer)

    return _wrapped(app, waits, decide)


def answered(app: App, when: When, answer: Callable[[], Answer], *, waits: bool = False) -> App:
    """The app, but requests for which `when` holds never reach it: `answer()` is given in its place."""

    async def decide(asked: Asked, honest: Callable[..., Any]) -> Answer:
        return answer() if when(asked, UNANSWERED) else await honest()

    return _wrapped(app, waits, decide)


def as_post(app: App, when: When) -> App:
    """The app, but requests for which `when` holds reach it as a POST."""

    async def decide(asked: Asked, honest: Callable[..., Any]) -> Answer:
        return await (honest(method="POST") if when(asked, UNANSWERED) else honest())

    return _wrapped(app, False, decide)


def recookied(app: App, read: Callable[[Asked], str | None], given: Callable[[Asked, Answer], Iterable[str]]) -> App:
    """The app, but its session is what `read` finds in a request, and its answers set the cookies that `given` names."""

    async def decide(asked: Asked, honest: Callable[..., Any]) -> Answer:
        sent = {name: value for name, value in asked.headers.items() if name != "cookie"}
        if (session := read(asked)) is not None:
            sent["cookie"] = f"session={session}"
        answer: Answer = await honest(headers=[(name.encode(), value.encode("latin-1")) for name, value in sent.items()])
        cookies = [("set-cookie", line) for line in given(asked, answer)]
        answer = answer.with_header("set-cookie", None)
        return replace(answer, headers=(*answer.headers, *cookies))

    return _wrapped(app, False, decide)


def written(value: Any, **options: Any) -> bytes:
    """JSON, in UTF-8."""
    return json.dumps(value, **{"ensure_ascii": False, **options}).encode()


_JSON = (("content-type", "application/json"), ("cache-control", "no-store"))
_given = iter(range(1, 10**9))


def granted(**members: Any) -> Answer:
    """A success by the contract, with an opaque token that was never given before."""
    body = {"status": 200, "success": True, "data": {"token": f"opaque-token-{next(_given):06d}"}, **members}
    return Answer(200, _JSON, written(body))


def error(status: int, code: str = "server_error", message: str = "Something went wrong.", **headers: str) -> Answer:
    """An error by the contract."""
    body = {"status": status, "success": False, "error": {"code": code, "message": message}}
    extra = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, (*_JSON, *extra), written(body))
