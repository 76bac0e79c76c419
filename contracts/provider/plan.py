"""The plan of the polite pass: which probes it sends, and in which order.

The probes that tell most come first, in an order chosen by hand; each condition stands alone before it is mixed with others. Then
come as many mixed probes as it takes until every pair of conditions was sent together. Where the budget is larger, the rest of it
goes to repetitions.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Final

from contracts.model.document import Document, load
from contracts.model.limits import POSTED
from contracts.provider.bodies import BODIES, ODD_BODIES
from contracts.provider.cover import Cover, Row, as_mask
from contracts.provider.probes import (
    METHODS,
    NOT_SENT,
    PREFLIGHT,
    QUERIES,
    SESSIONS,
    UNDOCUMENTED,
    WITH_BODY,
    Probe,
    dimensions,
    extra_headers,
    foreign_headers,
    sdk_headers,
)
from contracts.rules.traits import HEADER

LEADING_WEIGHT: Final = 12  # of a pair of method, session, body, overlap and order, which only few rows can bring
TRIES: Final = 5  # to improve a row: from itself, and from random values
FRUITLESS_ROUNDS: Final = 8  # after which the pass ends: a pair that cannot be sent must not keep it alive


def plan(*, expired: bool, other: bool = False, seed: int = 0, document: Document | None = None) -> Iterator[Probe]:
    """The named probes, then mixed ones until every pair was sent. The same seed gives the same plan.

    `expired` and `other`: whether there is a session that has expired, and whether there is a second customer.
    """
    cover = Cover(dimensions(document or load(), expired=expired))
    after, before_pair = "start", ""
    for probe in named_probes(expired=expired, other=other):
        if not probe.may_be_refused:  # a refusal would say nothing of what else was sent
            # Both of two overlapping requests come after the same thing.
            cover.mark_sent(cover.row(probe, before_pair or after))
        before_pair = after if probe.overlaps and not before_pair else ""
        after = _expected_result(probe.method, probe.session)
        yield probe
    yield from mixed_probes(cover, after, random.Random(seed))


def named_probes(*, expired: bool, other: bool = False) -> tuple[Probe, ...]:
    """The probes whose order was chosen by hand. What is probed alone stands alone; the rest varies the headers too."""
    sdk, second, mixtures = sdk_headers(0), sdk_headers(1), [sdk_headers(n) for n in range(2, 10)]
    unknown, more = (tuple((name, values[which]) for name, values in UNDOCUMENTED.items()) for which in (0, 1))
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
        Probe("other header values", headers=second),
        Probe("empty session", session="empty", headers=(*mixtures[0], *unknown), query="unknown"),
        Probe("no session, after a refusal", session="none", headers=(*second, *more), query="language"),
        Probe("a body nobody asked for", body="json"),
        Probe("bare, repeated"),
        Probe("bare, repeated"),
        Probe("bare, repeated"),
        Probe("a query", query="unknown"),
        Probe("an unknown header", headers=unknown[:1]),
        Probe("PUT", method="PUT", headers=(*sdk, *unknown), query="unknown", body="json"),
        Probe("by script", headers=tuple(pair for pair in sdk if pair[0] == "x-requested-with")),
        Probe("in Arabic", headers=tuple(pair for pair in sdk if pair[0] == "accept-language")),
        Probe("a form nobody asked for", body="form", headers=(*mixtures[1], *more), query="language"),
        Probe("from another origin", headers=foreign_headers()),
        Probe("HEAD", method="HEAD", headers=(*mixtures[2], *unknown), query="unknown"),
        Probe("a long header", headers=unknown[1:]),
        Probe("DELETE", method="DELETE", headers=(*mixtures[3], *unknown), query="language"),
        Probe("PATCH", method="PATCH", headers=(*mixtures[4], *unknown), query="unknown", body="form"),
        Probe("a preflight from another origin", method="OPTIONS", headers=(*foreign_headers(), *PREFLIGHT)),
        Probe("two at once, as the SDK sends it", headers=(*mixtures[6], *unknown), query="unknown", overlaps=True),
        Probe("two at once, as the SDK sends it", headers=(*mixtures[7], *more), query="language", overlaps=True),
        *(Probe(f"a body {name}", body=name) for name in ODD_BODIES),
    ]
    if other:
        probes[13:16] = by_turns()
        probes += at_once()
    if expired:
        probes.insert(16, Probe("an expired session", session="expired"))
    return tuple(probes)


def by_turns() -> list[Probe]:
    """Refreshes of two customers by turns, in place of three repetitions."""
    other = Probe("bare, as the second customer", other=True)
    return [other, Probe("bare, after another customer"), other]


def at_once() -> list[Probe]:
    """Refreshes of two customers that overlap, each of them first once."""
    first, other = Probe("two customers at once", overlaps=True), Probe("two customers at once", other=True, overlaps=True)
    return [first, other, other, first]


def mixed_probes(cover: Cover, after: str, rng: random.Random) -> Iterator[Probe]:
    """Probes that bring as many missing pairs as they can, until no pair is missing. `after` is what comes before the first."""
    number = fruitless = 0
    while (missing := cover.missing) and fruitless < FRUITLESS_ROUNDS:
        rows = [_improved(cover, _best_row(cover, after, rng, cover.dimensions["overlap"]), rng)]
        cover.mark_sent(rows[0])
        if rows[0]["overlap"] == "overlapping":
            rows.append(_improved(cover, _best_row(cover, after, rng, ("overlapping",)), rng))
            cover.mark_sent(rows[1])
        fruitless = fruitless + 1 if cover.missing == missing else 0
        for row in rows:
            number += 1
            yield _probe(row, f"mixed {number}")
        after = _expected_result(rows[-1]["method"], rows[-1]["session"])


def _best_row(cover: Cover, after: str, rng: random.Random, overlaps: Sequence[str]) -> Row:
    """Build one row for each start, value by value, each the one that brings most missing pairs; the row that brings most in all.

    Among equals, it is the row after whose result most pairs are missing.
    """
    dimensions, bit_of, gains = cover.dimensions, cover.bit_of, cover.gains()
    starts = [
        {"after": after, "method": method, "session": session, "body": body, "overlap": overlap}
        for method in dimensions["method"]
        for session in dimensions["session"]
        for body in dimensions["body"]
        for overlap in overlaps
        if body == dimensions["body"][0] or method in WITH_BODY
    ]
    rest = {d: values for d, values in dimensions.items() if d not in starts[0]}
    shuffled = {d: rng.sample(values, len(values)) if d.startswith(HEADER) else values for d, values in rest.items()}
    choices = [(d, [(bit_of[d, value], value) for value in values]) for d, values in shuffled.items()]
    best_score, best_row = (-9, 0), starts[0]
    for row in starts:
        bits = [bit_of[pair] for pair in row.items()]
        sent = as_mask(bits)
        scope = cover.logged_in_scope(row)
        inside, outside = cover.countable(sent, scope)
        total = sum((gains[bit] & (inside if scope >> bit & 1 else outside)).bit_count() for bit in bits) // 2 * LEADING_WEIGHT
        sent &= ~cover.ignored_session(row)
        inside, outside = cover.countable(sent, scope)
        rng.shuffle(choices)
        for dimension, values in choices:
            most, best_bit = -1, 0
            for bit, value in values:
                gain = (gains[bit] & (inside if scope >> bit & 1 else outside)).bit_count()
                if gain > most:
                    most, best_bit, row[dimension] = gain, bit, value
            sent |= 1 << best_bit
            inside, outside = cover.countable(sent, scope)
            total += most
        # Overlapping requests come in twos, alike or not: the plan has no more of them than bring something.
        total = 2 * total - (row["overlap"] == "overlapping")
        if total >= best_score[0]:
            missing_next = cover.unsent[bit_of["after", _expected_result(row["method"], row["session"])]].bit_count()
            if (total, missing_next) > best_score:
                best_score, best_row = (total, missing_next), row
    return best_row


def _improved(cover: Cover, row: Row, rng: random.Random) -> Row:
    """The row, or one with other headers and another query that brings more missing pairs."""
    free = [d for d in cover.dimensions if d.startswith(HEADER) or d == "query"]
    tries = [row, *({**row, **{d: rng.choice(cover.dimensions[d]) for d in free}} for _ in range(TRIES - 1))]
    return max((_climbed(cover, one, rng.sample(free, len(free))) for one in tries), key=lambda found: found[0])[1]


def _climbed(cover: Cover, row: Row, free: Sequence[str]) -> tuple[int, Row]:
    """The row after each of its `free` values was exchanged for a better one, until there is none; with how much it brings."""
    bit_of, gains = cover.bit_of, cover.gains()
    scope, row = cover.logged_in_scope(row), dict(row)
    sent = as_mask(bit_of[pair] for pair in row.items()) & ~cover.ignored_session(row)

    def gain(pair: tuple[str, str]) -> int:
        bit = bit_of[pair]
        inside, outside = cover.countable(sent & ~(1 << bit), scope)
        return (gains[bit] & (inside if scope >> bit & 1 else outside)).bit_count()

    before = None
    while before != row:
        before = dict(row)
        for d in free:
            sent &= ~(1 << bit_of[d, row[d]])
            row[d] = max((row[d], *cover.dimensions[d]), key=lambda value: gain((d, value)))
            sent |= 1 << bit_of[d, row[d]]
    return sum(map(gain, row.items())), row


def _expected_result(method: str, session: str) -> str:
    """How a conforming endpoint answers: what the next request comes after."""
    if method != "POST":
        return "method"
    return "success" if session == "valid" else "refusal"


def _probe(row: Row, name: str) -> Probe:
    headers = sorted((d.removeprefix(HEADER), value) for d, value in row.items() if d.startswith(HEADER) and value != NOT_SENT)
    return Probe(
        name, row["method"], row["session"], tuple(headers), row["body"], row["query"], overlaps=row["overlap"] == "overlapping"
    )


def repeats(*, expired: bool, seed: int = 0) -> Iterator[Probe]:
    """Random probes without an end, which repeat every kind of request to find what fails only now and then.

    The share `POSTED` of them are refreshes with POST, and every fifth one is bare.
    """
    rng = random.Random(seed)
    headers = extra_headers(load())
    strangers = SESSIONS[1:] if expired else SESSIONS[1:-1]
    for number in itertools.count(1):
        name, kind = f"repeat {number}", rng.random()
        if kind < 0.2:
            yield Probe(name)
            continue
        names = rng.sample(list(headers), rng.randrange(len(headers) + 1))
        extras = tuple((header, rng.choice(headers[header])) for header in names)
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
