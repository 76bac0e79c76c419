"""What an endpoint sends in a scenario and when: one timeline, which every stage plays in its own way.

timeline(scenario)  ──►  Timeline: a head, pieces of a body, the end of the connection
                           ├── socket_stage    writes it to a connection (`on_the_wire`)
                           └── httpx_stage     makes it a response of httpx, or an error
"""

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
DRIP_SECONDS: Final = 0.1  # between two bytes of an endless body
BEAT_SECONDS: Final = 0.02  # between half a body and the reset, which on some systems discards what was not read yet
PAGES_MAX_AGE: Final = 3600

_STATUS_LINES: Final = {int(s): f"HTTP/1.1 {s.value} {s.phrase}\r\n" for s in http.HTTPStatus}
_FRAMING: Final = ("content-length", "transfer-encoding")
_CHUNKED: Final = ("Transfer-Encoding", "chunked")


class End(enum.Enum):
    """What becomes of the connection."""

    KEPT = enum.auto()  # the answer is whole, and the connection stays open
    CLOSED = enum.auto()  # the answer is whole, and the connection is closed
    CUT = enum.auto()  # the connection is closed before the answer is whole
    RESET = enum.auto()  # the connection is reset before the answer is whole


class Head(NamedTuple):
    """The status and headers of an answer, including those that say how its body ends."""

    status: int
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Timeline:
    """What follows a request: a head, pieces of a body, and the end of the connection. Times are seconds since the request."""

    head: Head | None  # None: the connection ends without an answer
    body: Iterable[tuple[float, bytes]]
    end: End
    starts: float = 0.0  # when the head comes
    ends: float = 0.0  # when the connection ends
    chunked: bool = False  # whether the pieces of the body are chunks


def timeline(scenario: Scenario, *, to_head: bool) -> Timeline:
    """What happens in a scenario. An answer without a body cannot be cut off in its body, so nothing of it comes."""
    answer, delivery, seconds = scenario.answer, scenario.delivery, scenario.seconds
    has_body = answer is not None and not to_head and _may_have_body(answer.status)
    if answer is not None and delivery.arrives:
        body = answer.body if has_body else b""
        end = End.CLOSED if _frames_itself(answer) else End.KEPT
        if delivery is Delivery.WHOLE:
            return Timeline(_head(answer), ((0.0, body),), end)
        return Timeline(_head(answer), _slowly(body, seconds), end, starts=0.0 if body else seconds, ends=seconds)
    if answer is not None and has_body and delivery in (Delivery.TRUNCATED, Delivery.ABORTED):
        head, half = _head(_unframed(answer), at_least=1), ((0.0, answer.body[: len(answer.body) // 2]),)
        aborted = delivery is Delivery.ABORTED
        return Timeline(head, half, End.RESET, ends=BEAT_SECONDS) if aborted else Timeline(head, half, End.CUT)
    if answer is not None and has_body and delivery is Delivery.ENDLESS:
        head = Head(answer.status, (*_unframed(answer).headers, _CHUNKED))
        return Timeline(head, _drips(answer.body, seconds), End.RESET, ends=seconds, chunked=True)
    closed = delivery.arrives or delivery in (Delivery.CLOSED, Delivery.TRUNCATED)
    return Timeline(None, (), End.CUT if closed else End.RESET, ends=0.0 if delivery.ends else seconds)


def _slowly(body: bytes, seconds: float) -> Iterator[tuple[float, bytes]]:
    """A body in a few pieces at even distances, the last one at the end."""
    size = len(body) // STEPS + 1
    for step in range(STEPS if body else 0):
        yield (step + 1) * seconds / STEPS, body[step * size : (step + 1) * size]


def _drips(body: bytes, seconds: float) -> Iterator[tuple[float, bytes]]:
    """A body byte by byte, then spaces for as long as there is time."""
    endless = itertools.chain(body, itertools.repeat(ord(" ")))
    for drip, byte in enumerate(itertools.islice(endless, int(seconds / DRIP_SECONDS)), 1):
        yield drip * DRIP_SECONDS, bytes([byte])


# --- heads ------------------------------------------------------------------------------------------------------------


def _may_have_body(status: int) -> bool:
    return status >= 200 and status not in NO_BODY


def _frames_itself(answer: Answer) -> bool:
    """Whether the answer has headers of its own, right or wrong, that say how its body ends."""
    return any(name.lower() in _FRAMING for name, _ in answer.headers)


def _unframed(answer: Answer) -> Answer:
    """The answer without headers that say how its body ends."""
    return Answer(answer.status, tuple(h for h in answer.headers if h[0].lower() not in _FRAMING), answer.body)


def _head(answer: Answer, at_least: int = 0) -> Head:
    """The head of an answer; it gets the length of the body, or more, where the answer does not say how its body ends."""
    if _may_have_body(answer.status) and not _frames_itself(answer):
        return Head(answer.status, (*answer.headers, ("Content-Length", str(max(len(answer.body), at_least)))))
    return Head(answer.status, answer.headers)


# --- as bytes ---------------------------------------------------------------------------------------------------------


def on_the_wire(timeline: Timeline) -> Iterator[tuple[float, bytes]]:
    """The bytes of a timeline, each with its time; at the end come none."""
    if timeline.head is not None:
        yield timeline.starts, _written(timeline.head)
    for at, piece in timeline.body:
        yield at, b"%x\r\n%s\r\n" % (len(piece), piece) if timeline.chunked else piece
    yield timeline.ends, b""


def _written(head: Head) -> bytes:
    status = _STATUS_LINES.get(head.status) or f"HTTP/1.1 {head.status} \r\n"
    lines = "".join([f"{name}: {value}\r\n" for name, value in head.headers])
    return f"{status}{lines}\r\n".encode("latin-1", "replace")


class Static(NamedTuple):
    """An answer that is always the same, ready to be written."""

    head: bytes
    body: bytes


def static(answer: Answer) -> Static:
    """The bytes of an answer that no scenario changes."""
    return Static(_written(_head(answer)), answer.body)


@dataclass(frozen=True)
class Page:
    """A static file that the socket stage serves besides the endpoint. `media_type` is the whole Content-Type."""

    media_type: str
    body: bytes

    @property
    def static(self) -> Static:
        """The page as an answer that browsers may keep."""
        headers = (("Content-Type", self.media_type), ("Cache-Control", f"max-age={PAGES_MAX_AGE}"))
        return static(Answer(200, headers, self.body))
