"""Cases that schemathesis makes from the document, sent by our client and judged by the same rules."""

from __future__ import annotations

from typing import Any, Final

import schemathesis
from schemathesis import Case

from contracts.generation import Generation
from contracts.model.document import load
from contracts.provider.observe import Observer
from contracts.provider.probes import Probe

SEED: Final = 0  # the cases are the same in every run


def observe(observer: Observer, share: int) -> None:
    """Send at most `share` cases, by turns with a session and without. BudgetSpent, Halted: as the observer says."""
    if share < 1:
        return
    document = load()
    operation = schemathesis.openapi.from_dict(document.raw)[document.path][document.method]
    sent = 0

    def send(case: Case[Any]) -> None:
        nonlocal sent
        if sent >= share:
            return
        sent += 1
        headers = tuple((str(k), str(v)) for k, v in (case.headers or {}).items() if k.lower() != "cookie")
        session = "none" if sent % 3 == 0 else "valid"
        observer.probe(Probe(f"generated {sent}", session=session, headers=headers))

    Generation(SEED).each(operation.as_strategy(), send, share)
