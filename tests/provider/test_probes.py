"""The plan of the polite pass: which pairs it covers, in which order, and where its conditions come from."""

from __future__ import annotations

import copy
import itertools

import pytest

from contracts.model.document import Document, load
from contracts.provider.probes import BODIES, QUERIES, Probe, factors, plan
from contracts.settings import Settings

FIRST = [
    "bare",
    "no session",
    "bare, after a refusal",
    "as the SDK sends it",
    "GET",
    "bare, after another method",
    "made-up session, as the SDK sends it",
    "two at once",
    "two at once",
    "other header values",
    "empty session",
    "no session, after a refusal",
]

expired = pytest.mark.parametrize("expired", [False, True], ids=["no expired session", "an expired session"])
Pair = frozenset[tuple[str, str]]


def came_as(probe: Probe) -> str:
    """What a conforming endpoint makes of a probe."""
    if probe.method != "POST":
        return "method"
    return "success" if probe.session == "valid" else "refusal"


def groups(probes: list[Probe]) -> list[list[Probe]]:
    """The probes as they are sent: one by one, or two at once."""
    found, rest = [], iter(probes)
    for probe in rest:
        found.append([probe, next(rest)] if probe.overlaps else [probe])
    return found


def sent(probes: list[Probe], space: dict[str, tuple[str, ...]]) -> set[Pair]:
    """All pairs of conditions that were sent together."""
    pairs: set[Pair] = set()
    after = "start"
    for group in groups(probes):
        for probe in group:
            headers = dict(probe.headers)
            row = {
                "method": probe.method,
                "session": probe.session,
                "after": after,
                "overlap": "overlapping" if probe.overlaps else "alone",
                "body": probe.body,
                "query": probe.query,
                **{f: headers.get(f.removeprefix("header:"), "") for f in space if f.startswith("header:")},
            }
            pairs |= {frozenset(pair) for pair in itertools.combinations(row.items(), 2)}
        after = came_as(group[-1])
    return pairs


def wanted(space: dict[str, tuple[str, ...]]) -> set[Pair]:
    """All pairs there are; a body goes with POST alone."""
    pairs = {
        frozenset([(one, a), (other, b)])
        for (one, values), (other, more) in itertools.combinations(space.items(), 2)
        for a in values
        for b in more
    }
    bodies = {("body", body) for body in BODIES if body != "none"}
    methods = {("method", method) for method in space["method"] if method != "POST"}
    return {pair for pair in pairs if not (pair & bodies and pair & methods)}


@expired
def test_every_pair_is_covered_within_the_default_budget(expired: bool) -> None:
    """Counted without the planner's own book-keeping, no pair of conditions is missing, and the default budget is enough."""
    space = factors(load(), expired=expired)
    probes = list(plan(expired=expired))
    missing = wanted(space) - sent(probes, space)
    assert not missing, sorted(map(sorted, missing))[:5]
    assert len(probes) <= Settings().max_requests


@expired
@pytest.mark.parametrize("seed", [0, 3])
def test_every_session_is_refused_with_every_extra(expired: bool, seed: int) -> None:
    """In a POST, where it has to be refused; another method is refused whoever asks."""
    space = factors(load(), expired=expired)
    extras = {f: values for f, values in space.items() if f.startswith("header:") or f == "query"}
    posted = [probe for probe in plan(expired=expired, seed=seed) if probe.method == "POST"]
    for session in space["session"]:
        for factor, values in extras.items():
            own = [p for p in posted if p.session == session]
            sent = {p.query if factor == "query" else dict(p.headers).get(factor[7:], "") for p in own}
            assert sent >= set(values), (session, factor)


@pytest.mark.parametrize("seed", [1, 7, 2**32])
def test_every_seed_covers_every_pair(seed: int) -> None:
    """Another seed mixes otherwise and misses nothing."""
    space = factors(load(), expired=True)
    probes = list(plan(expired=True, seed=seed))
    assert not wanted(space) - sent(probes, space)
    assert len(probes) <= Settings().max_requests


def test_conditions_are_what_the_contract_names() -> None:
    """Methods, sessions, what came before, overlap, body, query, and every documented header in and out with two values."""
    space = factors(load(), expired=True)
    assert space["session"] == ("valid", "none", "empty", "made-up", "expired")
    assert space["after"] == ("success", "refusal", "method")
    assert space["query"] == tuple(QUERIES)
    for name in load().headers:
        assert space[f"header:{name}"][0] == ""
        assert len(space[f"header:{name}"]) >= 3, name
    assert "expired" not in factors(load(), expired=False)["session"]


def test_plan_is_the_same_for_a_seed() -> None:
    """A run can be run again."""
    assert list(plan(expired=True, seed=5)) == list(plan(expired=True, seed=5))
    assert list(plan(expired=True, seed=5)) != list(plan(expired=True, seed=6))


@expired
def test_the_most_telling_probes_come_first(expired: bool) -> None:
    """The first twelve are the ones chosen by hand, whatever the seed."""
    assert [probe.name for probe in plan(expired=expired, seed=9)][:12] == FIRST


@expired
def test_overlapping_probes_come_in_twos(expired: bool) -> None:
    """An overlapping probe never stands without a partner."""
    for group in groups(list(plan(expired=expired))):
        assert len({probe.overlaps for probe in group}) == 1
        assert len(group) == 1 + group[0].overlaps


@expired
def test_each_condition_stands_alone_before_it_is_mixed(expired: bool) -> None:
    """An expired session and every kind of extra are named probes of their own."""
    named = [probe for probe in plan(expired=expired) if not probe.name.startswith("mixed")]
    sessions = {probe.session for probe in named}
    assert ("expired" in sessions) is expired
    alone = {name.partition(":")[0] for probe in named if len(probe.conditions) == 1 for name, _ in probe.conditions}
    assert alone == {"header", "body", "query"}


def test_headers_come_from_the_document() -> None:
    """A header that is added to the document is varied without a change of code."""
    raw = copy.deepcopy(load().raw)
    raw["components"]["parameters"]["Branch"] = {
        "name": "X-Branch",
        "in": "header",
        "schema": {"type": "string"},
        "examples": {"one": {"value": "riyadh"}, "two": {"value": "jeddah"}},
    }
    operation = raw["paths"][load().path]["post"]
    operation["parameters"].append({"$ref": "#/components/parameters/Branch"})
    changed = Document(raw, "changed")
    space = factors(changed, expired=True)
    assert space["header:x-branch"] == ("", "riyadh", "jeddah")
    probes = list(plan(expired=True, document=changed))
    assert {value for probe in probes for name, value in probe.headers if name == "x-branch"} == {"riyadh", "jeddah"}
    assert not wanted(space) - sent(probes, space)
