"""`badge.json`: the verdict as a badge, in the schema that shields.io reads from an address (its endpoint badge). Pure."""

from __future__ import annotations

from typing import Any, Final

from contracts.report.cases import cases
from contracts.rules.verdict import BROKEN

_COLOURS: Final = {"conformant": "brightgreen", "non-conformant": "red", "incomplete": "yellow"}


def badge(report: dict[str, Any]) -> dict[str, Any]:
    """Of a broken contract the badge counts the rules, each once, however many implementations broke it."""
    verdict = report["verdict"]
    broken = len({(case.role, case.rule) for case in cases(report) if case.verdict in BROKEN})
    message = f"{broken} rule{'s' if broken > 1 else ''} broken" if verdict == "non-conformant" and broken else verdict
    return {"schemaVersion": 1, "label": "refresh contract", "message": message, "color": _COLOURS[verdict]}
