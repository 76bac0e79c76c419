"""Hypothesis strategies for tests: answers that break one rule, each with the id of that rule."""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple

from hypothesis import strategies as st

from contracts.consumer import violations
from contracts.consumer.violations import labelled_json
from contracts.model.answers import Answer


class Violation(NamedTuple):
    """An answer and the id of the rule that it was made to break; others may break along with it."""

    answer: Answer
    rule: str


@st.composite
def _redirected(draw: st.DrawFn) -> Answer:
    status = draw(st.sampled_from([300, 301, 302, 303, 307, 308]))
    to = draw(st.sampled_from(["/login", "https://store.example/login", "", "//store.example/auth/refresh"]))
    body = draw(st.sampled_from([{"status": status, "success": False, "error": {}}, {"status": 200, "success": True}]))
    plain = labelled_json(status, body)
    return Answer(status, (*plain.headers, ("Location", to)), draw(st.sampled_from([plain.body, b""])))


BREAKERS: Final = {**violations.BREAKERS, "no-redirect": _redirected}


def violating_answers(*rules: str) -> st.SearchStrategy[Violation]:
    """Answers to POST that each break a MUST, with the rule's id: one of `rules`, or any rule that one answer can break."""
    return st.one_of([BREAKERS[rule]().map(partial(_violation, rule)) for rule in rules or BREAKERS])


def _violation(rule: str, answer: Answer) -> Violation:
    return Violation(answer, rule)
