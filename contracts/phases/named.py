"""The polite pass: the plan of `contracts.probes`, sent in order."""

from __future__ import annotations

from contracts.observer import Observer
from contracts.probes import plan


def observe(observer: Observer, seed: int) -> None:
    """Send the plan. Two probes in a row that overlap are sent at once. BudgetSpent, Halted: as the observer says."""
    probes = plan(expired=observer.provider.expired is not None, seed=seed)
    for probe in probes:
        if probe.overlaps and (partner := next(probes, None)):
            observer.both(probe, partner)
        else:
            observer.probe(probe)
