"""What the tests share: the tables of liars and of hostile servers that end a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from .gates import Gate, gate_in


@dataclass(frozen=True)
class Row:
    """How one liar or odd provider was judged: `seen` is the first request that showed its fault."""

    name: str
    rule: str
    seen: int | None
    verdict: str
    others: tuple[str, ...]


# How long an example takes says something about the machine alone.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

SEEN = pytest.StashKey[list[Row]]()
HOSTILE = pytest.StashKey[list[str]]()  # a line for each hostile server that was met


def pytest_configure(config: pytest.Config) -> None:
    """Begin with empty tables."""
    config.stash[SEEN] = []
    config.stash[HOSTILE] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One table of all liars and odd providers that were judged, and one of all hostile servers that were met."""
    if lines := config.stash.get(HOSTILE, []):
        from .hostile.ran import HEADING

        terminalreporter.section("hostile servers")
        for line in (HEADING, *lines):
            terminalreporter.write_line(line)
    rows = config.stash.get(SEEN, [])
    if not rows:
        return
    terminalreporter.section("liars and odd providers")
    terminalreporter.write_line(f"{'name':26} {'rule':28} {'seen at':>7}  verdict")
    for row in rows:
        others = f" (and {', '.join(row.others)})" if row.others else ""
        seen = "-" if row.seen is None else str(row.seen)
        terminalreporter.write_line(f"{row.name:26} {row.rule or 'odd':28} {seen:>7}  {row.verdict}{others}")
    found = sorted(row.seen for row in rows if row.seen is not None)
    if found:
        terminalreporter.write_line(f"{len(found)} seen; the median at request {found[len(found) // 2]}")


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """The gate, run in an empty folder."""
    return gate_in(tmp_path)
