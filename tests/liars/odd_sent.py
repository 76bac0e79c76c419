"""Providers that look closely at what is sent, as some frameworks and firewalls do: none of them may be blamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from tests.liars.build import Layer, Odd, Running, altering, answering, odd
from tests.liars.catalogue.sent import allowing, broken_json, chunked, empty_json, large, odd_charset, twice, unsized
from tests.liars.conditions import all_of, anything, good_session, is_preflight, no, posted, wrong_method
from tests.liars.kit import Answer, Asked, When, error

_ENVIRONMENT: Final = {"Authorization": "Basic c3RhZ2luZzpvcGVuLXNlc2FtZQ==", "User-Agent": "our-probe/1.0"}


def _refusing(when: When, status: int, code: str) -> Layer:
    return answering(when, lambda: error(status, code, "Not like this."))


def _own_origin(asked: Asked, answer: Answer) -> bool:
    """A page of the shop itself asks."""
    return asked.headers.get("origin") == f"http://{asked.headers.get('host')}"


def _beyond_ascii(asked: Asked, answer: Answer) -> bool:
    """A header has a value that HTTP does not allow."""
    return not all(value.isascii() and value.isprintable() for value in asked.headers.values())


def _from_another_site(asked: Asked, answer: Answer) -> bool:
    """A browser says that another site asks, or says it in part only."""
    parts = [asked.headers.get(f"sec-fetch-{name}") for name in ("site", "mode", "dest")]
    return parts not in ([None, None, None], ["same-origin", "cors", "empty"])


def _needing(headers: Mapping[str, str], one: Odd) -> Odd:
    """The same provider, behind something that needs these headers from everyone."""

    @contextmanager
    def make() -> Iterator[Running]:
        with one.make() as running:
            yield replace(running, headers=headers)

    return replace(one, make=make)


ODD_SENT: tuple[Odd, ...] = (
    odd(
        "strict-bodies",
        "refuses each body in its own way: 400, 411, 413 and 415",
        _refusing(all_of(posted, broken_json), 400, "bad_request"),
        _refusing(all_of(posted, empty_json), 400, "empty_body"),
        _refusing(large, 413, "too_large"),
        _refusing(odd_charset, 415, "unsupported_charset"),
        _refusing(chunked, 411, "length_required"),
        _refusing(unsized, 411, "length_required"),
    ),
    odd(
        "own-origin",
        "refuses whoever does not say the shop's own origin",
        _refusing(all_of(posted, no(_own_origin)), 403, "csrf"),
    ),
    odd(
        "fetch-metadata", "refuses what a browser says to come from another site", _refusing(_from_another_site, 403, "forbidden")
    ),
    odd("ascii-alone", "refuses headers beyond ASCII with 400", _refusing(_beyond_ascii, 400, "bad_request")),
    odd(
        "logs-in-first",
        "tells strangers to log in before it looks at the method",
        altering(
            all_of(wrong_method, no(good_session), lambda asked, answer: answer.status == 405),
            lambda answer: replace(
                error(401, "unauthorized", "Please log in.", Allow="POST"), body=answer.body and error(401).body
            ),
        ),
        store={"rotate": False},
    ),
    odd(
        "cors-for-partner",
        "allows one partner's origin with credentials",
        altering(anything, allowing("https://partner.example")),
    ),
    odd(
        "cors-for-all", "allows every origin without cookies, with a flag that browsers ignore", altering(anything, allowing("*"))
    ),
    odd(
        "preflight-page",
        "refuses a preflight with a page",
        answering(is_preflight, lambda: Answer(403, (("content-type", "text/html"),), b"<h1>No</h1>")),
    ),
    odd("same-label-twice", "has the same content type twice", altering(posted, twice("content-type", "application/json"))),
    _needing(
        _ENVIRONMENT,
        odd(
            "basic-auth",
            "is behind a password and a firewall that knows programs by their names",
            answering(
                lambda asked, answer: any(asked.headers.get(n.lower()) != v for n, v in _ENVIRONMENT.items()),
                lambda: Answer(401, (("www-authenticate", "Basic"), ("content-type", "text/html")), b"<h1>Who are you?</h1>"),
            ),
        ),
    ),
)
