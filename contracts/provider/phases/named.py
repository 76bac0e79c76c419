"""The polite pass: the plan, sent in order; then its repetitions, where the budget is large."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Final

from contracts.model.document import load
from contracts.provider.observe import Observer
from contracts.provider.plan import plan, repeats
from contracts.provider.probes import Probe, in_groups
from contracts.rules.provider.reuse import REUSE_SECONDS

RESERVE: Final = 150  # requests that are left to the other phases of a large budget; with more they would only repeat themselves


def observe(observer: Observer, seed: int, kept: int = 0) -> None:
    """Send the plan, then as many repetitions as the budget has room for. Errors as `Observer.probe`.

    `kept` requests of the budget are left over. What they leave unsent of the plan, the properties send.
    """
    expired = observer.target.expired_cookie is not None
    groups = in_groups(shared_plan(expired=expired, other=observer.target.other is not None, seed=seed))
    waited = False
    for probes in groups:
        if kept and observer.requests_left < kept + len(probes):
            observer.unsent = iter(sorted([probes, *groups], key=lambda group: is_common(group[0])))
            return
        observer.send(probes)
        if not waited and _interval_is_open(observer):
            waited = True
            if observer.wait(REUSE_SECONDS + 1):
                observer.probe(Probe("bare, after a while"))
        if observer.company.most > 1:
            _send_in_company(observer, groups, kept)
    for probes in in_groups(repeats(expired=expired, seed=seed)):
        if observer.requests_left < RESERVE + len(probes):
            return
        observer.send(probes)


def _interval_is_open(observer: Observer) -> bool:
    """Whether nothing but a reuse interval explains that a token was given again and again. Of a broken target, nobody asks."""
    broken = any(load().rules[rule_id].level == "MUST" for rule_id in observer.first_seen)
    return not broken and any(reuse.is_open for reuse in observer.evaluator.memory.reuse.values())


def is_common(probe: Probe) -> bool:
    """Whether the other phases send such requests too: a customer's POST without a body. It is last of what is left over."""
    return (probe.method, probe.body, probe.session) == (load().method, "none", "valid")


def shared_plan(*, expired: bool, other: bool = False, seed: int) -> Iterator[Probe]:
    """The plan, made once for all targets of a run, and no further than one of them has come."""
    shared = _plans(expired, other, seed)
    shared[0], probes = itertools.tee(shared[0])
    return probes


@cache
def _plans(expired: bool, other: bool, seed: int) -> list[Iterator[Probe]]:
    return [plan(expired=expired, other=other, seed=seed)]


def _send_in_company(observer: Observer, groups: Iterator[tuple[Probe, ...]], kept: int) -> None:
    """Send what is left of the plan where answers take long: the strangers' probes beside the others, in their order."""
    ours = []
    for probes in groups:
        if all(map(observer.company.is_stranger, probes)):
            observer.company.wait(probes)
        else:
            ours.append(probes)
    for place, probes in enumerate(ours):
        if kept and observer.requests_left < kept + len(probes):
            observer.unsent = iter(ours[place:])
            return
        observer.send(probes)
    while observer.requests_left > kept and observer.probe_strangers():
        pass
