"""Writes results as ratios with their spread. Each command has its own section in `RESULTS.md`."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
PAGE: Final = HERE / "RESULTS.md"
HEAD: Final = """# Results

Each command runs two sides in turn on the same machine and writes its section here. A ratio of 1 means that both sides are
equally fast, or need equally much. The median of the rounds counts; the lowest and the highest value show the spread.
"""


@dataclass(frozen=True)
class Ratio:
    """One comparison: its name, the `values` of its rounds, and the target that the median has to meet."""

    name: str
    values: Sequence[float]
    least: float | None = None
    most: float | None = None
    unit: str = ""

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.values)

    @property
    def kept(self) -> bool | None:
        """Whether the median meets the target; None if there is no target."""
        if self.least is not None:
            return self.median >= self.least
        return self.median <= self.most if self.most is not None else None

    def __str__(self) -> str:
        target = f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}" if self.most is not None else ""
        said = [self._shown(value) for value in (self.median, min(self.values), max(self.values))]
        kept = {True: "yes", False: "**no**", None: ""}[self.kept]
        return f"| {self.name} | {target}{self.unit if target else ''} | {' | '.join(said)} | {kept} |"

    def _shown(self, value: float) -> str:
        return f"{value:.0f}{self.unit}" if self.unit else f"{value:.2f}"


def machine(*distributions: str) -> str:
    """The versions of these distributions and of Python, and the kind of machine."""
    named = [f"{name} {version(name)}" for name in distributions]
    where = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return ", ".join([*named, f"Python {platform.python_version()}", where])


def write(command: str, said: str, ratios: Sequence[Ratio], on: str, page: Path = PAGE) -> None:
    """Replace the earlier results of a command, and print the new ones. `said` describes in a sentence or two what ran."""
    table = ["| ratio | target | median | lowest | highest | kept |", "|---|---|---|---|---|---|", *map(str, ratios)]
    section = "\n".join([f"## `{command}`", "", said, "", *table, "", f"{on}."])
    print(section)
    before = page.read_text("utf-8") if page.is_file() else HEAD
    others = {part.partition("\n")[0]: part for part in re.split(r"(?m)^(?=## )", before)[1:]}
    others[section.partition("\n")[0]] = section
    text = "\n\n".join([HEAD.strip(), *(part.strip() for _, part in sorted(others.items()))])
    page.write_text(text + "\n", encoding="utf-8")
