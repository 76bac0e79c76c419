"""What a run of the suite alone does without, and that any other run is left as it is."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contracts import lean
from contracts.providers.serving import serve
from contracts.providers.store import Store

from .gates import Gate, environment


class Plugins:
    """A plugin manager that holds what was loaded before."""

    def __init__(self, *loaded: str) -> None:
        self.loaded, self.blocked = set(loaded), set[str]()

    def has_plugin(self, name: str) -> bool:
        return name in self.loaded

    def set_blocked(self, name: str) -> None:
        self.blocked.add(name)


@pytest.fixture
def parser(pytestconfig: pytest.Config) -> Any:
    """The parser of this run, which knows all options."""
    return pytestconfig._parser


def spared(parser: Any, words: str, *loaded: str) -> tuple[set[str], list[Any]]:
    """What is blocked for a command line, and what is undone in the end."""
    plugins, undo = Plugins(*loaded), list[Any]()
    invocation = SimpleNamespace(args=tuple(words.split()))
    config: Any = SimpleNamespace(invocation_params=invocation, pluginmanager=plugins, add_cleanup=undo.append)
    lean.spare(parser, config)
    return plugins.blocked, undo


ALONE = [
    "--pyargs contracts",
    "--pyargs contracts -m provider --base-url http://127.0.0.1:1 --refresh-rate 0 -q",
    "--base-url=http://127.0.0.1:1 --pyargs contracts.suite",
    "--pyargs contracts.suite.test_provider::test_provider_rule",
]
TOGETHER = ["", "tests", "contracts", "--pyargs contracts tests", "--pyargs other", "--pyargs contracts_of_mine", "--pyargs"]


@pytest.mark.parametrize("words", ALONE)
def test_the_suite_alone_is_lean(parser: Any, words: str) -> None:
    """Plugins that nothing in it uses are not loaded, and libraries are imported as they were installed, while the run lasts."""
    before = list(sys.meta_path)
    blocked, undo = spared(parser, words)
    assert blocked == {"schemathesis", "respx", "anyio"}
    assert len(sys.meta_path) == len(before) + 1
    for step in undo:
        step()
    assert sys.meta_path == before


@pytest.mark.parametrize("words", TOGETHER)
def test_any_other_run_is_left_as_it_is(parser: Any, words: str) -> None:
    """Its tests may use those plugins."""
    before = list(sys.meta_path)
    assert spared(parser, words) == (set(), [])
    assert sys.meta_path == before


def test_what_was_loaded_stays(parser: Any) -> None:
    """Somebody asked for it, or it came first; to take it away would break it."""
    blocked, undo = spared(parser, "--pyargs contracts", "respx")
    for step in undo:
        step()
    assert blocked == {"schemathesis", "anyio"}


def test_only_libraries_of_the_suite_are_found_so() -> None:
    """Its tests are rewritten as ever, and so is everybody else's code."""
    finder = lean._AsInstalled()
    assert finder.find_spec("hypothesis", None) is not None
    assert finder.find_spec("contracts.suite", list(importlib.import_module("contracts").__path__)) is None
    assert finder.find_spec("_pytest", None) is None


def test_another_plugin_is_there_for_the_project_beside_it(gate: Gate, tmp_path: Path) -> None:
    """A project that runs the suite with tests of its own has what they use."""
    (tmp_path / "test_mine.py").write_text("def test_mine(respx_mock): pass\n", "utf-8")
    ran = gate("test_mine.py", "-k", "test_mine")
    assert ran.code == 0, ran.out
    assert "1 passed" in ran.out


UNUSED = (
    "playwright",
    "starlette",
    "uvicorn",
    "jwt",
    "respx",
    "httpx",
    "contracts.consumers.python",
    "contracts.consumers.twilight",
)
JUDGED_ALONE = f"""
import sys, pytest
words = "-q -p no:schemathesis -p no:respx -p no:anyio --pyargs contracts -m provider --base-url".split()
code = pytest.main([*words, sys.argv[1]])
print(int(code), *[name for name in {UNUSED!r} if name in sys.modules])
"""


def test_a_target_is_judged_without_what_it_does_not_need(tmp_path: Path) -> None:
    """No server, no browser, no client is imported to judge an endpoint, nor what makes tokens."""
    store = Store()
    with serve(store.app) as url:
        done = subprocess.run(
            [sys.executable, "-c", JUDGED_ALONE, url],
            cwd=tmp_path,
            env=environment(REFRESH_COOKIE=store.log_in()),
            capture_output=True,
            encoding="utf-8",
            timeout=600,
            check=True,
        )
    assert done.stdout.rstrip().rpartition("\n")[2] == "0"
