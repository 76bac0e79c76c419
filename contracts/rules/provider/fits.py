"""Whether the body of an answer fits the schema that the document has for its status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from contracts.model.document import load
from contracts.model.exchange import Exchange, Response
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import Memory, readable, rule, shown

# Other rules speak about these members; the first is the whole body.
_JUDGED_ELSEWHERE: Final = frozenset(
    {"", "/success", "/status", "/data", "/data/token", "/error", "/error/code", "/error/message"}
)
_TYPES: Final = {"array": "a list", "boolean": "true or false", "null": "null", "number": "a number", "object": "an object"}


@rule("body-fits-schema")
def body_fits_schema(exchange: Exchange, memory: Memory) -> Breach | None:
    """Ignores a body that is no strict JSON, and every member that another rule judges."""
    r = readable(exchange)
    if r is None or r.reading.faults:
        return None
    try:
        misfits = list(_misfits(r))
    except KeyError:  # the contract has no answer with this status, which status-in-enum judges
        return None
    expected, actual = ("; ".join(words[which] for words in misfits) for which in (0, 1))
    return Breach(expected, actual) if misfits else OK


def _misfits(r: Response) -> Iterator[tuple[str, str]]:
    """Each place that does not fit, as a JSON pointer with what was expected there, and with what is there."""
    for error in load().validator_for(r.status).iter_errors(r.reading.value):
        place = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in error.instance_path)
        if place not in _JUDGED_ELSEWHERE:
            yield f"{place}: {_expected(error)}", f"{place} is {shown(error.instance)}"


def _expected(error: Any) -> str:
    """What the schema expects, in words."""
    types = getattr(error.kind, "types", None)
    return " or ".join(_TYPES.get(name, "a text") for name in reversed(types)) if types else str(error.message)
