"""Sessions in other cookies than the store's: how requests carry them, and how answers set them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

from tests.liars.build import Layer, Maker, Running
from tests.liars.home import Home
from tests.liars.kit import Answer, Asked, Change, recookied

Lines = Iterable[str]
_VALUE = re.compile(r"session=([^;]+)")


def setting(*lines: str) -> Change:
    """These Set-Cookie headers, beside those of the answer."""
    return lambda answer: replace(answer, headers=(*answer.headers, *(("set-cookie", line) for line in lines)))


def instead(*lines: str) -> Change:
    """These Set-Cookie headers in place of those of the answer."""
    return lambda answer: setting(*lines)(answer.with_header("set-cookie", None))


DELETED = instead("session=; Path=/; Max-Age=0")
GUEST = instead("session=a-guest-of-the-shop; Path=/; HttpOnly")


def keeping(write: Callable[[str], Lines], read: Callable[[Asked], str | None]) -> Layer:
    """The store's session is set by the headers that `write` makes of its value, and is what `read` finds in a request.

    The visitor has what these headers set.
    """

    def given(asked: Asked, answer: Answer) -> Iterator[str]:
        for line in answer.cookies:
            found = _VALUE.match(line)
            yield from write(found[1]) if found else (line,)

    def visits(cookie: str) -> str:
        pairs = (line.partition(";") for line in write(cookie.partition("=")[2]))
        return "; ".join(pair for pair, _, attributes in pairs if "Max-Age=0" not in attributes)

    return lambda home: replace(
        home,
        app=recookied(home.app, read, given),
        cookie=visits(home.cookie),
        expired_cookie=visits(home.expired_cookie),
        other_cookie=visits(home.other_cookie),
    )


def named(name: str, attributes: str, around: str = "") -> Layer:
    """The session in a cookie of this name, with these attributes, and something around its value."""

    def read(asked: Asked) -> str | None:
        value = asked.cookies.get(name)
        if not value:
            return value
        return value[len(around) : len(value) - len(around)] if value.startswith(around) and value.endswith(around) else ""

    return keeping(lambda value: (f"{name}={around}{value}{around}; {attributes}",), read)


def visiting(change: Callable[[str], str]) -> Layer:
    """The visitor sends this in place of the Cookie header that the store gave."""
    return lambda home: replace(home, cookie=change(home.cookie), other_cookie=change(home.other_cookie))


def _session(asked: Asked) -> str | None:
    return asked.cookies.get("session")


def balanced(home: Home) -> Home:
    """Every answer sets a load balancer's cookie anew, whoever asked; the visitor has one already."""
    turns = count(1)

    def given(asked: Asked, answer: Answer) -> Lines:
        return (*answer.cookies, f"AWSALB=made-up-turn-{next(turns)}; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Path=/")

    return replace(home, app=recookied(home.app, _session, given), cookie=f"{home.cookie}; AWSALB=made-up-turn-0")


def encrypted(home: Home) -> Home:
    """Every answer to a session sets its cookie anew: the same session, written in another way each time."""
    turns = count(1)

    def read(asked: Asked) -> str | None:
        session = _session(asked)
        return session and session.partition(".")[0]

    def given(asked: Asked, answer: Answer) -> Lines:
        session = read(asked)
        return (f"session={session}.{next(turns)}; Path=/; HttpOnly",) if session else ()

    app = recookied(home.app, read, given)
    return replace(home, app=app, cookie=f"{home.cookie}.0", other_cookie=f"{home.other_cookie}.0")


def in_pieces(home: Home) -> Home:
    """The session in `session.0`, `session.1`, …: one cookie, two and three by turns, those that are left over deleted."""
    turns = count(1)

    def write(value: str) -> Lines:
        pieces = 1 + next(turns) % 3
        size = -(-len(value) // pieces)
        parts = [value[at : at + size] for at in range(0, len(value), size)]
        for number, part in enumerate(parts):
            yield f"session.{number}={part}; Path=/; HttpOnly"
        for number in range(len(parts), 3):
            yield f"session.{number}=; Path=/; Max-Age=0"

    def read(asked: Asked) -> str | None:
        parts = [asked.cookies[name] for name in sorted(asked.cookies) if name.startswith("session.")]
        return "".join(parts) if parts else None

    return keeping(write, read)(home)


def renamed(home: Home) -> Home:
    """Each refresh moves the session to a cookie of another name, and deletes the others."""
    turns = count(1)

    def write(value: str) -> Lines:
        turn = next(turns)
        yield f"session-{turn % 3}={value}; Path=/; HttpOnly"
        yield f"session-{(turn + 1) % 3}=; Path=/; Max-Age=0"
        yield f"session-{(turn + 2) % 3}=; Path=/; Max-Age=0"

    def read(asked: Asked) -> str | None:
        return next((value for name, value in asked.cookies.items() if name.startswith("session-")), None)

    return keeping(write, read)(home)


def at_localhost(make: Maker) -> Maker:
    """The same server under a name: browsers take an address for a host without others below it."""

    @contextmanager
    def named_so() -> Iterator[Running]:
        with make() as running:
            yield replace(running, base_url=running.base_url.replace("127.0.0.1", "localhost"))

    return named_so
