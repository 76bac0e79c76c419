"""Annotations for a GitHub workflow: one workflow command for each rule that fails the run. Pure."""

# `from __future__ import annotations` is missing here, since it would shadow the function of that name.
from collections.abc import Iterator, Sequence
from typing import Final

from contracts.redaction.redacted import Redacted
from contracts.report.model import ERROR, FIXED, Report, RuleResult

MOST: Final = 10  # GitHub shows so many errors of one step; warnings have a limit of their own


def annotations(redacted: Redacted[Report]) -> list[str]:
    """The lines to print. Text of a server is escaped, so that it cannot begin a command or leave its place in the line."""
    errors = list(_errors(redacted.model))
    lines = [_command("error", title, text) for title, text in errors[:MOST]]
    if more := len(errors[MOST:]):
        text = f"{more} more error{'s' if more > 1 else ''}; the summary and the report have all of them"
        lines.append(_command("warning", "refresh contract", text))
    return lines


def _errors(report: Report) -> Iterator[tuple[str, str]]:
    broken = [result for result in report.results if result.is_broken and not result.told_with]
    if report.verdict == "incomplete" or (report.verdict != "conformant" and not broken):
        yield f"refresh contract: {report.verdict}", report.reason or report.verdict
    for result in broken:
        yield f"{result.rule} ({result.level}), {result.implementation}", _text(result, report.told_with(result))


def _text(result: RuleResult, others: Sequence[RuleResult]) -> str:
    if not result.findings:
        return {"fixed": FIXED, "error": ERROR}.get(result.verdict, result.text)
    first = result.findings[0]
    cause = f"\nCause: {result.cause}" if result.cause else ""
    also = f"\nAnd so: {', '.join(other.rule for other in others)}" if others else ""
    return f"{result.text}\nExpected: {first.expected}\nActual: {first.actual}{cause}{also}\nAgain: {result.again}"


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    """The text, escaped as the message of a command, without characters that could control a terminal."""
    shown = "".join(c if c.isprintable() or c in "\r\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """The text, escaped as the value of a command's property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
