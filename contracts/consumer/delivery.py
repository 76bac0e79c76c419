"""What an endpoint says in a scenario: a scenario to bytes, when each is written, and how the connection ends."""

from __future__ import annotations

import enum
import http
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from contracts.model.answers import Answer
from contracts.model.scenario import NO_BODY, Delivery, Scenario

STEPS: Final = 4  # pieces of a slow body
DRIP_SECONDS: Final = 0.1
BEAT_SECONDS: Final = 0.02  # between half a body and the reset; on some systems a reset takes away what was not read yet
PAGES_MAX_AGE: Final = 3600


@dataclass(frozen=True)
class Page:
    """A static file that the stage serves besides the endpoint. `media_type` is the whole Content-Type."""

    media_type: str
    body: bytes


_STATUS_LINES: Final = {int(s): f"HTTP/1.1 {s.value} {s.phrase}\r\n" for s in http.HTTPStatus}
_FRAMING: Final = ("content-length", "transfer-encoding")


class End(enum.Enum):
    """What becomes of the connection after an answer."""

    KEPT = enum.auto()
    CLOSED = enum.auto()
    RESET = enum.auto()


class Play(NamedTuple):
    """What is written how many seconds after the request, and how it ends."""

    steps: Iterable[tuple[float, bytes]]
    end: End


def play(scenario: Scenario, *, to_head: bool) -> Play:
    """How a scenario goes. Where nothing can be cut or drawn out because there is no body, nothing comes at all."""
    answer, delivery, seconds = scenario.answer, scenario.delivery, scenario.seconds
    bodiless = answer is None or to_head or not _has_body(answer.status)
    if answer is None and delivery.arrives:
        return Play((), End.CLOSED)
    if answer is not None and delivery.arrives:
        head, body = _head(answer), b"" if bodiless else answer.body
        end = End.CLOSED if _frames_itself(answer) else End.KEPT
        if delivery is Delivery.WHOLE:
            return Play(((0.0, head + body),), end)
        size = len(body) // STEPS + 1
        late = (((step + 1) * seconds / STEPS, body[step * size : (step + 1) * size]) for step in range(STEPS))
        return Play(((0.0, head), *late) if body else ((seconds, head),), end)
    if answer is not None and not bodiless:
        if delivery in (Delivery.TRUNCATED, Delivery.ABORTED):
            half = _head(_unframed(answer), at_least=1) + answer.body[: len(answer.body) // 2]
            aborted = delivery is Delivery.ABORTED
            return Play(((0.0, half), (BEAT_SECONDS, b"")), End.RESET) if aborted else Play(((0.0, half),), End.CLOSED)
        if delivery is Delivery.ENDLESS:
            return Play(_drips(answer, seconds), End.RESET)
    if delivery in (Delivery.SILENT, Delivery.ENDLESS):
        return Play(((seconds, b""),), End.RESET)
    return Play((), End.CLOSED if delivery in (Delivery.CLOSED, Delivery.TRUNCATED) else End.RESET)


def _drips(answer: Answer, seconds: float) -> Iterator[tuple[float, bytes]]:
    """A chunked body, byte by byte, then spaces for as long as there is time."""
    yield 0.0, _head(Answer(answer.status, (*_unframed(answer).headers, ("Transfer-Encoding", "chunked")), b""))
    bytes_ = itertools.chain(answer.body, itertools.repeat(ord(" ")))
    for drip, byte in enumerate(itertools.islice(bytes_, int(seconds / DRIP_SECONDS)), 1):
        yield drip * DRIP_SECONDS, b"1\r\n%c\r\n" % byte
    yield seconds, b""


def _has_body(status: int) -> bool:
    return status >= 200 and status not in NO_BODY


def _frames_itself(answer: Answer) -> bool:
    """Whether the answer says by itself how its body ends, rightly or wrongly."""
    return any(name.lower() in _FRAMING for name, _ in answer.headers)


def _unframed(answer: Answer) -> Answer:
    """The answer without what it says of how its body ends."""
    return Answer(answer.status, tuple(h for h in answer.headers if h[0].lower() not in _FRAMING), answer.body)


def _head(answer: Answer, at_least: int = 0) -> bytes:
    """Status line and headers; the length of the body is added where the answer does not say how its body ends."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in answer.headers])
    if _has_body(answer.status) and not _frames_itself(answer):
        lines += f"Content-Length: {max(len(answer.body), at_least)}\r\n"
    status = _STATUS_LINES.get(answer.status) or f"HTTP/1.1 {answer.status} \r\n"
    return f"{status}{lines}\r\n".encode("latin-1", "replace")


class Static(NamedTuple):
    """An answer that is always the same, ready to be written."""

    head: bytes
    body: bytes


def static(answer: Answer) -> Static:
    return Static(_head(answer), answer.body)


def page_of(page: Page) -> Static:
    headers = (("Content-Type", page.media_type), ("Cache-Control", f"max-age={PAGES_MAX_AGE}"))
    return static(Answer(200, headers, page.body))
