"""The strategies for answers make what they promise. JSON Schema and a strict reader say so here, not the rules under test."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.consumer.strategies import conforming_answers, documented_errors, successes
from contracts.model.answers import Answer
from contracts.model.document import load
from contracts.provider.mock import RefreshMock
from tests.kit.violations import BREAKERS, Violation, violating_answers

SHAPE_RULES = (
    "success-is-boolean",
    "status-is-number",
    "success-flag-is-truthful",
    "error-has-object",
)
RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def within_reach(number: str) -> float:
    if math.isinf(float(number)):
        raise ValueError(f"{number} is beyond reach")
    return float(number)


def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("duplicate members")
    return dict(pairs)


def strictly(raw: bytes) -> Any:
    """Read JSON as RFC 8259 defines it. ValueError or RecursionError: it is no strict JSON."""
    value = json.loads(
        raw.decode("utf-8"),
        parse_constant=no_constant,
        parse_float=within_reach,
        object_pairs_hook=no_duplicates,
    )
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate cannot be written
    return value


def labelled(answer: Answer) -> str:
    return next((value for name, value in answer.headers if name.lower() == "content-type"), "")


@RELAXED
@given(conforming_answers())
def test_conforming_answers_keep_the_schema_on_the_wire(answer: Answer) -> None:
    """Every conforming answer is strict JSON that is labelled so, mirrors the HTTP status and keeps its schema."""
    body = strictly(answer.body)
    assert labelled(answer).lower().startswith("application/json")
    assert body["status"] == answer.status
    load().validator_for(answer.status).validate(body)


@RELAXED
@given(successes(token=True), successes(token=False), documented_errors())
def test_kinds_of_conforming_answers(with_token: Answer, without: Answer, refused: Answer) -> None:
    """A success has a usable token or none, as the caller wants, and an error has a status of 400 or more."""
    assert json.loads(with_token.body)["data"]["token"].strip()
    assert "token" not in json.loads(without.body).get("data", {})
    assert 400 <= refused.status <= 599
    assert json.loads(refused.body)["success"] is False


@pytest.mark.parametrize("rule", BREAKERS)
def test_each_breaker_names_a_rule_of_the_document(rule: str) -> None:
    """Each breaker is named after a MUST of the document."""
    assert load().rules[rule].level == "MUST"


@pytest.mark.parametrize("rule", SHAPE_RULES)
@RELAXED
@given(data=st.data())
def test_violations_of_the_shape_are_refused_by_the_schema(rule: str, data: st.DataObject) -> None:
    """An answer that breaks the shape is strict JSON, and the schema of its HTTP status refuses it."""
    answer, broken = data.draw(violating_answers(rule))
    assert broken == rule
    assert not load().validator_for(answer.status).is_valid(strictly(answer.body))


@RELAXED
@given(violating_answers("body-is-strict-json", "body-is-utf8"))
def test_violations_on_the_wire_cannot_be_read_strictly(violation: Violation) -> None:
    """A strict reader refuses an answer that breaks the wire format, unless only its charset is labelled wrongly."""
    if "iso-8859-1" in labelled(violation.answer):
        return
    with pytest.raises((ValueError, RecursionError)):
        strictly(violation.answer.body)


WIRE: dict[str, Callable[[Answer], bool]] = {
    "content-type-is-json": lambda answer: labelled(answer).partition(";")[0].lower() != "application/json",
    # Where the document has a range of statuses, its schema cannot know which one HTTP said.
    "status-mirrors-http": lambda answer: json.loads(answer.body)["status"] != answer.status,
    "no-redirect": lambda answer: 300 <= answer.status < 400 and "Location" in dict(answer.headers),
    "status-in-enum": lambda answer: (
        answer.status not in load().success_statuses or json.loads(answer.body)["status"] not in load().success_statuses
    ),
}


@pytest.mark.parametrize("rule", WIRE)
@RELAXED
@given(data=st.data())
def test_violations_outside_the_schema(rule: str, data: st.DataObject) -> None:
    """An answer that breaks a rule no schema of a body can check is wrong in its HTTP status or its headers."""
    assert WIRE[rule](data.draw(violating_answers(rule)).answer)


def test_breakers_are_all_cross_checked() -> None:
    """Every breaker has a check of its own in this file."""
    assert set(BREAKERS) == {*SHAPE_RULES, *WIRE, "body-is-strict-json", "body-is-utf8"}


@RELAXED
@given(st.one_of(conforming_answers(), violating_answers().map(lambda violation: violation.answer)))
def test_mock_gives_each_answer_as_it_is(answer: Answer) -> None:
    """The mock gives every answer that was drawn, byte by byte."""
    mock = RefreshMock()
    mock.answer(answer)
    given_back = mock.handler(httpx.Request("POST", "https://store.example" + mock.path))
    assert (given_back.status_code, given_back.content) == (answer.status, answer.body)
    sent = [(name.lower(), value) for name, value in answer.headers]
    assert given_back.headers.multi_items()[: len(sent)] == sent
