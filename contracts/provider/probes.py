"""Probes: the requests that a pass may send, and everything that may vary about one.

The headers come from the document, with their example values; the rest is listed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from contracts.model.document import Document, load
from contracts.provider.bodies import BODIES, ODD_BODIES
from contracts.rules.traits import HEADER

METHODS: Final = ("POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
SESSIONS: Final = ("valid", "none", "empty", "made-up", "expired")
BEARER: Final = "token alone"  # the last token in place of a session; no rule says whether that is accepted
PREDECESSORS: Final = ("success", "refusal", "method")
QUERIES: Final = {"none": "", "unknown": "probe=1", "language": "lang=ar&page=2"}
UNDOCUMENTED: Final = {
    "x-probe": ("1", 'made up; q="0.5"'),
    "x-long": ("x" * 4000, "y" * 1500),
}
WITH_BODY: Final = ("POST", "PUT", "PATCH")  # methods that a body is sent with
OTHER: Final = ("customer", "as the second customer")
MISFITS: Final = ("values", "outside their schemas")
NOT_SENT: Final = ""  # the value of a header that is not sent
PREFLIGHT: Final = (
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "authorization,x-requested-with"),
)


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

    @property
    def may_be_refused(self) -> bool:
        """Whether a logged-in customer may be refused for how this is sent, so that the answer tells nothing of what else is."""
        return self.body in ODD_BODIES or any(name == "origin" for name, _ in self.headers)

    @cached_property
    def conditions(self) -> frozenset[tuple[str, str]]:
        """What is unusual about the request. The observer adds what came before it and whether it overlapped."""
        found = {(f"{HEADER}{name}", _in_short(name, value)) for name, value in self.headers}
        if self.body != "none":
            found.add(("body", self.body))
        if self.query != "none":
            found.add(("query", self.query))
        if self.other:
            found.add(OTHER)
        if self.misfits:
            found.add(MISFITS)
        return frozenset(found)


def _in_short(name: str, value: str) -> str:
    """The value of a header in a condition. Those of cookies would be taken for secrets."""
    if name == "cookie":
        return "beside the session"
    return value if len(value) < 60 else f"{value[:8]}… ({len(value)} bytes)"


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
    for name, values in extra_headers(document).items():
        found[f"{HEADER}{name}"] = (NOT_SENT, *values)
    return found


def extra_headers(document: Document) -> dict[str, tuple[str, ...]]:
    """Headers that change nothing, with their values: the SDK's, those that a browser adds, and undocumented ones."""
    return {**document.headers, **{name: (value,) for name, value in page_headers(document)}, **UNDOCUMENTED}


def page_headers(document: Document) -> tuple[tuple[str, str], ...]:
    """What a browser adds to a call of the shop's own page. The origin is not among them: each probe has it."""
    return tuple((name, values[0]) for name, values in document.browser_headers.items() if name != "origin")


def foreign_headers() -> tuple[tuple[str, str], ...]:
    """What a browser adds to a call of a page that is not the shop's."""
    return tuple((name, load().browser_headers[name][1]) for name in ("origin", "sec-fetch-site"))


def sdk_headers(which: int = 0) -> tuple[tuple[str, str], ...]:
    """All headers that the SDK sends: 0 with their first example values, 1 with the second, from 2 on in changing mixtures.

    With all but the second values come the headers that a browser adds.
    """
    document = load()
    headers = document.headers.items()
    if which == 1:
        return tuple((name, values[1]) for name, values in headers)
    turn, flip = divmod(max(which, 2) - 2, 2)
    mixed = ((name, values[(number >> turn & 1) ^ flip if which else 0]) for number, (name, values) in enumerate(headers))
    return (*mixed, *page_headers(document))


def in_groups(probes: Iterator[Probe]) -> Iterator[tuple[Probe, ...]]:
    """The probes as they are sent: alone, or two that overlap together."""
    for probe in probes:
        partner = next(probes, None) if probe.overlaps else None
        yield (probe, partner) if partner else (probe,)
