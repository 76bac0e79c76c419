"""What a host's name says: whether it is this machine, and whether it looks like the production of a shop. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

# Salla's own domains, what is called production or live, and the names under which shops meet their customers.
PRODUCTION: Final = r"(^|\.)salla\.[a-z]+$|(^|[.-])(prod|production|live)([.-]|$)|^(www|shop|store|api|accounts)\."
# Names that are reserved, or that stand for a copy made to be tried on.
_TRIAL: Final = re.compile(
    r"\.(test|example|invalid|localhost|local|internal)$|(^|[.-])(stag(e|ing)|stg|dev|test(ing)?|qa|uat|sandbox|preview|demo|pre-?prod)\d*[.-]"
)


def host_of(url: str) -> str:
    """The host of a URL, lower case, without port; empty when there is none."""
    return (urlsplit(url).hostname or "").rstrip(".")


def is_loopback(url: str) -> bool:
    """Whether the address is this machine."""
    host = host_of(url)
    address = _address(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def looks_like_production(url: str, pattern: str | None = None) -> bool:
    """Whether customers may be behind the address. `pattern`, searched in the host, decides alone where it is given."""
    host = host_of(url)
    if pattern is not None:
        return re.search(pattern, host) is not None
    if _address(host) or _TRIAL.search(host):
        return False
    return re.search(PRODUCTION, host) is not None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
