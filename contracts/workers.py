"""The suite under pytest-xdist: one worker judges all of it, with one session and one budget, and tells the controller.

Loaded in every pytest run, so it imports nothing; what needs pytest-xdist is imported where that is at work.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

SUITE: Final = re.compile(r"::test_(provider|consumer|sdk)_(observation|rule)\[")  # what only node ids can tell the controller
_KEY: Final = "refresh_contract"


class Controller:
    """The process that spreads the tests: what the workers that judged told it, and which of them died at it."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.mistake: str | None = None
        self.died: str | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> object:
        """Spread tests as was asked for, but keep the suite together."""
        from xdist.scheduler import LoadFileScheduling, LoadScopeScheduling

        dist = config.getvalue("dist")
        if dist not in ("load", "worksteal", "loadscope", "loadfile"):
            return None
        base: type[Any] = LoadFileScheduling if dist == "loadfile" else LoadScopeScheduling

        class Together(base):  # type: ignore[misc]
            def _split_scope(self, nodeid: str) -> str:
                if SUITE.search(nodeid):
                    return "the refresh contract"
                return nodeid if dist in ("load", "worksteal") else str(super()._split_scope(nodeid))

        return Together(config, log)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended, well or not."""
        told = getattr(node, "workeroutput", {}).get(_KEY, {})
        if "mistake" in told:
            self.mistake = told["mistake"]
        elif told:
            self.told.append(told)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """A worker died in a test."""
        if SUITE.search(crashitem):
            self.died = report.node.gateway.id
            report._refresh_suite = True  # type: ignore[attr-defined]


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs tests for another."""
    return hasattr(config, "workerinput")


def spreads(config: pytest.Config) -> bool:
    """Whether this process gives its tests to others."""
    return not is_worker(config) and getattr(config.option, "dist", "no") != "no" and bool(config.option.tx)


def tell(config: pytest.Config, told: dict[str, Any]) -> None:
    """Tell the controller what this worker judged, or `mistake`: why it could not begin."""
    config.workeroutput[_KEY] = told  # type: ignore[attr-defined]
