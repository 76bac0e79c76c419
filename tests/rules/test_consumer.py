"""The consumer rules: their tables, whole clients that are right or lie, and that no outcome at all makes them raise."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.consumer.strategies import scenarios
from contracts.model import limits
from contracts.model.document import load
from contracts.model.exchange import Exchange, Kind, Request
from contracts.model.outcome import LISTENERS, THROWN, Call, Event, Outcome, linked
from contracts.model.scenario import Scenario, at_page_load, interleaved, named, refreshed, success_body
from contracts.rules import consumer
from contracts.rules.consumer import RULE_SET
from contracts.rules.engine import Evaluator
from tests.kit import judgements
from tests.kit.exchanges import URL
from tests.kit.outcomes import (
    COUNTED,
    CRASHED,
    DONE,
    EARLIER,
    NEW,
    NO_TOKEN,
    NULL_TOKEN,
    ODD_STATUS,
    OFFLINE,
    OLD,
    REFUSED,
    RESET,
    SAME_AGAIN,
    SAYS_FALSE,
    SILENT,
    SLOW,
    STRAY,
    at_once,
    heard,
    list_of,
    loading,
    numbers,
    outcome,
    sent,
    throwing,
    told,
)
from tests.rules.consumer import TABLE

MUST = {rule.id for rule in load().rules.values() if rule.role == "consumer" and rule.level == "MUST"}


def test_the_table_has_every_rule_with_all_it_can_say() -> None:
    """Each consumer rule is seen to hold, to be broken and to say nothing."""
    judgements.check_table(RULE_SET, TABLE)


@pytest.mark.parametrize(("rule_id", "row"), judgements.rows(TABLE))
def test_rule(rule_id: str, row: judgements.Row) -> None:
    """A rule holds for what keeps it, names what breaks it, and is silent on what is not its business."""
    judgements.check(RULE_SET, rule_id, row)


def test_a_finding_has_the_number_of_its_outcome() -> None:
    """Whoever reads a finding can look up the outcome."""
    found = Evaluator(RULE_SET).add(replace(outcome(REFUSED, events=()), index=7))
    assert [(finding.rule, finding.exchange) for finding in found] == [("failure-fires-once", 7)]


def test_how_long_is_waited() -> None:
    """The bounds are these seconds; after three scenarios with pending calls a client gets half a second from then on."""
    assert (limits.SETTLING_SECONDS, limits.EVENT_SECONDS, limits.EVENT_WAIT_SECONDS, consumer.CLOCK_SECONDS) == (5, 1, 1.2, 0.01)
    assert (limits.PATIENT_SCENARIOS, limits.IMPATIENT_SECONDS) == (3, 0.5)


def test_a_bogus_token_is_shown_and_a_real_one_is_not() -> None:
    """What is no token is worth seeing; no finding of the whole table tells a token."""
    found = Evaluator(RULE_SET).add(outcome(NULL_TOKEN, "resolved", sent_after="Bearer null"))
    assert [f.actual for f in found] == ["success-token-null: afterwards it is 'null', which is no token"]
    for row in itertools.chain(*TABLE.values()):
        evaluator = Evaluator(RULE_SET)
        for finding in (finding for case in row.cases for finding in evaluator.add(case)):
            assert not any(token in finding.expected + finding.actual for token in (OLD, NEW, EARLIER))


# --- whole clients ----------------------------------------------------------------------------------------------------


def broken(*outcomes: Outcome) -> set[str]:
    """Every rule that some outcomes break."""
    evaluator = Evaluator(RULE_SET)
    return {finding.rule for one in outcomes for finding in evaluator.add(one)}


REPEATED = {"exchanges": (sent(RESET), sent(RESET, started=1.2))}
RIGHT: dict[str, tuple[set[str], list[Outcome]]] = {
    "sends no Authorization header": (set(), [outcome(DONE), outcome(REFUSED)]),
    "sends its token in lower-case letters of the scheme": (
        set(),
        linked(
            [
                outcome(DONE),
                outcome(REFUSED, exchanges=(sent(REFUSED, token=f"bearer {NEW}"),), token_before=NEW, token_after=NEW),
            ]
        ),
    ),
    "shares one request and one event": (set(), [outcome(at_once(s)) for s in (DONE, REFUSED, RESET, NO_TOKEN)]),
    "shares one request, and tells each call": (
        {"calls-at-once-share"},
        [outcome(at_once(s), events=told(s, heard(5))) for s in (REFUSED, RESET, NO_TOKEN)],
    ),
    "shares nothing": (
        {"calls-at-once-share"},
        [
            *(outcome(at_once(s), exchanges=(sent(s),) * 5, events=told(s, heard(5))) for s in (REFUSED, RESET, NO_TOKEN)),
            outcome(at_once(DONE), exchanges=(sent(DONE),) * 5),
        ],
    ),
    "retries once and then fails": (set(), [outcome(RESET, **REPEATED), outcome(REFUSED, exchanges=(sent(REFUSED),) * 2)]),
    "asks once more when the endpoint ends what was silent": (
        {"gives-up-in-the-end"},
        [outcome(SILENT, at=10.2, exchanges=(sent(SILENT), sent(SILENT, started=11.0)))],
    ),
    "holds no token before": (
        set(),
        [
            outcome(REFUSED, token_before=None, token_after=None),
            outcome(NO_TOKEN, token_before=None, token_after=None),
            outcome(DONE, token_before=None),
        ],
    ),
    "tells before it rejects": (set(), [outcome(s, events=told(s, at=0.0)) for s in (REFUSED, RESET, SAYS_FALSE)]),
    "tells a moment later": (set(), [outcome(s, events=told(s, at=0.3)) for s in (REFUSED, RESET, NO_TOKEN)]),
    "removes its token after an unspecified success": (
        set(),
        [outcome(s, "resolved", token_after=None) for s in (NO_TOKEN, NULL_TOKEN, ODD_STATUS)],
    ),
    "keeps its token and rejects what is unspecified": (set(), [outcome(s) for s in (NO_TOKEN, NULL_TOKEN, ODD_STATUS)]),
    "takes any token that it can get": (set(), [outcome(ODD_STATUS, "resolved", token_after=NEW, sent_after=f"Bearer {NEW}")]),
    "does not try when it is offline": (set(), [outcome(OFFLINE, exchanges=())]),
    "restores no session": (
        {"restore-refreshes-once"},
        [outcome(loading(s), exchanges=(), events=()) for s in (DONE, REFUSED, RESET)],
    ),
    "restores a session with two tries": (
        {"restore-refreshes-once"},
        [
            outcome(
                loading(REFUSED),
                exchanges=(sent(REFUSED),) * 2,
                events=told(REFUSED, heard(2)),
                token_after=None,
                logged_in=False,
            )
        ],
    ),
    "gets the same token again": (set(), [outcome(DONE), outcome(DONE, **SAME_AGAIN)]),
    "reads numbers as doubles": (set(), [outcome(COUNTED, value=numbers(count=float(2**53), list=list_of(1e21)))]),
}


@pytest.mark.parametrize(("warned", "outcomes"), RIGHT.values(), ids=RIGHT)
def test_odd_clients_are_right(warned: set[str], outcomes: list[Outcome]) -> None:
    """A client that is odd and right breaks no MUST, and no SHOULD but the one that is about its oddity."""
    found = broken(*outcomes)
    assert found == warned
    assert not found & MUST


LIARS: dict[str, tuple[set[str], list[Outcome]]] = {
    "tells with the response of another failure": (
        {"event-carries-error"},
        [outcome(CRASHED), outcome(REFUSED, events=told(REFUSED, status=500))],
    ),
    "stores the token of an earlier answer": (
        {"success-puts-token-in-place"},
        linked([outcome(refreshed(EARLIER), token_after=EARLIER), outcome(DONE, token_before=EARLIER, token_after=EARLIER)]),
    ),
    "is always one token behind in what it sends": (
        {"success-puts-token-in-place"},
        linked(
            [
                outcome(DONE),
                outcome(REFUSED, exchanges=(sent(REFUSED, token=f"Bearer {OLD}"),), token_before=NEW, token_after=NEW),
            ]
        ),
    ),
    "sends Bearer null": ({"success-puts-token-in-place"}, [outcome(DONE, sent_after="Bearer null")]),
    "sends Bearer undefined after a failure": ({"failure-keeps-token"}, [outcome(RESET, sent_after="Bearer undefined")]),
    "resolves with the answer before": ({"success-resolves-with-body"}, [outcome(DONE, value=success_body(EARLIER))]),
    "resolves and tells what is unspecified": (
        {"unspecified-is-coherent"},
        [outcome(NO_TOKEN, "resolved", events=told(NO_TOKEN))],
    ),
    "rejects what is unspecified in silence": ({"unspecified-is-coherent"}, [outcome(NO_TOKEN, events=())]),
    "takes success: false for a success": (
        {"failure-rejects", "failure-fires-once", "failure-keeps-token"},
        [outcome(SAYS_FALSE, "resolved", token_after=NEW)],
    ),
    "tells only the first time": ({"every-failure-fires"}, [outcome(REFUSED), *[outcome(REFUSED, events=())] * 3]),
    "tells one listener": ({"every-listener-hears"}, [outcome(REFUSED, events=told(REFUSED, (0, 1, 0)))]),
    "logs out when the server crashes": (
        {"transient-failure-keeps-login"},
        [outcome(loading(CRASHED), token_after=None, logged_in=False)],
    ),
    "never comes back": ({"settles-when-it-is-over"}, [outcome(REFUSED, "pending", at=3.1, events=())]),
}


@pytest.mark.parametrize(("blamed", "outcomes"), LIARS.values(), ids=LIARS)
def test_liars_are_blamed(blamed: set[str], outcomes: list[Outcome]) -> None:
    """A client that does one thing wrong is blamed by the rules that are about it, and by no other."""
    assert broken(*outcomes) == blamed


# --- anything at all --------------------------------------------------------------------------------------------------


def tokens() -> Iterable[str]:
    """Tokens that are all different."""
    return (f"token-number-{n:04}" for n in itertools.count(1))


def right_client(sequence: Iterable[Scenario], unspecified: str, header: bool) -> list[Outcome]:
    """What a right client makes of a lane. `unspecified`: what it does then - reject, resolve, take the token, forget its own."""
    token: str | None = None
    outcomes = []
    for number, scenario in enumerate(sequence, 1):
        sent_with = (("Authorization", f"Bearer {token}"),) if header and token else ()
        met = Exchange(Request("POST", URL, sent_with), scenario.came, started=1.0)
        before, came = token, met.response
        if met.kind is Kind.COMPLETED or (met.kind is Kind.UNSPECIFIED and unspecified == "take" and came and came.token):
            token = came.token if came else None
        elif met.kind is Kind.UNSPECIFIED and unspecified == "forget":
            token = None
        resolved = met.kind is Kind.COMPLETED or (met.kind is Kind.UNSPECIFIED and unspecified != "reject")
        usual = outcome(scenario, "resolved" if resolved else "rejected", index=number)
        outcomes.append(replace(usual, exchanges=(met,), token_before=before, token_after=token))
    return linked(outcomes)


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(scenarios(), max_size=4), st.sampled_from(["reject", "resolve", "take", "forget"]), st.booleans())
@example([refreshed("always-the-same-token")] * 2, "reject", True)
@example([ODD_STATUS, NULL_TOKEN, SAYS_FALSE, at_once(ODD_STATUS)], "take", True)
def test_no_rule_blames_a_right_client(sequence: list[Scenario], unspecified: str, header: bool) -> None:
    """Whatever the endpoint does, and whichever way an unspecified success is taken, a right client breaks no rule at all."""
    met = list(interleaved(sequence, iter(tokens())))
    assert broken(*right_client(met, unspecified, header)) == set()


ANY_TOKEN = st.one_of(
    st.none(), st.sampled_from([OLD, NEW, EARLIER, "undefined", "", " "]), st.integers(), st.just({}), st.just([])
)
ANY_CALL = st.builds(
    Call,
    st.sampled_from(["resolved", "rejected", "pending"]),
    st.floats(0, 30),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(Decimal("NaN")),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["status", "success", "data", "token"]), inner)
        ),
        max_leaves=6,
    ),
    st.sampled_from(["", "Error: no", THROWN]),
)
ANY_EVENT = st.builds(
    Event, st.integers(0, LISTENERS - 1), st.floats(0, 30), st.booleans(), st.none() | st.integers(0, 600), st.text(max_size=5)
)
ANY_SCENARIO = st.sampled_from([
    *named(iter(tokens()), patience=10.0), *at_page_load(iter(tokens())), throwing(NO_TOKEN), at_once(ODD_STATUS), at_once(SLOW)
])  # fmt: skip


@st.composite
def any_outcome(draw: st.DrawFn) -> Outcome:
    """Whatever a client may make of a scenario."""
    scenario = draw(ANY_SCENARIO)
    requests = st.builds(sent, st.just(scenario), method=st.sampled_from(["POST", "GET"]), started=st.floats(0, 30))
    return Outcome(
        scenario,
        tuple(draw(st.lists(ANY_CALL, min_size=scenario.calls, max_size=scenario.calls))),
        tuple(draw(st.lists(ANY_EVENT, max_size=6))),
        tuple(draw(st.lists(requests, max_size=3))),
        tuple(draw(st.lists(st.just(STRAY), max_size=1))),
        draw(ANY_TOKEN),
        draw(ANY_TOKEN),
        draw(st.none() | st.sampled_from(["", "Bearer", f"Bearer {NEW}", "Bearer null", "Basic a", "x y z", " "])),
        draw(st.none() | st.booleans()),
        draw(st.sampled_from(["", "fast"])),
    )


@settings(max_examples=150, deadline=None, database=None)
@given(st.lists(any_outcome(), min_size=1, max_size=3))
def test_nothing_that_a_client_does_raises(outcomes: list[Outcome]) -> None:
    """Any calls, events, requests and tokens are judged and summed up without an exception, and each breach is said in words."""
    evaluator = Evaluator(RULE_SET)
    for one in outcomes:
        for finding in evaluator.add(one):
            assert finding.expected
            assert finding.actual.startswith(f"{one.scenario.name}: ")
            assert NEW not in finding.actual
        assert one.became in ("kept", "new", "gone", "bogus")
        assert one.summary.isprintable()
