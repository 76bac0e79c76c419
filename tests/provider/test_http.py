"""What stands behind an answer on its connection, for each way in which an answer can end."""

from __future__ import annotations

import time

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.model.exchange import Failure, Request, Response
from contracts.provider.connection import Budget, Connection
from contracts.provider.http import Answer, Sender, receive

OK = b"HTTP/1.1 200 OK\r\n"
SECOND = OK + b"Content-Length: 2\r\n\r\n{}"
ANSWERS = {
    "a length": (OK + b"Content-Length: 7\r\n\r\n{'a':1}", "POST"),
    "no length, HEAD": (OK + b"Content-Type: application/json\r\n\r\n", "HEAD"),
    "a length, HEAD": (OK + b"Content-Length: 7\r\n\r\n", "HEAD"),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", "POST"),
    "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "POST"),
    "chunks": (OK + b"transfer-encoding: Chunked\r\n\r\n3\r\n{\r\n\r\n2;x=y\r\n }\r\n0\r\n\r\n", "POST"),
    "chunks and trailers": (OK + b"Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX: 1\r\nY: 2\r\n\r\n", "POST"),
    "after 100 and 103": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" + SECOND, "POST"),
    "bare line feeds": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", "POST"),
}


class Told(Connection):
    """A connection on which some bytes come, all at once, and then the end."""

    def __init__(self, data: bytes) -> None:
        self._pieces = [data, b""]

    def receive(self) -> bytes:
        """The next piece."""
        return self._pieces.pop(0) if self._pieces else b""


class Canned:
    """A transport that is answered with the same bytes, whatever is asked."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def exchange(self, request: Request, budget: Budget, gate: object) -> Answer:
        """What HTTP reads in them."""
        http = h11.Connection(h11.CLIENT)
        http.send(h11.Request(method=request.method, target="/", headers=[("host", "store.example")]))
        http.send(h11.EndOfMessage())
        return receive(Told(self._data), http, budget)


def answer_to(method: str, data: bytes) -> Response | Failure:
    """What comes of a request that is answered with these bytes."""
    return Sender(Canned(data), 10.0).send(Request(method, "http://store.example/"))


def trailing_data(method: str, data: bytes) -> bytes:
    """What stands behind the answer in these bytes."""
    request = Request(method, "http://store.example/")
    return Canned(data).exchange(request, Budget(time.monotonic() + 10), None).trailing


@pytest.mark.parametrize(("answer", "method"), ANSWERS.values(), ids=ANSWERS)
def test_trailing_data(answer: bytes, method: str) -> None:
    """Nothing stands behind an answer that is alone, line breaks count as nothing, and a second answer is found."""
    assert trailing_data(method, answer) == b""
    assert trailing_data(method, answer + b"\r\n") == b""
    assert trailing_data(method, answer + SECOND) == SECOND


def test_trailing_data_is_counted() -> None:
    """The answer to POST tells how much stands behind it; a HEAD that was answered with a body has it as its body."""
    post, head = answer_to("POST", SECOND + SECOND), answer_to("HEAD", SECOND)
    assert isinstance(post, Response)
    assert isinstance(head, Response)
    assert (post.body, post.trailing_bytes) == (b"{}", len(SECOND))
    assert (head.body, head.trailing_bytes) == (b"{}", 0)


def test_an_answer_that_has_no_end_has_nothing_behind_it() -> None:
    """An answer without a length lasts until the connection ends, so all that comes is its body."""
    answer = answer_to("POST", OK + b"\r\n{}" + SECOND)
    assert isinstance(answer, Response)
    assert (answer.body, answer.trailing_bytes) == (b"{}" + SECOND, 0)


@pytest.mark.parametrize("data", [OK, b"", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"], ids=["a head", "", "cut"])
def test_what_is_cut_off_is_no_answer(data: bytes) -> None:
    """An answer that ends too early is malformed, and nothing stands behind it."""
    answer = answer_to("POST", data)
    assert isinstance(answer, Failure)
    assert answer.kind == "malformed"


@given(st.binary(max_size=300), st.sampled_from(("POST", "HEAD")), st.sampled_from([a for a, _ in ANSWERS.values()]))
def test_any_bytes_can_be_looked_at(noise: bytes, method: str, answer: bytes) -> None:
    """Whatever a server sends, there is an answer or a failure; what stands behind an answer are bytes that were sent."""
    for received in (noise, answer[: len(noise)] + noise, answer + noise):
        if isinstance(answer_to(method, received), Response):
            assert received.endswith(trailing_data(method, received))
