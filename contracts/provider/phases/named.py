"""The polite pass: the plan, sent in order; then its repetitions, where the budget is large."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Final

from contracts.provider.observe import Observer
from contracts.provider.plan import plan, repeats
from contracts.provider.probes import Probe, in_groups

RESERVE: Final = 150  # requests that are left to the other phases of a large budget; with more they would only repeat themselves


def observe(observer: Observer, seed: int) -> None:
    """Send the plan, then as many repetitions as the budget has room for. Errors as `Observer.probe`."""
    expired = observer.target.expired_cookie is not None
    groups = in_groups(shared_plan(expired=expired, seed=seed))
    for probes in groups:
        _send(observer, probes)
        if observer.company.most > 1:
            _send_in_company(observer, groups)
    for probes in in_groups(repeats(expired=expired, seed=seed)):
        if observer.requests_left < RESERVE + len(probes):
            return
        _send(observer, probes)


def shared_plan(*, expired: bool, seed: int) -> Iterator[Probe]:
    """The plan, made once for all targets of a run, and no further than one of them has come."""
    shared = _plans(expired, seed)
    shared[0], probes = itertools.tee(shared[0])
    return probes


@cache
def _plans(expired: bool, seed: int) -> list[Iterator[Probe]]:
    return [plan(expired=expired, seed=seed)]


def _send_in_company(observer: Observer, groups: Iterator[tuple[Probe, ...]]) -> None:
    """Send what is left of the plan where answers take long: the strangers' probes beside the others, in their order."""
    ours = []
    for probes in groups:
        if all(map(observer.company.is_stranger, probes)):
            observer.company.wait(probes)
        else:
            ours.append(probes)
    for probes in ours:
        _send(observer, probes)
    while observer.probe_strangers():
        pass


def _send(observer: Observer, probes: tuple[Probe, ...]) -> None:
    if len(probes) == 2:
        observer.probe_two(*probes)
    else:
        observer.probe(*probes)
