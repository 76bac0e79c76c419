"""Requests that schemathesis makes from the document; our client sends them and the same rules judge them."""

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
    """Send at most `share` requests, every third one without a session. Errors as `Observer.probe`."""
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
