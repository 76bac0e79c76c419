"""How a client behaved in a scenario: how its calls ended, which events its listeners heard, what happened to the token.

    Outcome
    ├── Scenario             what the endpoint did
    ├── Exchange …           the requests that the client sent, each with its answer
    ├── Call …               how each refresh() ended for its caller
    ├── Event …              the failure event, once for each listener that heard it
    └── the token before and after, and the one that the next request carried

Times are in seconds since the calls were made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from contracts.model.exchange import Exchange, Kind, Request
from contracts.model.scenario import Scenario

LISTENERS: Final = 3  # the first listener throws if the scenario says so
GENERATED: Final = 1000  # added to the size of a generated scenario: larger than any named scenario
THROWN: Final = "a listener threw this, and nobody should hear of it"


@dataclass(frozen=True)
class Call:
    """One refresh() as its caller saw it. `value` is what it resolved with; `error` is the text of what it was rejected with."""

    settled: str  # resolved, rejected, pending
    at: float = 0.0
    value: Any = field(default=None, repr=False)
    error: str = field(default="", repr=False)  # it may quote the body


@dataclass(frozen=True)
class Event:
    """The failure event as one listener heard it: whether it carried an error, and the HTTP status of that error's response."""

    listener: int
    at: float
    is_error: bool = True
    status: int | None = None
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class Outcome:
    """What one scenario led to for one client: the calls made in it, and everything that followed from them."""

    scenario: Scenario
    calls: tuple[Call, ...]
    events: tuple[Event, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    strays: tuple[Request, ...] = ()  # requests to anything but the endpoint
    token_before: Any = field(default=None, repr=False)
    token_after: Any = field(default=None, repr=False)
    sent_after: str | None = field(default=None, repr=False)  # the Authorization header of the next request, if there was one
    logged_in: bool | None = None  # after a page load: whether the customer is still logged in
    client: str = ""  # the client, or its mode, if there are several: "debounced", "fast"
    index: int = 0
    started: float = 0.0  # seconds since the epoch

    @property
    def kind(self) -> Kind:
        """The class of the last exchange; the class that the scenario makes, if the client sent no request."""
        return self.exchanges[-1].kind if self.exchanges else self.scenario.kind

    @cached_property
    def conditions(self) -> frozenset[tuple[str, str]]:
        """The conditions of the scenario, and the mode of the client."""
        return self.scenario.conditions | ({("mode", self.client)} if self.client else frozenset())

    @cached_property
    def size(self) -> int:
        """How much a reader has to take in. A named scenario is always smaller than a generated one."""
        body = len(self.scenario.answer.body) if self.scenario.answer else 0
        return len(self.conditions) + body // 16 + len(self.calls) + GENERATED * (not self.scenario.named)

    @cached_property
    def fired(self) -> int:
        """How often the event fired: the highest count that any listener heard."""
        return max(Counter(event.listener for event in self.events).values(), default=0)

    @property
    def heard(self) -> tuple[int, ...]:
        """How often each listener heard the event."""
        counts = Counter(event.listener for event in self.events)
        return tuple(counts[listener] for listener in range(LISTENERS))

    def settled(self, how: str) -> int:
        """How many calls ended in this way: resolved, rejected or pending."""
        return sum(call.settled == how for call in self.calls)

    @property
    def given(self) -> frozenset[str]:
        """The usable tokens that the endpoint gave."""
        tokens = (exchange.response.token for exchange in self.exchanges if exchange.response)
        return frozenset(token for token in tokens if token)

    @property
    def became(self) -> str:
        """What happened to the token: kept, new, gone or bogus. Of the stored and the sent token, the worse counts."""
        fates = {self._fate(self.token_after), self._fate(self._sent)}
        completed = self.kind is Kind.COMPLETED
        worst_first = ("bogus", "gone", "kept", "new") if completed else ("bogus", "new", "gone", "kept")
        return next(word for word in worst_first if word in fates)

    @property
    def _sent(self) -> Any:
        """The token that the next request carried; the stored one if there is none to see."""
        own = [exchange.request.header("authorization") for exchange in self.exchanges]
        if self.sent_after in own and self.kind is not Kind.COMPLETED:
            return self.token_before  # the header did not change, whatever it holds
        scheme, _, rest = (self.sent_after or "").strip().partition(" ")
        if scheme.lower() == "bearer":
            return rest.strip()
        return self.token_after if rest or not scheme else scheme  # other schemes carry no token

    def _fate(self, token: Any) -> str:
        text = isinstance(token, str)
        new = text and token.strip() in {given.strip() for given in self.given}  # as a header would carry it
        if new and self.kind is Kind.COMPLETED:
            return "new"  # even if it equals the old one: an endpoint may give the same token again
        if _same(token, self.token_before):
            return "kept"
        return "new" if new else "gone" if token is None else "bogus"

    @property
    def summary(self) -> str:
        """The outcome in a few words, such as `resolved; no event; token bogus`. Known deviations are matched by it."""
        ends = [how for how in ("resolved", "rejected", "pending") if self.settled(how)]
        event = {0: "no event", 1: "one event"}.get(self.fired, f"{self.fired} events")
        login = {None: [], True: ["logged in"], False: ["logged out"]}[self.logged_in]
        return "; ".join([*([" and ".join(ends)] if ends else []), event, f"token {self.became}", *login])


def _same(token: Any, other: Any) -> bool:
    """Whether two tokens are equal. White space around strings does not count; other values must have the same type."""
    if isinstance(token, str) and isinstance(other, str):
        return token.strip() == other.strip()
    return type(token) is type(other) and bool(token == other)


def linked(sequence: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes of one client, in order, each with the Authorization header of the next outcome's first request."""
    later = [next((x.request.header("authorization") for x in outcome.exchanges), None) for outcome in sequence[1:]]
    return [replace(outcome, sent_after=sent) for outcome, sent in zip(sequence, [*later, None], strict=False)]
