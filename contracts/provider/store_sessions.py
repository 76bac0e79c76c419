"""The sessions of customers who are logged in to the built-in store. Several threads may use them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

SWEEP_AT = 1024  # sessions, from which on expired ones are removed before a new one is added


@dataclass(frozen=True, slots=True)
class Session:
    """One session: whose it is, which login it began with, and when it expires (Unix time)."""

    customer: str
    login: str
    expires: float


class Sessions:
    """All sessions of one store, by the random value of their cookie.

    A login is the session that a customer began with and all that replaced it; logging out ends all of them.
    """

    def __init__(self, *, ttl: float, grace: float, clock: Callable[[], float]) -> None:
        self._ttl, self._grace, self._clock = ttl, grace, clock
        self._by_value: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._sweep_at = SWEEP_AT

    def open(self, customer: str) -> str:
        """Log a customer in; the value of the new session."""
        with self._lock:
            return self._add(customer, login=secrets.token_hex(8))

    def find(self, value: str) -> Session | None:
        """The session with this value, if it is good now."""
        with self._lock:
            return self._good(value)

    def rotate(self, value: str) -> str | None:
        """Replace a good session, which stays good for the grace period; the value of the new one."""
        with self._lock:
            old = self._good(value)
            if old is None:
                return None
            # It expires at the earlier of both times, so that using an old session again and again does not keep it alive.
            self._by_value[value] = replace(old, expires=min(old.expires, self._clock() + self._grace))
            return self._add(old.customer, login=old.login)

    def end(self, value: str) -> bool:
        """End the whole login that a session belongs to; whether there was one."""
        with self._lock:
            session = self._by_value.get(value)
            if session is None:
                return False
            self._by_value = {key: other for key, other in self._by_value.items() if other.login != session.login}
            return True

    def _good(self, value: str) -> Session | None:
        session = self._by_value.get(value)
        return session if session is not None and self._clock() < session.expires else None

    def _add(self, customer: str, *, login: str) -> str:
        if len(self._by_value) >= self._sweep_at:
            now = self._clock()
            self._by_value = {key: session for key, session in self._by_value.items() if now < session.expires}
            self._sweep_at = max(SWEEP_AT, 2 * len(self._by_value))
        value = secrets.token_urlsafe(24)
        self._by_value[value] = Session(customer, login, self._clock() + self._ttl)
        return value
