"""Probes: which requests one polite pass sends, and in which order.

First the named probes, most telling first; each condition stands alone before it is mixed. Then as many mixed ones as it takes
until every pair of conditions was sent together, the telling ones within logged-in requests. The conditions come from the
document: its headers with their example values, present and absent.
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
}
QUERIES: Final = {"none": "", "unknown": "probe=1", "language": "lang=ar&page=2"}
UNDOCUMENTED: Final = {
    "x-probe": ("1", "اختبار".encode().decode("latin-1")),
    "x-long": ("x" * 4000, "y" * 1500),
}
WITH_BODY: Final = ("POST", "PUT", "PATCH")  # methods that a body is sent with
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
        found = {(f"header:{name}", v if len(v) < 60 else f"{v[:8]}… ({len(v)} bytes)") for name, v in self.headers}
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
    """All headers that the SDK sends: 0 with their first example values, 1 with the second, from 2 on in changing mixtures."""
    headers = load().headers.items()
    if which < 2:
        return tuple((name, values[which]) for name, values in headers)
    turn, flip = divmod(which - 2, 2)
    return tuple((name, values[(number >> turn & 1) ^ flip]) for number, (name, values) in enumerate(headers))


def named(*, expired: bool) -> tuple[Probe, ...]:
    """The probes whose order was chosen by hand: what is probed alone stands alone, the rest varies the headers too."""
    sdk, other, mixtures = sdk_headers(0), sdk_headers(1), [sdk_headers(n) for n in range(2, 10)]
    unknown, long = [((name, value),) for name, (value, _) in UNDOCUMENTED.items()]
    probes = [
        Probe("bare"),
        Probe("no session", session="none"),
        Probe("bare, after a refusal"),
        Probe("as the SDK sends it", headers=sdk),
        Probe("GET", method="GET"),
        Probe("bare, after another method"),
        Probe("made-up session, as the SDK sends it", session="made-up", headers=sdk),
        Probe("two at once", overlaps=True),
        Probe("two at once", overlaps=True),
        Probe("other header values", headers=other),
        Probe("empty session", session="empty", headers=mixtures[0]),
        Probe("no session, after a refusal", session="none", headers=other),
        Probe("a body nobody asked for", body="json"),
        Probe("bare, repeated"),
        Probe("a query", query="unknown"),
        Probe("an unknown header", headers=unknown),
        Probe("PUT", method="PUT", headers=sdk, body="json"),
        Probe("by script", headers=tuple(pair for pair in sdk if pair[0] == "x-requested-with")),
        Probe("in Arabic", headers=tuple(pair for pair in sdk if pair[0] == "accept-language")),
        Probe("a form nobody asked for", body="form", headers=mixtures[1]),
        Probe("HEAD", method="HEAD", headers=(*mixtures[2], *unknown), query="unknown"),
        Probe("a long header", headers=long),
        Probe("DELETE", method="DELETE", headers=(*mixtures[3], *long), query="language"),
        Probe("PATCH", method="PATCH", headers=(*mixtures[4], *long), query="unknown", body="form"),
        Probe("OPTIONS", method="OPTIONS", headers=(*mixtures[5], *unknown), query="language"),
        Probe("two at once, as the SDK sends it", headers=(*mixtures[6], *long), query="unknown", overlaps=True),
        Probe("two at once, as the SDK sends it", headers=(*mixtures[7], *unknown), query="language", overlaps=True),
    ]
    if expired:
        probes.insert(14, Probe("an expired session", session="expired"))
    return tuple(probes)


def _expected(probe: Probe) -> str:
    """What a conforming endpoint makes of the probe: the `after` of the next one."""
    if probe.method != "POST":
        return "method"
    return "success" if probe.session == "valid" else "refusal"


class Cover:
    """Which pairs of conditions were sent; bit masks, so that a plan costs milliseconds.

    A bit stands for one value of one factor; `open[bit]` holds the bits that have not yet been sent together with it. A fault
    that needs a logged-in customer hides behind a third condition, so `inner` counts pairs within logged-in requests once more:
    every two header values in a bare POST; a header or a query with a body, with an overlap, and with each other method.
    """

    def __init__(self, space: dict[str, tuple[str, ...]]) -> None:
        self.space = space
        self.bits = {(f, v): i for i, (f, v) in enumerate((f, v) for f, values in space.items() for v in values)}
        own = {f: sum(1 << self.bits[f, v] for v in values) for f, values in space.items()}
        usual = {f: 1 << self.bits[f, values[0]] for f, values in space.items()}
        everything = (1 << len(self.bits)) - 1
        self.open = {i: everything & ~own[f] for (f, _), i in self.bits.items()}
        bodiless = sum(1 << self.bits["method", m] for m in space["method"] if m not in WITH_BODY)
        self._drop(self.open, own["body"] & ~usual["body"], bodiless)
        extras = [f for f in space if f.startswith("header:") or f == "query"]
        present = sum(own[f] & ~usual[f] for f in extras)
        special = sum(own[f] & ~usual[f] for f in ("method", "body", "overlap"))
        self.inner = dict.fromkeys(self.open, 0)
        for (factor, value), i in self.bits.items():
            if factor in extras:
                self.inner[i] = sum(own[f] for f in extras if f != factor) | (special if value != space[factor][0] else 0)
            elif special >> i & 1:
                self.inner[i] = present
        self._present = {i: own[f] & ~usual[f] for (f, _), i in self.bits.items() if f in extras}

    @staticmethod
    def _drop(table: dict[int, int], left: int, right: int) -> None:
        for i in table:
            if left >> i & 1:
                table[i] &= ~right
            if right >> i & 1:
                table[i] &= ~left

    def row(self, probe: Probe, after: str) -> dict[str, str]:
        """The probe as one value for every factor."""
        row = {f: values[0] for f, values in self.space.items()}
        row |= {"method": probe.method, "session": probe.session, "body": probe.body, "query": probe.query, "after": after}
        row["overlap"] = "overlapping" if probe.overlaps else "alone"
        row |= {f"header:{name}": value for name, value in probe.headers}
        return row

    def reach(self, row: dict[str, str]) -> int:
        """The bits whose inner pairs such a row can bring: all in a bare POST, else those of its body or its method."""
        if row["session"] != self.space["session"][0]:
            return 0
        for factor in ("method", "body"):
            if row[factor] != self.space[factor][0]:
                return 1 << self.bits[factor, row[factor]]
        return (1 << len(self.bits)) - 1

    def take(self, row: dict[str, str]) -> None:
        """Mark all pairs of the row as sent."""
        bits = [self.bits[item] for item in row.items() if item in self.bits]
        mask = sum(1 << b for b in bits)
        reach = self.reach(row)
        for b in bits:
            self.open[b] &= ~mask
            self.inner[b] &= ~self._within(b, mask, reach)
        if row["method"] != self.space["method"][0] and reach:  # that a header is there is enough for another method
            there = sum(self._present.get(b, 0) for b in bits if self._present.get(b, 0) >> b & 1)
            self._drop(self.inner, reach, there)

    def gain(self, bit: int, mask: int, reach: int) -> int:
        """How many pairs not yet sent a value would make with the values in the mask."""
        return (self.open[bit] & mask).bit_count() + (self.inner[bit] & self._within(bit, mask, reach)).bit_count()

    @staticmethod
    def _within(bit: int, mask: int, reach: int) -> int:
        """The part of a row whose inner pairs with a bit count."""
        return mask if reach >> bit & 1 else mask & reach

    @property
    def missing(self) -> int:
        """How many pairs have not been sent."""
        return sum(m.bit_count() for table in (self.open, self.inner) for m in table.values()) // 2


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
    number = idle = 0
    while (missing := cover.missing) and idle < 8:  # a pair that cannot be had must not keep the pass alive
        first = _best(cover, after, rng, overlap=None)
        rows = [first]
        cover.take(first)
        if first["overlap"] == "overlapping":
            second = _best(cover, after, rng, overlap="overlapping")
            cover.take(second)
            rows.append(second)
        idle = idle + 1 if cover.missing == missing else 0
        for row in rows:
            number += 1
            probe = _probe(row, number)
            after = _expected(probe)
            yield probe


def _best(cover: Cover, after: str, rng: random.Random, *, overlap: str | None) -> dict[str, str]:
    """The best of some rows, each built value by value, the choice with the largest gain first."""
    space = cover.space
    best: tuple[tuple[int, int], dict[str, str]] = ((-9, 0), {})
    starts = [
        {"after": after, "method": m, "session": s, "body": b, "overlap": o}
        for m in space["method"]
        for s in space["session"]
        for b in space["body"]
        for o in ([overlap] if overlap else space["overlap"])
        if b == space["body"][0] or m in WITH_BODY
    ]
    for row in starts:
        overlaps = row["overlap"]
        mask = sum(1 << cover.bits[item] for item in row.items())
        reach = cover.reach(row)
        total = sum(cover.gain(cover.bits[item], mask, reach) for item in row.items()) // 2
        rest = [f for f in space if f not in row]
        rng.shuffle(rest)
        for factor in rest:
            values = [*space[factor]]
            if factor.startswith("header:"):
                rng.shuffle(values)
            gains = [cover.gain(cover.bits[factor, v], mask, reach) for v in values]
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
