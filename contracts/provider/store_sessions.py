"""Logged-in sessions of the built-in store: opened, replaced, ended. Safe to use from several threads."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

SWEEP_AT = 1024


@dataclass(frozen=True, slots=True)
class Session:
    """One session: whose it is, which login it descends from, and when it runs out (Unix time)."""

    customer: str
    login: str
    expires: float


class Sessions:
    """All sessions of one store, by the random value of their cookie.

    A login is what a customer ends by logging out: the session it began with and all that replaced it.
    """

    def __init__(self, *, ttl: float, grace: float, clock: Callable[[], float]) -> None:
        self._ttl, self._grace, self._clock = ttl, grace, clock
        self._by_value: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._sweep_at = SWEEP_AT

    def open(self, customer: str) -> str:
        """Log `customer` in and give the value of the new session."""
        with self._lock:
            return self._add(customer, login=secrets.token_hex(8))

    def find(self, value: str) -> Session | None:
        """The session that `value` stands for, if it is good now."""
        with self._lock:
            return self._good(value)

    def rotate(self, value: str) -> str | None:
        """Replace a good session and give the new value; the old one stays good for the grace period."""
        with self._lock:
            old = self._good(value)
            if old is None:
                return None
            # The earlier of the two, lest using an old session again and again keep it alive.
            self._by_value[value] = replace(old, expires=min(old.expires, self._clock() + self._grace))
            return self._add(old.customer, login=old.login)

    def end(self, value: str) -> bool:
        """End the whole login that `value` belongs to; False if there is none."""
        with self._lock:
            session = self._by_value.get(value)
            if session is None:
                return False
            kept = {key: other for key, other in self._by_value.items() if other.login != session.login}
            self._by_value = kept
            return True

    def _good(self, value: str) -> Session | None:
        session = self._by_value.get(value)
        return session if session is not None and self._clock() < session.expires else None

    def _add(self, customer: str, *, login: str) -> str:
        if len(self._by_value) >= self._sweep_at:
            now = self._clock()
            self._by_value = {key: kept for key, kept in self._by_value.items() if now < kept.expires}
            self._sweep_at = max(SWEEP_AT, 2 * len(self._by_value))
        value = secrets.token_urlsafe(24)
        self._by_value[value] = Session(customer, login, self._clock() + self._ttl)
        return value
