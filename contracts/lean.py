"""What a run of the suite alone does without: plugins that nothing in it uses, and the rewriting of assertions in libraries.

Together they are most of the time to the first request, above all in an environment that was just installed: there pytest would
read, rewrite and compile some hundred modules anew. A run that collects anything else is left as it is.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Final

import pytest

_UNUSED: Final = ("schemathesis", "respx", "anyio")  # the suite uses these libraries, or none of them, but not their plugins
_AS_INSTALLED: Final = ("hypothesis", "schemathesis", "respx", "contracts")


class _AsInstalled(importlib.abc.MetaPathFinder):
    """Finds libraries before pytest does, which would rewrite them because they bring plugins."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        ours = name.partition(".")[0] in _AS_INSTALLED and not name.startswith("contracts.suite")
        return importlib.machinery.PathFinder.find_spec(name, path, target) if ours else None


def spare(parser: pytest.Parser, config: pytest.Config) -> None:
    """Make the run lean, if the suite is all that is asked for. What was loaded before this plugin stays."""
    if not _alone(parser, config.invocation_params.args):
        return
    for name in _UNUSED:
        if not config.pluginmanager.has_plugin(name):
            config.pluginmanager.set_blocked(name)
    finder = _AsInstalled()
    sys.meta_path.insert(0, finder)
    config.add_cleanup(lambda: sys.meta_path.remove(finder))


def _alone(parser: pytest.Parser, words: Sequence[str]) -> bool:
    """Whether the command line names this package and nothing else. Options of plugins to come are not known yet."""
    with contextlib.suppress(pytest.UsageError):
        given = parser.parse_known_args(list(words))
        named = [word for word in given.file_or_dir if "://" not in word]  # such as the value of --base-url
        return given.pyargs and bool(named) and all(word.partition("::")[0].split(".")[0] == "contracts" for word in named)
    return False
