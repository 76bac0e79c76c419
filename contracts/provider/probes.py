"""Probes: which requests one polite pass sends, and in which order.

First the named probes, most telling first; each condition stands alone before it is mixed. Then as many mixed ones as it takes
until every pair of conditions was sent together, the telling ones within logged-in requests. A budget that is larger than that
goes to repetitions. The conditions come from the document: its headers with their example values, present and absent.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from contracts.model.document import Document, load
from contracts.model.limits import POSTED

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
FIRST: Final = 12  # weight of a pair of method, session, body, overlap and order: only a row that begins so can have it
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
        Probe("bare, repeated"),
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
        probes.insert(16, Probe("an expired session", session="expired"))
    return tuple(probes)


def _came_as(method: str, session: str) -> str:
    """What a conforming endpoint makes of a probe: the `after` of the next one."""
    if method != "POST":
        return "method"
    return "success" if session == "valid" else "refusal"


class Cover:
    """Which pairs of conditions were sent; bit masks, so that a plan costs milliseconds.

    A bit stands for one value of one factor; `open[bit]` holds the bits that have not yet been sent together with it. A fault
    that needs a logged-in customer hides behind a third condition, so `inner` counts pairs within logged-in requests once more:
    every two header values in a bare POST; a header or a query with a body, with an overlap, and with each other method. And a
    session that is not good counts with a header or a query only in a POST, for it is a POST that has to be refused.
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
        self.extras = sum(own[f] for f in extras)
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
        hidden = self.hidden(row)
        for b in bits:
            unseen = self.extras if hidden >> b & 1 else hidden if self.extras >> b & 1 else 0
            self.open[b] &= ~(mask & ~unseen)
            self.inner[b] &= ~self._within(b, mask, reach)
        if row["method"] != self.space["method"][0] and reach:  # that a header is there is enough for another method
            there = sum(self._present.get(b, 0) for b in bits if self._present.get(b, 0) >> b & 1)
            self._drop(self.inner, reach, there)

    def hidden(self, row: dict[str, str]) -> int:
        """The bit that says who asks, where it does not count with a header or a query; in a POST it does."""
        return 0 if row["method"] == self.space["method"][0] else 1 << self.bits["session", row["session"]]

    def gains(self) -> list[int]:
        """For each bit what is missing with it, the inner pairs above the others, so that both are counted in one step."""
        return [self.open[i] | self.inner[i] << len(self.bits) for i in range(len(self.bits))]

    def masks(self, mask: int, reach: int) -> tuple[int, int]:
        """The values of a row as `gains` has them: as they count for a bit within reach, and for one that is not."""
        width = len(self.bits)
        return mask | mask << width, mask | (mask & reach) << width

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
        after = _came_as(probe.method, probe.session)
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
            after = _came_as(probe.method, probe.session)
            yield probe


def _best(cover: Cover, after: str, rng: random.Random, *, overlap: str | None) -> dict[str, str]:
    """The best of some rows, each built value by value, the choice with the largest gain first.

    Among equals, the one that opens most pairs for what comes after it.
    """
    space, bits, missing = cover.space, cover.bits, cover.gains()
    starts = [
        {"after": after, "method": m, "session": s, "body": b, "overlap": o}
        for m in space["method"]
        for s in space["session"]
        for b in space["body"]
        for o in ([overlap] if overlap else space["overlap"])
        if b == space["body"][0] or m in WITH_BODY
    ]
    rest = [f for f in space if f not in starts[0]]
    shuffled = {f: rng.sample(space[f], len(space[f])) if f.startswith("header:") else space[f] for f in rest}
    choices = [(f, [(bits[f, v], v) for v in values]) for f, values in shuffled.items()]
    best: tuple[tuple[int, int], dict[str, str]] = ((-9, 0), {})
    for row in starts:
        own = [bits[item] for item in row.items()]
        mask = sum(1 << b for b in own)
        reach = cover.reach(row)
        near, far = cover.masks(mask, reach)
        total = sum((missing[b] & (near if reach >> b & 1 else far)).bit_count() for b in own) // 2 * FIRST
        mask &= ~cover.hidden(row)
        near, far = cover.masks(mask, reach)
        rng.shuffle(choices)
        for factor, values in choices:
            most, which = -1, (0, "")
            for bit, value in values:
                gain = (missing[bit] & (near if reach >> bit & 1 else far)).bit_count()
                if gain > most:
                    most, which = gain, (bit, value)
            row[factor] = which[1]
            mask |= 1 << which[0]
            near, far = cover.masks(mask, reach)
            total += most
        # Overlapping requests come in twos, alike or not: no more of them than bring something.
        total = 2 * total - (row["overlap"] == "overlapping")
        if total >= best[0][0]:
            next_after = cover.open[bits["after", _came_as(row["method"], row["session"])]].bit_count()
            if (total, next_after) > best[0]:
                best = ((total, next_after), row)
    return best[1]


def repeats(*, expired: bool, seed: int = 0) -> Iterator[Probe]:
    """Probes without an end, for what fails now and then: every kind of them again and again, mixed by chance.

    `POSTED` of them are refreshes with POST; every fifth one is bare.
    """
    rng = random.Random(seed)
    headers = {**load().headers, **UNDOCUMENTED}
    strangers = SESSIONS[1:] if expired else SESSIONS[1:-1]
    for number in itertools.count(1):
        name, kind = f"repeat {number}", rng.random()
        if kind < 0.2:
            yield Probe(name)
            continue
        sent = rng.sample(list(headers), rng.randrange(len(headers) + 1))
        extras = tuple((header, rng.choice(headers[header])) for header in sent)
        query = rng.choice(list(QUERIES))
        if kind >= POSTED:
            yield Probe(name, method=rng.choice(METHODS[1:]), headers=extras, query=query)
        elif kind < 0.3:
            yield Probe(name, session=rng.choice(strangers), headers=extras, query=query)
        elif kind < 0.4:
            yield Probe(name, headers=extras, query=query, overlaps=True)
            yield Probe(name, headers=extras, query=query, overlaps=True)
        else:
            yield Probe(name, headers=extras, body=rng.choice(list(BODIES)), query=query)


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
