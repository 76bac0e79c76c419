"""A run of the suite alone starts quickly, and any other run is left as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contracts import lean
from contracts.provider.serving import serve
from contracts.provider.store import Store
from tests.kit.gates import Gate, environment


class Finder:
    """An import hook that finds nothing, in the place of pytest's."""

    def find_spec(self, *_: object) -> None:
        return None


class Plugins:
    """A plugin manager that holds what was loaded before."""

    def __init__(self, *loaded: str) -> None:
        self.loaded, self.blocked, self.rewrite_hook = set(loaded), set[str](), Finder()

    def has_plugin(self, name: str) -> bool:
        return name in self.loaded

    def set_blocked(self, name: str) -> None:
        self.blocked.add(name)


@pytest.fixture
def parser(pytestconfig: pytest.Config) -> Any:
    """The parser of this run, which knows all options."""
    return pytestconfig._parser


@pytest.fixture(autouse=True)
def meta_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of import hooks that a test may change."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))


def spared(parser: Any, argv: str, *loaded: str, rewriting: bool = True) -> tuple[set[str], bool]:
    """Which plugins are blocked for a command line, and whether assertions are still rewritten."""
    plugins = Plugins(*loaded)
    if rewriting:
        sys.meta_path.insert(0, plugins.rewrite_hook)
    config: Any = SimpleNamespace(invocation_params=SimpleNamespace(args=tuple(argv.split())), pluginmanager=plugins)
    lean.spare(parser, config)
    return plugins.blocked, plugins.rewrite_hook in sys.meta_path


ALONE = [
    "--pyargs contracts",
    "--pyargs contracts -m provider --base-url http://127.0.0.1:1 --refresh-rate 0 -q",
    "--base-url=http://127.0.0.1:1 --pyargs contracts.suite",
    "--pyargs contracts.suite.test_provider::test_provider_rule",
]
TOGETHER = ["", "tests", "contracts", "--pyargs contracts tests", "--pyargs other", "--pyargs contracts_of_mine", "--pyargs"]


@pytest.mark.parametrize("argv", ALONE)
def test_the_suite_alone_is_lean(parser: Any, argv: str) -> None:
    """A run of the suite alone loads no plugin that it does not use, and rewrites no assertions."""
    assert spared(parser, argv) == ({"schemathesis", "respx", "anyio"}, False)


@pytest.mark.parametrize("argv", TOGETHER)
def test_any_other_run_is_left_as_it_is(parser: Any, argv: str) -> None:
    """A run that collects other tests keeps the plugins and the assertions that they may use."""
    assert spared(parser, argv) == (set(), True)


def test_what_was_loaded_stays(parser: Any) -> None:
    """A plugin that was loaded before is not taken away, because somebody may have asked for it."""
    assert spared(parser, "--pyargs contracts", "respx")[0] == {"schemathesis", "anyio"}


def test_assertions_that_are_not_rewritten_are_no_error(parser: Any) -> None:
    """With --assert=plain there is no import hook to remove."""
    assert spared(parser, "--pyargs contracts", rewriting=False)[0] == {"schemathesis", "respx", "anyio"}


def test_another_plugin_is_there_for_the_project_beside_it(gate: Gate, tmp_path: Path) -> None:
    """A project that runs the suite together with tests of its own has the plugins that they use."""
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
    "contracts.consumer.reference",
    "contracts.consumer.sdk",
)
JUDGED_ALONE = f"""
import sys, pytest
argv = "-q -p no:schemathesis -p no:respx -p no:anyio --pyargs contracts -m provider --base-url".split()
code = pytest.main([*argv, sys.argv[1]])
print(int(code), *[name for name in {UNUSED!r} if name in sys.modules])
"""


def test_a_target_is_judged_without_what_it_does_not_need(tmp_path: Path) -> None:
    """To judge an endpoint, the suite imports no server, no browser, no client and no maker of tokens."""
    store = Store()
    with serve(store.app) as url:
        done = subprocess.run(
            [sys.executable, "-c", JUDGED_ALONE, url],
            cwd=tmp_path,
            env=environment(REFRESH_COOKIE=store.log_in()),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=True,
        )
    assert done.stdout.rstrip().rpartition("\n")[2] == "0"
