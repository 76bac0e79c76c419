"""Runs the gate as its users do, in a process of its own. Most of these are forked from one that has imported everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contracts.report import files
from tests.kit.forge import forge, order

MOST_SECONDS = 1500.0  # of one run


class Ran:
    """A run that is over, in the folder where it ran."""

    def __init__(self, code: int, out: str, err: str, folder: Path) -> None:
        self.code, self.out, self.err, self.folder = code, out, err, folder

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
    """Runs pytest in a folder: `--pyargs contracts` and the given words, with a session if there is a cookie.

    `fresh` starts Python anew, for what happens only while modules are imported. So do runs with workers, which start it anyway.
    """

    def run(
        *argv: str, cookie: str | None = None, what: tuple[str, ...] = ("--pyargs", "contracts"), fresh: bool = False, **env: str
    ) -> Ran:
        environ = environment(**env, **({"REFRESH_COOKIE": cookie} if cookie is not None else {}))
        ran = (_started if fresh or "-n" in argv else _forked)(folder, [*what, *argv], environ)
        assert "Traceback" not in ran.out + ran.err
        assert "INTERNALERROR" not in ran.out + ran.err
        return ran

    return run


def _started(folder: Path, argv: list[str], environ: dict[str, str]) -> Ran:
    command = [sys.executable, "-m", "pytest", *argv]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
    return Ran(done.returncode, done.stdout, done.stderr, folder)


def _forked(folder: Path, argv: list[str], environ: dict[str, str]) -> Ran:
    with tempfile.TemporaryDirectory() as name:
        left = Path(name)
        done = forge([order("gate", folder, left, argv, environ, most=MOST_SECONDS)])["gate"]
        return Ran(done["code"], (left / "stdout").read_text("utf-8"), (left / "stderr").read_text("utf-8"), folder)
