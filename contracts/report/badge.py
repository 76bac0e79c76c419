"""`badge.json`: the verdict as a badge, in the schema that shields.io reads from an address (its endpoint badge). Pure."""

from __future__ import annotations

from typing import Any, Final

from contracts.redaction.redacted import Redacted
from contracts.report.model import Report

_COLOURS: Final = {"conformant": "brightgreen", "non-conformant": "red", "incomplete": "yellow"}


def badge(redacted: Redacted[Report]) -> dict[str, Any]:
    """Of a broken contract the badge counts the rules, each once, however many implementations broke it."""
    report = redacted.model
    broken = len({result.rule for result in report.results if result.is_broken})
    counted = report.verdict == "non-conformant" and broken
    message = f"{broken} rule{'s' if broken > 1 else ''} broken" if counted else report.verdict
    return {"schemaVersion": 1, "label": "refresh contract", "message": message, "color": _COLOURS[report.verdict]}
