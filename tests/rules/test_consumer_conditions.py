"""What each condition of a consumer rule is there for: an outcome that it alone decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.model.answers import json_answer
from contracts.model.outcome import Call, Outcome
from contracts.model.scenario import Scenario, success_body
from tests.rules.test_consumer import DONE, NEW, REFUSED, SAYS_FALSE, SILENT, URL, at_once, json_of, outcome, said, sent
from tests.rules.test_consumer_edges import words


def ended(scenario: Scenario, how: str, *times: float) -> Outcome:
    """A call that ended so at each of some times."""
    o = outcome(replace(scenario, calls=len(times)))
    return replace(o, calls=tuple(Call(how, at, error="NotRefreshed: no") for at in times))


CASES: list[tuple[str, str, str, list[Outcome]]] = [
    ("failure-fires-once", "ok", "it fired before too", [outcome(REFUSED), outcome(REFUSED)]),
    ("gives-up-in-the-end", "breach", "pending, though it was last seen early", [outcome(SILENT, "pending", at=1.0)]),
    ("gives-up-in-the-end", "breach", "one of two gave up", [ended(SILENT, "rejected", 1.0, 10.0)]),
    ("gives-up-in-the-end", "breach", "the other of two gave up", [ended(SILENT, "rejected", 10.0, 1.0)]),
    ("settles-when-it-is-over", "breach", "one of two was late", [ended(REFUSED, "rejected", 0.1, 5.5)]),
    ("settles-when-it-is-over", "breach", "the other of two was late", [ended(REFUSED, "rejected", 5.5, 0.1)]),
]


@pytest.mark.parametrize(
    ("rule", "wanted", "outcomes"),
    [pytest.param(rule, wanted, outcomes, id=f"{rule}: {name}") for rule, wanted, name, outcomes in CASES],
)
def test_condition(rule: str, wanted: str, outcomes: list[Outcome]) -> None:
    """What a rule says of the last of some outcomes."""
    assert said(rule, *outcomes) == wanted


@pytest.mark.parametrize(
    ("value", "body"),
    [(5, [1]), ("a", ["a"]), ({"a": 1}, ["a"]), ({"a"}, ["a"]), (5, {"a": 1}), (["a"], {"a": 1}), (None, 1), ("1", True)],
)
def test_another_kind_of_value_is_not_that_of_the_body(value: Any, body: Any) -> None:
    """However alike they look."""
    scenario = Scenario("x", json_answer(200, {**success_body(NEW), "x": body}))
    assert said("success-resolves-with-body", outcome(scenario, value={**json_of(scenario), "x": value})) == "breach"


def test_the_endpoint_is_named_as_it_was_called() -> None:
    """Its path may be another than the document's."""
    elsewhere = sent(DONE, method="GET")
    elsewhere = replace(elsewhere, request=replace(elsewhere.request, url=URL.replace("/auth/", "/api/")))
    assert words("sends-post-without-body", outcome(DONE, exchanges=(elsewhere,))) == (
        "POST /api/refresh, no query, no body",
        "success-200: GET /api/refresh, 0 bytes of body",
    )


def test_a_token_that_a_failure_gave_is_not_taken() -> None:
    """Though it looks like one."""
    assert words("failure-keeps-token", outcome(SAYS_FALSE, token_after=NEW)) == (
        "the old token",
        f"{SAYS_FALSE.name}: afterwards it is the token of the answer",
    )


def test_calls_at_the_same_moment_all_settle() -> None:
    """One that is pending is told of, however many are not."""
    o = outcome(at_once(REFUSED), ["rejected", "rejected", "pending", "rejected", "rejected"])
    assert words("settles-when-it-is-over", o) == (
        "settled at most 5 s after the exchange has ended",
        "error-401: one call still pending; the exchange was over at 0.0 s",
    )
