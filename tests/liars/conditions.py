"""When to lie: small conditions on a request and its answer. Those that count do so for each server by itself."""

from __future__ import annotations

from collections.abc import Callable

from contracts.model.document import load
from tests.liars.kit import Answer, Asked, When

_SENT_BY_ALL = {"host", "user-agent", "connection", "content-type", "content-length", "transfer-encoding"}
_BY_BROWSERS = {*load().browser_headers, "sec-fetch-mode", "sec-fetch-dest"}
_USUAL = {*load().headers, *_SENT_BY_ALL, *_BY_BROWSERS}


def posted(asked: Asked, answer: Answer) -> bool:
    """An answer to POST."""
    return asked.method == "POST"


def succeeded(asked: Asked, answer: Answer) -> bool:
    """A success to POST."""
    return asked.method == "POST" and answer.status < 300


def refused(asked: Asked, answer: Answer) -> bool:
    """A refusal to POST."""
    return asked.method == "POST" and answer.status in (401, 403)


def wrong_method(asked: Asked, answer: Answer) -> bool:
    """An answer to another method."""
    return asked.method != "POST"


def got(*methods: str) -> When:
    """An answer to one of these methods."""
    return lambda asked, answer: asked.method in methods


def answered_with(status: int) -> When:
    """An answer with this status."""
    return lambda asked, answer: answer.status == status


def all_of(*conditions: When) -> When:
    """All of these hold; those further on are asked only if the ones before hold."""
    return lambda asked, answer: all(condition(asked, answer) for condition in conditions)


def anything(asked: Asked, answer: Answer) -> bool:
    """Whatever was asked and answered."""
    return True


def only(number: int, of: When = anything) -> When:
    """The `number`-th answer of which the condition holds, and no other."""
    return _counted(of, lambda count: count == number)


def every(number: int, of: When = anything) -> When:
    """Every `number`-th answer of which the condition holds."""
    return _counted(of, lambda count: count % number == 0)


def _counted(of: When, chosen: Callable[[int], bool]) -> When:
    def when(asked: Asked, answer: Answer) -> bool:
        if not of(asked, answer):
            return False
        asked.counts[when] += 1
        return chosen(asked.counts[when])

    return when


after_the_first = _counted(anything, lambda count: count > 1)


def sends(*names: str, **values: str) -> When:
    """The request has these headers, those that are named by a keyword with this value (underscores for dashes)."""
    wanted = {name.replace("_", "-"): value for name, value in values.items()}
    return lambda asked, answer: (
        all(name in asked.headers for name in names) and all(asked.headers.get(name) == value for name, value in wanted.items())
    )


def lacks(*names: str) -> When:
    """The request has none of these headers."""
    return lambda asked, answer: not any(name in asked.headers for name in names)


def sends_unknown(asked: Asked, answer: Answer) -> bool:
    """The request has a header that the document does not name, nor every client sends."""
    return any(name not in _USUAL for name in asked.headers)


def sends_long(asked: Asked, answer: Answer) -> bool:
    """The request has a header of more than 1 KB."""
    return any(len(value) > 1024 for name, value in asked.headers.items() if name != "cookie")


def after(condition: When) -> When:
    """What came just before was like this."""
    return lambda asked, answer: asked.before is not None and condition(*asked.before)


def overlapping(asked: Asked, answer: Answer) -> bool:
    """Another request was in flight."""
    return asked.overlapping


def queried(asked: Asked, answer: Answer) -> bool:
    """The request has a query."""
    return bool(asked.query)


def has_body(asked: Asked, answer: Answer) -> bool:
    """The request has a body."""
    return bool(asked.body)


def has_json(asked: Asked, answer: Answer) -> bool:
    """The body is a JSON text."""
    return "json" in asked.headers.get("content-type", "") or asked.body.strip()[:1] in (b"{", b"[")


def has_form(asked: Asked, answer: Answer) -> bool:
    """The body is a form."""
    return asked.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def no_session(asked: Asked, answer: Answer) -> bool:
    """No session cookie at all."""
    return "session" not in asked.cookies


def empty_session(asked: Asked, answer: Answer) -> bool:
    """A session cookie without a value."""
    return asked.cookies.get("session") == ""


def some_session(asked: Asked, answer: Answer) -> bool:
    """A session cookie with a value, good or bad."""
    return bool(asked.cookies.get("session"))


def good_session(asked: Asked, answer: Answer) -> bool:
    """The session that the liar gave its visitor at first."""
    return asked.home is not None and asked.cookies.get("session") == asked.home.cookie.partition("=")[2]


def expired_session(asked: Asked, answer: Answer) -> bool:
    """The session that ran out."""
    return asked.home is not None and asked.cookies.get("session") == asked.home.expired_cookie.partition("=")[2]


def no(condition: When) -> When:
    """The condition does not hold."""
    return lambda asked, answer: not condition(asked, answer)


def from_elsewhere(asked: Asked, answer: Answer) -> bool:
    """A page of another origin asks."""
    return asked.headers.get("origin") == load().foreign_origin


def is_preflight(asked: Asked, answer: Answer) -> bool:
    """A browser asks whether a page of another origin may ask."""
    return asked.method == "OPTIONS" and "access-control-request-method" in asked.headers


def with_other_cookies(asked: Asked, answer: Answer) -> bool:
    """There are cookies beside the session."""
    return bool(asked.cookies.keys() - {"session"})
