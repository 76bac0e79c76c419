"""An exchange as a curl command that a person can run: the secrets in it are names of variables to be set."""

from __future__ import annotations

import shlex
from typing import Final

from contracts.model.exchange import Exchange
from contracts.redaction.redactor import Redactor

# What curl or the suite adds by itself.
OWN: Final = ("host", "user-agent", "accept-encoding", "content-length", "cookie", "authorization")
VARIABLES: Final = {"valid": "REFRESH_COOKIE", "expired": "REFRESH_EXPIRED_COOKIE", "unknown": "REFRESH_COOKIE"}
LONGEST: Final = 200  # characters of a value; what is longer is cut, and said to be


def line(x: Exchange, redactor: Redactor) -> str:
    """The command; twice at once, where the exchange overlapped another."""
    r = x.request
    words = ["curl", "-i", *(["--head"] if r.method == "HEAD" else ["-X", r.method]), shlex.quote(redactor.show(r.url))]
    for name, value in r.headers:
        if name.lower() == "cookie":
            words += ["-H", _cookie(x, value, redactor)]
        elif name.lower() == "authorization":
            words += ["-H", '"Authorization: Bearer $TOKEN"']
        elif name.lower() not in OWN and not (name.lower() == "accept" and value == "*/*"):
            words += ["-H", shlex.quote(redactor.header(name, value, LONGEST))]
    if r.body:
        words += ["--data-binary", shlex.quote(redactor.show(r.body.decode("latin-1")))]
    command = " ".join(words)
    return f"for n in 1 2; do {command} & done; wait" if x.situation.overlaps else command


def _cookie(x: Exchange, value: str, redactor: Redactor) -> str:
    """A session that the suite made up is made up here too; of a real one, the variable that holds it."""
    if variable := VARIABLES.get(x.situation.session):
        return f'"Cookie: ${variable}"'
    names = [pair.partition("=")[0].strip() for pair in value.split(";")]
    made_up = "" if x.situation.session == "empty" else "made-up"
    return shlex.quote(redactor.show("Cookie: " + "; ".join(f"{name}={made_up}" for name in names if name)))
