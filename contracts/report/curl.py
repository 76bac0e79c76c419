"""An exchange as a curl command that a person can run. Secrets are replaced by shell variables, which the person sets."""

from __future__ import annotations

import shlex
from typing import Final

from contracts.redaction.redacted import Header
from contracts.report.wire import Wire

# Headers that curl adds by itself, or that are written separately.
OWN: Final = ("host", "user-agent", "accept-encoding", "content-length", "cookie", "authorization")
VARIABLES: Final = {"valid": "REFRESH_COOKIE", "expired": "REFRESH_EXPIRED_COOKIE", "unknown": "REFRESH_COOKIE"}


def line(wire: Wire) -> str:
    """The command. It runs twice at the same time if the exchange overlapped another."""
    argv = ["curl", "-i", *(["--head"] if wire.method == "HEAD" else ["-X", wire.method]), shlex.quote(wire.url)]
    for header in wire.sent:
        name = header.name.lower()
        if name == "cookie":
            argv += ["-H", _cookie(wire, header)]
        elif name == "authorization":
            argv += ["-H", '"Authorization: Bearer $TOKEN"']
        elif name not in OWN and (name, header.value) != ("accept", "*/*"):
            argv += ["-H", shlex.quote(f"{header.name}: {header.value}")]
    if wire.sent_body:
        argv += ["--data-binary", shlex.quote(wire.sent_body)]
    command = " ".join(argv)
    return f"for n in 1 2; do {command} & done; wait" if wire.overlaps else command


def _cookie(wire: Wire, header: Header) -> str:
    """The Cookie header. A real session is a variable; one that the suite made up is written out, with made-up values."""
    if variable := VARIABLES.get(wire.session):
        return f'"Cookie: ${variable}"'
    names = [pair.partition("=")[0].strip() for pair in header.value.split(";")]
    made_up = "" if wire.session == "empty" else "made-up"
    return shlex.quote("Cookie: " + "; ".join(f"{name}={made_up}" for name in names if name))
