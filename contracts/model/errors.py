"""Describes an internal error of the suite: its type and where it happened, without the values, which may be secret. Pure."""

from __future__ import annotations

from pathlib import Path


def location(error: BaseException) -> str:
    """The type of the error and the file and line that raised it. The message is left out, since it may hold a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"
