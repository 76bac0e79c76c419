"""What a client made of a scenario: how its calls ended, which events its listeners heard, what became of the token.

    Outcome
    ├── Scenario             what the endpoint did
    ├── Exchange …           the requests that were sent, each with what came back
    ├── Call …               how each refresh() ended for its caller
    ├── Event …              the failure event, once for each listener that heard it
    └── token before, after, and the one that the next request carried

Times are seconds from the moment of the calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from contracts.model.exchange import Exchange, Kind, Request
from contracts.model.scenario import Scenario

LISTENERS: Final = 3  # the first of them throws where the scenario says so
GENERATED: Final = 1000  # larger than any scenario with a name
THROWN: Final = "a listener threw this, and nobody should hear of it"


@dataclass(frozen=True)
class Call:
    """One refresh() as its caller saw it. `value` is what it resolved with, `error` what it was rejected with, in words."""

    settled: str  # resolved, rejected, pending
    at: float = 0.0
    value: Any = field(default=None, repr=False)
    error: str = field(default="", repr=False)  # it may quote the body


@dataclass(frozen=True)
class Event:
    """The failure event as one listener heard it: whether its argument is an error, and the HTTP status of its response."""

    listener: int
    at: float
    is_error: bool = True
    status: int | None = None
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class Outcome:
    """One moment in the life of a client: the calls made then, and all that came of them."""

    scenario: Scenario
    calls: tuple[Call, ...]
    events: tuple[Event, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    strays: tuple[Request, ...] = ()  # requests that went elsewhere than to the endpoint
    token_before: Any = field(default=None, repr=False)
    token_after: Any = field(default=None, repr=False)
    sent_after: str | None = field(default=None, repr=False)  # the Authorization header of the next request, where there is one
    logged_in: bool | None = None  # after a page load: whether the customer still is
    client: str = ""  # which of several clients, or modes of one: "debounced", "fast"
    index: int = 0
    started: float = 0.0  # seconds since the epoch

    @property
    def kind(self) -> Kind:
        """The class of what the client met."""
        return self.exchanges[-1].kind if self.exchanges else self.scenario.kind

    @cached_property
    def conditions(self) -> frozenset[tuple[str, str]]:
        """The scenario's conditions and the client's mode."""
        return self.scenario.conditions | ({("mode", self.client)} if self.client else frozenset())

    @cached_property
    def size(self) -> int:
        """How much there is to read; what has a name of its own goes before what was generated."""
        body = len(self.scenario.answer.body) if self.scenario.answer else 0
        return len(self.conditions) + body // 16 + len(self.calls) + GENERATED * (not self.scenario.named)

    @cached_property
    def fired(self) -> int:
        """How often the event fired: as often as the listener that heard most of it heard it."""
        return max(Counter(event.listener for event in self.events).values(), default=0)

    @property
    def heard(self) -> tuple[int, ...]:
        """How often each listener heard the event."""
        counts = Counter(event.listener for event in self.events)
        return tuple(counts[listener] for listener in range(LISTENERS))

    def settled(self, how: str) -> int:
        """How many calls ended so: resolved, rejected or pending."""
        return sum(call.settled == how for call in self.calls)

    @property
    def given(self) -> frozenset[str]:
        """The usable tokens that the endpoint gave."""
        tokens = (x.response.token for x in self.exchanges if x.response)
        return frozenset(token for token in tokens if token)

    @property
    def became(self) -> str:
        """In one word what became of the token: kept, new, gone, bogus; as stored, or as sent if that is worse."""
        said = {self._called(self.token_after), self._called(self._sent)}
        completed = self.kind is Kind.COMPLETED
        worst_first = ("bogus", "gone", "kept", "new") if completed else ("bogus", "new", "gone", "kept")
        return next(word for word in worst_first if word in said)

    @property
    def _sent(self) -> Any:
        """The token that the next request carried; the stored one where that is not known."""
        own = [x.request.header("authorization") for x in self.exchanges]
        if self.sent_after in own and self.kind is not Kind.COMPLETED:
            return self.token_before  # what is sent has not changed, whatever it was
        scheme, _, rest = (self.sent_after or "").strip().partition(" ")
        if scheme.lower() == "bearer":
            return rest.strip()
        return self.token_after if rest or not scheme else scheme  # other schemes carry something else than the token

    def _called(self, token: Any) -> str:
        text = isinstance(token, str)
        new = text and token.strip() in {given.strip() for given in self.given}  # as a header would carry it
        if new and self.kind is Kind.COMPLETED:
            return "new"  # even if it is the old one: an endpoint may give the same again
        if _same(token, self.token_before):
            return "kept"
        return "new" if new else "gone" if token is None else "bogus"

    @property
    def summary(self) -> str:
        """The outcome in a few words, always the same for the same: `resolved; no event; token bogus`."""
        ends = [how for how in ("resolved", "rejected", "pending") if self.settled(how)]
        event = {0: "no event", 1: "one event"}.get(self.fired, f"{self.fired} events")
        login = {None: [], True: ["logged in"], False: ["logged out"]}[self.logged_in]
        return "; ".join([*([" and ".join(ends)] if ends else []), event, f"token {self.became}", *login])


def _same(token: Any, other: Any) -> bool:
    """Whether two tokens are the same as a header would carry them; what is no text is the same only as what it is."""
    if isinstance(token, str) and isinstance(other, str):
        return token.strip() == other.strip()
    return type(token) is type(other) and bool(token == other)


def linked(sequence: Sequence[Outcome]) -> list[Outcome]:
    """Outcomes of one client, in their order, each told which token the next request carried."""
    later = [next((x.request.header("authorization") for x in o.exchanges), None) for o in sequence[1:]]
    return [replace(o, sent_after=sent) for o, sent in zip(sequence, [*later, None], strict=False)]
