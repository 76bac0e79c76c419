"""Shows progress on the current line of pytest's terminal, although pytest captures what tests print."""

from __future__ import annotations

import contextlib
import sys

import pytest


class TerminalLine:
    """The current line of pytest's terminal. `clear` restores what pytest had written on it."""

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
    """The line; None if the output is no terminal or pytest is quiet."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    watched = reporter is not None and reporter.isatty and reporter.verbosity >= 0 and sys.__stdout__ is not None
    return TerminalLine(config) if watched else None
