"""The limits and defaults of a run. Code that needs one imports it from here and does not import the settings."""

from __future__ import annotations

from typing import Final

MAX_REQUESTS: Final = 100  # default limit of requests to one environment
MOST_REQUESTS: Final = 1_000_000  # the highest limit that a user may set
OTHER_REQUESTS: Final = 45  # most requests of a pass with other methods than POST; they cannot show a fault of a refresh
CAUSE_REQUESTS: Final = 6  # kept for questions about the cause, should a MUST be broken
LARGE_ENOUGH: Final = 60  # the smallest budget from which they are kept
LEAST_GENERATED: Final = 10  # requests that each of the two generating phases gets of the default budget, or of a larger one
POSTED: Final = 0.9  # share of POST among the repeated probes
MAX_SECONDS: Final = 300.0  # default limit of the whole observation of one environment
POLITE_RATE: Final = 5.0  # requests a second to a host that is not this machine
DEADLINE: Final = 10.0  # seconds for one exchange, from connect to last byte

# A client under test. The rules judge by the first two; who plays scenarios to it waits by all of them.
SETTLING_SECONDS: Final = 5.0  # a call settles at most so long after its exchange has ended
EVENT_SECONDS: Final = 1.0  # a failure event fires at most so long after the rejection
EVENT_WAIT_SECONDS: Final = EVENT_SECONDS + 0.2  # how long after the rejection the player still waits for a missing event
PATIENT_SCENARIOS: Final = 3  # once a client has left calls pending in so many scenarios, it gets less time in all others:
IMPATIENT_SECONDS: Final = 0.5  # this much, in place of SETTLING_SECONDS
