"""`RefreshMock`: the endpoint made from the contract, in front of httpx, without a socket."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import ClassVar, Final, Self

import httpx
import respx
from respx.models import CallList

from contracts.model.answers import Answer, UnknownExample, error, example, json_answer, success
from contracts.model.document import load
from contracts.model.tokens import unsigned

__all__ = ["RefreshMock", "UnknownExample"]

FAILURES: Final[Mapping[str, Callable[[], httpx.TransportError]]] = {
    "refused": lambda: httpx.ConnectError("connection refused (by the mock)"),
    "timeout": lambda: httpx.ReadTimeout("no answer in time (by the mock)"),
    "reset": lambda: httpx.ReadError("connection reset (by the mock)"),
}
TOKEN_TTL = 900

Plan = Callable[[], Answer]


class _Absent:
    """Stands for "not given" where None means JSON's null."""


ABSENT: Final = _Absent()


class RefreshMock:
    """Answers httpx calls to the contract's path, on any host, as the contract says.

    A POST with the known `session` gets the example `refreshed` with a new token each time, one without it
    `unauthorized`, another method `method_not_allowed`. `answer` and `fail` change what comes next. Requests to
    other paths are errors, as always with respx, unless `router` is given a route for them.

    Use it as a context manager (or `start` and `stop`) to patch httpx, or give `handler` to `httpx.MockTransport`.
    """

    session: ClassVar[str] = "session=mock-session"
    """The Cookie header of the one session that is logged in."""

    def __init__(self, *, path: str | None = None) -> None:
        self.path = path or load().path
        self.router = respx.MockRouter(assert_all_called=False)
        self.router.route(path=self.path, name="refresh").mock(side_effect=self._respond)
        self._queued: dict[str, deque[Plan]] = {}
        self._standing: dict[str, Plan] = {}
        self._lock = threading.Lock()

    def answer(
        self,
        what: str | Answer | None = None,
        *,
        status: int = 200,
        json: object = ABSENT,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
        method: str = "POST",
    ) -> None:
        """Answer so from now on, or only the next `times` requests; those queue up, one plan after the other.

        `what` is the name of an example in the contract or an `Answer`; without it the answer is made of `status`,
        `headers` and either `json` (which labels it as JSON) or the bytes of `content`. An example with a token
        gets a new one each time. It is given whoever asks, with a session or without.
        """
        if isinstance(what, Answer):
            chosen = what
        elif what is not None:
            chosen = example(what)
        elif isinstance(json, _Absent):
            chosen = Answer(status, tuple((headers or {}).items()), content)
        else:
            chosen = json_answer(status, json, (headers or {}).items())
        if isinstance(what, str) and "token" in load().examples[what].body.get("data", {}):
            self._plan(lambda: success(chosen.status, self._token()), times, method)
        else:
            self._plan(lambda: chosen, times, method)

    def fail(self, kind: str, *, times: int | None = None, method: str = "POST") -> None:
        """Give no answer: `refused` (httpx.ConnectError), `timeout` (ReadTimeout) or `reset` (ReadError)."""
        if kind not in FAILURES:
            raise ValueError(f"no failure {kind!r}; there are: {', '.join(FAILURES)}")

        def raise_it() -> Answer:
            raise FAILURES[kind]()

        self._plan(raise_it, times, method)

    def reset(self) -> None:
        """Forget every plan and every call: as if just made."""
        with self._lock:
            self._queued.clear()
            self._standing.clear()
        self.router.reset()

    @property
    def calls(self) -> CallList:
        """Every call so far, as respx records them: `.request`, `.response`."""
        return self.router.calls

    def handler(self, request: httpx.Request) -> httpx.Response:
        """Answer one request without patching anything: for `httpx.MockTransport(mock.handler)`."""
        return self.router.handler(request)

    def start(self) -> None:
        """Patch httpx."""
        self.router.start()

    def stop(self) -> None:
        """Give httpx back; plans and calls stay readable."""
        self.router.stop(clear=False, reset=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _plan(self, plan: Plan, times: int | None, method: str) -> None:
        if times is not None and times < 1:
            raise ValueError(f"times is {times}; give 1 or more, or None for always")
        with self._lock:
            if times is None:
                self._standing[method.upper()] = plan
            else:
                self._queued.setdefault(method.upper(), deque()).extend([plan] * times)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            queued = self._queued.get(request.method)
            plan = queued.popleft() if queued else self._standing.get(request.method)
        answer = plan() if plan else self._by_the_contract(request)
        if request.method == "HEAD" and answer.body:
            answer = answer.without_body()
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)

    def _by_the_contract(self, request: httpx.Request) -> Answer:
        if request.method == "OPTIONS":
            refusal = error(405)
            return Answer(204, tuple(pair for pair in refusal.headers if pair[0] == "Allow"), b"")
        if request.method != "POST":
            return error(405)
        pairs = (pair.strip() for header in request.headers.get_list("cookie") for pair in header.split(";"))
        return success(200, self._token()) if self.session in pairs else error(401)

    @staticmethod
    def _token() -> str:
        return unsigned("7", now=time.time(), ttl=TOKEN_TTL)
