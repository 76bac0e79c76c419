"""Which answer took the customer's session away: what a browser holds, against what the last success gave.

Where the customer is refused after an answer changed the browser's cookies, the refresh is asked for again: first with the same
cookies, then with what the last success gave. Only if the first is refused and the second completes, an answer took the session.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from contracts.model.cookies import XSRF, Pairs, cookie_header, parse_cookies
from contracts.model.document import load
from contracts.model.exchange import Failure, Request, Response
from contracts.provider.jar import Change, Jar, as_meant
from contracts.provider.target import Target

MOST_TRIES: Final = 12  # requests of a run that ask again
REFUSALS: Final = (401, 403, 404, 410, 419, 440)  # how servers refuse a session; other statuses speak of the request
SHOWN, LONGEST = 3, 200  # cookies that are named, and characters about one
Asked = tuple[Request, Response, int]
"""A request, its answer and its number."""


@dataclass(frozen=True)
class Loss:
    """What took the session, in words, and the number of the exchange whose answer did it.

    The number is 0 if nobody's answer did: `words` then says that two overlapped, or is empty if the cookie ended by itself.
    """

    words: str = ""
    by: int = 0


OVERLAP: Final = Loss("after two refreshes that overlapped, the session that was given is refused")
RAN_OUT: Final = Loss()


@dataclass(frozen=True)
class _Changer:
    """An answer that changed the browser's cookies, though it was no success."""

    loss: Loss
    names: frozenset[str]
    posted: bool


class Custody:
    """Keeps the cookies of a target's customer, and knows which session was good last."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._forgiven: set[bool] = set()  # whether successes, and other answers, have shown to take sessions
        self._tries = MOST_TRIES
        self._start()

    def _start(self) -> None:
        self._customer = self._target.customer
        self._names = {name for name, _ in self._held()}  # the session's cookies: those given, and those that took their place
        self._set_anew: dict[str, str] = {}  # cookies that an answer set which was no success
        self._renewing: set[str] = set()  # those of them with which the next refresh completed
        self._good: list[Pairs] = []  # what the last success gave, as a browser keeps it; then as it was meant
        self._earlier: list[Pairs] = []  # the same of a success that it overlapped
        self._success = Loss()
        self._changers: list[_Changer] = []
        self._overlapped = False
        self.dead: str | None = None  # why no session is left, if none is

    def begin(self) -> None:
        """Requests are about to be sent."""
        if self._target.customer is not self._customer:  # the customer logged in again
            self._start()
        self._earlier = []

    def take(self, request: Request, answer: Response, number: int, *, overlaps: bool = False) -> bool:
        """Take over what an answer to the customer sets, in the order of arrival; whether it replaced the session.

        A cookie of the session that is set anew by answers which are no success, and with which the next refresh completes, does
        not tell of a new session: a load balancer sets such cookies, and a framework that encrypts them anew each time.
        """
        success = _completed(request, answer)
        before = self._held()
        meant = as_meant(before, answer.cookies(), self._customer.jar.clock())
        changes = self._follow(answer, meant, success=success)
        after = self._held()
        crowd = ", overlapping another" if overlaps else ""
        loss = Loss(f"the answer to request {number} (HTTP {answer.status}{crowd}) {_listed(changes)}", number)
        if not success:
            self._set_anew.update(set(after) - set(before))
            if changed := frozenset(name for name, _ in set(before) ^ set(after)):
                self._changers.append(_Changer(loss, changed, request.method == "POST"))
            return False
        self._renewing |= {name for name, value in _sent(request) if self._set_anew.get(name) == value}
        self._good, self._success, self._changers = [after, meant, *self._earlier], loss, []
        self._earlier = self._good if overlaps else []
        self._overlapped = overlaps
        old, new = dict(before), dict(meant)
        replaced = {name for name in self._names if old.get(name) != new.get(name)} - self._renewing - {XSRF}
        if self._names & old.keys() - new.keys():  # the session has another cookie now
            self._names |= new.keys() - old.keys()
        return bool(replaced)

    def _follow(self, answer: Response, meant: Pairs, *, success: bool) -> tuple[Change, ...]:
        """Do what a browser does; once such answers have shown to take sessions, keep the session all the same."""
        if success not in self._forgiven:
            return self._customer.update_from(answer, self._target.url)
        if success:
            self._hold(meant)
            self._customer.token = answer.token or self._customer.token
        return ()

    def doubts(self, request: Request, answer: Response) -> bool:
        """Whether this refusal of the customer may have its cause in an earlier answer."""
        if answer.status not in REFUSALS or answer.claims_success or not self._good or self._tries <= 0:
            return False
        return self._overlapped or bool(self._others(_sent(request)))

    def look_into(self, request: Request, number: int, ask: Callable[[], Asked | None]) -> Loss | None:
        """What took the session from a request that was refused, the `number`-th; None if no answer has shown to.

        `ask` sends a bare refresh with the cookies that the customer holds; it gives None if no request is left.
        """
        sent, good, success, overlapped = _sent(request), self._good, self._success, self._overlapped
        changers = [one for one in self._changers if one.loss.by < number]
        self._good, self._overlapped = [], False
        for session in (sent, *self._others(sent, good)):
            self._hold(session)
            self._tries -= 1
            asked = ask()
            if asked is None:
                return RAN_OUT
            if not _completed(*asked[:2]):
                continue
            by_success = sorted(session) != sorted(good[0])
            loss = None if session is sent else success if by_success else _taker(changers, self._renewing)
            if loss not in (None, RAN_OUT):
                self._forgiven.add(by_success)
            self.take(*asked)
            return loss
        if overlapped:
            self.dead = f"{OVERLAP.words}; log in again"
            return OVERLAP
        if not changers and sorted(sent) != sorted(good[0]):
            self.dead = "the cookie of the session ended by itself, and the session with it; log in again"
            return RAN_OUT
        return None

    def _others(self, session: Pairs, good: Sequence[Pairs] | None = None) -> list[Pairs]:
        """The sessions that should be good, without this one; a browser's order of cookies does not matter."""
        different = {tuple(sorted(pairs)): pairs for pairs in reversed(self._good if good is None else good)}
        different.pop(tuple(sorted(session)), None)
        return list(reversed(different.values()))

    def _held(self) -> Pairs:
        return self._customer.jar.pairs(self._target.url)

    def _hold(self, session: Pairs) -> None:
        self._customer.jar = Jar(cookie_header(session) or "", self._customer.jar.clock)


def _taker(changers: Sequence[_Changer], renewing: set[str]) -> Loss:
    """The answer that took the session: before others one to a POST, and one that changed a cookie which is not always new."""
    ranked = sorted(changers, key=lambda one: (not one.posted, one.names <= renewing))
    return ranked[0].loss if ranked else RAN_OUT


def _sent(request: Request) -> Pairs:
    """The cookies of a request that are the customer's; a probe may add others of the page."""
    return tuple(pair for pair in parse_cookies(request.header("cookie") or "") if pair not in _of_the_page())


@cache
def _of_the_page() -> frozenset[tuple[str, str]]:
    """The cookies that a probe may add."""
    return frozenset(pair for examples in load().browser_headers.get("cookie", ()) for pair in parse_cookies(examples))


def _completed(request: Request, answer: Response | Failure) -> bool:
    return isinstance(answer, Response) and answer.claims_success and request.method == load().method


def _listed(changes: Sequence[Change]) -> str:
    """What an answer did to cookies, above all what a browser does not do."""
    odd = [change for change in changes if not change.kept] or changes
    words = [change.words if len(change.words) <= LONGEST else change.words[:LONGEST] + "…" for change in odd]
    return " and ".join([*words[:SHOWN], f"{len(words) - SHOWN} more"] if len(words) > SHOWN else words)
