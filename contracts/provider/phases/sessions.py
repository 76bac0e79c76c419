"""A state machine of what customers do: log in, refresh, refresh twice at once, use another method, expire, log out.

Where the suite cannot log in, expire a session or log out by itself, these steps are left out.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from contracts.generation import Generation
from contracts.provider.observe import Observer
from contracts.provider.probes import METHODS, Probe, sdk_headers


def observe(observer: Observer, share: int, seed: int) -> None:
    """Send at most `share` requests. Errors as `Observer.probe`."""
    if share < 3:
        return
    target = observer.target
    generation = Generation(seed)
    last = observer.requests + share

    def step(send: Callable[[], object]) -> None:
        if observer.requests < last - 1:
            generation.step(send)

    class Life(RuleBasedStateMachine):
        """One customer. `ended_session` is the Cookie header of the session that expired or was logged out, if there is one."""

        def __init__(self) -> None:
            super().__init__()
            self.ended_session: str | None = None
            self._expired_cookie = target.expired_cookie

        @precondition(lambda self: self.ended_session is None)
        @rule(as_sdk=st.booleans())
        def refresh(self, as_sdk: bool) -> None:
            """A logged-in customer refreshes."""
            step(lambda: observer.probe(Probe("refresh", headers=sdk_headers() if as_sdk else ())))

        @precondition(lambda self: self.ended_session is None)
        @rule()
        def refresh_twice_at_once(self) -> None:
            """Two tabs of one customer refresh at the same moment."""
            step(lambda: observer.probe_two(Probe("two tabs", overlaps=True), Probe("two tabs", overlaps=True)))

        @rule(session=st.sampled_from(("none", "empty", "made-up")))
        def refresh_as_a_stranger(self, session: str) -> None:
            """Somebody calls without a good session."""
            step(lambda: observer.probe(Probe("a stranger", session=session)))

        @rule(method=st.sampled_from(METHODS[1:]))
        def call_with_another_method(self, method: str) -> None:
            """A program uses another method."""
            step(lambda: observer.probe(Probe(f"{method} in between", method=method)))

        @precondition(lambda self: self.ended_session is None and target.log_in is not None)
        @rule(by=st.sampled_from(("expire", "log_out")))
        def lose_the_session(self, by: str) -> None:
            """The session expires, or the customer logs out."""
            end = getattr(target, by)
            if end is not None and not generation.ended:
                self.ended_session = target.customer.cookie_header("valid") or ""
                end(self.ended_session)

        @precondition(lambda self: self.ended_session is not None)
        @rule()
        def refresh_after_the_end(self) -> None:
            """Somebody uses the session that has ended."""
            target.expired_cookie = self.ended_session
            step(lambda: observer.probe(Probe("after the end", session="expired")))

        @precondition(lambda self: self.ended_session is not None)
        @rule()
        def log_in_again(self) -> None:
            """The customer comes back."""
            target.renew_session()
            self.ended_session = None

        def teardown(self) -> None:
            if self.ended_session is not None:
                self.log_in_again()
            target.expired_cookie = self._expired_cookie

    generation.walk(Life, examples=2, steps=max(6, share // 2))
