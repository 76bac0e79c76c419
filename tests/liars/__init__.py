"""Providers that lie, each about one rule, and honest ones that look odd. All are served on loopback sockets.

`catalogue/` holds the liars, rule by rule: those that always lie, and those that lie under a condition. `odd.py` holds the honest
ones. `build.py` puts them together of `conditions.py` and `changes.py`, on top of `kit.py` and `wire.py`.
"""

from __future__ import annotations

from tests.liars.build import Liar, Odd, Running, told
from tests.liars.catalogue import CATALOGUE
from tests.liars.odd import ODD as ODD_ANSWERS
from tests.liars.odd_tokens import ODD_TOKENS

__all__ = ["BEYOND", "LIARS", "ODD", "Liar", "Odd", "Running"]

ODD: tuple[Odd, ...] = (*ODD_ANSWERS, *ODD_TOKENS)
_ALL = told(CATALOGUE)
LIARS: tuple[Liar, ...] = tuple(liar for liar in _ALL if liar.promised)
BEYOND: tuple[Liar, ...] = tuple(liar for liar in _ALL if not liar.promised)
