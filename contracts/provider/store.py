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
MAX_BODY = 1 << 20  # bytes
NO_STORE = ("Cache-Control", "no-store")


class Store:
    """A store whose customers log in, refresh their token and log out.

    With `rotate`, each refresh replaces the session by Set-Cookie; the old one stays good for `grace` seconds, so that
    calls that overlap hold. `session_ttl` and `token_ttl` are in seconds. With `refuse_body`, a body that nobody asked
    for is answered with 422; otherwise it is ignored. `clock` gives Unix time. `path` is the contract's unless given.
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
            exception_handlers={HTTPException: self._http_error, Exception: self._server_error},
        )
        self.app.router.redirect_slashes = False

    def log_in(self, customer: str = "7") -> str:
        """Log a customer in; the Cookie header of the new session."""
        return f"{COOKIE}={self._sessions.open(customer)}"

    def log_out(self, cookie: str) -> None:
        """Log out: end the session of this Cookie header and all sessions of the same login."""
        self._sessions.end(_session_in(cookie))

    def expire(self, cookie: str) -> None:
        """Let the session of this Cookie header expire, and all sessions of the same login."""
        self._sessions.end(_session_in(cookie))

    def provoke(self, status: int, times: int = 1, method: str = "POST") -> None:
        """Answer the next `times` requests with this method to the refresh path with `status`.

        An error is the answer to anybody. A success, such as 201, is the answer to a good session only.
        """
        if status not in load().success_statuses and not 400 <= status <= 599:
            raise ValueError(f"status {status} is neither a documented success nor an error")
        if status < 400 and method.upper() != "POST":
            raise ValueError(f"a {method} request does not refresh, so that {status} cannot be its answer")
        if times < 1:
            raise ValueError(f"times is {times}; give 1 or more")
        with self._lock:
            self._provoked.setdefault(method.upper(), deque()).extend([status] * times)

    def _next_provoked(self, method: str) -> int | None:
        with self._lock:
            statuses = self._provoked.get(method)
            return statuses.popleft() if statuses else None

    async def _refresh(self, request: Request) -> Response:
        status = self._next_provoked("POST") or 200
        body = await _read_body(request)
        if status >= 400:
            return _response(error(status))
        value = _session_of(request)
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
        customer = (await _read_json_object(request)).get("customer")
        if not isinstance(customer, str) or not customer:
            return _response(error(400))
        token = signed(customer, now=self._clock(), ttl=self._token_ttl, key=self._key)
        response = _response(success(200, token))
        _set_session(response, self._sessions.open(customer))
        return response

    async def _logout(self, request: Request) -> Response:
        if not self._sessions.end(_session_of(request)):
            return _response(error(401))
        response = _response(json_answer(200, {"status": 200, "success": True, "data": {}}))
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
        return response

    async def _provoke(self, request: Request) -> Response:
        wish = await _read_json_object(request)
        status, times, method = wish.get("status"), wish.get("times", 1), wish.get("method", "POST")
        if type(status) is not int or type(times) is not int or not isinstance(method, str):
            return _response(error(400))
        try:
            self.provoke(status, min(times, 1000), method)
        except ValueError:
            return _response(error(400))
        return _response(json_answer(200, {"status": 200, "success": True, "data": {}}))

    async def _http_error(self, request: Request, failure: Exception) -> Response:
        """Answer a request that no route takes, or that a route refuses."""
        assert isinstance(failure, HTTPException)
        provoked = self._next_provoked(request.method) if request.url.path == self.path else None
        if request.method == "OPTIONS" and failure.status_code == 405 and provoked is None:
            return Response(status_code=204, headers=failure.headers)
        answer = error(provoked if provoked and provoked >= 400 else failure.status_code)
        return _response(answer.without_body() if request.method == "HEAD" else answer)

    async def _server_error(self, request: Request, failure: Exception) -> Response:
        return _response(error(500))


async def _read_body(request: Request) -> bytes:
    """Read the whole body, so that the connection stays usable. HTTPException: it is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise HTTPException(413)
    return bytes(body)


async def _read_json_object(request: Request) -> dict[str, object]:
    """Read the body as a JSON object; an empty one where it is none."""
    try:
        value = json.loads(await _read_body(request))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    # The headers are written raw, because their names and their order are part of the answer.
    names = {name.lower() for name, _ in answer.headers}
    extra = [] if "cache-control" in names else [NO_STORE]
    length = [] if "content-length" in names else [("Content-Length", str(len(answer.body)))]
    pairs = [*answer.headers, *extra, *length]
    response.raw_headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    return response


def _set_session(response: Response, value: str) -> None:
    response.set_cookie(COOKIE, value, path="/", httponly=True, samesite="lax")


def _session_of(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def _session_in(cookie: str) -> str:
    """The value of the session in a Cookie header, empty where there is none."""
    pairs = (pair.strip().partition("=") for pair in cookie.split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")


def main(argv: Sequence[str] | None = None) -> None:
    """Serve one store until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m contracts.provider.store", description="The built-in store.")
    parser.add_argument("--port", type=int, default=8123, help="port on 127.0.0.1; 0 means a free one")
    parser.add_argument("--no-rotate", action="store_true", help="keep the session when it is refreshed")
    options = parser.parse_args(argv)
    store = Store(rotate=not options.no_rotate)
    with serve(store.app, port=options.port) as url:
        login = f"""curl -si -H 'Content-Type: application/json' -d '{{"customer": "7"}}' {url}/login"""
        print(f"{url} has POST {store.path}; log in: {login}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
