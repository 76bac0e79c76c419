"""The limits and defaults of a run, in one place: whoever needs one imports it from here, and nobody imports settings for it."""

from __future__ import annotations

from typing import Final

MAX_REQUESTS: Final = 100  # to one environment
MOST_REQUESTS: Final = 1_000_000  # that may be asked for
OTHER_REQUESTS: Final = 45  # most requests of a pass that are not POST, in which faults of a refresh do not show
POSTED: Final = 0.9  # share of the repeated probes that are POST
POLITE_RATE: Final = 5.0  # requests a second to another machine
DEADLINE: Final = 10.0  # seconds for one exchange, from connect to last byte
