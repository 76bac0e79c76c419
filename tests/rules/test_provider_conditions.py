"""What each condition of a rule is there for: a case that it alone decides."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from contracts.model.exchange import Exchange, Request
from contracts.rules.engine import Evaluator
from contracts.rules.provider import RULE_SET, claims_of
from tests.rules.test_provider import LOST, URL, answer, exchange, jwt, said
from tests.rules.test_provider_edges import AFTER, OTHERS, OVERLAP, REFUSED, USD, blamed, head, words


@pytest.mark.parametrize("rule", RULE_SET.judges)
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "OPTIONS"])
def test_no_answer_is_the_business_of_one_rule(rule: str, method: str) -> None:
    """Whatever was asked; the others are silent."""
    assert said(rule, exchange(LOST, method)) == ("breach" if rule == "one-answer-in-time" else "nothing")


CASES: list[tuple[str, str, str, list[Exchange]]] = [
    (
        "body-is-strict-json",
        "breach",
        "a fault behind a byte order mark",
        [exchange(answer(200, b'\xef\xbb\xbf{"status": NaN, "success": true}'))],
    ),
    ("status-mirrors-http", "nothing", "no status to compare", [exchange(answer(401, {"success": False}), **OTHERS)]),
    (
        "status-mirrors-http",
        "breach",
        "not taken for a success",
        [exchange(answer(200, {"success": False, "status": 401}))],
    ),
    (
        "status-mirrors-http",
        "nothing",
        "an HTTP status that status-in-enum names",
        [exchange(answer(203, {"success": True, "status": 200}))],
    ),
    (
        "no-input-needed",
        "breach",
        "an XSRF header was sent",
        [
            replace(
                exchange(answer(419, None, ("Set-Cookie", "XSRF-TOKEN=1"))),
                request=Request("POST", URL, (("X-XSRF-TOKEN", "1"),)),
            )
        ],
    ),
    ("no-input-needed", "breach", "the session was replaced, but by nobody else", [exchange(REFUSED, session_replaced=True)]),
    (
        "refuses-without-session",
        "nothing",
        "neither a success nor a refusal",
        [exchange(answer(200, {"status": 200, "success": False}), **OTHERS)],
    ),
    ("other-methods-never-refresh", "breach", "a success without a token", [exchange(answer(data={}), "GET")]),
    (
        "token-is-not-expired",
        "nothing",
        "nobody knows when it was",
        [replace(exchange(answer(data={"token": "eyJh.e30.x"})), started=0.0)],
    ),
    ("token-is-new", "nothing", "no token, twice", [exchange(answer(data={})), exchange(answer(data={}))]),
    ("error-says-why", "nothing", "a success that has the member too", [exchange(answer(200, error={}))]),
    (
        "success-is-not-cached",
        "ok",
        "blanks around the commas",
        [exchange(answer(200, None, ("Cache-Control", "private , no-store , max-age=0")))],
    ),
    ("other-methods-get-405", "breach", "another status", [exchange(answer(404, None, ("Allow", "POST")), "GET")]),
]


@pytest.mark.parametrize(
    ("rule", "wanted", "exchanges"),
    [pytest.param(rule, wanted, exchanges, id=f"{rule}: {name}") for rule, wanted, name, exchanges in CASES],
)
def test_condition(rule: str, wanted: str, exchanges: list[Exchange]) -> None:
    """What a rule says of the last of some exchanges."""
    assert said(rule, *exchanges) == wanted


@pytest.mark.parametrize(
    ("exchanges", "rules"),
    [
        pytest.param([exchange(answer(), session="unknown"), exchange(REFUSED)], {"no-input-needed"}, id="of somebody else"),
        pytest.param([exchange(REFUSED), exchange(REFUSED)], {"no-input-needed"}, id="none"),
    ],
)
def test_a_refresh_repeats_what_was_a_success(exchanges: list[Exchange], rules: set[str]) -> None:
    """Of the logged-in session itself."""
    assert blamed(*exchanges) == rules


def test_the_smallest_explanation_counts() -> None:
    """Whenever it was found."""
    both = exchange(REFUSED, overlaps=True, conditions=[*USD, *OVERLAP])
    alone = exchange(REFUSED, overlaps=True, conditions=OVERLAP)
    assert blamed(both) == {"extras-change-nothing", "concurrent-calls-hold"}
    assert blamed(both, alone, both) == {"concurrent-calls-hold"}


def test_what_only_some_conditions_explain_is_no_explanation_of_others() -> None:
    """Though a refresh had been a success under all of the first."""
    after = exchange(REFUSED, conditions=AFTER)
    assert blamed(exchange(answer(), conditions=AFTER), after, exchange(REFUSED, conditions=USD)) == {"extras-change-nothing"}


def test_an_explanation_is_remembered_once() -> None:
    """However often it is met: the room is for others."""
    evaluator = Evaluator(RULE_SET)
    for _ in range(3):
        evaluator.add(exchange(REFUSED, conditions=USD))
    assert evaluator.memory.explained == [frozenset(USD)]


def test_what_is_explained_explains_nothing_else() -> None:
    """Of a mixture with what is known to fail now and then, the rest is not to blame."""
    evaluator = Evaluator(RULE_SET)
    for x in (
        exchange(REFUSED, conditions=USD),
        exchange(answer(), conditions=USD),
        exchange(REFUSED, conditions=[*USD, *AFTER]),
    ):
        evaluator.add(x)
    assert evaluator.memory.explained == [frozenset(USD)]


def test_a_payload_that_is_too_deep_to_read_is_no_jwt() -> None:
    """It raises nothing either."""
    payload = base64.urlsafe_b64encode(b"[" * 12_000).decode()
    assert claims_of(f"eyJh.{payload}.x") is None


def test_a_token_in_the_midst_of_a_text() -> None:
    """Is one that was given."""
    assert said("refuses-without-session", exchange(answer(401, data=f"it was {jwt(exp=1)}, until now"), **OTHERS)) == "breach"


@pytest.mark.parametrize(
    ("sent", "given", "wanted"),
    [
        ("session=b2xk=", "session=bmV3", "breach"),
        ("session=b2xk", "session=bmV3=", "breach"),
        ("session=b2xk=", "session=b2xk=", "ok"),
    ],
)
def test_the_value_of_a_session_may_hold_an_equals_sign(sent: str, given: str, wanted: str) -> None:
    """As Base64 does at its end."""
    assert said("other-methods-never-refresh", head(("Set-Cookie", f"{given}; Path=/"), cookie=sent)) == wanted


def test_a_token_in_a_redirect_url_is_named_by_its_member() -> None:
    """So that it is found."""
    x = exchange(answer(data={"token": "opaque-1", "redirect_url": "/?t=opaque-1"}))
    assert words("token-only-in-body", x) == ("a token in the body alone", "a token in data.redirect_url")


def test_faults_of_one_body_stand_side_by_side() -> None:
    """Each in its own words."""
    labelled = ("Content-Type", "application/json; charset=cp1256")
    assert words("body-is-utf8", exchange(answer(200, b"\xef\xbb\xbf{}", labelled))) == (
        "UTF-8 without a byte order mark",
        "the body begins with a byte order mark; labelled application/json; charset=cp1256",
    )
    assert words("body-is-strict-json", exchange(answer(200, b'{"a": NaN, "a": 1}'))) == (
        "strict JSON",
        "NaN is no JSON number; duplicate key 'a'",
    )
