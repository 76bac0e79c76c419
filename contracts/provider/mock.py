"""`RefreshMock` answers httpx calls to the endpoint as the contract says, without a socket."""

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

MakeAnswer = Callable[[], Answer]


class _NotGiven:
    """Stands for an argument that is not given, where None means JSON's null."""


NOT_GIVEN: Final = _NotGiven()


class RefreshMock:
    """Answers httpx calls to the contract's path, on any host, as the contract says.

    A POST with the known `session` gets the example `refreshed`, with a new token each time; a POST without it gets
    `unauthorized`, and another method gets `method_not_allowed`. `answer` and `fail` change the next answers. A request
    to another path is an error, as always with respx, unless `router` is given a route for it.

    A POST with `other_session` gets a token of another customer.

    Use it as a context manager (or `start` and `stop`) to patch httpx, or give `handler` to `httpx.MockTransport`.
    """

    session: ClassVar[str] = "session=mock-session"
    """The Cookie header of the session that is logged in."""
    other_session: ClassVar[str] = "session=mock-other-session"
    """The Cookie header of another customer's session."""
    _customers: ClassVar[Mapping[str, str]] = {session: "7", other_session: "8"}

    def __init__(self, *, path: str | None = None) -> None:
        self.path = path or load().path
        self.router = respx.MockRouter(assert_all_called=False)
        self.router.route(path=self.path, name="refresh").mock(side_effect=self._respond)
        self._next_answers: dict[str, deque[MakeAnswer]] = {}
        self._lasting_answer: dict[str, MakeAnswer] = {}
        self._lock = threading.Lock()

    def answer(
        self,
        what: str | Answer | None = None,
        *,
        status: int = 200,
        json: object = NOT_GIVEN,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
        method: str = "POST",
    ) -> None:
        """Answer like this from now on, or only the next `times` requests; several such calls queue up.

        `what` is the name of an example in the contract or an `Answer`; without it the answer is made of `status`,
        `headers` and either `json` (which labels it as JSON) or the bytes of `content`. An example with a token
        gets a new one each time. Any request gets the answer, with a session or without.
        """
        if isinstance(what, Answer):
            chosen = what
        elif what is not None:
            chosen = example(what)
        elif isinstance(json, _NotGiven):
            chosen = Answer(status, tuple((headers or {}).items()), content)
        else:
            chosen = json_answer(status, json, (headers or {}).items())
        if isinstance(what, str) and "token" in load().examples[what].body.get("data", {}):
            self._set(lambda: success(chosen.status, self._token()), times, method)
        else:
            self._set(lambda: chosen, times, method)

    def fail(self, kind: str, *, times: int | None = None, method: str = "POST") -> None:
        """Raise httpx.ConnectError (`refused`), ReadTimeout (`timeout`) or ReadError (`reset`) in place of an answer."""
        if kind not in FAILURES:
            raise ValueError(f"no failure {kind!r}; there are: {', '.join(FAILURES)}")

        def no_answer() -> Answer:
            raise FAILURES[kind]()

        self._set(no_answer, times, method)

    def reset(self) -> None:
        """Forget every call, and every answer or failure that was set."""
        with self._lock:
            self._next_answers.clear()
            self._lasting_answer.clear()
        self.router.reset()

    @property
    def calls(self) -> CallList:
        """Every call so far, as respx records them: `.request`, `.response`."""
        return self.router.calls

    def handler(self, request: httpx.Request) -> httpx.Response:
        """Answer one request without patching httpx, as in `httpx.MockTransport(mock.handler)`."""
        return self.router.handler(request)

    def start(self) -> None:
        """Patch httpx."""
        self.router.start()

    def stop(self) -> None:
        """Stop patching httpx; the calls so far can still be read."""
        self.router.stop(clear=False, reset=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _set(self, make: MakeAnswer, times: int | None, method: str) -> None:
        if times is not None and times < 1:
            raise ValueError(f"times is {times}; give 1 or more, or None for always")
        with self._lock:
            if times is None:
                self._lasting_answer[method.upper()] = make
            else:
                self._next_answers.setdefault(method.upper(), deque()).extend([make] * times)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            queued = self._next_answers.get(request.method)
            make = queued.popleft() if queued else self._lasting_answer.get(request.method)
        answer = make() if make else self._by_the_contract(request)
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
        customer = next((self._customers[pair] for pair in pairs if pair in self._customers), None)
        return success(200, self._token(customer)) if customer else error(401)

    @staticmethod
    def _token(customer: str = "7") -> str:
        return unsigned(customer, now=time.time(), ttl=TOKEN_TTL)
