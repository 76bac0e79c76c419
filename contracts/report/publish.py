"""Publishes a run: its files, the lines for the terminal, and the conclusion for the exit code.

Under pytest-xdist, the worker that judged sends its account to the controller, which publishes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from contracts.har.writing import har
from contracts.model.errors import location
from contracts.redaction.redacted import Redacted, redact
from contracts.redaction.redactor import Redactor
from contracts.report import files, terminal
from contracts.report import json as json_report
from contracts.report.model import Report, report
from contracts.result import RunResult
from contracts.rules.verdict import NOT_ASKED_FOR, Conclusion
from contracts.watchdog import Stuck, guarded

REPORT_SECONDS: Final = 60.0
_WORST_FIRST: Final = ("non-conformant", "incomplete", "conformant")


@dataclass(frozen=True)
class Account:
    """Everything that is published of a run: the report, its folder, and the evidence as HAR. It holds no secret."""

    report: Redacted[Report]
    folder: Path
    har: str | None = None


def account(run: RunResult, redactor: Redactor) -> Account:
    """The account of a run. It never raises: if the report cannot be made, the reason of the account says so."""
    folder = run.settings.report
    try:
        with guarded("making the report", REPORT_SECONDS):
            evidence = None
            if run.judgements and not run.replayed:
                evidence = har(run.judgements, redactor, seed=run.settings.seed, started=run.started)
            return Account(redact(report(run), redactor), folder, evidence)
    except Exception as error:  # a traceback may show locals, which hold secrets
        what = str(error) if isinstance(error, Stuck) else f"the report could not be made ({location(error)}); please report it"
        return Account(redact(Report("incomplete", f"the suite: {what}", seed=run.settings.seed), Redactor()), folder)


@dataclass(frozen=True)
class Ending:
    """The end of a run: its conclusion, the (text, colour) lines for the terminal, and where the report is (`written`)."""

    conclusion: Conclusion
    lines: list[tuple[str, str]] = field(default_factory=list)
    written: str = "no report"
    report: Redacted[Report] | None = None

    @property
    def last(self) -> str:
        """The last two lines of the run: where the report is, and the verdict. After a rule alone it begins with that rule."""
        if self.conclusion.reason and self.conclusion.reason.endswith(NOT_ASKED_FOR):
            return f"{self.written}\n{self.conclusion.reason} ({self.conclusion.verdict})"
        reason = f": {self.conclusion.reason}" if self.conclusion.reason else ""
        return f"{self.written}\n{self.conclusion.verdict}{reason}"


def end(accounts: Sequence[Account], *, died: str | None = None, summary: Path | None = None) -> Ending:
    """Write the report of the worst account. There are several if each worker ran the suite (`--dist each`).

    `died` names a worker that died during the suite. `summary` is a file of the pipeline, to which the summary is appended. A run
    whose report cannot be written is at best incomplete.
    """
    lost = Conclusion("incomplete", f"the worker {died} of pytest-xdist died in the middle of the suite; run it again")
    if not accounts:
        return Ending(lost)
    worst = min(accounts, key=lambda account: _WORST_FIRST.index(account.report.model.verdict))
    conclusion = worst.report.model.conclusion
    if died is not None and conclusion.verdict != "non-conformant":
        conclusion = lost
    found = worst.report.part(replace(worst.report.model, verdict=conclusion.verdict, reason=conclusion.reason))
    shown: list[tuple[str, str]] = []
    try:
        shown = list(terminal.lines(found))
        texts = documents(found, worst.har)
        files.write(worst.folder, texts)
        written = f"report: {worst.folder / (files.PAGE if files.PAGE in texts else files.DATA)}"
    except Exception as error:  # a traceback may show locals
        why = f"cannot be written ({error.strerror})" if isinstance(error, OSError) else f"could not be made ({location(error)})"
        written = f"no report: {worst.folder} {why}" if isinstance(error, OSError) else f"no report: it {why}; please report it"
        if conclusion.verdict == "conformant":
            conclusion = Conclusion("incomplete", f"every rule holds, but the report {why}")
    else:
        try:
            if summary:
                files.append(summary, texts[files.SUMMARY])
        except OSError as error:
            written += f" (and {summary} cannot be written: {error.strerror})"
    return Ending(conclusion, shown, written, found)


def documents(found: Redacted[Report], evidence: str | None) -> dict[str, str]:
    """File name to text for every file of the report. A run that judged nothing has no page."""
    from contracts.report.badge import badge
    from contracts.report.summary import summary

    texts = {files.EVIDENCE: evidence} if evidence else {}
    if found.model.command:
        from contracts.report.page import page

        texts[files.PAGE] = page(found)
    return {
        **texts,
        files.SUMMARY: summary(found),
        files.BADGE: json.dumps(badge(found)) + "\n",
        files.DATA: json_report.text(found),
    }
