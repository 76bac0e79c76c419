"""Who is to blame for a refresh that did not complete: which promise is broken, given what was seen before."""

from __future__ import annotations

from functools import partial

import pytest

from contracts.model.exchange import Exchange
from contracts.rules.engine import Evaluator
from contracts.rules.provider import RULE_SET
from contracts.rules.provider.promise import MANY
from tests.kit import judgements
from tests.kit.exchanges import AFTER, NOBODY, OVERLAP, USD, answer, exchange

verdict = partial(judgements.verdict, RULE_SET)
PROMISES = ("no-input-needed", "extras-change-nothing", "repeats-hold", "concurrent-calls-hold")
INPUT, EXTRAS, REPEATS, OVERLAPS = PROMISES
LIMITED = [("after", "after a 429")]
XSRF = ("Set-Cookie", "XSRF-TOKEN=1")


def blamed(*exchanges: Exchange) -> set[str]:
    """The promises that the last exchange breaks."""
    return {rule_id for rule_id in PROMISES if verdict(rule_id, *exchanges) == "breaks"}


def done(*conditions: list[tuple[str, str]]) -> Exchange:
    """A refresh that completed under these conditions."""
    return _under(200, conditions)


def refused(*conditions: list[tuple[str, str]]) -> Exchange:
    """A refresh that was refused under these conditions."""
    return _under(401, conditions)


def _under(status: int, conditions: tuple[list[tuple[str, str]], ...]) -> Exchange:
    return exchange(answer(status), overlaps=OVERLAP in conditions, conditions=[one for some in conditions for one in some])


ROWS: dict[str, tuple[list[Exchange], set[str]]] = {
    "the first refresh": ([refused()], {INPUT}),
    "the first refresh, twice": ([refused(), refused()], {INPUT}),
    "a refresh after a bare success": ([done(), refused()], {REPEATS}),
    "a refresh after a success that followed a success": ([exchange(answer(), after="success"), refused()], {REPEATS}),
    "a bare refresh after a success under a condition": ([done(AFTER), refused()], {INPUT}),
    "a bare refresh after the success of somebody else": ([exchange(answer(), session="unknown"), refused()], {INPUT}),
    "a header": ([refused(USD)], {EXTRAS}),
    "a header that was accepted alone": ([done(USD), refused(USD, AFTER)], {INPUT}),
    "an overlap": ([refused(OVERLAP)], {OVERLAPS}),
    "a header in an overlap": ([refused(USD, OVERLAP)], {EXTRAS, OVERLAPS}),
    "an overlap with a header that was accepted alone": ([done(USD), refused(USD, OVERLAP)], {OVERLAPS}),
    # Of two that overlap one may succeed all the same: overlap stays under suspicion, but not where an extra was sent too.
    "an overlap after a refusal, though each was accepted": (
        [done(OVERLAP), done(AFTER), refused(OVERLAP, AFTER)],
        {OVERLAPS},
    ),
    "a header in an overlap that failed without it": (
        [done(OVERLAP), done(AFTER), refused(OVERLAP, AFTER), refused(OVERLAP, USD)],
        {OVERLAPS},
    ),
    "a header in an overlap, though each was accepted": (
        [done(OVERLAP), done(USD), refused(OVERLAP, USD)],
        {EXTRAS, OVERLAPS},
    ),
    "a header after a refusal, though each was accepted": ([done(USD), done(AFTER), refused(USD, AFTER)], {EXTRAS}),
    "a refresh after a 429": ([refused(LIMITED)], {REPEATS}),
    "a header after a 429": ([refused(USD, LIMITED)], {REPEATS}),
    # What failed alone explains every mixture that it is part of, and itself.
    "an overlap with a header that failed alone": ([refused(USD), refused(USD, OVERLAP)], {EXTRAS}),
    "a header that failed and was accepted": ([refused(USD), done(USD), refused(USD)], {EXTRAS}),
    "another condition than the one that failed": ([done(AFTER), refused(AFTER), refused(USD)], {EXTRAS}),
    "a mixture, and then a part of it that fails alone": (
        [refused(USD, OVERLAP), refused(OVERLAP), refused(USD, OVERLAP)],
        {OVERLAPS},
    ),
    "a refresh after an answer that sets an XSRF cookie": ([exchange(answer(200, None, XSRF)), refused()], {REPEATS}),
    "nobody, where an XSRF header is asked for": ([exchange(answer(419, None, XSRF))], set()),
    "nobody, where nobody knows the session": ([exchange(answer(401), session="unknown")], set()),
    "nobody, where the answer is neither a success nor an error": ([exchange(answer(203, b"<"))], set()),
}


@pytest.mark.parametrize(("exchanges", "rules"), ROWS.values(), ids=ROWS)
def test_who_is_blamed(exchanges: list[Exchange], rules: set[str]) -> None:
    """The last refresh breaks the promise that what was seen before leaves under suspicion."""
    assert blamed(*exchanges) == rules


def test_one_fault_has_one_finding() -> None:
    """A header that is refused alone is the only thing that is blamed for a mixture of it with an overlap."""
    evaluator = Evaluator(RULE_SET)
    for judged in (done(), refused(USD)):
        evaluator.add(judged)
    assert [finding.rule for finding in evaluator.add(refused(USD, OVERLAP))] == [EXTRAS]


def test_an_explanation_is_remembered_once() -> None:
    """What fails often takes the room of one explanation, and explains every mixture that it is part of."""
    for exchanges in ([refused(USD)] * 3, [refused(USD), done(USD), refused(USD, AFTER)]):
        evaluator = Evaluator(RULE_SET)
        for judged in exchanges:
            evaluator.add(judged)
        assert evaluator.memory.explained == [frozenset(USD)]


def test_a_stranger_who_meets_an_explained_error_shows_nothing_new() -> None:
    """What fails a logged-in customer just the same is no fault of the refusal."""
    known = exchange(answer(500), conditions=USD)
    riyals = exchange(answer(500), **NOBODY, conditions=[("header:currency", "SAR")])
    other = exchange(answer(500), **NOBODY, conditions=[("query", "unknown")])
    assert verdict("refuses-without-session", known, riyals) == "silent"
    assert verdict("refuses-without-session", known, other) == "breaks"


def test_what_is_remembered_is_bounded() -> None:
    """A target that is asked with random text for hours fills no memory."""
    evaluator = Evaluator(RULE_SET)
    for number in range(MANY + 5):
        evaluator.add(exchange(answer(500), conditions=[("header:x", str(number))]))
        evaluator.add(exchange(answer(), conditions=[("header:y", str(number))]))
    assert len(evaluator.memory.explained) == MANY == 1000
    assert len(evaluator.memory.innocent) == MANY
