"""Probes: the requests that a pass may send, and everything that may vary about one.

The headers come from the document, with their example values; the rest is listed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from contracts.model.document import Document, load

METHODS: Final = ("POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
SESSIONS: Final = ("valid", "none", "empty", "made-up", "expired")
BEARER: Final = "token alone"  # the last token in place of a session; no rule says whether that is accepted
PREDECESSORS: Final = ("success", "refusal", "method")
BODIES: Final = {
    "none": ("", b""),
    "json": ("application/json", b"{}"),
    "form": ("application/x-www-form-urlencoded", b"refresh_token=made-up"),
}
QUERIES: Final = {"none": "", "unknown": "probe=1", "language": "lang=ar&page=2"}
UNDOCUMENTED: Final = {
    "x-probe": ("1", "اختبار".encode().decode("latin-1")),
    "x-long": ("x" * 4000, "y" * 1500),
}
WITH_BODY: Final = ("POST", "PUT", "PATCH")  # methods that a body is sent with
OTHER: Final = ("customer", "as the second customer")
MISFITS: Final = ("values", "outside their schemas")
HEADER: Final = "header:"  # how the name of a dimension begins that stands for a header
NOT_SENT: Final = ""  # the value of a header that is not sent


@dataclass(frozen=True)
class Probe:
    """One request, described by what differs from a bare POST of a logged-in session."""

    name: str
    method: str = "POST"
    session: str = "valid"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = "none"
    query: str = "none"
    overlaps: bool = False
    other: bool = False  # the second customer sends it
    misfits: bool = False  # its headers have values that the document does not allow

    @cached_property
    def conditions(self) -> frozenset[tuple[str, str]]:
        """What is unusual about the request. The observer adds what came before it and whether it overlapped."""
        found = {(f"{HEADER}{name}", v if len(v) < 60 else f"{v[:8]}… ({len(v)} bytes)") for name, v in self.headers}
        if self.body != "none":
            found.add(("body", self.body))
        if self.query != "none":
            found.add(("query", self.query))
        if self.other:
            found.add(OTHER)
        if self.misfits:
            found.add(MISFITS)
        return frozenset(found)


def dimensions(document: Document, *, expired: bool) -> dict[str, tuple[str, ...]]:
    """Everything that may vary about a request, with its values; the usual value comes first."""
    found: dict[str, tuple[str, ...]] = {
        "method": METHODS,
        "session": SESSIONS if expired else SESSIONS[:-1],
        "after": PREDECESSORS,
        "overlap": ("alone", "overlapping"),
        "body": tuple(BODIES),
        "query": tuple(QUERIES),
    }
    for name, values in {**document.headers, **UNDOCUMENTED}.items():
        found[f"{HEADER}{name}"] = (NOT_SENT, *values)
    return found


def sdk_headers(which: int = 0) -> tuple[tuple[str, str], ...]:
    """All headers that the SDK sends: 0 with their first example values, 1 with the second, from 2 on in changing mixtures."""
    headers = load().headers.items()
    if which < 2:
        return tuple((name, values[which]) for name, values in headers)
    turn, flip = divmod(which - 2, 2)
    return tuple((name, values[(number >> turn & 1) ^ flip]) for number, (name, values) in enumerate(headers))


def in_groups(probes: Iterator[Probe]) -> Iterator[tuple[Probe, ...]]:
    """The probes as they are sent: alone, or two that overlap together."""
    for probe in probes:
        partner = next(probes, None) if probe.overlaps else None
        yield (probe, partner) if partner else (probe,)
