"""The bodies that a probe may send, though the endpoint asks for none."""

from __future__ import annotations

from typing import Final, NamedTuple


class Body(NamedTuple):
    """A body, its label, and whether it is `sized` (by Content-Length) or `chunked`; an empty one may be neither."""

    media_type: str = ""
    content: bytes = b""
    sized: bool = True
    chunked: bool = False


BODIES: Final = {
    "none": Body(),
    "json": Body("application/json", b"{}"),
    "form": Body("application/x-www-form-urlencoded", b"refresh_token=made-up"),
}
# What clients and proxies send now and then. Endpoints differ in which of them they refuse, so that each is sent alone.
ODD_BODIES: Final = {
    "broken JSON": Body("application/json", b"{bad"),
    "empty but labelled JSON": Body("application/json"),
    "of 200 KB": Body("application/json", b'{"made-up": "' + b"x" * 200_000 + b'"}'),
    "in an unknown charset": Body("application/json; charset=x-unknown", b"{}"),
    "empty and chunked": Body(sized=False, chunked=True),
    "without Content-Length": Body(sized=False),
}
ALL_BODIES: Final = {**BODIES, **ODD_BODIES}
