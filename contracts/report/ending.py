"""How a run ends: what was judged, said once to a file, to the terminal and to the exit code.

Under pytest-xdist the worker that judged sends its account to the process that ends the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contracts.report import machine
from contracts.verdict import Conclusion

_WORST_FIRST: Final = ("non-conformant", "incomplete", "conformant")


@dataclass(frozen=True)
class Account:
    """`report` as in `report.json`, the lines of the terminal with their colours, and the folder that the report goes to.

    Everything in it is redacted.
    """

    report: dict[str, Any]
    lines: list[tuple[str, str]]
    folder: str

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Account:
        """From what `plain` made."""
        return cls(plain["report"], [(text, colour) for text, colour in plain["lines"]], plain["folder"])

    @property
    def plain(self) -> dict[str, Any]:
        """As lists and dictionaries, to be sent to another process."""
        return {"report": self.report, "lines": [list(line) for line in self.lines], "folder": self.folder}


@dataclass(frozen=True)
class Ending:
    """The conclusion of the run, the lines for the terminal, and one on where the report is."""

    conclusion: Conclusion
    lines: list[tuple[str, str]]
    written: str

    @property
    def last(self) -> str:
        """The last two lines of the run."""
        reason = f": {self.conclusion.reason}" if self.conclusion.reason else ""
        return f"{self.written}\n{self.conclusion.verdict}{reason}"


def end(accounts: Sequence[Account], *, died: str | None = None) -> Ending:
    """Write the report: of several accounts of the same (--dist each), the worst. `died`: a worker that was lost at the suite.

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
    try:
        written = f"report: {machine.write(data, Path(account.folder))}"
    except OSError as error:
        written = f"no report: {account.folder} cannot be written ({error.strerror})"
        if conclusion.verdict == "conformant":
            conclusion = Conclusion("incomplete", f"every rule holds, but the report cannot be written ({error.strerror})")
    return Ending(conclusion, account.lines, written)
