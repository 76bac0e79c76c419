"""How a run ends: what was judged, said once to files, to the terminal and to the exit code.

Under pytest-xdist the worker that judged sends its account to the process that ends the run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from contracts.model.errors import location
from contracts.report import files
from contracts.report import json as json_report
from contracts.rules.verdict import Conclusion

_WORST_FIRST: Final = ("non-conformant", "incomplete", "conformant")


@dataclass(frozen=True)
class Account:
    """`report` as in `report.json`, the lines of the terminal with their colours, the folder that the report goes to, what the
    page tells beyond (see `contracts.report.details`), and the evidence as HAR.

    Everything in it is redacted.
    """

    report: dict[str, Any]
    lines: list[tuple[str, str]]
    folder: str
    details: dict[str, Any] | None = None
    har: str | None = None

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Account:
        """From what `plain` made."""
        return cls(**{**plain, "lines": [(text, colour) for text, colour in plain["lines"]]})

    @property
    def plain(self) -> dict[str, Any]:
        """As lists and dictionaries, to be sent to another process."""
        return {**asdict(self), "lines": [list(line) for line in self.lines]}


@dataclass(frozen=True)
class Ending:
    """The conclusion of the run, the lines for the terminal, one on where the report is, and what a pipeline is told."""

    conclusion: Conclusion
    lines: list[tuple[str, str]]
    written: str
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def last(self) -> str:
        """The last two lines of the run."""
        reason = f": {self.conclusion.reason}" if self.conclusion.reason else ""
        return f"{self.written}\n{self.conclusion.verdict}{reason}"


def end(accounts: Sequence[Account], *, died: str | None = None, summary: Path | None = None) -> Ending:
    """Write the report: of several accounts of the same (--dist each), the worst. `died`: a worker that was lost at the suite.
    `summary`: a file of the pipeline's, to which the summary is added.

    A run that cannot show its report is at best incomplete.
    """
    lost = Conclusion("incomplete", f"the worker {died} of pytest-xdist died in the middle of the suite; run it again")
    if not accounts:
        return Ending(lost, [], "no report")
    account = min(accounts, key=lambda a: _WORST_FIRST.index(a.report["verdict"]))
    conclusion = Conclusion(account.report["verdict"], account.report["reason"])
    if died is not None and conclusion.verdict != "non-conformant":
        conclusion = lost
    data = {**account.report, "verdict": conclusion.verdict, "reason": conclusion.reason}
    folder = Path(account.folder)
    try:
        texts = documents(data, account)
        files.write(folder, texts)
        written = f"report: {folder / (files.PAGE if files.PAGE in texts else files.DATA)}"
    except Exception as error:  # a traceback would show locals
        why = f"cannot be written ({error.strerror})" if isinstance(error, OSError) else f"could not be made ({location(error)})"
        written = f"no report: {folder} {why}" if isinstance(error, OSError) else f"no report: it {why}; please report it"
        if conclusion.verdict == "conformant":
            conclusion = Conclusion("incomplete", f"every rule holds, but the report {why}")
    else:
        try:
            if summary:
                files.append(summary, texts[files.SUMMARY])
        except OSError as error:
            written += f" (and {summary} cannot be written: {error.strerror})"
    return Ending(conclusion, account.lines, written, data)


def documents(data: dict[str, Any], account: Account) -> dict[str, str]:
    """Every file of the report by its name; where little is known, those that little is needed for."""
    from contracts.report.badge import badge
    from contracts.report.junit import junit
    from contracts.report.summary import summary

    texts = {files.EVIDENCE: account.har} if account.har else {}
    if account.details:
        from contracts.report.page import page

        texts[files.PAGE] = page(data, account.details)
    return {
        **texts,
        files.JUNIT: junit(data),
        files.SUMMARY: summary(data),
        files.BADGE: json.dumps(badge(data)) + "\n",
        files.DATA: json_report.text(data),
    }
