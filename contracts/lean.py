"""What a run of the suite alone does without: plugins that it does not use, and the rewriting of assertions.

The plugin of schemathesis costs more than all else that happens before the first request: without this module that request
comes later than the first one of `st run`, and with it sooner (`benchmarks/RESULTS.md`). Where bytecode is not kept, as in a
read-only image, pytest would also rewrite some hundred modules of libraries in each run, and everywhere in the first. A run that
collects other tests is left as it is.

Only the command line tells such a run from others while plugins are still being loaded. pytest has read it by then, but without
the options of plugins, whose values it takes for names of tests. Plugins are loaded in the order in which the installed packages
are found. What comes before this plugin stays loaded; then only the time is lost.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import Final

import pytest

_UNUSED: Final = ("schemathesis", "respx", "anyio")  # plugins, not libraries


def spare(parser: pytest.Parser, config: pytest.Config) -> None:
    """Make the run lean if the suite is all that is asked for."""
    if not _alone(parser, config.invocation_params.args):
        return
    for name in _UNUSED:
        if not config.pluginmanager.has_plugin(name):
            config.pluginmanager.set_blocked(name)
    with contextlib.suppress(ValueError):  # there is none with --assert=plain
        sys.meta_path.remove(config.pluginmanager.rewrite_hook)  # type: ignore[arg-type]


def _alone(parser: pytest.Parser, argv: Sequence[str]) -> bool:
    """Whether the command line names this package and nothing else."""
    with contextlib.suppress(pytest.UsageError):
        given = parser.parse_known_args(argv)
        named = [argument for argument in given.file_or_dir if "://" not in argument]  # the value of --base-url
        return (
            given.pyargs and bool(named) and all(argument.partition("::")[0].split(".")[0] == "contracts" for argument in named)
        )
    return False
