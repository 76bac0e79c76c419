"""How liars are built: layers around an honest store, served on a port of its own.

Home (an honest store with a session) -> a layer around its app -> another -> server -> Running
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from contracts.provider.store import serve
from tests.liars import kit
from tests.liars.conditions import all_of
from tests.liars.home import Home, new_home
from tests.liars.kit import Answer, Change, When

Layer = Callable[[Home], Home]
"""The same home, its app with something in front of it."""


@dataclass(frozen=True)
class Running:
    """A server that listens, and Cookie headers: of a session that is good, of one that ran out, of another customer's.

    `headers` are those that every request needs.
    """

    base_url: str
    cookie: str
    expired_cookie: str
    other_cookie: str
    headers: Mapping[str, str] = field(default_factory=dict)


Maker = Callable[[], AbstractContextManager[Running]]


@dataclass(frozen=True)
class Liar:
    """A provider that breaks `rule`: `always`, or under a condition; `just` that MUST, or others with it.

    `deadline`, in seconds, is what it is to be judged with. What is not `promised` to be seen needs more to meet than one polite
    pass brings together.
    """

    name: str
    rule: str
    sentence: str
    make: Maker
    always: bool = True
    just: bool = True
    deadline: float = 10.0
    promised: bool = True


@dataclass(frozen=True)
class Odd:
    """A provider that keeps every rule but looks odd; `warns` names the SHOULD rules it may be warned for."""

    name: str
    sentence: str
    make: Maker
    warns: tuple[str, ...] = ()


Lies = Mapping[str, Sequence[Liar]]
"""Liars by the rule that they break."""


def altering(when: When, change: Change, **knobs: float) -> Layer:
    """Change answers for which `when` holds, after `sleep` seconds. With `waits`, a request waits for one that overlaps it."""
    return lambda home: replace(home, app=kit.altered(home.app, when, change, **knobs))


def answering(when: When, answer: Callable[[], Answer], **knobs: float) -> Layer:
    """Requests for which `when` holds are answered without the store."""
    return lambda home: replace(home, app=kit.answered(home.app, when, answer, **knobs))


def posing(when: When) -> Layer:
    """Requests for which `when` holds reach the store as a POST."""
    return lambda home: replace(home, app=kit.as_post(home.app, when))


def fresh(layer: Callable[[], Layer]) -> Layer:
    """A layer that remembers something, made anew for each server."""
    return lambda home: layer()(home)


def built(home: Home, layers: Iterable[Layer]) -> Home:
    """The home with these layers around its app; the first is the innermost. Every request knows where it is at home."""
    home = reduce(lambda inner, layer: layer(inner), layers, home)

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await home.app({**scope, "home": home}, receive, send)

    return replace(home, app=app)


def housed(*layers: Layer, **settings: Any) -> Maker:
    """A maker of servers: each starts with a fresh store, of these settings, and fresh layers around it."""

    @contextmanager
    def make() -> Iterator[Running]:
        home = built(new_home(**settings), layers)
        with serve(home.app) as base_url:
            yield Running(base_url, home.cookie, home.expired_cookie, home.other_cookie)

    return make


def made(name: str, sentence: str, *layers: Layer, store: Mapping[str, Any] | None = None, **knobs: Any) -> Liar:
    """A liar of these layers; `store` holds the store's settings."""
    return Liar(name, "", sentence, housed(*layers, **(store or {})), **knobs)


def lie(
    name: str,
    sentence: str,
    of: When,
    change: Change,
    *under: When,
    beneath: Sequence[Layer] = (),
    around: Sequence[Layer] = (),
    waits: bool = False,
    sleep: float = 0.0,
    **knobs: Any,
) -> Liar:
    """A liar that changes answers of a kind: always, or, where there are any, under conditions.

    `beneath` and `around` are inner and outer layers.
    """
    layer = altering(all_of(of, *under), change, waits=waits, sleep=sleep)
    return made(name, sentence, *beneath, layer, *around, **{"always": not under, **knobs})


def told(lies: Lies) -> tuple[Liar, ...]:
    """The liars, each with its rule."""
    return tuple(replace(liar, rule=rule_id) for rule_id, liars in lies.items() for liar in liars)


def odd(name: str, sentence: str, *layers: Layer, warns: tuple[str, ...] = (), store: Mapping[str, Any] | None = None) -> Odd:
    """An odd provider of these layers; `store` holds the store's settings."""
    return Odd(name, sentence, housed(*layers, **(store or {})), warns)
