"""Providers that lie, each about one rule, and honest ones that look odd. All are served on loopback sockets.

`always.py` and `advice.py` hold the plain liars for MUST and SHOULD, `sometimes.py` those that hide behind a
condition, `odd.py` the honest; `kit.py`, `changes.py` and `wire.py` are what they are made of.
"""

from __future__ import annotations

from .advice import ADVICE
from .always import ALWAYS
from .kit import Liar, Odd, Running
from .odd import ODD
from .sometimes import SOMETIMES

__all__ = ["LIARS", "ODD", "Liar", "Odd", "Running"]

LIARS: tuple[Liar, ...] = (*ALWAYS, *ADVICE, *SOMETIMES)
