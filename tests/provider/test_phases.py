"""The phases: what each of them sends, and how they share a budget."""

from __future__ import annotations

import jsonschema_rs
import pytest
import schemathesis

from contracts.judge import judge_provider
from contracts.model.document import load
from contracts.model.limits import CAUSE_REQUESTS, LEAST_GENERATED, MAX_REQUESTS
from contracts.provider.mock import RefreshMock
from contracts.provider.phases.generated import covered, covering
from contracts.provider.phases.named import is_common, shared_plan
from contracts.provider.probes import Probe
from contracts.provider.target import Target
from contracts.rules.judgement import ProviderJudgement
from tests.kit.replays import again


def judged(budget: int, *, expired: bool = True, **how: object) -> ProviderJudgement:
    """What the gate says of the mock, in which nothing is wrong that would be shrunk."""
    mock = RefreshMock()
    target = Target.in_process(mock.handler, mock.session)
    target.expired_cookie = "session=old-session" if expired else None
    return judge_provider(target, budget=budget, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("expired", [False, True], ids=["no expired session", "an expired session"])
def test_each_generating_phase_gets_its_share_of_the_default_budget(expired: bool) -> None:
    """Schemathesis and Hypothesis send ten requests each, and what was kept for causes goes to the rest of the plan."""
    phases = judged(MAX_REQUESTS, expired=expired).phases
    assert list(phases) == ["named", "generated", "properties", "sessions", "causes"]
    assert phases["generated"] >= LEAST_GENERATED == 10
    assert phases["properties"] >= LEAST_GENERATED
    assert MAX_REQUESTS - CAUSE_REQUESTS < sum(phases.values()) <= MAX_REQUESTS


def test_a_small_budget_is_the_polite_pass_alone() -> None:
    """Thirty-one requests are all sent by the pass, whose first probes tell most."""
    assert judged(31).phases == {"named": 31, "generated": 0, "properties": 0, "sessions": 0, "causes": 0}


def test_the_polite_pass_alone_leaves_nothing_over() -> None:
    """Where no other phase follows, the pass sends its whole plan."""
    planned = len(list(shared_plan(expired=True, seed=0)))
    assert judged(MAX_REQUESTS, only=["named"]).phases == {"named": planned}


def test_hypothesis_sends_what_the_pass_left_over() -> None:
    """The first cases of Hypothesis carry the rest of the plan: its methods, sessions, bodies, queries and headers."""
    judgement = judged(MAX_REQUESTS)
    rest = list(shared_plan(expired=True, seed=0))[judgement.phases["named"] :]
    *exchanges, _ = judgement.observation.evidence.values()
    sent = [x for x in exchanges if x.index > judgement.phases["named"] + LEAST_GENERATED]
    rest.sort(key=is_common)
    assert rest
    for probe, exchange in zip(rest, sent, strict=False):
        assert exchange.situation.probe == probe.name
        assert (exchange.request.method, exchange.situation.session) == (probe.method, probe.session)
        assert exchange.situation.conditions >= probe.conditions


def test_generated_requests_cover_the_schema_of_each_parameter() -> None:
    """Every parameter is sent with each example, and one that has a pattern also with values that fit it and that do not."""
    document = load()
    operation = schemathesis.openapi.from_dict(document.raw)[document.path][document.method]
    probes = list(covering(document, operation))
    assert len(probes) <= LEAST_GENERATED
    for parameter in map(document.resolve, document.operation["parameters"]):
        name, schema = parameter["name"].lower(), parameter["schema"]
        inside, outside = sent(probes, name, misfits=False), sent(probes, name, misfits=True)
        assert inside >= {example["value"] for example in parameter["examples"].values()}
        assert inside | outside == set(covered(operation)[name])
        assert all(jsonschema_rs.is_valid(schema, value) for value in inside)
        assert not any(jsonschema_rs.is_valid(schema, value) for value in outside)
        assert len(inside) > 2
        assert bool(outside) == ("pattern" in schema)


def sent(probes: list[Probe], name: str, *, misfits: bool) -> set[str]:
    """The values that some probes have for a header."""
    return {value for probe in probes if probe.misfits is misfits for key, value in probe.headers if key == name}


def test_a_recording_says_how_many_requests_each_phase_sent() -> None:
    """What each phase sent is part of the evidence."""
    judgement = judged(30)
    replayed, _ = again(judgement)
    assert isinstance(replayed, ProviderJudgement)
    assert replayed.phases == judgement.phases
