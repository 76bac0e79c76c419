"""Shared fixtures, and the tables of liars and of hostile servers that the terminal shows at the end of a run."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.kit.gates import Gate, gate_in


@dataclass(frozen=True)
class Row:
    """How one liar or odd provider was judged. `seen` is the number of the first request that showed its fault."""

    name: str
    rule: str
    seen: int | None
    verdict: str
    others: tuple[str, ...]


# How long an example takes says something about the machine alone.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

SEEN = pytest.StashKey[list[Row]]()
WHOLE = {"test_liars"}  # files with a test about all others of the file
HOSTILE = pytest.StashKey[list[str]]()  # one line for each hostile server that was judged


def pytest_configure(config: pytest.Config) -> None:
    """Start with empty tables."""
    config.stash[SEEN] = []
    config.stash[HOSTILE] = []


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Spread the tests one by one, but keep a file together that shares what takes long to make, such as a browser.

    It stands in for pytest-xdist's own `loadgroup`, whose marks do not arrive with this pytest.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if _shares(config.rootpath / file) else nodeid

    return Together(config, log)


@cache
def _shares(file: Path) -> bool:
    """Whether tests of a file share a fixture, or one is about all others."""
    return file.stem in WHOLE or re.search(r'scope="(module|session)"', file.read_text("utf-8")) is not None


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One of several processes has ended: its tables are part of the whole."""
    told = getattr(node, "workeroutput", {}).get("tables", ([], []))
    node.config.stash[SEEN] += [Row(*row) for row in told[0]]
    node.config.stash[HOSTILE] += told[1]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that prints the tables what was seen in this one."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tables"] = [[*map(astuple, session.config.stash[SEEN])], session.config.stash[HOSTILE]]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print one table of the liars and odd providers that were judged, and one of the hostile servers."""
    if lines := config.stash.get(HOSTILE, []):
        from tests.hostile.ran import HEADING

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
    """The gate, which runs in an empty folder."""
    return gate_in(tmp_path)
