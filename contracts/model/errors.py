"""An error of the suite's own, in a few words: where it happened, and nothing of the values that were there. Pure."""

from __future__ import annotations

from pathlib import Path


def location(error: BaseException) -> str:
    """The error's type and the line that raised it, without its message, which may hold a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"
