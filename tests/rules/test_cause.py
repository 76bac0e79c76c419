"""The cause of a broken rule: told as what it depends on, or as chance; and rules with one cause are told together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.model.exchange import Exchange
from contracts.rules.cause import ALWAYS, Causes
from contracts.rules.engine import OK, Breach
from contracts.rules.grouping import leaders
from tests.kit.exchanges import answer, exchange

RULE, OTHER = "status-mirrors-http", "error-has-object"
BROKEN = Breach("a", "b")
EUR, USD = ("header:currency", "EUR"), ("header:currency", "USD")
XHR, AR = ("header:x-requested-with", "fetch"), ("header:accept-language", "ar")
Sent = tuple[bool, tuple[tuple[str, str], ...], str]


def bad(*conditions: tuple[str, str], session: str = "valid") -> Sent:
    """A request that broke the rule."""
    return True, conditions, session


def good(*conditions: tuple[str, str], session: str = "valid") -> Sent:
    """A request that kept it."""
    return False, conditions, session


def causes(*sent: Sent, also: bool = False) -> Causes:
    """The causes among these requests. `also`: the other rule was broken each time too."""
    exchanges: dict[int, Exchange] = {}
    results: dict[int, dict[str, Breach]] = {}
    for number, (is_broken, conditions, session) in enumerate(sent, 1):
        exchanges[number] = replace(exchange(answer(), probe="p", session=session, conditions=conditions), index=number)
        results[number] = {RULE: BROKEN if is_broken else OK, **({OTHER: BROKEN if is_broken else OK} if also else {})}
    return Causes(exchanges, results)


ROWS: dict[str, tuple[tuple[Sent, ...], str]] = {
    "any value of a header": ((bad(EUR), bad(USD), good(), good(XHR)), "with `currency`, whatever its value"),
    "one value of a header": ((bad(EUR), bad(EUR, XHR), good(USD), good(XHR)), "with `currency: EUR`"),
    "a header that is missing": ((bad(), bad(EUR), good(XHR), good(XHR, USD)), "without `x-requested-with`"),
    "a kind of session": (
        (bad(session="made-up"), bad(EUR, session="made-up"), good(), good(EUR), good(session="none")),
        "with a made-up session",
    ),
    "every stranger": ((bad(session="made-up"), bad(session="none"), good(), good(EUR)), "without the customer's session"),
    "two headers together": (
        (bad(EUR, XHR), bad(USD, XHR), good(EUR), good(XHR)),
        "with `currency` and with `x-requested-with: fetch`",
    ),
    "either of two headers": (
        (bad(EUR), bad(USD), bad(XHR), bad(XHR, AR), good(), good(AR)),
        "with `currency`, whatever its value or with `x-requested-with`, whatever its value",
    ),
    "chance": ((bad(), bad(EUR), *[good(), good(EUR), good(XHR)] * 2), "one call in four, whatever is sent"),
    "chance among those with a header": (
        (bad(EUR), bad(EUR), bad(USD), good(EUR), good(USD), good(USD), *[good()] * 40),
        "one call in two, with `currency`, whatever its value",
    ),
    "always": ((bad(), bad(EUR)), ALWAYS),
    "one that broke it, which tells nothing": ((bad(EUR), good()), ""),
}


@pytest.mark.parametrize(("sent", "words"), ROWS.values(), ids=ROWS)
def test_the_cause_is_named(sent: tuple[Sent, ...], words: str) -> None:
    """A card says what all requests that broke a rule have, and no other one."""
    assert causes(*sent).of(RULE).words == words


def test_what_was_recorded_elsewhere_has_no_cause() -> None:
    """A recording of a browser does not say what was unusual about a request."""
    seen = causes(bad(), bad())
    exchanges = {number: exchange(answer()) for number in seen.exchanges}
    assert Causes(exchanges, {1: {RULE: BROKEN}, 2: {RULE: BROKEN}}).of(RULE).words == ""


def test_rules_that_the_same_requests_break_are_told_together() -> None:
    """The rule that was broken more often, or stands first, leads; a rule with another cause stands alone."""
    both = causes(bad(EUR), bad(USD), good(), also=True)
    assert leaders(both, {RULE: "fail", OTHER: "fail"}) == {OTHER: RULE}
    assert leaders(both, {RULE: "fail", OTHER: "pass"}) == {}
    assert leaders(causes(bad(EUR), bad(USD), good()), {RULE: "fail", OTHER: "fail"}) == {}


def test_a_fault_by_chance_is_one_cause_for_all_promises() -> None:
    """Whichever promise is blamed for a refresh that was refused now and then, the cause is the same."""
    promises = ("no-input-needed", "extras-change-nothing", "repeats-hold")
    exchanges, results = {}, {}
    for number in range(1, 13):
        fails, conditions = number % 4 == 0, (EUR,) if number % 3 == 0 else ()
        exchanges[number] = replace(exchange(answer(500 if fails else 200), probe="p", conditions=conditions), index=number)
        results[number] = {promises[number // 4 - 1]: BROKEN} if fails else {"repeats-hold": OK}
    found = Causes(exchanges, results)
    assert {found.of(rule_id).words for rule_id in promises} == {"one call in four, whatever is sent"}
    assert leaders(found, dict.fromkeys(promises, "fail")) == dict.fromkeys(promises[1:], promises[0])
