"""How much a passing rule proves: how rare a fault may be and would still have been seen. Pure.

If a fault breaks a share `p` of the exchanges, `n` exchanges show it at least once with probability 1 - (1 - p)^n. This is exact
if exchanges fail independently of each other; the rule of three (p = 3 / n for 95 %) approximates it.
"""

from __future__ import annotations

import math
from typing import Final

CONFIDENCE: Final = 0.95


def would_see(exercised: int, confidence: float = CONFIDENCE) -> float | None:
    """The smallest share of broken exchanges that `exercised` ones show with probability `confidence`; None for 0."""
    return -math.expm1(math.log1p(-confidence) / exercised) if exercised else None


def needed(share: float, confidence: float = CONFIDENCE) -> int:
    """How many exchanges show a fault in `share` of them with probability `confidence`. ValueError: it is not between 0 and 1."""
    if not 0 < share < 1:
        raise ValueError("a share lies between 0 and 1")
    return math.ceil(math.log1p(-confidence) / math.log1p(-share) * (1 - 1e-9))


def percent(share: float) -> str:
    """A share in percent with two significant digits, rounded up so that it does not promise too much."""
    digits = 1 - math.floor(math.log10(share * 100) + 1e-9)
    rounded = math.ceil(share * 100 * 10**digits - 1e-9) / 10**digits
    return f"{rounded:.{max(0, digits)}f} %"
