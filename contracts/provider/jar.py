"""A browser's cookie jar for one endpoint. Nothing here sends anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from email.message import Message
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Final
from urllib.request import Request as UrlRequest

from contracts.model.cookies import Pairs, SetCookie, parse_cookies
from contracts.model.hosts import host_of, is_address, is_loopback

MOST: Final = 180  # cookies, as browsers keep of one site; the oldest go first
_ENDS: Final = "ends"  # the attribute that holds the end of a cookie, since the library knows no clock but the machine's


@dataclass(frozen=True)
class Change:
    """What an answer did to one cookie, in words without its value; `kept` unless browsers drop the cookie."""

    name: str
    words: str
    kept: bool = True


class Jar:
    """The cookies of one browser, by RFC 6265bis: Domain, Path, Secure, Expires, Max-Age and the prefixes of names.

    The cookies that it begins with come from a Cookie header, which does not tell their attributes. They are sent to every path,
    and give way to a cookie of their name that an answer sets for the endpoint. `clock` gives seconds since the epoch.

    A Secure cookie needs an origin that browsers trust: https, or http on this machine. Over http to another host it is dropped,
    as browsers do.
    """

    def __init__(self, header: str = "", clock: Callable[[], float] = time.time) -> None:
        self._given = parse_cookies(header)
        self._kept = CookieJar(DefaultCookiePolicy())
        self.clock = clock

    def pairs(self, url: str) -> Pairs:
        """The cookies that a request to this address carries: those of longer paths first, then the older ones first."""
        now, request = self.clock(), _request(url)
        for cookie in [one for one in self._kept if _ended(one, now)]:
            self._kept.clear(cookie.domain, cookie.path, cookie.name)
        self._kept.add_cookie_header(request)
        return (*self._given, *parse_cookies(request.get_header("Cookie", "") or ""))

    def take(self, line: str, url: str) -> Change | None:
        """Do what a Set-Cookie header of an answer from this address says; None if it changes nothing."""
        given = SetCookie.read(line)
        if given is None:
            return None
        if given.attributes.get("domain") == host_of(url) and is_address(url):  # which is no Domain to browsers
            given = replace(given, attributes={name: text for name, text in given.attributes.items() if name != "domain"})
        before = self.pairs(url)
        if why := given.refused_by_browsers(secure_origin=_is_secure(url)):
            return Change(given.name, f"set the cookie {given.name}, which browsers drop: {why}", kept=False)
        cookie = self._made(given, url)
        if cookie is None:
            return Change(given.name, f"set the cookie {given.name} for another host", kept=False)
        ends = given.ends(self.clock())
        gone = ends is not None and ends <= self.clock()
        if not gone or given.path or cookie.path == "/":  # where a given cookie was set is unknown, if not told
            self._give_way(cookie, url)
        self._clear(cookie)
        if not gone:
            if ends is not None:
                cookie.set_nonstandard_attr(_ENDS, str(ends))
            self._kept.set_cookie(cookie)
            for oldest in list(self._kept)[:-MOST]:
                self._clear(oldest)
        after = self.pairs(url)
        if not gone and (given.name, given.value) not in after:
            return Change(given.name, f"set the cookie {given.name} for the path {cookie.path} alone", kept=False)
        return Change(given.name, f"{'deleted' if gone else 'set'} the cookie {given.name}") if before != after else None

    def copy(self) -> Jar:
        """A jar of the same cookies."""
        other = Jar("", self.clock)
        other._given = self._given
        for cookie in self._kept:
            other._kept.set_cookie(cookie)
        return other

    def _made(self, given: SetCookie, url: str) -> Cookie | None:
        """The cookie with the Domain and Path that it has in the jar; None if the host may not set it."""
        domain, host = given.attributes.get("domain", "").lstrip(".").lower(), host_of(url)
        if domain == host and "." not in host:
            domain = ""  # a name without a dot has no other hosts below it
        attributes = {"Domain": domain, "Path": given.path or ""}
        parts = [f"{given.name}={given.value}", *(f"{key}={text}" for key, text in attributes.items() if text)]
        message, request = Message(), _request(url)
        message["Set-Cookie"] = "; ".join([*parts, *(["Secure"] if "secure" in given.attributes else [])])
        cookies = self._kept.make_cookies(_Headers(message), request)  # type: ignore[arg-type] # reads its headers alone
        return next((one for one in cookies if DefaultCookiePolicy().set_ok(one, request)), None)

    def _give_way(self, cookie: Cookie, url: str) -> None:
        """Drop the given cookies of this name, if the cookie is one for the endpoint."""
        if DefaultCookiePolicy().path_return_ok(cookie.path, _request(url)):
            self._given = tuple(pair for pair in self._given if pair[0] != cookie.name)

    def _clear(self, cookie: Cookie) -> None:
        if any((one.domain, one.path, one.name) == (cookie.domain, cookie.path, cookie.name) for one in self._kept):
            self._kept.clear(cookie.domain, cookie.path, cookie.name)


def as_meant(pairs: Pairs, lines: Iterable[str], now: float) -> Pairs:
    """The cookies if a browser kept for the endpoint whatever an answer sets, without regard to attributes.

    A deletion counts only beside a cookie that is set: an answer that does no more than delete replaces no session.
    """
    ended: set[str] = set()
    found: dict[str, str] = {}
    for cookie in filter(None, map(SetCookie.read, lines)):
        ends = cookie.ends(now)
        if ends is not None and ends <= now:
            found.pop(cookie.name, None)
            ended.add(cookie.name)
        else:
            found[cookie.name] = cookie.value
    gone = found.keys() | (ended if found else set())
    return (*(pair for pair in pairs if pair[0] not in gone), *found.items())


@dataclass(frozen=True)
class _Headers:
    """An answer, as far as the library reads it."""

    message: Message

    def info(self) -> Message:
        return self.message


def _ended(cookie: Cookie, now: float) -> bool:
    ends = cookie.get_nonstandard_attr(_ENDS)
    return ends is not None and float(ends) <= now


def _is_secure(url: str) -> bool:
    """Whether browsers trust this origin with Secure cookies."""
    return url.startswith("https:") or is_loopback(url)


def _request(url: str) -> UrlRequest:
    """The request as the library wants it: over https, where a browser would send Secure cookies."""
    return UrlRequest(url.replace("http:", "https:", 1) if _is_secure(url) else url)  # noqa: S310 - it is never sent
