"""What rules say: of a case, of the rows of a table, and of all that was judged.

Each row of a table is a case for which a rule holds, that breaks it, or of which it says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from contracts.rules.engine import OK, Evaluator, RuleSet
from contracts.rules.judgement import Judgement

Words = tuple[str, str]
"""The words of a breach: what was expected, and what was there."""


def words(rule_set: RuleSet[Any, Any], rule_id: str, *cases: Any) -> Words | str | None:
    """What a rule says of the last of some cases: the words of its breach, "ok", or nothing."""
    evaluator = Evaluator(rule_set)
    for case in cases:
        evaluator.add(case)
    breach = evaluator.results.get(rule_id)
    return None if breach is None else "ok" if breach == OK else (breach.expected, breach.actual)


def verdict(rule_set: RuleSet[Any, Any], rule_id: str, *cases: Any) -> str:
    """What a rule says of the last of some cases in one word: "holds", "breaks" or "silent"."""
    said = words(rule_set, rule_id, *cases)
    return "silent" if said is None else "holds" if said == "ok" else "breaks"


@dataclass(frozen=True)
class Row:
    """What a rule says of the last of some cases, and in which words if it is a breach."""

    name: str
    verdict: str
    cases: tuple[Any, ...]
    words: Words | None = None


Table = Mapping[str, Sequence[Row]]
"""Rows by the id of their rule."""


def holds(name: str, *cases: Any) -> Row:
    """The rule holds."""
    return Row(name, "holds", cases)


def breaks(name: str, *cases: Any, words: Words | None = None) -> Row:
    """The rule is broken, and says so in these words."""
    return Row(name, "breaks", cases, words)


def silent(name: str, *cases: Any) -> Row:
    """The rule says nothing."""
    return Row(name, "silent", cases)


def rows(table: Table) -> list[Any]:
    """The rows of a table as parameters of a test, each with its rule."""
    return [pytest.param(rule_id, row, id=f"{rule_id}: {row.name}") for rule_id, own in table.items() for row in own]


def check(rule_set: RuleSet[Any, Any], rule_id: str, row: Row) -> None:
    """The rule says what the row wants."""
    assert verdict(rule_set, rule_id, *row.cases) == row.verdict
    if row.words:
        assert words(rule_set, rule_id, *row.cases) == row.words


def check_table(rule_set: RuleSet[Any, Any], table: Table, *, never_silent: Sequence[str] = ()) -> None:
    """Each rule is seen to hold, to be broken in words, and, unless it judges everything, to say nothing."""
    assert list(table) == list(rule_set.judges)
    for rule_id, own in table.items():
        assert {row.verdict for row in own} == {"holds", "breaks", "silent"} - ({"silent"} if rule_id in never_silent else set())
        assert any(row.words for row in own), rule_id
        assert len({row.name for row in own}) == len(own), rule_id


def blamed(judgement: Judgement, *verdicts: str) -> set[str]:
    """The rules that have one of these verdicts."""
    return {rule_id for rule_id, said in judgement.verdicts.items() if said in verdicts}
