"""Runs the suite under pytest-xdist: one worker runs all of it, with one session and one budget, and tells the controller.

Every pytest run loads this module, so it imports pytest-xdist only where that is in use.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

SUITE: Final = re.compile(
    r"::test_(provider|consumer|sdk)_(observation|rule)\["
)  # the controller recognizes the suite only by node ids
_KEY: Final = "refresh_contract"


class Controller:
    """Plugin of the process that distributes tests. It keeps what the workers told it, and which worker died in the suite."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.mistake: str | None = None
        self.died: str | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> object:
        """Distribute tests as `--dist` says, but give the whole suite to one worker."""
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
        """A worker has ended, so keep what it told."""
        told = getattr(node, "workeroutput", {}).get(_KEY, {})
        if "mistake" in told:
            self.mistake = told["mistake"]
        elif told:
            self.told.append(told)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """A worker died in a test, so remember it if the test was of the suite."""
        if SUITE.search(crashitem):
            self.died = report.node.gateway.id
            report._refresh_suite = True  # type: ignore[attr-defined]


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def spreads(config: pytest.Config) -> bool:
    """Whether this process distributes its tests to workers."""
    return not is_worker(config) and getattr(config.option, "dist", "no") != "no" and bool(config.option.tx)


def tell(config: pytest.Config, told: dict[str, Any]) -> None:
    """Tell the controller the `account` of this worker's run, or the `mistake` that kept it from starting."""
    config.workeroutput[_KEY] = told  # type: ignore[attr-defined]
