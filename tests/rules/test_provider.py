"""The provider rules: their tables, how a breach is told, and that no answer at all makes them raise."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.consumer.strategies import conforming_answers
from contracts.model.answers import Answer
from contracts.model.document import load
from contracts.model.exchange import Exchange, Failure, Kind, Request, Response, Situation
from contracts.provider.customer import Customer
from contracts.provider.politeness import retry_after
from contracts.redaction.redactor import Redactor
from contracts.rules.engine import Evaluator
from contracts.rules.provider import RULE_SET
from contracts.rules.provider.base import shown
from tests.kit import judgements
from tests.kit.exchanges import LOST, NOW, URL, answer, exchange
from tests.kit.violations import Violation, violating_answers
from tests.rules.provider import TABLE

MUST = {rule.id for rule in load().rules.values() if rule.role == "provider" and rule.level == "MUST"}


def test_the_table_has_every_rule_with_all_it_can_say() -> None:
    """Each provider rule is seen to hold, to be broken and, unless it judges everything, to say nothing."""
    judgements.check_table(RULE_SET, TABLE, never_silent=["one-answer-in-time"])


@pytest.mark.parametrize(("rule_id", "row"), judgements.rows(TABLE))
def test_rule(rule_id: str, row: judgements.Row) -> None:
    """A rule holds for what keeps it, names what breaks it, and is silent on what is not its business."""
    judgements.check(RULE_SET, rule_id, row)


@pytest.mark.parametrize("rule_id", RULE_SET.judges)
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "OPTIONS"])
def test_no_answer_is_the_business_of_one_rule(rule_id: str, method: str) -> None:
    """A request without an answer breaks `one-answer-in-time`; the other rules are silent, whatever the method."""
    verdict = "breaks" if rule_id == "one-answer-in-time" else "silent"
    assert judgements.verdict(RULE_SET, rule_id, exchange(LOST, method)) == verdict


def test_a_breach_says_what_was_expected_and_what_was_there() -> None:
    """A finding carries both in words, and the number of the exchange."""
    found = Evaluator(RULE_SET).add(exchange(answer(success=False)))
    assert [(f.rule, f.expected, f.actual, f.exchange) for f in found] == [
        ("success-flag-is-truthful", "success: true with HTTP 200", "success is false", 1)
    ]


def test_ten_thousand_tokens_are_remembered() -> None:
    """The memory of tokens is large enough to see a repetition, and bounded."""
    evaluator = Evaluator(RULE_SET, ["token-is-new"])
    for number in range(10_002):
        evaluator.add(exchange(answer(200, b'{"status":200,"success":true,"data":{"token":"t%d"}}' % number)))
    assert len(evaluator.memory.tokens) == 10_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("تم", '"\\u062a\\u0645"'),
        ("x" * 78, f'"{"x" * 78}"'),
        ("x" * 79, f'"{"x" * 79}…'),
        ({1}, "set"),
        (float("inf"), "Infinity"),
    ],
    ids=["Arabic", "80 characters", "81 characters", "no JSON", "infinity"],
)
def test_values_are_shown_in_a_few_characters(value: object, text: str) -> None:
    """A value is shown as JSON in ASCII, in eighty characters at most; what is no JSON is shown by its type."""
    assert shown(value) == text


def test_a_value_without_an_end_is_shown_by_its_type() -> None:
    """A value that contains itself, or nests without an end, is shown by its type."""
    ring: list[object] = []
    ring.append(ring)
    assert shown(ring) == "list"
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert shown(deep) == "list"


# --- anything at all --------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(max_codepoint=255), max_size=60)
NAMES = st.sampled_from(
    ["content-type", "Content-Type", "retry-after", "set-cookie", "allow", "location", "cache-control", "authorization"]
)
BODIES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"[" * 50_000, b"9" * 5000, b'{"status": %s}' % (b"9" * 5000), b'{"data": {"token": "\\ud83d"}}']),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["status", "success", "data", "error", "token", "code", "message", "redirect_url"])
                | st.text(max_size=5),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
)
RESPONSES = st.builds(
    Response,
    st.one_of(st.sampled_from(range(100, 600)), st.integers(-1, 10_000)),
    st.lists(st.tuples(NAMES, TEXTS), max_size=5).map(tuple),
    BODIES,
    st.floats(0, 100),
)
FAILURES = st.builds(Failure, st.sampled_from(["timeout", "reset", "tls"]), TEXTS)
SITUATIONS = st.builds(
    Situation,
    st.just("any"),
    st.sampled_from(["valid", "none", "empty", "made-up", "expired", "unknown"]),
    st.sampled_from(["start", "success", "refusal", "method", "429", "failure"]),
    st.booleans(),
    st.frozensets(
        st.sampled_from([("header:currency", "USD"), ("body", "json"), ("query", "unknown"), ("after", "x"), ("overlap", "x")])
    ),
    st.booleans(),
)
ODD_DATES = tuple(("set-cookie", f"session=a; Expires={date}") for date in ("Mon, 01 Jan 0001 00:00:00 -2359", "²", "0 Jan", ""))
METHODS = st.sampled_from(["POST", "GET", "HEAD", "OPTIONS", "PROPFIND"])


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(st.tuples(METHODS, st.one_of(RESPONSES, FAILURES), SITUATIONS), min_size=1, max_size=4))
@example([("POST", Response(429, (("retry-after", "²"), ("set-cookie", "session=a; max-age=²"))), Situation())])
@example(
    [
        (
            "POST",
            Response(
                200, (("retry-after", "Mon, 01 Jan 0001 00:00:00 -2359"), ("set-cookie", "session=a; max-age=--5"), *ODD_DATES)
            ),
            Situation(),
        )
    ]
)
@example([("POST", answer(data={"token": "eyJ.4pyT.x"}), Situation())])
def test_nothing_that_a_server_says_raises(rows: list[tuple[str, Response | Failure, Situation]]) -> None:
    """Any status, headers and bytes are judged, classified, followed and shown without an exception."""
    evaluator, customer, redactor = Evaluator(RULE_SET), Customer.with_cookies("session=abcdefgh"), Redactor()
    for index, (method, response, situation) in enumerate(rows, 1):
        judged = Exchange(Request(method, URL), response, situation, index, NOW)
        found = evaluator.add(judged)
        assert judged.kind in Kind
        assert judged.as_predecessor in ("method", "failure", "success", "429", "refusal")
        redactor.learn_exchange(judged)
        if isinstance(response, Response):
            customer.update_from(response)
            assert retry_after(response) >= 0
        for finding in found:
            assert finding.expected
            assert redactor.show(finding.actual).isprintable()


# --- the strategies and the rules agree -------------------------------------------------------------------------------


def broken(given_answer: Answer, session: str) -> set[str]:
    """The MUSTs that an answer breaks by itself."""
    evaluator = Evaluator(RULE_SET, MUST)
    response = Response(given_answer.status, given_answer.headers, given_answer.body, 0.1)
    evaluator.add(exchange(answer()))
    return {f.rule for f in evaluator.add(exchange(response, session=session, after="success"))}


@settings(max_examples=150, deadline=None, database=None)
@given(conforming_answers())
def test_no_rule_blames_a_conforming_answer(given_answer: Answer) -> None:
    """An answer that keeps the contract breaks no MUST: a success to a session, an error in an unknown situation."""
    assert not broken(given_answer, "valid" if given_answer.status < 400 else "unknown")


@settings(max_examples=300, deadline=None, database=None)
@given(violating_answers())
def test_the_named_rule_blames_a_violating_answer(violation: Violation) -> None:
    """Each violation is found by the rule that it was made to break."""
    assert violation.rule in broken(violation.answer, "unknown")


@pytest.mark.parametrize("order", list(itertools.permutations(["content-type-is-json", "body-is-utf8", "status-in-enum"]))[:3])
def test_the_order_of_rules_changes_nothing(order: tuple[str, ...]) -> None:
    """Rules are judged independently of each other."""
    evaluator = Evaluator(RULE_SET, order)
    found = evaluator.add(exchange(answer(203, b"\xef\xbb\xbf{}", ("Content-Type", "text/html"))))
    assert {f.rule for f in found} == set(order)
