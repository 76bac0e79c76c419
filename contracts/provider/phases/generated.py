"""Requests that schemathesis makes from the document; our client sends them and the same rules judge them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import jsonschema_rs
import schemathesis
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation

from contracts.generation import Generation
from contracts.model.document import Document, load
from contracts.provider.observe import Observer
from contracts.provider.probes import Probe

SEED: Final = 0  # the cases are the same in every run


def observe(observer: Observer, share: int) -> None:
    """Send at most `share` requests: every value of every parameter, then random ones. Errors as `Observer.probe`."""
    if share < 1:
        return
    document = load()
    operation = schemathesis.openapi.from_dict(document.raw)[document.path][document.method]
    last = observer.requests + share
    for probe in islice(covering(document, operation), share):
        observer.probe(probe)

    def send(case: Case[Any]) -> None:
        if observer.requests >= last:
            return
        headers = tuple((str(k), str(v)) for k, v in (case.headers or {}).items() if k.lower() != "cookie")
        session = "none" if observer.requests % 3 == 0 else "valid"
        observer.probe(Probe("generated", session=session, headers=headers))

    if (rest := last - observer.requests) > 0:
        Generation(SEED).each(operation.as_strategy(), send, rest)


def covering(document: Document, operation: APIOperation[Any, Any, Any, Any]) -> Iterator[Probe]:
    """As few requests as send every value of every parameter: first those that fit its schema, then those just outside."""
    values = covered(operation)
    schemas = {p["name"].lower(): p["schema"] for p in map(document.resolve, document.operation["parameters"])}
    fits = {name: jsonschema_rs.validator_for(schema).is_valid for name, schema in schemas.items()}
    for inside in (True, False):
        chosen = {name: [v for v in given if fits[name](v) is inside] for name, given in values.items()}
        for number in range(max(map(len, chosen.values()))):
            headers = tuple((name, given[number % len(given)]) for name, given in chosen.items() if given)
            yield Probe("generated", headers=headers, misfits=not inside)


def covered(operation: APIOperation[Any, Any, Any, Any]) -> dict[str, list[str]]:
    """Each parameter in lower case, with the values that cover its schema."""
    values: dict[str, dict[str, None]] = {parameter.name.lower(): {} for parameter in operation.headers}
    cases = operation.schema.iter_coverage_cases(
        operation,
        generation_modes=list(GenerationMode),
        generation_config=operation.schema.config.generation_for(operation=operation, phase="coverage"),
    )
    for case in cases:
        for name, value in (case.headers or {}).items():
            if name.lower() in values:
                values[name.lower()][str(value)] = None
    return {name: list(given) for name, given in values.items()}
