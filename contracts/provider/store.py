"""The built-in store: a small web shop's login, with a refresh endpoint that keeps the contract.

`python -m contracts.provider.store --port 8123` serves it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.model.answers import Answer, error, json_answer, success
from contracts.model.document import load
from contracts.model.tokens import signed
from contracts.provider.serving import serve
from contracts.provider.store_sessions import Sessions

COOKIE = "session"
LARGEST_BODY = 1 << 20
NO_STORE = ("Cache-Control", "no-store")


class Store:
    """A store whose customers log in, refresh their token and log out.

    `rotate`: each refresh replaces the session by Set-Cookie; the old one stays good for `grace` seconds, so that
    calls that overlap hold. `session_ttl` and `token_ttl` are in seconds. `refuse_body`: a body that nobody asked
    for is answered with 422 rather than ignored. `clock` gives Unix time. `path` is the contract's unless given.
    """

    def __init__(
        self,
        *,
        rotate: bool = True,
        session_ttl: float = 3600,
        token_ttl: float = 900,
        grace: float = 5.0,
        refuse_body: bool = False,
        path: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path or load().path
        self._rotate, self._token_ttl, self._refuse_body, self._clock = rotate, token_ttl, refuse_body, clock
        self._sessions = Sessions(ttl=session_ttl, grace=grace, clock=clock)
        self._key = secrets.token_bytes(32)
        self._provoked: dict[str, deque[int]] = {}
        self._lock = threading.Lock()
        self.app = Starlette(
            routes=[
                Route(self.path, self._refresh, methods=["POST"]),
                Route("/login", self._login, methods=["POST"]),
                Route("/logout", self._logout, methods=["POST"]),
                Route("/provoke", self._provoke, methods=["POST"]),
            ],
            exception_handlers={HTTPException: self._refused, Exception: self._failed},
        )
        self.app.router.redirect_slashes = False

    def log_in(self, customer: str = "7") -> str:
        """Log a customer in and give the Cookie header of the session."""
        return f"{COOKIE}={self._sessions.open(customer)}"

    def log_out(self, cookie: str) -> None:
        """End the login that this Cookie header belongs to, and every session that replaced it."""
        self._sessions.end(_session_of(cookie))

    def expire(self, cookie: str) -> None:
        """Let the session of this Cookie header, and every one that replaced it, have run out."""
        self._sessions.end(_session_of(cookie))

    def provoke(self, status: int, times: int = 1, method: str = "POST") -> None:
        """Answer the next `times` requests with `method` to the refresh path by `status`.

        An error comes whoever asks. A success status other than 200 is what a refresh then says, if it may.
        """
        if status not in load().success_statuses and not 400 <= status <= 599:
            raise ValueError(f"status {status} is neither a documented success nor an error")
        if status < 400 and method.upper() != "POST":
            raise ValueError(f"{method} cannot refresh, so it cannot say {status}")
        if times < 1:
            raise ValueError(f"times is {times}; give 1 or more")
        with self._lock:
            self._provoked.setdefault(method.upper(), deque()).extend([status] * times)

    def _next_provoked(self, method: str) -> int | None:
        with self._lock:
            waiting = self._provoked.get(method)
            return waiting.popleft() if waiting else None

    async def _refresh(self, request: Request) -> Response:
        status = self._next_provoked("POST") or 200
        body = await _body(request)
        if status >= 400:
            return _response(error(status))
        value = _session_in(request)
        session = self._sessions.find(value)
        if session is None:
            return _response(error(401))
        if body and self._refuse_body:
            return _response(error(422))
        new = self._sessions.rotate(value) if self._rotate else None
        token = signed(session.customer, now=self._clock(), ttl=self._token_ttl, key=self._key)
        response = _response(success(status, token))
        if new is not None:
            _set_session(response, new)
        return response

    async def _login(self, request: Request) -> Response:
        given = await _json_object(request)
        customer = given.get("customer")
        if not isinstance(customer, str) or not customer:
            return _response(error(400))
        token = signed(customer, now=self._clock(), ttl=self._token_ttl, key=self._key)
        response = _response(success(200, token))
        _set_session(response, self._sessions.open(customer))
        return response

    async def _logout(self, request: Request) -> Response:
        if not self._sessions.end(_session_in(request)):
            return _response(error(401))
        response = _response(json_answer(200, {"status": 200, "success": True, "data": {}}))
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
        return response

    async def _provoke(self, request: Request) -> Response:
        given = await _json_object(request)
        status, times, method = given.get("status"), given.get("times", 1), given.get("method", "POST")
        if type(status) is not int or type(times) is not int or not isinstance(method, str):
            return _response(error(400))
        try:
            self.provoke(status, min(times, 1000), method)
        except ValueError:
            return _response(error(400))
        return _response(json_answer(200, {"status": 200, "success": True, "data": {}}))

    async def _refused(self, request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, HTTPException)
        provoked = self._next_provoked(request.method) if request.url.path == self.path else None
        allowed = refusal.status_code == 405 and provoked is None
        if allowed and request.method == "OPTIONS":
            return Response(status_code=204, headers=refusal.headers)
        answer = error(provoked if provoked and provoked >= 400 else refusal.status_code)
        return _response(answer.without_body() if request.method == "HEAD" else answer)

    async def _failed(self, request: Request, failure: Exception) -> Response:
        return _response(error(500))


async def _body(request: Request) -> bytes:
    """The whole body, read so that the connection stays usable; one without an end is refused."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise HTTPException(413)
        parts.append(part)
    return b"".join(parts)


async def _json_object(request: Request) -> dict[str, object]:
    try:
        given = json.loads(await _body(request))
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    # Written raw: the answer's own header names and order are part of it.
    names = {name.lower() for name, _ in answer.headers}
    extra = [] if "cache-control" in names else [NO_STORE]
    length = [] if "content-length" in names else [("Content-Length", str(len(answer.body)))]
    pairs = [*answer.headers, *extra, *length]
    response.raw_headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    return response


def _set_session(response: Response, value: str) -> None:
    response.set_cookie(COOKIE, value, path="/", httponly=True, samesite="lax")


def _session_in(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def _session_of(cookie: str) -> str:
    for pair in cookie.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one store until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m contracts.provider.store", description="The built-in store.")
    parser.add_argument("--port", type=int, default=8123, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--no-rotate", action="store_true", help="keep a session when it is refreshed")
    given = parser.parse_args(arguments)
    store = Store(rotate=not given.no_rotate)
    with serve(store.app, port=given.port) as url:
        login = f"""curl -si -H 'Content-Type: application/json' -d '{{"customer": "7"}}' {url}/login"""
        print(f"{url} has POST {store.path}; log in: {login}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
