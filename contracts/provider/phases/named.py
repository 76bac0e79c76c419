"""The polite pass: the plan of `contracts.provider.probes`, sent in order; then its repetitions, where the budget is large."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Final

from contracts.provider.observe import Observer
from contracts.provider.probes import Probe, plan, repeats

LEFT: Final = 150  # requests that are left to the other phases, if there are so many: what they make up is soon all made up


def observe(observer: Observer, seed: int) -> None:
    """Send the plan, then as many repetitions as the budget has room for. BudgetSpent, Halted: as the observer says."""
    expired = observer.provider.expired is not None
    for probes in sent(planned(expired=expired, seed=seed)):
        _send(observer, probes)
    for probes in sent(repeats(expired=expired, seed=seed)):
        if observer.left < LEFT + len(probes):
            return
        _send(observer, probes)


def planned(*, expired: bool, seed: int) -> Iterator[Probe]:
    """The plan, made no further than somebody has read it, and once for all that are observed in a run."""
    shelf = _shelf(expired, seed)
    shelf[0], probes = itertools.tee(shelf[0])
    return probes


@cache
def _shelf(expired: bool, seed: int) -> list[Iterator[Probe]]:
    return [plan(expired=expired, seed=seed)]


def sent(probes: Iterator[Probe]) -> Iterator[tuple[Probe, ...]]:
    """The probes as they are sent: one by one, and two that overlap at once."""
    for probe in probes:
        partner = next(probes, None) if probe.overlaps else None
        yield (probe, partner) if partner else (probe,)


def _send(observer: Observer, probes: tuple[Probe, ...]) -> None:
    if len(probes) == 2:
        observer.both(*probes)
    else:
        observer.probe(*probes)
