"""The limits and defaults of a run. Code that needs one imports it from here and does not import the settings."""

from __future__ import annotations

from typing import Final

MAX_REQUESTS: Final = 100  # default limit of requests to one environment
MOST_REQUESTS: Final = 1_000_000  # the highest limit that a user may set
OTHER_REQUESTS: Final = 45  # most requests of a pass with other methods than POST; they cannot show a fault of a refresh
POSTED: Final = 0.9  # share of POST among the repeated probes
POLITE_RATE: Final = 5.0  # requests a second to a host that is not this machine
DEADLINE: Final = 10.0  # seconds for one exchange, from connect to last byte
