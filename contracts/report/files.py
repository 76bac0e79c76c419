"""The files of a report: which there are, and how they are written: all of them whole, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from contracts.settings import Mistake

PAGE: Final = "report.html"
DATA: Final = "report.json"
EVIDENCE: Final = "evidence.har"
SUMMARY: Final = "summary.md"
BADGE: Final = "badge.json"
NAMES: Final = (PAGE, DATA, EVIDENCE, SUMMARY, BADGE)


def prepare(folder: Path, *, replay: bool = False) -> None:
    """Make the report's folder, and remove the report of an earlier run, which must not be taken for that of a run that dies. A
    `replay` writes no evidence, so it leaves what is there.

    Mistake: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        remove(folder, evidence=not replay)
    except OSError as error:
        raise Mistake(f"--refresh-report {folder} cannot be written: {error.strerror}") from None


def remove(folder: Path, *, evidence: bool = True) -> None:
    """Remove the report of an earlier run, which must not be taken for that of a run that dies. OSError: it cannot be done.

    Its `evidence` is left where none is written anew: it may be what is judged.
    """
    for name in NAMES:
        if evidence or name != EVIDENCE:
            (folder / name).unlink(missing_ok=True)


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the files beside their places first, and move them there when all are whole. OSError: they cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    ready: dict[str, Path] = {}
    made: list[Path] = []
    try:
        for name, text in texts.items():
            handle, beside = tempfile.mkstemp(dir=folder, prefix=".report-")
            ready[name] = Path(beside)
            made.append(ready[name])
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            ready[name].chmod(0o644)
        for name, whole in ready.items():
            made.append(whole.replace(folder / name))
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def append(path: Path, text: str) -> None:
    """Add a text to a file that others write too. OSError: it cannot be written."""
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
