"""The observer: sends probes to one provider within its budget, keeps the evidence, and has every exchange judged at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from contracts.exchange import Exchange, Failure, Request, Response, Situation
from contracts.probes import Probe
from contracts.providers.live import Provider
from contracts.rules import Finding, Judging
from contracts.rules.provider import BOOK, Memory
from contracts.settings import Settings
from contracts.verdict import SESSION_REFUSED

KEPT: Final = 400  # exchanges kept as evidence; of a longer run, the first ones and all that broke a rule
IN_A_ROW: Final = 3  # failures, or answers 429, after which going on would be neither polite nor useful
ABSENT: Final = ("unreachable", "tls")  # failures before a request could even be sent
LOOK_AFTER: Final = 8  # answers after which a target that is no refresh endpoint shows


class BudgetSpent(Exception):
    """No request is left."""


class Halted(Exception):
    """Going on makes no sense; the message says why and what to do."""


@dataclass
class Signs:
    """What the answers have in common so far: how a target that cannot be judged is told from one that is wrong."""

    answers: int = 0
    missing: int = 0  # 404
    pages: int = 0  # HTML
    gateways: int = 0  # 502, 503, 504
    moved: int = 0  # redirects to another address of the same path
    logged_in: int = 0
    refused: int = 0  # 401 or 403 to the logged-in session

    def note(self, x: Exchange) -> None:
        """Count one more answer."""
        r = x.response
        if r is None:
            return
        self.answers += 1
        self.missing += r.status == 404
        self.pages += "html" in r.media_type and not r.reading.readable
        self.gateways += r.status in (502, 503, 504)
        location = r.header("location") or ""
        if r.status in (301, 302, 307, 308) and "://" in location and location.partition("?")[0].endswith(_path(x.request.url)):
            self.moved += 1
        if x.situation.session == "valid" and x.request.method == "POST":
            self.logged_in += 1
            self.refused += r.status in (401, 403) and not r.claims_success

    def no_endpoint(self, path: str) -> str | None:
        """Why this is no refresh endpoint at all, in one sentence; None when it may be one."""
        if not self.answers:
            return None
        if self.missing == self.answers:
            return f"every answer was a 404: there is no endpoint at {path}; check --base-url and --refresh-path"
        if self.pages == self.answers:
            return "every answer was an HTML page: this is no refresh endpoint; check --base-url and --refresh-path"
        if self.gateways == self.answers:
            return "every answer was 502, 503 or 504: nothing answers behind the gateway; try again when it does"
        if self.moved == self.answers:
            return "every answer was a redirect to another address; use that address as --base-url"
        return None

    @property
    def session_refused(self) -> bool:
        """Whether the logged-in session was refused every time."""
        return self.logged_in >= 3 and self.refused == self.logged_in


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2].partition("?")[0]


class Observer:
    """Observes one provider. `rate` is the most requests a second (0: no limit), `budget` the most in all."""

    def __init__(
        self,
        provider: Provider,
        *,
        budget: int = Settings.max_requests,
        rate: float = 0.0,
        judging: Judging[Exchange, Memory] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.provider = provider
        self.budget = budget
        self.judging = judging or Judging(BOOK)
        self.evidence: dict[int, Exchange] = {}
        self.requests = 0
        self.signs = Signs()
        self.halted: str | None = None
        self.first_seen: dict[str, int] = {}
        self._rate = rate
        self._sleep = sleep
        self._next = 0.0
        self._after = "start"
        self._failures = self._refusals = 0

    @property
    def left(self) -> int:
        """How many requests may still be sent."""
        return max(0, self.budget - self.requests)

    def probe(self, probe: Probe) -> tuple[Exchange, list[Finding]]:
        """Send one probe. After a 429 it is sent once more, when the answer said it may be.

        BudgetSpent, Halted: there is nothing to go on with.
        """
        found = self._once(probe)
        if found[0].response and found[0].response.status == 429:
            self._wait_as_told(found[0].response)
            return self._once(probe)
        return found

    def both(self, first: Probe, second: Probe) -> list[Finding]:
        """Send two probes that overlap. Errors as `probe`."""
        if self.left < 2:
            raise BudgetSpent
        self._pace(2)
        started, session = time.time(), self.provider.customer.replaced
        requests = self.provider.request(first), self.provider.request(second)
        answers = self.provider.sender.send_two(*requests)
        for probe, answer in zip((first, second), answers, strict=True):
            self._follow(probe, answer)
        moved = self.provider.customer.replaced > session
        after, found = self._after, []
        for probe, request, answer, other in zip((first, second), requests, answers, answers[::-1], strict=True):
            won = isinstance(other, Response) and other.claims_success
            situation = self._situation(probe, after, session_replaced=moved and won)
            found += self._record(request, answer, situation, started)
        for answer in answers:
            if isinstance(answer, Response) and answer.status == 429:
                self._wait_as_told(answer)
                break
        return found

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.halted = self.halted or reason

    # --- the parts ----------------------------------------------------------------------------------------------------

    def _once(self, probe: Probe) -> tuple[Exchange, list[Finding]]:
        if not self.left:
            raise BudgetSpent
        self._pace(1)
        started = time.time()
        request = self.provider.request(probe)
        answer = self.provider.sender.send(request)
        self._follow(probe, answer)
        found = self._record(request, answer, self._situation(probe, self._after), started)
        return self._last, found

    def _follow(self, probe: Probe, answer: Response | Failure) -> None:
        if probe.session == "valid" and isinstance(answer, Response):
            self.provider.customer.follow(answer)

    def _situation(self, probe: Probe, after: str, session_replaced: bool = False) -> Situation:
        session = "none" if self.provider.anonymous and probe.session == "valid" else probe.session
        conditions = set(probe.conditions)
        if after not in ("start", "success"):
            conditions.add(("after", f"after a {after}"))
        if probe.overlaps:
            conditions.add(("overlap", "overlapping another"))
        return Situation(probe.name, session, after, probe.overlaps, frozenset(conditions), session_replaced)

    def _record(self, request: Request, answer: Response | Failure, situation: Situation, started: float) -> list[Finding]:
        self.requests += 1
        x = Exchange(request, answer, situation, self.requests, started)
        # Where nobody was ever there, nobody can be blamed: that run is incomplete.
        absent = isinstance(answer, Failure) and answer.kind in ABSENT and not self.signs.answers
        found = [] if absent else self.judging.add(x)
        for finding in found:
            self.first_seen.setdefault(finding.rule, self.requests)
        if len(self.evidence) < (2 * KEPT if found else KEPT):
            self.evidence[x.index] = x
        self._last, self._after = x, x.came_as
        self.signs.note(x)
        self._look(answer)
        return found

    def _look(self, answer: Response | Failure) -> None:
        """Stop where going on cannot lead to a verdict."""
        if isinstance(answer, Failure):
            self._failures += 1
            if answer.kind in ABSENT and (self.requests == 1 or self._failures >= IN_A_ROW):
                hint = "give its CA with --refresh-ca" if answer.kind == "tls" else "check --base-url and that it is up"
                raise Halted(f"{self.provider.base_url} cannot be reached: {answer.message}; {hint}")
            if self._failures >= IN_A_ROW:
                raise Halted(f"{IN_A_ROW} requests in a row had no answer; the last: {answer.message}")
            return
        self._failures = 0
        if answer.status != 429:
            self._refusals = 0
        if self.signs.answers == LOOK_AFTER:
            if reason := self.signs.no_endpoint(self.provider.path):
                raise Halted(reason)
            if self.signs.session_refused:
                raise Halted(SESSION_REFUSED)

    def _pace(self, requests: int) -> None:
        if self._rate:
            now = time.monotonic()
            if now < self._next:
                self._sleep(self._next - now)
            self._next = max(now, self._next) + requests / self._rate

    def _wait_as_told(self, response: Response) -> None:
        self._refusals += 1
        wait = retry_after(response)
        deadline = self.provider.sender.deadline
        if wait > deadline:
            raise Halted(f"the target asks to wait {wait:.0f} s (429), longer than --refresh-deadline; try again later")
        if self._refusals >= 2 * IN_A_ROW:
            raise Halted("the target goes on answering 429; lower --refresh-rate or try again later")
        self._sleep(wait)


def retry_after(response: Response) -> float:
    """Seconds to wait after a 429; one when it does not say."""
    said = (response.header("retry-after") or "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 1.0
