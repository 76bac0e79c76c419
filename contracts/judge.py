"""The gate as functions: observe an implementation, judge everything that was seen, conclude."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from contracts.consumer.observe import Client, ConsumerObserver
from contracts.model.limits import DEADLINE, MAX_REQUESTS
from contracts.provider import phases
from contracts.provider.observe import Observer
from contracts.provider.target import Provider
from contracts.rules.judgement import ConsumerJudgement, ProviderJudgement
from contracts.rules.known_deviations import Allowances, Deviation


def judge_provider(
    provider: Provider,
    *,
    budget: int = MAX_REQUESTS,
    rate: float = 0.0,
    seed: int = 0,
    only: Iterable[str] = tuple(phases.PHASES),
    sleep: Callable[[float], None] = time.sleep,
) -> ProviderJudgement:
    """Observe a provider in all phases under one budget of requests and judge it by every rule."""
    observer = Observer(provider, budget=budget, rate=rate, sleep=sleep)
    for phase in only:
        phases.run(observer, phase, seed)
    observer.settle()
    return ProviderJudgement(observer, rules=set(observer.evaluator.tallies))


def judge_consumer(
    client: Client,
    *,
    known: Iterable[Deviation] = (),
    patience: float = DEADLINE,
    seed: int = 0,
    only: Iterable[str] = ("scenarios", "generated"),
) -> ConsumerJudgement:
    """Let a client meet every scenario and judge what it made of them by every consumer rule."""
    observer = ConsumerObserver(client, Allowances(known), patience=patience)
    for phase in only:
        observer.run(phase, seed)
    return ConsumerJudgement(observer, rules=set(observer.evaluator.tallies))
