"""What holds for this checkout alone: users of the package never load this file."""

import gc
import signal

pytest_plugins = ["pytester"]

# A shell that starts this in the background has interrupts ignored, and children inherit that; tests send some.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Keep thousands of tests out of garbage collection, which would stop everything for a good part of a second at a time."""
    gc.collect()
    gc.freeze()
