"""`badge.json`: the verdict in the schema of shields.io's endpoint badge. Pure."""

from __future__ import annotations

from typing import Any, Final

from contracts.redaction.redacted import Redacted
from contracts.report.model import Report

_COLOURS: Final = {"conformant": "brightgreen", "non-conformant": "red", "incomplete": "yellow"}


def badge(redacted: Redacted[Report]) -> dict[str, Any]:
    """The badge. If the contract is broken, it counts the broken rules, each once, even if several implementations broke it."""
    report = redacted.model
    broken = len({result.rule for result in report.results if result.is_broken})
    counted = report.verdict == "non-conformant" and broken
    message = f"{broken} rule{'s' if broken > 1 else ''} broken" if counted else report.verdict
    return {"schemaVersion": 1, "label": "refresh contract", "message": message, "color": _COLOURS[report.verdict]}
