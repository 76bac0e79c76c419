"""What a run says on GitHub at the place of the step: workflow commands, one for each rule that fails it. Pure.

There is no `from __future__ import annotations` here: it would take the name of the function.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from contracts.report.cases import ERROR, FIXED, Case, cases
from contracts.rules.verdict import BROKEN

MOST: Final = 10  # errors that GitHub shows of one step; it counts other kinds of annotation apart


def annotations(report: dict[str, Any]) -> list[str]:
    """The lines to print. Nothing that a server said can end its line, or its place in the line, and begin a command."""
    errors = list(_errors(report))
    lines = [_command("error", title, text) for title, text in errors[:MOST]]
    if left := len(errors[MOST:]):
        more = f"{left} more error{'s' if left > 1 else ''}; the summary and the report have all of them"
        lines.append(_command("warning", "refresh contract", more))
    return lines


def _errors(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    broken = [case for case in cases(report) if case.verdict in BROKEN]
    verdict = report["verdict"]
    if verdict == "incomplete" or (verdict != "conformant" and not broken):
        yield f"refresh contract: {verdict}", report["reason"] or verdict
    for case in broken:
        yield f"{case.rule} ({case.level}), {case.implementation}", _text(case)


def _text(case: Case) -> str:
    if not case.findings:
        return {"fixed": FIXED, "error": ERROR}.get(case.verdict, case.text)
    first = case.findings[0]
    return f"{case.text}\nExpected: {first['expected']}\nActual: {first['actual']}\nAgain: {first['rerun']}"


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    """As the message of a command is written. What a terminal could obey is not."""
    shown = "".join(c if c.isprintable() or c in "\r\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """As the value of a property of a command is written."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
