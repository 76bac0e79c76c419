"""Probes: which requests one polite pass sends, and in which order.

First the named probes, most telling first; each condition stands alone before it is mixed. Then as many mixed ones as it takes until
every pair of conditions was sent together. The conditions come from the document: its headers with their example values, present
and absent.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from contracts.document import Document, load

METHODS: Final = ("POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
SESSIONS: Final = ("valid", "none", "empty", "made-up", "expired")
AFTER: Final = ("success", "refusal", "method")
BODIES: Final = {
    "none": ("", b""),
    "json": ("application/json", b"{}"),
    "form": ("application/x-www-form-urlencoded", b"refresh_token=made-up"),
    "text": ("text/plain", b"refresh"),
}
QUERIES: Final = {"none": "", "unknown": "probe=1", "language": "lang=ar&page=2"}
UNDOCUMENTED: Final = {
    "x-probe": ("1", "اختبار".encode().decode("latin-1")),
    "x-long": ("x" * 4000, "y" * 1500),
}
OUT: Final = ""  # a header that is not sent


@dataclass(frozen=True)
class Probe:
    """One request in words: what differs from a bare POST of a logged-in session."""

    name: str
    method: str = "POST"
    session: str = "valid"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = "none"
    query: str = "none"
    overlaps: bool = False

    @cached_property
    def conditions(self) -> frozenset[tuple[str, str]]:
        """What is unusual about the request; order and overlap are added by the observer."""
        found = {(f"header:{name}", value if len(value) < 60 else f"{value[:8]}… ({len(value)} bytes)") for name, value in self.headers}
        if self.body != "none":
            found.add(("body", self.body))
        if self.query != "none":
            found.add(("query", self.query))
        return frozenset(found)


def factors(document: Document, *, expired: bool) -> dict[str, tuple[str, ...]]:
    """Every documented condition with its values, the usual one first."""
    found: dict[str, tuple[str, ...]] = {
        "method": METHODS,
        "session": SESSIONS if expired else SESSIONS[:-1],
        "after": AFTER,
        "overlap": ("alone", "overlapping"),
        "body": tuple(BODIES),
        "query": tuple(QUERIES),
    }
    for name, values in {**document.headers, **UNDOCUMENTED}.items():
        found[f"header:{name}"] = (OUT, *values)
    return found


def sdk_headers(which: int = 0) -> tuple[tuple[str, str], ...]:
    """All headers that the SDK sends, with their first or second example values."""
    return tuple((name, values[which % len(values)]) for name, values in load().headers.items())


def named(*, expired: bool) -> tuple[Probe, ...]:
    """The probes whose order was chosen by hand."""
    sdk, other = sdk_headers(0), sdk_headers(1)
    xhr = tuple(pair for pair in sdk if pair[0] == "x-requested-with")
    arabic = tuple(pair for pair in sdk if pair[0] == "accept-language")
    probes = [
        Probe("bare"),
        Probe("no session", session="none"),
        Probe("bare, after a refusal"),
        Probe("as the SDK sends it", headers=sdk),
        Probe("made-up session, as the SDK sends it", session="made-up", headers=sdk),
        Probe("GET", method="GET"),
        Probe("bare, after another method"),
        Probe("two at once", overlaps=True),
        Probe("two at once", overlaps=True),
        Probe("other header values", headers=other),
        Probe("empty session", session="empty"),
        Probe("a body nobody asked for", body="json"),
        Probe("bare, repeated"),
        Probe("a made-up session", session="made-up"),
        Probe("a query", query="unknown"),
        Probe("an unknown header", headers=(("x-probe", "1"),)),
        Probe("no session, as the SDK sends it", session="none", headers=other),
        Probe("PUT as the SDK sends it", method="PUT", headers=sdk),
        Probe("by script", headers=xhr),
        Probe("in Arabic", headers=arabic),
        Probe("a form nobody asked for", body="form"),
        Probe("HEAD", method="HEAD"),
        Probe("a long header", headers=(("x-long", "x" * 4000),)),
        Probe("DELETE", method="DELETE", session="none"),
        Probe("PATCH", method="PATCH"),
        Probe("OPTIONS", method="OPTIONS"),
        Probe("bare, repeated"),
    ]
    if expired:
        probes.insert(12, Probe("an expired session", session="expired"))
    return tuple(probes)


def _expected(probe: Probe) -> str:
    """What a conforming endpoint makes of the probe: the `after` of the next one."""
    if probe.method != "POST":
        return "method"
    return "success" if probe.session == "valid" else "refusal"


class Cover:
    """Which pairs of conditions were sent; bit masks, so that a plan costs milliseconds.

    A bit stands for one value of one factor; `open[bit]` holds the bits that have not yet been sent together with it.
    """

    def __init__(self, space: dict[str, tuple[str, ...]]) -> None:
        self.space = space
        self.bits = {(f, v): i for i, (f, v) in enumerate((f, v) for f, values in space.items() for v in values)}
        own = {f: sum(1 << self.bits[f, v] for v in values) for f, values in space.items()}
        everything = (1 << len(self.bits)) - 1
        self.open = {i: everything & ~own[f] for (f, _), i in self.bits.items()}
        no_body = 1 << self.bits["body", "none"]
        for method in space["method"]:
            if method != "POST":  # a body is only ever sent with POST
                self.open[self.bits["method", method]] &= ~(own["body"] & ~no_body)
                for body in space["body"]:
                    if body != "none":
                        self.open[self.bits["body", body]] &= ~(1 << self.bits["method", method])

    def row(self, probe: Probe, after: str) -> dict[str, str]:
        """The probe as one value for every factor."""
        row = {f: values[0] for f, values in self.space.items()}
        row |= {"method": probe.method, "session": probe.session, "body": probe.body, "query": probe.query, "after": after}
        row["overlap"] = "overlapping" if probe.overlaps else "alone"
        row |= {f"header:{name}": value for name, value in probe.headers}
        return row

    def take(self, row: dict[str, str]) -> None:
        """Mark all pairs of the row as sent."""
        bits = [self.bits[item] for item in row.items() if item in self.bits]
        mask = sum(1 << b for b in bits)
        for b in bits:
            self.open[b] &= ~mask

    def gain(self, bit: int, mask: int) -> int:
        """How many pairs not yet sent a value would make with the values in the mask."""
        return (self.open[bit] & mask).bit_count()

    @property
    def missing(self) -> int:
        """How many pairs have not been sent."""
        return sum(m.bit_count() for m in self.open.values()) // 2


def plan(*, expired: bool, seed: int = 0, document: Document | None = None) -> Iterator[Probe]:
    """The pass: the named probes, then mixed ones until every pair was sent. Deterministic for a seed."""
    cover = Cover(factors(document or load(), expired=expired))
    after, held = "start", ""
    for probe in named(expired=expired):
        # Both of two overlapping requests come after the same thing.
        before = held or after
        cover.take(cover.row(probe, before))
        held = after if probe.overlaps and not held else ""
        after = _expected(probe)
        yield probe
    yield from mixed(cover, after, random.Random(seed))


def mixed(cover: Cover, after: str, rng: random.Random) -> Iterator[Probe]:
    """Rows that greedily cover what is missing, until nothing is."""
    number = 0
    while cover.missing:
        first = _best(cover, after, rng, overlap=None)
        rows = [first]
        cover.take(first)
        if first["overlap"] == "overlapping":
            second = _best(cover, after, rng, overlap="overlapping")
            cover.take(second)
            rows.append(second)
        for row in rows:
            number += 1
            probe = _probe(row, number)
            after = _expected(probe)
            yield probe


def _best(cover: Cover, after: str, rng: random.Random, *, overlap: str | None) -> dict[str, str]:
    """The best of some rows, each built value by value, the choice with the largest gain first."""
    space = cover.space
    best: tuple[tuple[int, int], dict[str, str]] = ((-9, 0), {})
    starts = [(m, s, b, o) for m in space["method"] for s in space["session"] for b in space["body"] for o in space["overlap"]]
    for method, session, body, overlaps in starts:
        if (method != "POST" and body != "none") or (overlap and overlap != overlaps):
            continue
        row = {"after": after, "method": method, "session": session, "body": body, "overlap": overlaps}
        mask = sum(1 << cover.bits[item] for item in row.items())
        total = sum(cover.gain(cover.bits[item], mask) for item in row.items()) // 2
        rest = [f for f in space if f not in row]
        rng.shuffle(rest)
        for factor in rest:
            values = [*space[factor]]
            if factor.startswith("header:"):
                rng.shuffle(values)
            gains = [cover.gain(cover.bits[factor, v], mask) for v in values]
            most = max(range(len(values)), key=gains.__getitem__)
            row[factor] = values[most]
            mask |= 1 << cover.bits[factor, values[most]]
            total += gains[most]
        # Overlapping requests come in twos, alike or not: no more of them than bring something.
        total = 2 * total - (overlaps == "overlapping")
        # Among equals, the one that opens most pairs for what comes after it.
        next_after = cover.open[cover.bits["after", _expected(_probe(row, 0))]].bit_count()
        score = (total, next_after)
        if score > best[0]:
            best = (score, row)
    return best[1]


def _probe(row: dict[str, str], number: int) -> Probe:
    headers: Sequence[tuple[str, str]] = [(f[7:], v) for f, v in row.items() if f.startswith("header:") and v != OUT]
    return Probe(
        f"mixed {number}",
        row["method"],
        row["session"],
        tuple(sorted(headers)),
        row["body"],
        row.get("query", "none"),
        row.get("overlap") == "overlapping",
    )
