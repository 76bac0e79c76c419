"""What a rule says, as tests ask for it."""

from __future__ import annotations

from typing import Any

from contracts.rules.engine import OK, Evaluator, RuleSet


def words(book: RuleSet[Any, Any], rule: str, *cases: Any) -> tuple[str, str] | str | None:
    """What a rule of a book says of the last case: what was expected and what was there; ok; or nothing."""
    evaluator = Evaluator(book)
    for case in cases:
        evaluator.add(case)
    breach = evaluator.results.get(rule)
    return None if breach is None else "ok" if breach == OK else (breach.expected, breach.actual)
