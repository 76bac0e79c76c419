"""What the installed package costs a pytest run that does not use it, beside the same run without any plugin.

    python benchmarks/startup.py

Each side runs one empty test. Seconds are those of the processor, in user and system mode.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from results import Ratio, machine, write

ROUNDS: Final = 9
BARE: Final = ("--disable-plugin-autoload",)
OURS: Final = (*BARE, "-p", "base_url", "-p", "refresh_contract")
MOCK: Final = ("-p", "no:schemathesis", "-p", "no:hypothesispytest")  # the line of docs/mock.md


def seconds(folder: Path, *options: str) -> float:
    """Processor time of a run with these options. RuntimeError: it failed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHONDONTWRITEBYTECODE"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options]
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run all sides by turns."""
    rounds = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_nothing.py").write_text("def test_nothing(): pass\n", "utf-8")
        for number in range(ROUNDS + 1):
            bare, ours, mock, every = (seconds(folder, *options) for options in (BARE, OURS, MOCK, ()))
            print(f"bare {bare:.2f}, this plugin {ours:.2f}, for the mock {mock:.2f}, all {every:.2f} s", flush=True)
            if number:  # the first round warms up
                rounds.append((ours / bare, mock / bare, every / bare))
    ours_to_bare, mock_to_bare, every_to_bare = zip(*rounds, strict=True)
    write(
        "python benchmarks/startup.py",
        f"A pytest run of one empty test, to the same without plugins; {ROUNDS} rounds, seconds of the processor.",
        [
            Ratio("with the plugin of this package alone", ours_to_bare, most=1.2),
            Ratio(f"with all that comes along, but for `{' '.join(MOCK)}`", mock_to_bare),
            Ratio("with all that comes along", every_to_bare),
        ],
        machine("twilight-refresh-contract", "pytest", "schemathesis", "hypothesis"),
    )


if __name__ == "__main__":
    main()
