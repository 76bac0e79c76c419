"""The built-in store over real sockets: logging in, refreshing, refusing, and every error on demand."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from starlette.types import Receive, Scope, Send

from contracts.document import load
from contracts.providers.serving import ServerNotStarted, serve
from contracts.providers.store import Store

PATH = load().path
DOCUMENTED_ERRORS = sorted({example.status for example in load().examples.values() if example.status >= 400})


@dataclass
class Clock:
    """Time that passes only when it is told to."""

    now: float = 2_000_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Shop:
    """A served store and its address; each call is a connection of its own, so no cookie jar interferes."""

    store: Store
    url: str

    def refresh(self, cookie: str | None = None, *, method: str = "POST", **extra: Any) -> httpx.Response:
        headers = {**extra.pop("headers", {}), **({"Cookie": cookie} if cookie is not None else {})}
        return httpx.request(method, self.url + PATH, headers=headers, trust_env=False, verify=False, **extra)

    def post(self, path: str, **extra: Any) -> httpx.Response:
        return httpx.post(self.url + path, trust_env=False, verify=False, **extra)


def renewed(response: httpx.Response) -> str:
    """The Cookie header after an answer that set a session."""
    return response.headers["set-cookie"].partition(";")[0]


def assert_documented(response: httpx.Response, status: int) -> dict[str, Any]:
    """The answer has this status, mirrors it, and keeps the document's schema."""
    assert response.status_code == status
    assert response.headers["content-type"].partition(";")[0] == "application/json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    load().validator_for(status).validate(body)
    return body


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    store = Store()
    with serve(store.app) as url:
        yield Shop(store, url)


def test_login_gives_a_session_that_refreshes(shop: Shop) -> None:
    """A customer logs in over HTTP and refreshes with the cookie that came back."""
    login = shop.post("/login", json={"customer": "7"})
    assert assert_documented(login, 200)["success"] is True
    attributes = {part.strip().lower() for part in login.headers["set-cookie"].split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=lax"}
    assert assert_documented(shop.refresh(renewed(login)), 200)["data"]["token"]


@pytest.mark.parametrize("sent", ["", "no json", "[]", '{"customer": 7}', "[" * 5000], ids=repr)
def test_login_without_a_customer_is_refused(shop: Shop, sent: str) -> None:
    """A login that names no customer is a documented 400."""
    assert_documented(shop.post("/login", content=sent), 400)


def test_token_is_a_signed_jwt_with_its_times() -> None:
    """The token says for whom it is, from when and until when, and has an identity of its own."""
    clock = Clock()
    store = Store(token_ttl=60, clock=clock)
    with serve(store.app) as url:
        token = Shop(store, url).refresh(store.log_in("8")).json()["data"]["token"]
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["iat"], claims["exp"]) == ("8", clock.now, clock.now + 60)


def test_every_refresh_gives_a_new_token_and_is_not_cached(shop: Shop) -> None:
    """Refreshes within one second still differ, and forbid caches to keep them."""
    answers = [shop.refresh(shop.store.log_in()) for _ in range(5)]
    assert len({answer.json()["data"]["token"] for answer in answers}) == 5
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


def test_rotation_keeps_the_old_session_for_the_grace_period_only() -> None:
    """The replaced session holds while calls may overlap, then ends; using it again does not prolong it."""
    clock = Clock()
    store = Store(grace=5, clock=clock)
    with serve(store.app) as url:
        shop = Shop(store, url)
        old = store.log_in()
        new = renewed(shop.refresh(old))
        assert new != old
        clock.now += 4
        assert shop.refresh(old).status_code == 200
        clock.now += 2
        assert_documented(shop.refresh(old), 401)
        assert shop.refresh(new).status_code == 200


def test_without_rotation_the_session_stays() -> None:
    """With rotate=False no cookie is set and the session goes on."""
    store = Store(rotate=False)
    with serve(store.app) as url:
        shop, cookie = Shop(store, url), store.log_in()
        assert "set-cookie" not in shop.refresh(cookie).headers
        assert shop.refresh(cookie).status_code == 200


def test_overlapping_refreshes_of_one_session_all_complete(shop: Shop) -> None:
    """Sixteen refreshes of one session at the same moment complete, each with a token of its own."""
    cookie = shop.store.log_in()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: shop.refresh(cookie), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["data"]["token"] for answer in answers}) == 16


@pytest.mark.parametrize(
    "cookie",
    [None, "", "session=", "session=made-up", "session=\x22\x22", "other=1", "session", "session=%00"],
    ids=repr,
)
def test_no_good_session_is_refused(shop: Shop, cookie: str | None) -> None:
    """Without a session, or with one that never was, the answer is a documented 401 without a token."""
    answer = shop.refresh(cookie)
    assert "token" not in assert_documented(answer, 401).get("data", {})
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("end", ["expire", "log_out", "POST /logout", "time"])
def test_ended_session_is_refused(end: str) -> None:
    """However a session ends, it and the one that replaced it are refused from then on."""
    clock = Clock()
    store = Store(session_ttl=100, clock=clock)
    with serve(store.app) as url:
        shop, old = Shop(store, url), store.log_in()
        new = renewed(shop.refresh(old))
        match end:
            case "expire":
                store.expire(new)
            case "log_out":
                store.log_out(new)
            case "time":
                clock.now += 101
            case _:
                assert_documented(shop.post("/logout", headers={"Cookie": new}), 200)
                assert_documented(shop.post("/logout", headers={"Cookie": new}), 401)
        for cookie in (old, new):
            assert_documented(shop.refresh(cookie), 401)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "QUERY", "TRACE"])
def test_other_methods_are_told_to_post(shop: Shop, method: str) -> None:
    """Another method is a documented 405 that names POST."""
    answer = shop.refresh(shop.store.log_in(), method=method)
    assert_documented(answer, 405)
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 405), ("OPTIONS", 204)])
def test_head_and_options_have_no_body(shop: Shop, method: str, status: int) -> None:
    """HEAD is refused without a body, OPTIONS is answered, and both name POST."""
    answer = shop.refresh(shop.store.log_in(), method=method)
    assert (answer.status_code, answer.content, answer.headers["allow"]) == (status, b"", "POST")


@pytest.mark.parametrize("path", ["/", "/auth", PATH + "/", "/auth/refresh2"])
def test_unknown_path_is_a_documented_404(shop: Shop, path: str) -> None:
    """A path that the store does not have is a documented 404, never a redirect."""
    assert_documented(shop.post(path), 404)


@pytest.mark.parametrize("extra", [{"json": {"a": 1}}, {"content": b"x" * 70_000}, {"params": {"a": "1"}}], ids=str)
def test_input_that_nobody_asked_for_changes_nothing(shop: Shop, extra: dict[str, Any]) -> None:
    """A body or a query is ignored, and the connection can be used again."""
    with httpx.Client(headers={"Cookie": shop.store.log_in()}, trust_env=False) as client:
        for _ in range(2):
            assert_documented(client.post(shop.url + PATH, **extra), 200)


def test_refuse_body_refuses_by_the_contract() -> None:
    """With refuse_body=True a body is a documented 422, and the session holds."""
    store = Store(refuse_body=True)
    with serve(store.app) as url:
        shop, cookie = Shop(store, url), store.log_in()
        assert_documented(shop.refresh(cookie, content=b"{}"), 422)
        assert_documented(shop.refresh(cookie), 200)


def test_body_without_end_is_refused(shop: Shop) -> None:
    """A body above a mebibyte is a documented 413 rather than a full memory."""
    assert_documented(shop.refresh(shop.store.log_in(), content=b"x" * (2 << 20)), 413)


@pytest.mark.parametrize("status", [*DOCUMENTED_ERRORS, 418, 503, 599])
def test_every_documented_error_can_be_provoked(shop: Shop, status: int) -> None:
    """Each error comes as often as asked, by its schema and with its headers; then the store is itself again."""
    cookie = shop.store.log_in()
    shop.store.provoke(status, times=2)
    for _ in range(2):
        answer = shop.refresh(cookie)
        assert_documented(answer, status)
        assert answer.headers.get("retry-after") == ("1" if status == 429 else None)
        assert answer.headers.get("allow") == ("POST" if status == 405 else None)
    assert_documented(shop.refresh(cookie), 200)


@pytest.mark.parametrize("status", [201, 202])
def test_other_successes_can_be_provoked(shop: Shop, status: int) -> None:
    """A refresh can say 201 or 202, but only to a good session."""
    shop.store.provoke(status, times=2)
    assert_documented(shop.refresh("session=made-up"), 401)
    assert assert_documented(shop.refresh(shop.store.log_in()), status)["data"]["token"]


def test_provoking_over_http(shop: Shop) -> None:
    """An outside client provokes an error for POST or for another method."""
    assert_documented(shop.post("/provoke", json={"status": 410}), 200)
    assert_documented(shop.post("/provoke", json={"status": 503, "method": "get"}), 200)
    assert_documented(shop.refresh(method="GET"), 503)
    assert_documented(shop.refresh(shop.store.log_in()), 410)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"status": 204},
        {"status": "410"},
        {"status": True},
        {"status": 410, "times": 0},
        {"status": 201, "method": "GET"},
    ],
    ids=str,
)
def test_provoking_nonsense_is_refused(shop: Shop, wish: dict[str, object]) -> None:
    """What is no documented answer cannot be provoked."""
    assert_documented(shop.post("/provoke", json=wish), 400)
    assert_documented(shop.refresh(shop.store.log_in()), 200)


def test_serving_waits_for_nobody() -> None:
    """Nothing listens after the block, even when a request is still under way: that is given up."""
    started, given_up = threading.Event(), threading.Event()

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    serving = serve(never)
    port = int(serving.__enter__().rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert started.wait(60)
        serving.__exit__(None, None, None)
        assert given_up.is_set()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_serving_says_why_it_cannot() -> None:
    """A port that is taken is a clear error at once."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerNotStarted, match=str(port)), serve(Store().app, port=port):
            pass


def test_serving_over_tls() -> None:
    """With a TLS context the address is https and the store answers there."""
    import ssl

    import trustme

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    store = Store()
    with serve(store.app, tls=context) as url:
        assert url.startswith("https://")
        assert_documented(Shop(store, url).refresh(store.log_in()), 200)


def test_command_line_serves_and_says_how_to_log_in() -> None:
    """`python -m contracts.providers.store` prints one line with the address and the login, and serves."""
    command = [sys.executable, "-m", "contracts.providers.store", "--port", "0"]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            url = line.split()[0]
            assert "/login" in line
            assert_documented(httpx.post(url + "/login", json={"customer": "7"}, trust_env=False), 200)
        finally:
            process.terminate()
