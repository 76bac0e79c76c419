"""The cause of a fault, as the gate tells it of an endpoint behind a socket, and of a recording of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from contracts.judge import judge_provider
from contracts.model.limits import MAX_REQUESTS
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.provider.target import Target
from contracts.rules.cause import Causes
from contracts.rules.grouping import leaders
from contracts.rules.judgement import Judgement
from tests.kit.replays import again
from tests.liars.conditions import succeeded
from tests.liars.kit import Answer, Asked, When, altered, error

FAILS = error(500)


def causes(judgement: Judgement) -> dict[str, str]:
    """The cause of each broken MUST, in words."""
    found = Causes(judgement.observation.evidence, judgement.observation.results)  # type: ignore[attr-defined]
    return {rule_id: found.of(rule_id).words for rule_id, verdict in judgement.verdicts.items() if verdict == "fail"}


def every(number: int) -> Callable[[], When]:
    """One success in so many, whatever was asked."""

    def when() -> When:
        served = count(1)
        return lambda asked, answer: succeeded(asked, answer) and next(served) % number == 0

    return when


def of(when: Callable[[Asked], bool]) -> Callable[[], When]:
    """The successes of requests that fit."""
    return lambda: lambda asked, answer: succeeded(asked, answer) and when(asked)


@pytest.mark.parametrize(
    ("when", "rule", "words"),
    [
        (of(lambda asked: "currency" in asked.headers), "extras-change-nothing", "with `currency`, whatever its value"),
        (of(lambda asked: asked.headers.get("currency") == "USD"), "extras-change-nothing", "with `currency: USD`"),
        (of(lambda asked: "x-requested-with" not in asked.headers), "no-input-needed", "without `x-requested-with`"),
        (every(4), None, "one call in four, whatever is sent"),
    ],
    ids=["a header with any value", "a header with one value", "a header that is missing", "chance"],
)
def test_the_cause_is_named(when: Callable[[], When], rule: str | None, words: str) -> None:
    """A few questions tell a header with any value from one value, from a header that is missing, and from chance."""
    store = Store()
    with serve(altered(store.app, when(), lambda answer: FAILS)) as url:
        judgement = judge_provider(Target.at(url, store.log_in()))
    found = causes(judgement)
    assert judgement.requests <= MAX_REQUESTS
    assert rule is None or rule in found
    assert {told for told in found.values() if told} == {words}
    recorded, _ = again(judgement)
    assert causes(recorded) == found


def test_an_answer_that_is_no_json_is_one_card() -> None:
    """A refusal that became a page breaks several rules, and all of them have one cause."""
    store = Store()
    page = Answer(500, (("content-type", "text/html; charset=utf-8"),), b"<h1>Server Error</h1>")
    with serve(altered(store.app, lambda asked, answer: answer.status == 401, lambda answer: page)) as url:
        judgement = judge_provider(Target.at(url, store.log_in()))
    found = Causes(judgement.observation.evidence, judgement.observation.results)
    led = leaders(found, judgement.verdicts)
    assert led == {"body-is-strict-json": "content-type-is-json", "refuses-without-session": "content-type-is-json"}
    assert found.of("content-type-is-json").words == "without the customer's session"
