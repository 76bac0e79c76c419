"""The liars' own servers: they start, they answer, and one request leaves the next unharmed."""

from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest

from tests.liars import LIARS, ODD, Liar, Odd, Running
from tests.liars.kit import PATH

HEADERS = {"accept-encoding": "identity"}


def refresh(running: Running, method: str = "POST") -> httpx.Response | httpx.TransportError:
    """One request with the session, or how it went wrong."""
    headers = {**HEADERS, "cookie": running.cookie, "origin": running.base_url, **running.headers}
    _, _, xsrf = running.cookie.partition("XSRF-TOKEN=")
    if xsrf:
        headers["x-xsrf-token"] = unquote(xsrf)
    try:
        return httpx.request(method, running.base_url + PATH, headers=headers, timeout=2.0, trust_env=False)
    except httpx.TransportError as error:
        return error


@pytest.mark.parametrize("one", [*LIARS, *ODD], ids=lambda one: one.name)
def test_server_lives_through_a_post(one: Liar | Odd) -> None:
    """Each server starts, takes a bare POST of its session, and still listens."""
    with one.make() as running:
        refresh(running)
        with httpx.Client(trust_env=False, timeout=2.0) as client:
            login = client.post(running.base_url + "/login", json={"customer": "7"})
        assert login.status_code == 200


@pytest.mark.parametrize("one", ODD, ids=lambda one: one.name)
def test_odd_server_refreshes(one: Odd) -> None:
    """An odd provider refreshes its session, and answers a GET too."""
    with one.make() as running:
        answer = refresh(running)
        assert isinstance(answer, httpx.Response)
        assert answer.status_code in (200, 201, 202)
        assert answer.json()["success"] is True
        assert isinstance(refresh(running, "GET"), httpx.Response)
