"""Requests that schemathesis makes from the document; our client sends them and the same rules judge them."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case

from contracts.model.document import load
from contracts.provider.observe import BudgetSpent, Observer
from contracts.provider.politeness import Halted
from contracts.provider.probes import Probe


def observe(observer: Observer, share: int) -> None:
    """Send at most `share` requests, every third one without a session. Errors as `Observer.probe`."""
    if share < 1:
        return
    document = load()
    operation = schemathesis.openapi.from_dict(document.raw)[document.path][document.method]
    ended: list[Exception] = []
    sent = 0

    @settings(
        max_examples=share,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: Case[Any]) -> None:
        nonlocal sent
        if ended or sent >= share:
            return
        sent += 1
        headers = tuple((str(k), str(v)) for k, v in (case.headers or {}).items() if k.lower() != "cookie")
        session = "none" if sent % 3 == 0 else "valid"
        try:
            observer.probe(Probe(f"generated {sent}", session=session, headers=headers))
        except (BudgetSpent, Halted) as error:
            ended.append(error)

    send()
    if ended:
        raise ended[0]
