"""`report.json`: the report for machines. It is checked against the JSON Schema that ships with the package."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from contracts.model.document import RuleText, load
from contracts.redaction.redacted import Redacted
from contracts.report.model import Implementation, Report, RuleResult


def data(redacted: Redacted[Report]) -> dict[str, Any]:
    """The content of `report.json`."""
    report, document = redacted.model, load()
    return {
        "schema": 1,
        "verdict": report.verdict,
        "reason": report.reason,
        "requests": report.requests,
        "seconds": report.seconds,
        "seed": report.seed,
        "contract": {"version": document.version, "sha256": document.sha256},
        "implementations": [_implementation(implementation) for implementation in report.implementations],
        "rules": [_rule(rule, [r for r in report.results if r.rule == rule.id]) for rule in document.rules.values()],
        "recorded": [
            {
                "exchange": row.exchange,
                "answer": row.answer,
                "provider": list(row.provider),
                "consumers": {name: list(rules) for name, rules in row.consumers.items()},
            }
            for row in report.recorded
        ],
        "power": {
            implementation.name: {
                result.rule: _power(result)
                for result in report.results
                if result.implementation == implementation.name and result.exercised is not None
            }
            for implementation in report.implementations
        },
    }


def _implementation(implementation: Implementation) -> dict[str, Any]:
    return {
        "name": implementation.name,
        "role": implementation.role,
        "kind": implementation.kind,
        "version": implementation.version,
        "verdict": implementation.verdict,
        "requests": implementation.requests,
        **({"phases": dict(implementation.phases)} if implementation.phases else {}),
        **({"notes": list(implementation.notes)} if implementation.notes else {}),
    }


def _rule(rule: RuleText, results: list[RuleResult]) -> dict[str, Any]:
    return {
        "id": rule.id,
        "level": rule.level,
        "role": rule.role,
        "text": rule.text,
        "source": [load().source(name) for name in rule.source],
        "verdicts": {result.implementation: result.verdict for result in results},
        "findings": [
            {
                "implementation": result.implementation,
                "expected": finding.expected,
                "actual": finding.actual,
                "exchange": finding.exchange,
                "rerun": result.again,
            }
            for result in results
            for finding in result.findings
        ],
    }


def _power(result: RuleResult) -> dict[str, Any]:
    share = result.would_see
    return {"exercised": result.exercised, "would_see": None if share is None else round(share, 6)}


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the report."""
    return json.loads(Path(__file__).with_name("schema.json").read_text("utf-8"))  # type: ignore[no-any-return]


def text(redacted: Redacted[Report]) -> str:
    """The report as JSON. ValueError: it does not fit its schema."""
    import jsonschema_rs

    content = data(redacted)
    error = next(jsonschema_rs.iter_errors(schema(), content), None)
    if error is not None:
        raise ValueError(f"the report does not fit its schema: {error}")
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
