"""The jar: what a browser keeps of the cookies that an answer sets, and what it sends to the endpoint."""

from __future__ import annotations

import pytest

from contracts.provider.jar import MOST, Jar, as_meant

SHOP = "https://store.example/auth/refresh"
PLAIN = "http://staging.store.example/auth/refresh"
HERE = "http://127.0.0.1:8123/auth/refresh"
LOCALHOST = "http://localhost:8123/auth/refresh"
NOW = 1_800_000_000.0


def sent(*lines: str, given: str = "session=old", url: str = SHOP) -> str:
    """The cookies that the next request carries, in an order of their own, after an answer with these Set-Cookie headers."""
    jar = Jar(given, lambda: NOW)
    for line in lines:
        jar.take(line, url)
    return "; ".join(sorted(f"{name}={value}" for name, value in jar.pairs(url)))


KEPT = {
    "a new value": (["session=new; Path=/"], "session=new"),
    "another cookie beside it": (["lang=ar; Path=/"], "lang=ar; session=old"),
    "the path of the endpoint's folder": (["session=new"], "session=new"),
    "the path of the endpoint": (["session=new; Path=/auth/refresh"], "session=new"),
    "a path that is none": (["session=new; Path=auth"], "session=new"),
    "another path": (["session=new; Path=/account"], "session=old"),
    "a path that only begins alike": (["session=new; Path=/auth/ref"], "session=old"),
    "two paths": (["session=near; Path=/auth", "session=far; Path=/"], "session=far; session=near"),
    "the host as its domain": (["session=new; Domain=store.example; Path=/"], "session=new"),
    "the host as its domain, with a dot, in capitals": (["session=new; Domain=.STORE.example; Path=/"], "session=new"),
    "another domain": (["session=new; Domain=other.example; Path=/"], "session=old"),
    "a domain below": (["session=new; Domain=eu.store.example; Path=/"], "session=old"),
    "a top domain": (["session=new; Domain=example; Path=/"], "session=old"),
    "the last of two attributes": (["session=new; Path=/account; Path=/"], "session=new"),
    "attributes without case": (["session=new; PATH=/; SECURE; HTTPONLY"], "session=new"),
    "deleted by Max-Age": (["session=; Max-Age=0; Path=/"], ""),
    "deleted by a negative Max-Age": (["session=; Max-Age=-1; Path=/"], ""),
    "deleted by Expires": (["session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"], ""),
    "deleted by Expires in an old format": (["session=; expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/"], ""),
    "Max-Age outweighs Expires": (["session=new; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60; Path=/"], "session=new"),
    "a Max-Age that is no number": (["session=new; Max-Age=soon; Path=/"], "session=new"),
    "an Expires that is no date": (["session=new; Expires=0; Path=/"], "session=new"),
    "deleted where it was set": (["session=new; Path=/auth", "session=; Path=/auth; Max-Age=0"], ""),
    "deleted at another path": (["session=new; Path=/", "session=; Path=/account; Max-Age=0"], "session=new"),
    "deleted for the domain, set for the host": (
        ["session=new; Path=/", "session=; Domain=store.example; Path=/; Max-Age=0"],
        "session=new",
    ),
    # Where the session that the run began with was set is unknown: a deletion that does not name a path may miss it.
    "a given cookie deleted without a path": (["session=; Max-Age=0"], "session=old"),
    "a given cookie deleted at the path of the endpoint's folder": (["session=; Path=/auth; Max-Age=0"], ""),
    "a given cookie deleted at another path": (["session=; Path=/account; Max-Age=0"], "session=old"),
    "an empty value": (["session=; Path=/"], "session="),
    "quotes": (['session="a, b"; Path=/'], 'session="a, b"'),
    "an equals sign in the value": (["session=a=b==; Path=/"], "session=a=b=="),
    "old attributes": (["session=new; Version=1; Port=80; Comment=x; Path=/"], "session=new"),
    "a name that is an attribute's": (["path=/account; Path=/"], "path=/account; session=old"),
    "no name": (["=new; Path=/", "new", ""], "session=old"),
    "a __Host- cookie": (["__Host-s=new; Secure; Path=/"], "__Host-s=new; session=old"),
    "a __Host- cookie with a domain": (["__Host-s=new; Secure; Path=/; Domain=store.example"], "session=old"),
    "a __Host- cookie of another path": (["__Host-s=new; Secure; Path=/auth"], "session=old"),
    "a __Host- cookie without a path": (["__Host-s=new; Secure"], "session=old"),
    "a __host- cookie without Secure": (["__host-s=new; Path=/"], "session=old"),
    "a __Secure- cookie": (["__Secure-s=new; Secure; Path=/auth"], "__Secure-s=new; session=old"),
    "a __Secure- cookie without Secure": (["__Secure-s=new; Path=/"], "session=old"),
    "SameSite=None with Secure": (["session=new; SameSite=None; Secure; Path=/"], "session=new"),
    "SameSite=None without Secure": (["session=new; SameSite=None; Path=/"], "session=old"),
    "SameSite=Strict": (["session=new; SameSite=Strict; Path=/"], "session=new"),
    "Partitioned without Secure": (["session=new; Partitioned; Path=/"], "session=old"),
    "4096 bytes": ([f"session={'x' * 4089}; Path=/"], f"session={'x' * 4089}"),
    "4097 bytes": ([f"session={'x' * 4090}; Path=/"], "session=old"),
    "a control character": (["session=a\x01b; Path=/"], "session=old"),
}


@pytest.mark.parametrize(("lines", "then"), KEPT.values(), ids=KEPT)
def test_what_a_browser_keeps(lines: list[str], then: str) -> None:
    """Each Set-Cookie header does what RFC 6265bis says, in the order in which they come."""
    assert sent(*lines) == then


@pytest.mark.parametrize(("url", "kept"), [(SHOP, True), (PLAIN, False), (HERE, True), (LOCALHOST, True)])
def test_secure_cookies_need_an_origin_that_browsers_trust(url: str, kept: bool) -> None:
    """A Secure cookie is kept and sent over https and on this machine, and dropped over http from another host."""
    assert sent("session=new; Secure; Path=/", url=url) == f"session={'new' if kept else 'old'}"


@pytest.mark.parametrize(("url", "domain"), [(HERE, "127.0.0.1"), (LOCALHOST, "localhost")])
def test_an_address_may_be_its_own_domain(url: str, domain: str) -> None:
    """A cookie whose Domain is the very address or the name without a dot is one of that host alone."""
    assert sent(f"session=new; Domain={domain}; Path=/", "session=newest; Path=/", url=url) == "session=newest"


def test_a_host_cookie_may_name_an_address() -> None:
    """Chromium lets a __Host- cookie name the address that it comes from as its Domain, but not a host that has a name."""
    line = "__Host-s=new; Secure; Path=/; Domain={}"
    assert sent(line.format("127.0.0.1"), url=HERE) == "__Host-s=new; session=old"
    assert sent(line.format("localhost"), url=LOCALHOST) == "session=old"


def test_a_name_that_stands_twice_is_sent_twice() -> None:
    """A Cookie header that holds one name twice is sent as it was given, until an answer sets that name."""
    assert sent("lang=ar; Path=/", given="session=a; session=b") == "lang=ar; session=a; session=b"
    assert sent("session=new; Path=/", given="session=a; session=b") == "session=new"


def test_a_cookie_ends_with_its_time() -> None:
    """A cookie is sent until the clock that was handed in shows its end."""
    now = NOW
    jar = Jar("", lambda: now)
    jar.take("short=1; Max-Age=60; Path=/", SHOP)
    jar.take("long=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Path=/", SHOP)
    now += 59
    assert dict(jar.pairs(SHOP)) == {"short": "1", "long": "1"}
    now += 1
    assert dict(jar.pairs(SHOP)) == {"long": "1"}


def test_longer_paths_come_first() -> None:
    """Of two cookies of one name the one with the longer path stands first."""
    jar = Jar("", lambda: NOW)
    jar.take("session=far; Path=/", SHOP)
    jar.take("session=near; Path=/auth", SHOP)
    assert jar.pairs(SHOP) == (("session", "near"), ("session", "far"))


def test_the_jar_is_bounded() -> None:
    """No more cookies are kept than browsers keep of one site; the oldest go first."""
    jar = Jar("", lambda: NOW)
    for number in range(MOST + 5):
        jar.take(f"name-{number}=1; Path=/", SHOP)
    assert [name for name, _ in jar.pairs(SHOP)] == [f"name-{number}" for number in range(5, MOST + 5)]


WORDS = {
    "session=new-secret; Path=/": "set the cookie session",
    "session=; Max-Age=0; Path=/": "deleted the cookie session",
    "session=new-secret; Path=/account": "set the cookie session for the path /account alone",
    "session=new-secret; Domain=other.example": "set the cookie session for another host",
    "s=new-secret; SameSite=None; Path=/": "set the cookie s, which browsers drop: it has SameSite=None, but no Secure",
    "__Host-s=new-secret; Secure; Path=/; Domain=store.example": (
        "set the cookie __Host-s, which browsers drop: its name begins with __Host-, but it has a Domain"
    ),
    "__Host-s=new-secret; Secure": (
        "set the cookie __Host-s, which browsers drop: its name begins with __Host-, but it has no Path=/"
    ),
    "__Secure-s=new-secret": "set the cookie __Secure-s, which browsers drop: its name asks for Secure, which it lacks",
    "s=new-secret; Partitioned": "set the cookie s, which browsers drop: Partitioned asks for Secure, which it lacks",
}


@pytest.mark.parametrize(("line", "words"), WORDS.items(), ids=WORDS.values())
def test_a_change_is_told_without_the_value(line: str, words: str) -> None:
    """What an answer did to a cookie is said with its name, and why browsers drop it if they do."""
    change = Jar("session=old", lambda: NOW).take(line, SHOP)
    assert change is not None
    assert change.words == words


def test_a_secure_cookie_over_http_is_told() -> None:
    """A Secure cookie that came over plain http from another host is dropped, and the words say so."""
    change = Jar("session=old", lambda: NOW).take("session=new; Secure", PLAIN)
    assert change is not None
    assert change.words.endswith("browsers drop: it is Secure, but came over plain http")


def test_the_same_again_changes_nothing() -> None:
    """A cookie that is set to the value that it has is no change."""
    assert Jar("session=old", lambda: NOW).take("session=old; Path=/", SHOP) is None


MEANT = {
    "nothing set": ([], (("session", "old"), ("lang", "ar"))),
    "whatever the path": (["session=new; Path=/account"], (("lang", "ar"), ("session", "new"))),
    "whatever the domain": (["session=new; Domain=other.example"], (("lang", "ar"), ("session", "new"))),
    "deleted alone": (["session=; Max-Age=0"], (("session", "old"), ("lang", "ar"))),
    "deleted and set under another name": (["session=; Max-Age=0", "sid=new"], (("lang", "ar"), ("sid", "new"))),
    "deleted and set again": (["session=; Max-Age=0", "session=new"], (("lang", "ar"), ("session", "new"))),
    "set and deleted": (["session=new", "session=; Max-Age=0"], (("session", "old"), ("lang", "ar"))),
}


@pytest.mark.parametrize(("lines", "then"), MEANT.values(), ids=MEANT)
def test_what_an_answer_meant(lines: list[str], then: tuple[tuple[str, str], ...]) -> None:
    """What an answer meant to give is what it sets, without regard to what keeps a browser from keeping or sending it."""
    assert as_meant((("session", "old"), ("lang", "ar")), lines, NOW) == then
