"""What the name of a host tells: whether it is this machine, and whether it looks like a production system. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

# Salla's own domains, names such as production and live, and names that shops use for their customers.
PRODUCTION: Final = r"(^|\.)salla\.[a-z]+$|(^|[.-])(prod|production|live)([.-]|$)|^(www|shop|store|api|accounts)\."
# Reserved names, and names of systems that are made for tests.
_TRIAL: Final = re.compile(
    r"\.(test|example|invalid|localhost|local|internal)$|(^|[.-])(stag(e|ing)|stg|dev|test(ing)?|qa|uat|sandbox|preview|demo|pre-?prod)\d*[.-]"
)


def host_of(url: str) -> str:
    """The host of a URL in lower case, without the port; empty if there is none."""
    return (urlsplit(url).hostname or "").rstrip(".")


def is_loopback(url: str) -> bool:
    """Whether the URL points at this machine."""
    host = host_of(url)
    address = _address(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def is_address(url: str) -> bool:
    """Whether the host is an IP address."""
    return _address(host_of(url).strip("[]")) is not None


def looks_like_production(url: str, pattern: str | None = None) -> bool:
    """Whether the URL may serve real customers. If `pattern` is given, only a search for it in the host decides."""
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
