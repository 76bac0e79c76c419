"""Judge a provider or a consumer from Python: observe it, judge everything that was seen, and conclude."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable

from contracts.consumer.observe import Client, ConsumerObserver
from contracts.consumer.player import Player
from contracts.consumer.protocol import RefreshConsumer
from contracts.consumer.script import Script
from contracts.model.limits import DEADLINE, MAX_REQUESTS, MAX_SECONDS
from contracts.provider import phases
from contracts.provider.observe import Observer
from contracts.provider.target import Target
from contracts.rules.judgement import ConsumerJudgement, ProviderJudgement
from contracts.rules.known_deviations import Allowances, Deviation


def judge_provider(
    target: Target,
    *,
    budget: int = MAX_REQUESTS,
    max_seconds: float = MAX_SECONDS,
    rate: float = 0.0,
    seed: int = 0,
    only: Iterable[str] = tuple(phases.PHASES),
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> ProviderJudgement:
    """Observe a target in the phases `only` (default: all), and judge it by every provider rule.

    `budget` is the highest number of requests, `rate` the highest number of requests a second (0: no limit). Nothing is sent once
    `max_seconds` have passed since the first request, by `clock`.
    """
    observer = Observer(target, budget=budget, max_seconds=max_seconds, rate=rate, sleep=sleep, clock=clock)
    chosen = tuple(only)
    if phases.LAST in chosen:
        observer.keep_for_causes()
    for phase in chosen:
        phases.run(observer, phase, seed, alone=len(chosen) == 1)
    observer.finish()
    return ProviderJudgement(observer, rules=set(observer.evaluator.tallies))


def judge_consumer(
    client: Client | RefreshConsumer,
    *,
    known: Iterable[Deviation] = (),
    patience: float = DEADLINE,
    seed: int = 0,
    only: Iterable[str] = ("scenarios", "generated"),
) -> ConsumerJudgement:
    """Play the scenarios of the phases `only` to a client, and judge its outcomes by every consumer rule.

    Scenarios reach a client in this process through httpx, which is intercepted. `known` are its known deviations. An exchange
    that never ends is reset after `patience` seconds.
    """
    if isinstance(client, RefreshConsumer):
        with contextlib.closing(Player.of(client, Script())) as player:
            return judge_consumer(player, known=known, patience=patience, seed=seed, only=only)
    observer = ConsumerObserver(client, Allowances(known), patience=patience)
    for phase in only:
        observer.run(phase, seed)
    return ConsumerJudgement(observer, rules=set(observer.evaluator.tallies))
