"""An exchange as a curl command that a person can run as it stands. Secrets are shell variables, which the person sets."""

from __future__ import annotations

import shlex
from typing import Final

from contracts.redaction.redactor import MARK
from contracts.report import shell
from contracts.report.wire import Asked, Wire

# Headers that curl adds by itself, or that say who sends: a person is not the suite.
OWN: Final = ("host", "content-length", "connection")
USUAL: Final = (("accept", "*/*"), ("accept-encoding", "identity"))
AGENT: Final = "twilight-refresh-contract/"
VARIABLES: Final = {"valid": "$REFRESH_COOKIE", "expired": "$REFRESH_EXPIRED_COOKIE", "unknown": "$REFRESH_COOKIE"}
LONG_BODY: Final = 1_000  # characters; a longer one is piped, since a word of a command has a limit


def line(wire: Wire) -> str:
    """The command. It runs twice at the same time if the exchange overlapped another."""
    argv = ["curl", "-i", *(["--head"] if wire.method == "HEAD" else ["-X", wire.method]), shlex.quote(wire.url)]
    for header in wire.asked:
        if text := _header(wire, header):
            argv += ["-H", text]
    names = {header.name.lower() for header in wire.asked}
    if "accept-encoding" in names and any("gzip" in part.text for header in wire.asked for part in header.value):
        argv.append("--compressed")
    piped = ""
    if wire.posted:
        argv += [] if "content-type" in names else ["-H", "content-type:"]
        if sum(part.times * len(part.text) for part in wire.posted) > LONG_BODY or any(part.escaped for part in wire.posted):
            piped = f"{shell.printing(wire.posted)} | "
        argv += ["--data-binary", "@-" if piped else shell.word(wire.posted)]
    elif wire.method in ("POST", "PUT", "PATCH"):
        argv += ["-H", "content-length:0"]
    command = piped + " ".join(argv)
    return f"for n in 1 2; do {command} & done; wait" if wire.overlaps else command


def _header(wire: Wire, header: Asked) -> str:
    """The header as a word of the shell; empty if curl needs none."""
    name, value = header.name, "".join(part.text for part in header.value)
    if name.lower() in OWN or (name.lower(), value) in USUAL or (name.lower() == "user-agent" and value.startswith(AGENT)):
        return ""
    if name.lower() == "cookie":
        return f'"{name}: {VARIABLES[wire.session]}"' if wire.session in VARIABLES else shlex.quote(f"{name}: {value}")
    if header.is_secret or MARK in value:
        variable = "TOKEN" if header.scheme else name.upper().replace("-", "_")
        return f'"{name}: {header.scheme}${{{variable}:-made-up}}"'
    if not value:
        return shlex.quote(f"{name};")
    return shell.word((shell.Piece(f"{name}: "), *header.value))
