"""What a green run proves: how rare a fault may be and would still have been seen. Pure.

Of `n` exchanges that exercise a rule, a fault that shows in a share `p` of them is seen at least once with probability
1 - (1 - p)^n. That is exact, where exchanges fail independently of one another; the rule of three (3 / n) is near it.
"""

from __future__ import annotations

import math
from typing import Final

CONFIDENCE: Final = 0.95


def would_see(exercised: int, confidence: float = CONFIDENCE) -> float | None:
    """The smallest share of broken exchanges that so many would have shown with that probability; None where there were none."""
    return -math.expm1(math.log1p(-confidence) / exercised) if exercised else None


def needed(share: float, confidence: float = CONFIDENCE) -> int:
    """How many exchanges show a fault in such a share of them with that probability. ValueError: it is no share."""
    if not 0 < share < 1:
        raise ValueError("a share lies between 0 and 1")
    return math.ceil(math.log1p(-confidence) / math.log1p(-share) * (1 - 1e-9))


def percent(share: float) -> str:
    """A share in percent with two digits, rounded so that it does not promise too much."""
    digits = 1 - math.floor(math.log10(share * 100) + 1e-9)
    rounded = math.ceil(share * 100 * 10**digits - 1e-9) / 10**digits
    return f"{rounded:.{max(0, digits)}f} %"
