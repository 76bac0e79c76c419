"""Providers that lie, each about one rule, and honest ones that look odd. All are served on loopback sockets.

`always.py` and `advice.py` hold the plain liars for MUST and SHOULD, `sometimes.py` those that hide behind a condition,
`combined.py` those in whom several oddities meet, `odd.py` the honest; `kit.py`, `changes.py` and `wire.py` are what they are
made of.
"""

from __future__ import annotations

from .advice import ADVICE
from .always import ALWAYS
from .combined import BEYOND, COMBINED, COMBINED_ODD
from .kit import Liar, Odd, Running
from .odd import ODD as SINGLE
from .sometimes import SOMETIMES

__all__ = ["BEYOND", "LIARS", "ODD", "Liar", "Odd", "Running"]

LIARS: tuple[Liar, ...] = (*ALWAYS, *ADVICE, *SOMETIMES, *COMBINED)
ODD: tuple[Odd, ...] = (*SINGLE, *COMBINED_ODD)
