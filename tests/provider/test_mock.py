"""`RefreshMock` conforms by default and gives any answer on demand, with and without patching httpx."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from respx.models import AllMockedAssertionError

from contracts.model.answers import Answer, UnknownExample
from contracts.model.document import load
from contracts.provider.mock import RefreshMock

URL = "https://store.example" + load().path
LOGGED_IN = {"Cookie": RefreshMock.session}


@pytest.fixture
def mock() -> Iterator[RefreshMock]:
    with RefreshMock() as started:
        yield started


def post(**extra: Any) -> httpx.Response:
    return httpx.post(URL, headers=LOGGED_IN, **extra)


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def test_logged_in_session_gets_a_new_token_each_time(mock: RefreshMock) -> None:
    """The known session completes, on any host, with tokens that differ and are good for some time."""
    answers = [httpx.post(f"https://{host}.example{mock.path}?x=1", headers=LOGGED_IN) for host in "abc"]
    tokens = {answer.json()["data"]["token"] for answer in answers}
    assert len(tokens) == 3
    assert all(claims(token)["exp"] > time.time() + 60 for token in tokens)
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        load().validator_for(200).validate(answer.json())


@pytest.mark.parametrize("cookie", [None, "", "session=", "session=other", "a=session=mock-session"], ids=repr)
def test_no_good_session_is_refused(mock: RefreshMock, cookie: str | None) -> None:
    """Any other session is the documented 401."""
    answer = httpx.post(URL, headers={} if cookie is None else {"Cookie": cookie})
    assert (answer.status_code, answer.json()) == (401, load().examples["unauthorized"].body)


def test_session_is_found_among_other_cookies(mock: RefreshMock) -> None:
    """Other cookies beside the session do no harm."""
    assert httpx.post(URL, headers={"Cookie": f"a=1; {RefreshMock.session}; b=2"}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "QUERY"])
def test_other_methods_are_told_to_post(mock: RefreshMock, method: str) -> None:
    """Another method is the documented 405 that names POST."""
    answer = httpx.request(method, URL, headers=LOGGED_IN)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json() == load().examples["method_not_allowed"].body


@pytest.mark.parametrize(("method", "status"), [("HEAD", 405), ("OPTIONS", 204)])
def test_head_and_options_have_no_body(mock: RefreshMock, method: str, status: int) -> None:
    """HEAD is refused without a body, OPTIONS is answered, and both name POST."""
    answer = httpx.request(method, URL, headers=LOGGED_IN)
    assert (answer.status_code, answer.content, answer.headers["allow"]) == (status, b"", "POST")


@pytest.mark.parametrize("name", sorted(load().examples))
def test_every_example_of_the_document_can_be_had(mock: RefreshMock, name: str) -> None:
    """A named example is answered with its status and fits its schema."""
    mock.answer(name)
    answer, example = post(), load().examples[name]
    assert answer.status_code == example.status
    load().validator_for(example.status).validate(answer.json())
    assert ("token" in answer.json().get("data", {})) == ("token" in example.body.get("data", {}))
    assert answer.headers.get("retry-after") == ("1" if example.status == 429 else None)


def test_an_unknown_example_is_refused(mock: RefreshMock) -> None:
    """A misspelt name is refused when it is given, and the message lists the right ones."""
    with pytest.raises(UnknownExample, match=r"^the contract has no example 'gnoe'; it has: .*\bgone\b"):
        mock.answer("gnoe")


def test_any_answer_can_be_given(mock: RefreshMock) -> None:
    """The caller chooses status, JSON (null too), raw bytes and headers."""
    mock.answer(status=204)
    assert (post().status_code, post().content) == (204, b"")
    mock.answer(json=None)
    assert (post().json(), post().headers["content-type"]) == (None, "application/json")
    mock.answer(status=302, headers={"Location": "/login"}, content=b"<html>")
    assert (post().headers["location"], post().content) == ("/login", b"<html>")
    mock.answer(Answer(200, (("X-A", "1"), ("X-A", "2")), b'{"status":200'))
    assert (post().headers.get_list("x-a"), post().content) == (["1", "2"], b'{"status":200')


@pytest.mark.parametrize(
    ("kind", "error"),
    [("refused", httpx.ConnectError), ("timeout", httpx.ReadTimeout), ("reset", httpx.ReadError)],
)
def test_transport_failures(mock: RefreshMock, kind: str, error: type[httpx.TransportError]) -> None:
    """In place of an answer, sync and async clients get the error that httpx raises for that failure."""

    async def send() -> None:
        async with httpx.AsyncClient() as client:
            await client.post(URL)

    mock.fail(kind)
    with pytest.raises(error) as caught:
        post()
    assert caught.value.request.url == URL
    with pytest.raises(error):
        asyncio.run(send())


def test_an_unknown_failure_is_refused(mock: RefreshMock) -> None:
    """An unknown failure is refused when it is set, and the message lists the known ones."""
    with pytest.raises(ValueError, match="refused, timeout, reset"):
        mock.fail("explode")


def test_answers_for_some_requests_come_before_the_lasting_one(mock: RefreshMock) -> None:
    """Answers for so many requests queue up, and the lasting one comes after them; a reset forgets all answers and calls."""
    mock.answer("forbidden")
    mock.answer("gone", times=2)
    mock.answer("server_error", times=1)
    assert [post().status_code for _ in range(5)] == [410, 410, 500, 403, 403]
    assert len(mock.calls) == 5
    mock.reset()
    assert (post().status_code, len(mock.calls)) == (200, 1)


def test_an_answer_to_another_method_leaves_post_alone(mock: RefreshMock) -> None:
    """An answer is for POST unless another method is named."""
    mock.answer("refreshed", method="GET")
    assert (httpx.get(URL).status_code, httpx.post(URL).status_code) == (200, 401)


def test_other_requests_are_not_mocked(mock: RefreshMock) -> None:
    """A request to another path is an error rather than a real request."""
    with pytest.raises(AllMockedAssertionError):
        httpx.get("https://store.example/profile")


def test_handler_needs_no_patching() -> None:
    """The handler works as an httpx transport, sync and async, and records the calls."""
    mock = RefreshMock()
    transport = httpx.MockTransport(mock.handler)

    async def send() -> int:
        async with httpx.AsyncClient(transport=transport) as client:
            return (await client.post(URL, headers=LOGGED_IN)).status_code

    with httpx.Client(transport=transport, headers=LOGGED_IN) as client:
        assert client.post(URL).status_code == 200
    assert asyncio.run(send()) == 200
    assert [call.response.status_code for call in mock.calls] == [200, 200]


def test_calls_stay_readable_after_stopping() -> None:
    """The calls can be asserted after the block, and the mock can be started again."""
    mock = RefreshMock()
    for _ in range(2):
        with mock:
            assert post().status_code == 200
    assert [call.request.method for call in mock.calls] == ["POST", "POST"]
