"""Providers that lie, each about one rule, and honest ones that look odd. All are served on loopback sockets.

`always.py` and `advice.py` hold the plain liars for MUST and SHOULD, `sometimes.py` those that hide behind a condition,
`combined.py` those in whom several oddities meet, `odd.py` the honest; `kit.py`, `changes.py` and `wire.py` are what they are
made of.
"""

from __future__ import annotations

from tests.liars.advice import ADVICE
from tests.liars.always import ALWAYS
from tests.liars.combined import BEYOND, COMBINED, COMBINED_ODD
from tests.liars.kit import Liar, Odd, Running
from tests.liars.odd import ODD as SINGLE
from tests.liars.sometimes import SOMETIMES

__all__ = ["BEYOND", "LIARS", "ODD", "Liar", "Odd", "Running"]

LIARS: tuple[Liar, ...] = (*ALWAYS, *ADVICE, *SOMETIMES, *COMBINED)
ODD: tuple[Odd, ...] = (*SINGLE, *COMBINED_ODD)
