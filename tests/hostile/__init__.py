"""Servers that mean harm, over real sockets, and the gate in a process of its own that must stand them.

`kit.py` is the server; a file for each group lists its behaviours; `ran.py` runs the gate and says what no run may do.
"""

from __future__ import annotations

from tests.hostile.bodies import BODIES
from tests.hostile.bombs import BOMBS
from tests.hostile.cookies import COOKIES
from tests.hostile.echoes import SECRETS
from tests.hostile.framing import FRAMING
from tests.hostile.injection import INJECTION
from tests.hostile.kit import Behaviour
from tests.hostile.redirects import REDIRECTS
from tests.hostile.timing import TIMING
from tests.hostile.tls import TLS
from tests.hostile.turns import EVERYTHING
from tests.hostile.volume import VOLUME

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
