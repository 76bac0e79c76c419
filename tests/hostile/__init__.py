"""Servers that mean harm, over real sockets, and the gate in a process of its own that must stand them.

`kit.py` is the server; a file for each group lists its behaviours; `forge.py` runs the gate; `ran.py` says what no run may do.
"""

from __future__ import annotations

from .bodies import BODIES
from .bombs import BOMBS
from .cookies import COOKIES
from .echoes import SECRETS
from .framing import FRAMING
from .injection import INJECTION
from .kit import Behaviour
from .redirects import REDIRECTS
from .timing import TIMING
from .tls import TLS
from .turns import EVERYTHING
from .volume import VOLUME

BEHAVIOURS: tuple[Behaviour, ...] = (
    *EVERYTHING,  # the longest first: the others run beside them
    *TIMING,
    *VOLUME,
    *BOMBS,
    *FRAMING,
    *REDIRECTS,
    *COOKIES,
    *BODIES,
    *INJECTION,
    *SECRETS,
    *TLS,
)
