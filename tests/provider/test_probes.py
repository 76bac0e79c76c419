"""The plan of the polite pass: which pairs it covers, in which order, and where its conditions come from."""

from __future__ import annotations

import copy
import itertools

import pytest

from contracts.model.document import Document, load
from contracts.model.limits import MAX_REQUESTS
from contracts.provider.bodies import BODIES
from contracts.provider.plan import plan
from contracts.provider.probes import NOT_SENT, QUERIES, Probe, dimensions, in_groups
from contracts.rules.traits import HEADER

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
Space = dict[str, tuple[str, ...]]
Pair = frozenset[tuple[str, str]]


def value_of(probe: Probe, dimension: str) -> str:
    """The value that a probe has for a header or for the query."""
    return probe.query if dimension == "query" else dict(probe.headers).get(dimension.removeprefix(HEADER), NOT_SENT)


def expected_result(probe: Probe) -> str:
    """How a conforming endpoint answers a probe."""
    if probe.method != "POST":
        return "method"
    return "success" if probe.session == "valid" else "refusal"


def extras(space: Space) -> Space:
    """The headers and the query, with their values."""
    return {dimension: values for dimension, values in space.items() if dimension.startswith(HEADER) or dimension == "query"}


def sent_pairs(probes: list[Probe], space: Space) -> set[Pair]:
    """All pairs of conditions that were sent together."""
    pairs: set[Pair] = set()
    after = "start"
    for group in in_groups(iter(probes)):
        for probe in group:
            row = {
                "method": probe.method,
                "session": probe.session,
                "after": after,
                "overlap": "overlapping" if probe.overlaps else "alone",
                "body": probe.body,
                **{dimension: value_of(probe, dimension) for dimension in extras(space)},
            }
            pairs |= {frozenset(pair) for pair in itertools.combinations(row.items(), 2)}
        after = expected_result(group[-1])
    return pairs


def all_pairs(space: Space) -> set[Pair]:
    """All pairs of conditions, except those of a body with another method than POST."""
    conditions = [[(dimension, value) for value in values] for dimension, values in space.items()]
    pairs = {
        frozenset(pair) for some, others in itertools.combinations(conditions, 2) for pair in itertools.product(some, others)
    }
    bodies = {("body", body) for body in BODIES if body != "none"}
    methods = {("method", method) for method in space["method"] if method != "POST"}
    return {pair for pair in pairs if not (pair & bodies and pair & methods)}


@pytest.mark.parametrize(("expired", "seed"), [(False, 0), (True, 0), (True, 1), (True, 7), (True, 2**32)])
def test_every_pair_is_covered_within_the_default_budget(expired: bool, seed: int) -> None:
    """No pair of conditions is missing, counted without the planner's own means, and the default budget is enough."""
    space = dimensions(load(), expired=expired)
    probes = list(plan(expired=expired, seed=seed))
    missing = all_pairs(space) - sent_pairs(probes, space)
    assert not missing, sorted(map(sorted, missing))[:5]
    assert len(probes) <= MAX_REQUESTS


@expired
@pytest.mark.parametrize("seed", [0, 3])
def test_every_session_is_refused_with_every_extra(expired: bool, seed: int) -> None:
    """Each kind of session is sent with each header and query in a POST, since only a POST has to be refused."""
    space = dimensions(load(), expired=expired)
    posts = [probe for probe in plan(expired=expired, seed=seed) if probe.method == "POST"]
    for session in space["session"]:
        for dimension, values in extras(space).items():
            sent = {value_of(probe, dimension) for probe in posts if probe.session == session}
            assert sent >= set(values), (session, dimension)


def test_conditions_are_what_the_contract_names() -> None:
    """The plan varies the session, what came before, the query, and each documented header, not sent or with two values."""
    space = dimensions(load(), expired=True)
    assert space["session"] == ("valid", "none", "empty", "made-up", "expired")
    assert space["after"] == ("success", "refusal", "method")
    assert space["query"] == tuple(QUERIES)
    for name in load().headers:
        assert space[f"header:{name}"][0] == ""
        assert len(space[f"header:{name}"]) >= 3, name
    assert "expired" not in dimensions(load(), expired=False)["session"]


def test_plan_is_the_same_for_a_seed() -> None:
    """The same seed gives the same plan, and another seed gives another one."""
    assert list(plan(expired=True, seed=5)) == list(plan(expired=True, seed=5))
    assert list(plan(expired=True, seed=5)) != list(plan(expired=True, seed=6))


@expired
def test_the_most_telling_probes_come_first(expired: bool) -> None:
    """The first twelve probes are those that were chosen by hand, whatever the seed."""
    assert [probe.name for probe in plan(expired=expired, seed=9)][:12] == FIRST


@expired
def test_overlapping_probes_come_in_twos(expired: bool) -> None:
    """An overlapping probe always has a partner that overlaps too."""
    for group in in_groups(plan(expired=expired)):
        assert len({probe.overlaps for probe in group}) == 1
        assert len(group) == 1 + group[0].overlaps


@expired
def test_each_condition_stands_alone_before_it_is_mixed(expired: bool) -> None:
    """Named probes try an expired session, a header, a body and a query, each without anything else that is unusual."""
    named = [probe for probe in plan(expired=expired) if not probe.name.startswith("mixed")]
    sessions = {probe.session for probe in named}
    assert ("expired" in sessions) is expired
    alone = {name.partition(":")[0] for probe in named if len(probe.conditions) == 1 for name, _ in probe.conditions}
    assert alone == {"header", "body", "query"}


def test_headers_come_from_the_document() -> None:
    """A header that is added to the document is varied without a change of the code."""
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
    space = dimensions(changed, expired=True)
    assert space["header:x-branch"] == ("", "riyadh", "jeddah")
    probes = list(plan(expired=True, document=changed))
    assert {value for probe in probes for name, value in probe.headers if name == "x-branch"} == {"riyadh", "jeddah"}
    assert not all_pairs(space) - sent_pairs(probes, space)
