"""Where a liar lives: an honest store, with a customer logged in and a session that ran out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.provider.store import Store


@dataclass(frozen=True)
class Home:
    """An honest app, and Cookie headers: of a session that is good, of one that ran out, and of another customer's."""

    app: Callable[..., Any]
    cookie: str
    expired_cookie: str
    other_cookie: str


def new_home(**settings: Any) -> Home:
    """A fresh store, with these settings."""
    store = Store(**settings)
    expired = store.log_in("8")
    store.expire(expired)
    return Home(store.app, store.log_in("7"), expired, store.log_in("9"))
