"""A provider under test: where it is, whose session is used, and how requests are made from probes."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from contracts import __version__
from contracts.document import load
from contracts.exchange import Request, Response
from contracts.probes import BODIES, QUERIES, Probe
from contracts.providers.connection import trust
from contracts.providers.http import InProcess, Network, Sender

if TYPE_CHECKING:
    import httpx

XSRF: Final = "XSRF-TOKEN"
_ENDS_NOW: Final = re.compile(r"-[0-9]+|0+")  # as a Max-Age
AGENT: Final = f"twilight-refresh-contract/{__version__}"


def parse_cookies(header: str) -> dict[str, str]:
    """A Cookie header as names and values, in order."""
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


@dataclass
class Customer:
    """The logged-in customer as a browser would hold them: the session's cookies, the XSRF token, the last access token."""

    cookies: dict[str, str] = field(repr=False)
    token: str | None = field(default=None, repr=False)
    replaced: int = 0  # how often the environment replaced the session

    @classmethod
    def of(cls, header: str) -> Customer:
        """From a Cookie header."""
        return cls(parse_cookies(header))

    def follow(self, response: Response) -> None:
        """Take over what the answer replaces: cookies of the session, the XSRF token and the access token."""
        for line in response.cookies():
            pair, *attributes = line.split(";")
            name, _, value = pair.partition("=")
            name, value = name.strip(), value.strip()
            if name not in self.cookies and name != XSRF:
                continue
            if _deleted(attributes):
                continue  # a deleted session is no session to go on with; the rules see what the next answer is
            if self.cookies.get(name) != value:
                self.cookies[name] = value
                self.replaced += name != XSRF
        if response.token:
            self.token = response.token

    def header(self, session: str) -> str | None:
        """The Cookie header for a kind of session; `expired` is not known here."""
        if session == "none":
            return None
        if session == "valid":
            return "; ".join(f"{k}={v}" for k, v in self.cookies.items()) or None
        own = {k: v for k, v in self.cookies.items() if k != XSRF} or {"session": "made-up"}
        return "; ".join(f"{k}={'' if session == 'empty' else _made_up(k, v)}" for k, v in own.items())


def _deleted(attributes: Sequence[str]) -> bool:
    """Whether a cookie is taken away: by its Max-Age, or by a past Expires where there is none (RFC 6265, 5.3)."""
    said = {name.strip().lower(): value.strip() for name, _, value in (a.partition("=") for a in attributes)}
    if "max-age" in said:
        return bool(_ENDS_NOW.fullmatch(said["max-age"]))
    ends = moment(said.get("expires", ""))
    return ends is not None and ends <= time.time()


def moment(date: str) -> float | None:
    """A date as HTTP writes it, in seconds since the epoch; None: it is no date."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _made_up(name: str, value: str) -> str:
    digest = hashlib.sha256(f"made-up {name}".encode()).hexdigest()
    return (digest * (len(value) // len(digest) + 1))[: max(8, len(value))]


@dataclass
class Provider:
    """What is judged. `log_in`, `expire` and `log_out` are there when the suite may manage sessions by itself."""

    name: str
    kind: str  # real or mock
    base_url: str
    sender: Sender
    customer: Customer
    path: str = field(default_factory=lambda: load().path)
    expired: str | None = field(default=None, repr=False)
    anonymous: bool = False
    version: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    log_in: Callable[[], str] | None = None
    expire: Callable[[str], None] | None = None
    log_out: Callable[[str], None] | None = None

    @property
    def url(self) -> str:
        """The endpoint's address."""
        return self.base_url.rstrip("/") + self.path

    def request(self, probe: Probe) -> Request:
        """The probe as a request, with the session as it is now."""
        headers = {"user-agent": AGENT, "accept": "*/*", "accept-encoding": "identity"}
        headers |= {k.lower(): v for k, v in self.headers.items()}
        cookie = self.expired if probe.session == "expired" else self.customer.header(probe.session)
        if cookie:
            headers["cookie"] = cookie
        media_type, body = BODIES[probe.body]
        if media_type:
            headers["content-type"] = media_type
        own = [(name, value.replace("{token}", self.customer.token or "made-up")) for name, value in probe.headers]
        if (xsrf := self.customer.cookies.get(XSRF)) and probe.session == "valid":
            own = [(name, value) for name, value in own if name.lower() != "x-xsrf-token"]
            headers["x-xsrf-token"] = unquote(xsrf)
        names = {name.lower() for name, _ in own}
        query = QUERIES.get(probe.query, probe.query)
        url = f"{self.url}?{query}" if query else self.url
        return Request(probe.method, url, (*((k, v) for k, v in headers.items() if k not in names), *own), body)


def live(
    base_url: str,
    cookie: str | None,
    *,
    expired: str | None = None,
    deadline: float = 10.0,
    ca: str | None = None,
    path: str | None = None,
    name: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Provider:
    """A provider behind a URL. OSError or ssl.SSLError: the CA file cannot be read."""
    parts = urlsplit(base_url)
    # To read the system's certificates takes a while, for which no exchange should have to pay with its deadline.
    context = trust(ca) if ca or parts.scheme == "https" else None
    return Provider(
        name or parts.netloc,
        "real",
        base_url,
        Sender(Network(context), deadline),
        Customer.of(cookie or ""),
        path or load().path,
        expired,
        anonymous=not cookie,
        headers=headers or {},
    )


def mocked(handler: Callable[[httpx.Request], httpx.Response], cookie: str, name: str = "mock") -> Provider:
    """A provider that is a handler in this process."""
    sender = Sender(InProcess(handler), 10.0)
    return Provider(name, "mock", "https://store.example", sender, Customer.of(cookie), version=__version__)
