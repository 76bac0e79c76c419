"""Runs the gate as its users do, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contracts.report import files


class Ran:
    """A run that is over, in the folder where it ran."""

    def __init__(self, done: subprocess.CompletedProcess[str], folder: Path) -> None:
        self.code, self.out, self.err, self.folder = done.returncode, done.stdout, done.stderr, folder

    @property
    def last(self) -> str:
        """The last line on the terminal."""
        return self.out.rstrip("\n").rpartition("\n")[2]

    @property
    def report(self) -> dict[str, Any]:
        """`report.json`."""
        return json.loads((self.folder / "refresh-report" / files.DATA).read_text("utf-8"))  # type: ignore[no-any-return]

    def verdicts(self, rule: str) -> set[str]:
        """The verdicts of one rule in the report."""
        return {v for r in self.report["rules"] if r["id"] == rule for v in r["verdicts"].values()}


Gate = Callable[..., Ran]


def environment(**extra: str) -> dict[str, str]:
    """This environment without anything that configures a run, but with what is given."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("REFRESH_", "PYTEST_", "COLUMNS"))}
    # GitHub and others set these, which change what Hypothesis, pytest and the gate print.
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        kept.pop(name, None)
    # The checkout's packages are found from the run's own folder too.
    kept["PYTHONPATH"] = str(Path(__file__).parents[2])
    return {**kept, **extra}


def gate_in(folder: Path) -> Gate:
    """Runs pytest in a folder: `--pyargs contracts` and the given words, with a session if there is a cookie."""

    def run(*words: str, cookie: str | None = None, what: tuple[str, ...] = ("--pyargs", "contracts"), **env: str) -> Ran:
        own = {**env, **({"REFRESH_COOKIE": cookie} if cookie is not None else {})}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *what, *words],
            cwd=folder,
            env=environment(**own),
            capture_output=True,
            text=True,
            timeout=1500,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert "INTERNALERROR" not in done.stdout + done.stderr
        return Ran(done, folder)

    return run
