"""The session: a customer keeps it as a browser does, and the requests of a target carry it."""

from __future__ import annotations

import pytest

from contracts.model.exchange import Response
from contracts.provider.customer import Customer
from contracts.provider.probes import Probe
from contracts.provider.target import Target
from tests.kit.fake_target import BARE, OK, REFUSED, FakeTarget, observing


def test_a_replaced_session_is_followed_and_other_cookies_are_kept() -> None:
    """An answer replaces the cookies of the session, and adds others, as in a browser."""
    set_cookie = [
        ("set-cookie", "session=second; Path=/; HttpOnly"),
        ("set-cookie", "tracker=1; Path=/"),
        ("set-cookie", "lang=en; Path=/"),
    ]
    target = FakeTarget((200, set_cookie), OK)
    observer, _ = observing(target, "session=first; lang=ar")
    for _ in range(3):
        observer.probe(BARE)
    then = "session=second; tracker=1; lang=en"
    assert target.header("cookie") == ["session=first; lang=ar", then, then]


@pytest.mark.parametrize(
    ("set_cookie", "then"),
    [
        ("session=; Max-Age=0; Path=/", None),
        ("session=; max-age=-1; Path=/", None),
        ("session=; Path=/; Max-Age=0000", None),
        ("session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/", None),
        ("session=; expires=Thu, 01-Jan-70 00:00:00 GMT; path=/", None),
        ("session=; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Max-Age=0; Path=/", None),
        ("session=second; Max-Age=900", "second"),
        ("session=second; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=900", "second"),
        ("session=second; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "second"),
        ("session=second; Expires=0", "second"),
        ("session=second; Expires", "second"),
    ],
)
def test_a_deleted_session_is_gone(set_cookie: str, then: str | None) -> None:
    """A deleted cookie is gone; Max-Age outweighs Expires, and an Expires that is no date says nothing."""
    customer = Customer.with_cookies("session=first")
    changes = customer.update_from(Response(200, (("Set-Cookie", set_cookie),)))
    assert customer.cookie_header("valid") == (then and f"session={then}")
    assert [change.words for change in changes] == [f"{'set' if then else 'deleted'} the cookie session"]


def test_a_session_given_to_a_stranger_is_not_followed() -> None:
    """A cookie that a refusal of another session sets does not become the customer's."""
    target = FakeTarget((401, [("set-cookie", "session=strange")]), OK)
    observer, _ = observing(target)
    observer.probe(Probe("no session", session="none"))
    observer.probe(BARE)
    assert target.header("cookie") == [None, "session=first"]


def test_an_xsrf_cookie_is_answered_with_its_header() -> None:
    """The XSRF-TOKEN cookie comes back as x-xsrf-token, URL-decoded as the SDK does, in place of a value of the probe."""
    target = FakeTarget((200, [("set-cookie", "XSRF-TOKEN=a%2Bb%3D; Path=/")]), OK)
    observer, _ = observing(target)
    observer.probe(BARE)
    observer.probe(BARE)
    observer.probe(Probe("with a value of its own", headers=(("x-xsrf-token", "made-up"),)))
    observer.probe(Probe("no session", session="none"))
    assert target.header("x-xsrf-token") == [None, "a+b=", "a+b=", None]
    assert target.header("cookie")[1] == "session=first; XSRF-TOKEN=a%2Bb%3D"


def test_the_last_token_is_the_next_bearer() -> None:
    """`{token}` in a documented header stands for the token that was given last."""
    target = FakeTarget(OK)
    observer, _ = observing(target)
    for _ in range(3):
        observer.probe(Probe("bearer", headers=(("authorization", "Bearer {token}"),)))
    assert target.header("authorization") == ["Bearer made-up", "Bearer token-1", "Bearer token-2"]


def test_kinds_of_sessions() -> None:
    """A session that is none, empty, made up or expired is sent as such, and a made-up one looks like the true one."""
    target = Target.in_process(FakeTarget(REFUSED), "session=abcdefghijkl")
    target.expired_cookie = "session=old"
    kinds = ("none", "empty", "made-up", "expired")
    none, empty, made_up, expired = (target.request(Probe(kind, session=kind)).header("cookie") for kind in kinds)
    assert (none, empty, expired) == (None, "session=", "session=old")
    assert made_up
    assert made_up.startswith("session=")
    assert made_up != "session=abcdefghijkl"
    assert len(made_up) == len("session=abcdefghijkl")
