"""The line of pytest's terminal on which progress is told, while pytest captures what tests print."""

from __future__ import annotations

import contextlib
import sys

import pytest


class TerminalLine:
    """A line of the terminal that pytest writes to; its own is there again when this one is cleared."""

    def __init__(self, config: pytest.Config) -> None:
        self._capture = config.pluginmanager.getplugin("capturemanager")
        self._writer = config.get_terminal_writer()
        self._shown = False

    def show(self, text: str) -> None:
        self._write(text[: self._writer.fullwidth - 1])
        self._shown = True

    def clear(self) -> None:
        if self._shown:
            self._write(getattr(self._writer, "_current_line", ""))
        self._shown = False

    def _write(self, text: str) -> None:
        with self._capture.global_and_fixture_disabled() if self._capture else contextlib.nullcontext():
            print(f"\r\x1b[2K{text}", end="", file=sys.__stdout__, flush=True)


def line(config: pytest.Config) -> TerminalLine | None:
    """The line; none where nobody sits in front of it."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    watched = reporter is not None and reporter.isatty and reporter.verbosity >= 0 and sys.__stdout__ is not None
    return TerminalLine(config) if watched else None
