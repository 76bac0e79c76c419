"""What stands behind an answer on its connection, for each way in which an answer can end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.provider.wire import trailing_data

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


@pytest.mark.parametrize(("answer", "method"), ANSWERS.values(), ids=ANSWERS)
def test_behind_an_answer(answer: bytes, method: str) -> None:
    """Nothing stands behind an answer that is alone, line breaks count as nothing, and a second answer is found."""
    assert trailing_data(answer, method) == b""
    assert trailing_data(answer + b"\r\n", method) == b""
    assert trailing_data(answer + SECOND, method) == SECOND


@pytest.mark.parametrize(
    "answer",
    [OK + b"\r\n{}" + SECOND, OK, b"", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"],
    ids=["until the end", "a head", "", "cut"],
)
def test_an_answer_that_has_no_end_has_nothing_behind_it(answer: bytes) -> None:
    """What lasts until the connection ends takes everything; what is cut off has no end."""
    assert trailing_data(answer, "POST") == b""


@given(st.binary(max_size=300), st.sampled_from(("POST", "HEAD")), st.sampled_from([a for a, _ in ANSWERS.values()]))
def test_any_bytes_can_be_looked_at(noise: bytes, method: str, answer: bytes) -> None:
    """Whatever a server sends, the question is answered, with bytes that it did send."""
    for received in (noise, answer[: len(noise)] + noise, answer + noise):
        assert received.endswith(trailing_data(received, method))
