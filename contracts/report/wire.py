"""An exchange as it was on the wire, for the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from contracts.model.exchange import Exchange, Response
from contracts.redaction.redacted import Header, Public, Shown

HEADERS_SHOWN: Final = 30
QUIET_HEADERS: Final = ("host", "user-agent", "accept-encoding", "date", "server")


@dataclass(frozen=True)
class Wire:
    """One request and its answer. If there is no answer, `status` is None and `failure` says why."""

    number: int
    probe: str
    after: Public
    overlaps: bool
    session: Public
    method: str
    url: str
    sent: tuple[Header, ...]
    sent_body: str
    status: int | None
    seconds: float
    failure: str
    received: tuple[Header, ...]
    received_body: Annotated[str, Shown(400)]


def wire(exchange: Exchange) -> Wire:
    """The exchange, not yet redacted."""
    request, situation = exchange.request, exchange.situation
    answer = exchange.answer if isinstance(exchange.answer, Response) else Response(0)
    return Wire(
        exchange.index,
        situation.probe,
        situation.after,
        situation.overlaps,
        situation.session,
        request.method,
        request.url,
        tuple(Header(name, value) for name, value in request.headers),
        request.body.decode("latin-1"),
        answer.status or None,
        answer.seconds,
        "" if isinstance(exchange.answer, Response) else exchange.answer.message,
        tuple(Header(name, value) for name, value in answer.headers[:HEADERS_SHOWN]),
        answer.body.decode("utf-8", "backslashreplace"),
    )


def lines(w: Wire) -> Iterator[str]:
    """The lines of an exchange. Lines that were sent begin with `>`, lines that were received with `<`."""
    situation = f"{w.probe}; after: {w.after}" if w.probe else "recorded elsewhere"
    yield f"number {w.number}: {situation}{'; overlapping' if w.overlaps else ''}"
    yield f"> {w.method} {w.url}"
    yield from _headers(">", w.sent)
    if w.sent_body:
        yield f"> {w.sent_body}"
    if w.status is None:
        yield f"< {w.failure}"
        return
    yield f"< HTTP {w.status} after {w.seconds:.2f} s"
    yield from _headers("<", w.received)
    if w.received_body:
        yield f"< {w.received_body}"


def _headers(sign: str, headers: tuple[Header, ...]) -> Iterator[str]:
    for header in headers:
        if header.name.lower() not in QUIET_HEADERS:
            yield f"{sign} {header.name}: {header.value}"
