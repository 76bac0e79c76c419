"""`report.json`: the run for machines, checked against the JSON Schema that ships with the package."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from contracts.consumer.recorded import Row
from contracts.judge import Judgement
from contracts.model.document import load
from contracts.redaction.redactor import Redactor
from contracts.rules.confidence import would_see
from contracts.rules.verdict import Conclusion


def report(
    judgements: Sequence[Judgement],
    conclusion: Conclusion,
    *,
    seconds: float,
    seed: int,
    redactor: Redactor,
    rerun: Callable[[Judgement, str], str],
    recorded: Sequence[Row] = (),
) -> dict[str, Any]:
    """The report as data."""
    document = load()
    rules = []
    for text in document.rules.values():
        findings = [
            {
                "implementation": j.name,
                "expected": redactor.show(f.expected),
                "actual": redactor.show(f.actual),
                "exchange": f.exchange,
                "rerun": rerun(j, text.id),
            }
            for j in judgements
            for f in j.findings
            if f.rule == text.id
        ]
        verdicts = {j.name: j.verdicts[text.id] for j in judgements if text.id in j.verdicts}
        rules.append(
            {
                "id": text.id,
                "level": text.level,
                "role": text.role,
                "text": text.text,
                "source": [document.source(s) for s in text.source],
                "verdicts": verdicts,
                "findings": findings,
            }
        )
    return {
        "schema": 1,
        "verdict": conclusion.verdict,
        "reason": redactor.show(conclusion.reason, 2000) if conclusion.reason else None,
        "requests": sum(j.requests for j in judgements),
        "seconds": round(seconds, 3),
        "seed": seed,
        "contract": {"version": document.version, "sha256": document.sha256},
        "implementations": [
            {
                "name": j.name,
                "role": j.role,
                "kind": j.kind,
                "version": redactor.show(j.version) if j.version else None,
                "verdict": j.verdict,
                "requests": j.requests,
            }
            for j in judgements
        ],
        "rules": rules,
        "recorded": [{**row.as_data(), "answer": redactor.show(row.what)} for row in recorded],
        "power": {j.name: {id: _power(t.exercised) for id, t in j.tallies.items()} for j in judgements},
    }


def _power(exercised: int) -> dict[str, Any]:
    share = would_see(exercised)
    return {"exercised": exercised, "would_see": None if share is None else round(share, 6)}


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the report."""
    return json.loads(Path(__file__).with_name("schema.json").read_text("utf-8"))  # type: ignore[no-any-return]


def text(data: dict[str, Any]) -> str:
    """The report as JSON. ValueError: it breaks its own schema."""
    import jsonschema_rs

    error = next(jsonschema_rs.iter_errors(schema(), data), None)
    if error is not None:
        raise ValueError(f"the report does not fit its schema: {error}")
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"
