"""What the benchmarks write. They are never run as tests: what a busy machine measures proves nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.results import HERE, PAGE, Ratio, write

COMMANDS = [
    match[0] for file in sorted(HERE.glob("*.py")) for match in re.finditer(r"(?m)^    python benchmarks/.*$", file.read_text())
]


def test_every_command_has_results() -> None:
    """Each of the commands has written its section, and no section is left of one that is gone."""
    assert len(COMMANDS) >= 3
    sections = re.findall(r"(?m)^## `(.*)`$", PAGE.read_text("utf-8"))
    assert sections == sorted(command.strip() for command in COMMANDS)


def test_a_command_replaces_its_own_results(tmp_path: Path) -> None:
    """Those of the others stay."""
    page = tmp_path / "RESULTS.md"
    write("python one.py", "First.", [Ratio("speed", [0.5, 2.0, 1.0], least=0.9)], "On a machine", page)
    write("python another.py", "Second.", [Ratio("size", [3, 4], most=2, unit=" MB"), Ratio("seen", [1.5])], "On a machine", page)
    write("python one.py", "Third.", [Ratio("speed", [0.5, 0.5, 1.0], least=0.9)], "On a machine", page)
    text = page.read_text("utf-8")
    assert re.findall(r"(?m)^(?:## .*|\w+\.)$", text) == ["## `python another.py`", "Second.", "## `python one.py`", "Third."]
    assert "| speed | ≥ 0.9 | 0.50 | 0.50 | 1.00 | **no** |" in text
    assert "| size | ≤ 2 MB | 4 MB | 3 MB | 4 MB | **no** |" in text
    assert "| seen |  | 1.50 | 1.50 | 1.50 |  |" in text


@pytest.mark.parametrize(
    ("ratio", "kept"),
    [
        (Ratio("", [0.8, 0.9, 1.0], least=0.9), True),
        (Ratio("", [0.8, 0.89, 1.0], least=0.9), False),
        (Ratio("", [0.8, 0.9, 1.0], most=0.9), True),
        (Ratio("", [0.8, 0.91, 1.0], most=0.9), False),
        (Ratio("", [1.0]), None),
    ],
)
def test_the_median_keeps_the_target(ratio: Ratio, kept: bool | None) -> None:
    """Or it does not, and then the page says so."""
    assert ratio.kept is kept
