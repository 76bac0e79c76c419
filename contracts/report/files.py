"""The files of a report, and how they are written: either all of them, each complete, or none."""

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
    """Make the report's folder and remove an earlier report, so that nobody takes it for the report of a run that dies.

    A `replay` keeps the evidence that is there, since it writes none. Mistake: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        remove(folder, evidence=not replay)
    except OSError as error:
        raise Mistake(f"--refresh-report {folder} cannot be written: {error.strerror}") from None


def remove(folder: Path, *, evidence: bool = True) -> None:
    """Remove the report of an earlier run, and its HAR file too if `evidence` is true. OSError: a file cannot be removed.

    A replay keeps the HAR file, since it may be the file that is judged.
    """
    for name in NAMES:
        if evidence or name != EVIDENCE:
            (folder / name).unlink(missing_ok=True)


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write all files under temporary names first, then move them to their places. OSError: they cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    ready: dict[str, Path] = {}
    created: list[Path] = []
    try:
        for name, text in texts.items():
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=".report-")
            ready[name] = Path(temporary)
            created.append(ready[name])
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            ready[name].chmod(0o644)
        for name, whole in ready.items():
            created.append(whole.replace(folder / name))
    except BaseException:
        for path in created:
            path.unlink(missing_ok=True)
        raise


def append(path: Path, text: str) -> None:
    """Append a text to a file that other programs write too. OSError: it cannot be written."""
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
