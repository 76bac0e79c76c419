"""Sessions in other cookies than the store's: how their requests are read, and how their answers set them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.liars.build import Layer
from tests.liars.home import Home
from tests.liars.kit import Asked, Change, recookied

Lines = Iterable[str]
_VALUE = re.compile(r"session=([^;]*)")


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

    What the visitor has at first is what these headers set.
    """

    def layer(home: Home) -> Home:
        def given(line: str) -> Lines:
            found = _VALUE.match(line)
            return write(found[1]) if found and found[1] else (line,)

        def visits(cookie: str) -> str:
            pairs = (line.partition(";") for line in write(cookie.partition("=")[2]))
            return "; ".join(pair for pair, _, attributes in pairs if "Max-Age=0" not in attributes)

        app = recookied(home.app, read, given)
        return replace(home, app=app, cookie=visits(home.cookie), expired_cookie=visits(home.expired_cookie))

    return layer


def named(name: str, attributes: str, around: str = "") -> Layer:
    """The session in a cookie of this name, with these attributes, and something around its value."""

    def read(asked: Asked) -> str | None:
        value = asked.cookies.get(name)
        whole = value is not None and value.startswith(around) and value.endswith(around)
        return value[len(around) : len(value) - len(around)] if whole and value else value and ""

    return keeping(lambda value: (f"{name}={around}{value}{around}; {attributes}",), read)


def visiting(change: Callable[[str], str]) -> Layer:
    """The visitor sends this in place of the Cookie header that the store gave."""
    return lambda home: replace(home, cookie=change(home.cookie))
