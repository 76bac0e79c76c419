"""What a run tells GitHub at the place of the step: workflow commands, one for each rule that fails it. Pure."""

# There is no `from __future__ import annotations` here: it would take the name of the function.
from collections.abc import Iterator
from typing import Final

from contracts.redaction.redacted import Redacted
from contracts.report.model import ERROR, FIXED, Report, RuleResult

MOST: Final = 10  # errors that GitHub shows of one step; it counts other kinds of annotation apart


def annotations(redacted: Redacted[Report]) -> list[str]:
    """The lines to print. Nothing that a server sent can end its line, or its place in the line, and begin a command."""
    errors = list(_errors(redacted.model))
    lines = [_command("error", title, text) for title, text in errors[:MOST]]
    if left := len(errors[MOST:]):
        more = f"{left} more error{'s' if left > 1 else ''}; the summary and the report have all of them"
        lines.append(_command("warning", "refresh contract", more))
    return lines


def _errors(report: Report) -> Iterator[tuple[str, str]]:
    broken = [result for result in report.results if result.is_broken]
    if report.verdict == "incomplete" or (report.verdict != "conformant" and not broken):
        yield f"refresh contract: {report.verdict}", report.reason or report.verdict
    for result in broken:
        yield f"{result.rule} ({result.level}), {result.implementation}", _text(result)


def _text(result: RuleResult) -> str:
    if not result.findings:
        return {"fixed": FIXED, "error": ERROR}.get(result.verdict, result.text)
    first = result.findings[0]
    return f"{result.text}\nExpected: {first.expected}\nActual: {first.actual}\nAgain: {result.again}"


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    """As the message of a command is written, without what a terminal could obey."""
    shown = "".join(c if c.isprintable() or c in "\r\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """As the value of a property of a command is written."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
