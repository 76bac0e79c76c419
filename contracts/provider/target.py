"""A target: where the endpoint under test is, whose session is used, and how probes become requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from contracts import __version__
from contracts.model.document import load
from contracts.model.exchange import Request
from contracts.provider.bodies import ALL_BODIES
from contracts.provider.connection import trust
from contracts.provider.customer import Customer
from contracts.provider.http import InProcess, Network, Sender, address_of, origin_of
from contracts.provider.probes import BEARER, QUERIES, Probe

if TYPE_CHECKING:
    import httpx

AGENT: Final = f"twilight-refresh-contract/{__version__}"
XSRF_HEADER: Final = "x-xsrf-token"
# Browsers never send the one without the others, so that a probe names the first alone.
SENT_TOGETHER: Final = {"sec-fetch-site": {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}}


@dataclass
class Target:
    """An endpoint under test. `other` is a second customer, if there is one.

    `log_in`, `expire` and `log_out` are given where the suite may manage sessions by itself.
    """

    name: str
    kind: str  # real or mock
    base_url: str
    sender: Sender
    customer: Customer
    other: Customer | None = None
    path: str = field(default_factory=lambda: load().path)
    expired_cookie: str | None = field(default=None, repr=False)
    anonymous: bool = False
    version: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    log_in: Callable[[], str] | None = None
    expire: Callable[[str], None] | None = None
    log_out: Callable[[str], None] | None = None

    @classmethod
    def at(
        cls,
        base_url: str,
        cookie: str | None,
        *,
        expired_cookie: str | None = None,
        other_cookie: str | None = None,
        deadline: float = 10.0,
        ca: str | None = None,
        path: str | None = None,
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Target:
        """The target behind a URL. OSError or ssl.SSLError: the CA file cannot be read."""
        parts = urlsplit(base_url)
        # The system's certificates are read now, so that the first exchange does not pay for it with its deadline.
        context = trust(ca) if ca or parts.scheme == "https" else None
        return cls(
            name or parts.netloc,
            "real",
            base_url,
            Sender(Network(context), deadline),
            Customer.with_cookies(cookie or ""),
            Customer.with_cookies(other_cookie) if cookie and other_cookie else None,
            path or load().path,
            expired_cookie,
            anonymous=not cookie,
            headers=headers or {},
        )

    @classmethod
    def in_process(
        cls,
        handler: Callable[[httpx.Request], httpx.Response],
        cookie: str,
        name: str = "mock",
        *,
        other_cookie: str | None = None,
    ) -> Target:
        """The target that a handler in this process is."""
        sender = Sender(InProcess(handler), 10.0)
        other = Customer.with_cookies(other_cookie) if other_cookie else None
        return cls(name, "mock", "https://store.example", sender, Customer.with_cookies(cookie), other, version=__version__)

    @property
    def url(self) -> str:
        """The endpoint's address."""
        return self.base_url.rstrip("/") + self.path

    def renew_session(self) -> bool:
        """Log the customer in again, where the suite may; whether it did."""
        if self.log_in is None:
            return False
        self.customer = Customer.with_cookies(self.log_in(), self.customer.jar.clock)
        return True

    def who_sends(self, probe: Probe) -> Customer:
        """The customer whose session the probe has, or leaves out."""
        return self.other if probe.other and self.other else self.customer

    def as_sent(self, probe: Probe) -> Probe:
        """The probe without headers that the environment needs with values of its own: these are never replaced."""
        needed = {name.lower() for name in self.headers}
        headers = tuple(pair for pair in probe.headers if pair[0].lower() not in needed)
        return probe if headers == probe.headers else replace(probe, headers=headers)

    def request(self, probe: Probe) -> Request:
        """The probe as a request, with the session as it is now and, as each call of a page, the shop's own origin."""
        probe, customer = self.as_sent(probe), self.who_sends(probe)
        usual = {"user-agent": AGENT, "accept": "*/*", "accept-encoding": "identity", "origin": origin_of(self.base_url)}
        cookies = [value for name, value in probe.headers if name.lower() == "cookie"]
        kind = "none" if probe.session == BEARER else probe.session
        session = self.expired_cookie if kind == "expired" else customer.cookie_header(kind, self.url)
        if session:
            cookies.append(session)
        if cookies:
            usual["cookie"] = "; ".join(cookies)
        body = ALL_BODIES[probe.body]
        if body.media_type:
            usual["content-type"] = body.media_type
        if body.chunked:
            usual["transfer-encoding"] = "chunked"
        # A stranger never has the customer's token: an endpoint may accept it beside the session.
        token = customer.token if probe.session in ("valid", BEARER) else None
        own = [(name, self._filled(value, token)) for name, value in probe.headers if name.lower() != "cookie"]
        if probe.session == "valid" and (xsrf := customer.xsrf(self.url)):
            own = [(name, value) for name, value in own if name.lower() != XSRF_HEADER]
            usual[XSRF_HEADER] = unquote(xsrf)
        own_names = {name.lower() for name, _ in own}
        for name in own_names & SENT_TOGETHER.keys():
            usual |= SENT_TOGETHER[name]
        usual |= {name.lower(): value for name, value in self.headers.items()}
        query = QUERIES.get(probe.query, probe.query)
        url = f"{self.url}?{query}" if query else self.url
        first = ((name, value) for name, value in usual.items() if name not in own_names)
        return Request(probe.method, url, (*first, *own), body.content, sized=body.sized)

    def _filled(self, value: str, token: str | None) -> str:
        """The value of a header with what its names in braces stand for."""
        return value.replace("{token}", token or "made-up").replace("{shop}", address_of(self.base_url))
