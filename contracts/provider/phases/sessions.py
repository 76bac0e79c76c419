"""A state machine over a customer's life: log in, refresh, refresh twice at once, call wrongly, run out, log out.

What the suite cannot do to a provider (log in, expire, log out) is left out there; the rest holds everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from contracts.generation import Generation
from contracts.provider.observe import Observer
from contracts.provider.probes import METHODS, Probe, sdk_headers
from contracts.provider.target import Customer


def observe(observer: Observer, share: int, seed: int) -> None:
    """Walk through at most `share` requests. BudgetSpent, Halted: as the observer says."""
    if share < 3:
        return
    provider = observer.provider
    generation = Generation(seed)
    last = observer.requests + share

    def step(send: Callable[[], object]) -> None:
        if observer.requests < last - 1:
            generation.step(send)

    class Life(RuleBasedStateMachine):
        """One customer. `gone` is the session that ran out or was logged out, if there is one."""

        def __init__(self) -> None:
            super().__init__()
            self.gone: str | None = None
            provider.expired, self._expired = provider.expired, provider.expired

        @precondition(lambda self: self.gone is None)
        @rule(as_sdk=st.booleans())
        def refresh(self, as_sdk: bool) -> None:
            """A logged-in customer refreshes."""
            step(lambda: observer.probe(Probe("refresh", headers=sdk_headers() if as_sdk else ())))

        @precondition(lambda self: self.gone is None)
        @rule()
        def refresh_twice_at_once(self) -> None:
            """Two tabs of one customer refresh at the same moment."""
            step(lambda: observer.both(Probe("two tabs", overlaps=True), Probe("two tabs", overlaps=True)))

        @rule(session=st.sampled_from(("none", "empty", "made-up")))
        def refresh_as_a_stranger(self, session: str) -> None:
            """Somebody without a session calls."""
            step(lambda: observer.probe(Probe("a stranger", session=session)))

        @rule(method=st.sampled_from(METHODS[1:]))
        def call_wrongly(self, method: str) -> None:
            """A program uses another method."""
            step(lambda: observer.probe(Probe(f"{method} in between", method=method)))

        @precondition(lambda self: self.gone is None and provider.log_in is not None)
        @rule(how=st.sampled_from(("expire", "log_out")))
        def lose_the_session(self, how: str) -> None:
            """The session runs out, or the customer logs out."""
            end = getattr(provider, how)
            if end is not None and not generation.ended:
                self.gone = provider.customer.header("valid") or ""
                end(self.gone)

        @precondition(lambda self: self.gone is not None)
        @rule()
        def refresh_after_the_end(self) -> None:
            """A session that is over is not brought back."""
            provider.expired = self.gone
            step(lambda: observer.probe(Probe("after the end", session="expired")))

        @precondition(lambda self: self.gone is not None)
        @rule()
        def log_in_again(self) -> None:
            """The customer comes back."""
            assert provider.log_in is not None
            provider.customer = Customer.of(provider.log_in())
            self.gone = None

        def teardown(self) -> None:
            if self.gone is not None:
                self.log_in_again()
            provider.expired = self._expired

    generation.walk(Life, examples=2, steps=max(6, share // 2))
