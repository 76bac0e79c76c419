"""An exchange as it was on the wire, for the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from contracts.model.exchange import Exchange, Response, readable
from contracts.redaction.redacted import Command, Header, Public, Shown
from contracts.redaction.redactor import MARK, SECRET_HEADER, Redactor
from contracts.redaction.secrets import public
from contracts.report.shell import Piece, pieces
from contracts.rules.traits import BEFORE, SESSIONS

HEADERS_SHOWN: Final = 30
QUIET_HEADERS: Final = ("host", "user-agent", "accept-encoding", "date", "server")
WHOSE: Final = {"valid": "the customer's", "made-up": "made-up", "expired": "expired"}
SCHEME: Final = "Bearer "


@dataclass(frozen=True)
class SentCookie(Header):
    """The cookies of a request. In the place of each value stands whose session it is."""

    session: str

    def redacted(self, redactor: Redactor) -> Header:
        """The cookies without their values."""
        shown = super().redacted(redactor)
        whose = WHOSE.get(self.session)
        return Header(shown.name, shown.value.replace(MARK, f"[{whose}]")) if whose else shown


@dataclass(frozen=True)
class Asked:
    """A header of the request, as a person would send it again. A secret is left out (`is_secret`), except its `scheme`."""

    name: Command
    value: tuple[Piece, ...]
    is_secret: bool = False
    scheme: Public = ""


@dataclass(frozen=True)
class Wire:
    """One request and its answer. If there is no answer, `status` is None and `failure` says why.

    `situation` says in words who sent it, and when. `asked` and `posted` are the request as a person would send it again.
    """

    number: int
    situation: Public
    overlaps: bool
    session: Public
    method: str
    url: str
    sent: tuple[Header, ...]
    sent_body: str
    asked: tuple[Asked, ...]
    posted: tuple[Piece, ...]
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
        _situation(exchange),
        situation.overlaps,
        situation.session,
        request.method,
        request.url,
        tuple(_sent(name, value, situation.session) for name, value in request.headers),
        readable(request.body.decode("latin-1")),
        tuple(_asked(name, value, situation.session) for name, value in request.headers),
        pieces(request.body) if request.body else (),
        answer.status or None,
        answer.seconds,
        "" if isinstance(exchange.answer, Response) else exchange.answer.message,
        tuple(Header(name, readable(value)) for name, value in answer.headers[:HEADERS_SHOWN]),
        answer.body.decode("utf-8", "backslashreplace"),
    )


def _situation(exchange: Exchange) -> str:
    """Who sent the request, and when, for somebody who does not know how the suite observes."""
    situation = exchange.situation
    if not situation.probe:
        return "recorded elsewhere"
    session = SESSIONS.get(situation.session, f"a session that is {situation.session}")
    before = f", {BEFORE[situation.after]}" if situation.after in BEFORE else ""
    return f"sent with {session}{before}{', at the same time as another call' if situation.overlaps else ''}"


def _sent(name: str, value: str, session: str) -> Header:
    return SentCookie(name, value, session) if name.lower() == "cookie" else Header(name, readable(value))


def _asked(name: str, value: str, session: str) -> Asked:
    """The header without a secret: of cookies the names stay."""
    if name.lower() == "cookie":
        names = [pair.partition("=")[0].strip() for pair in value.split(";")]
        made_up = "" if session == "empty" else "made-up"
        return Asked(name, pieces("; ".join(f"{one}={made_up}" for one in names if one).encode("utf-8", "replace")))
    if SECRET_HEADER.fullmatch(name) and value not in public():
        scheme = SCHEME if value.startswith(SCHEME) else ""
        if value != f"{scheme}made-up":
            return Asked(name, (), is_secret=True, scheme=scheme)
    try:
        return Asked(name, pieces(value.encode("latin-1")))
    except UnicodeEncodeError:
        return Asked(name, pieces(value.encode("utf-8", "replace")))


def lines(w: Wire) -> Iterator[str]:
    """The lines of an exchange. Lines that were sent begin with `>`, lines that were received with `<`."""
    yield f"number {w.number}: {w.situation}"
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
