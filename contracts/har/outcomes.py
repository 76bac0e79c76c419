"""One outcome of a client as plain data, beside the entries of its exchanges; and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from contracts.consumer.recorded import PREFIX
from contracts.har.entries import body_bytes, body_text, request, request_entry
from contracts.model.answers import Answer
from contracts.model.exchange import Exchange
from contracts.model.outcome import Call, Event, Outcome
from contracts.model.scenario import Delivery, Scenario
from contracts.redaction.pseudonyms import Pseudonyms


def plain(outcome: Outcome, hide: Pseudonyms) -> dict[str, Any]:
    """The outcome without its exchanges and without secrets."""
    return {
        "index": outcome.index,
        "scenario": _scenario(outcome.scenario, hide),
        "calls": [
            {"settled": c.settled, "at": c.at, "value": _value(c.value, hide), "error": hide.text(c.error)} for c in outcome.calls
        ],
        "events": [{**asdict(event), "text": hide.text(event.text)} for event in outcome.events],
        "strays": [request_entry(r, hide) for r in outcome.strays],
        "token_before": _value(outcome.token_before, hide),
        "token_after": _value(outcome.token_after, hide),
        "sent_after": None if outcome.sent_after is None else hide.header("authorization", outcome.sent_after),
        "logged_in": outcome.logged_in,
        "client": outcome.client,
        "started": outcome.started,
    }


def outcome(found: dict[str, Any], exchanges: Iterable[Exchange]) -> Outcome:
    """The outcome again. KeyError, TypeError, ValueError: it is none."""
    return Outcome(
        _scenario_of(found["scenario"]),
        tuple(Call(**call) for call in found["calls"]),
        tuple(Event(**event) for event in found["events"]),
        tuple(exchanges),
        tuple(map(request, found["strays"])),
        found["token_before"],
        found["token_after"],
        found["sent_after"],
        found["logged_in"],
        str(found["client"]),
        int(found["index"]),
        float(found["started"]),
    )


def _value(value: Any, hide: Pseudonyms) -> Any:
    """Anything a client gives, as JSON; what is no JSON becomes its description."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return hide.text(value)
    try:
        return json.loads(hide.text(json.dumps(value, default=repr, ensure_ascii=False, allow_nan=False)))
    except (ValueError, TypeError, RecursionError):
        return f"[no JSON: {type(value).__name__}]"


def _scenario(s: Scenario, hide: Pseudonyms) -> dict[str, Any]:
    """What the endpoint did. Of an answer that the suite made up, nothing is secret."""
    answer = None
    if s.answer:
        recorded = s.name.startswith(PREFIX)
        text, encoding = body_text(hide.raw(s.answer.body) if recorded else s.answer.body)
        headers = [[name, hide.header(name, value) if recorded else value] for name, value in s.answer.headers]
        answer = {"status": s.answer.status, "headers": headers, "text": text, "encoding": encoding}
    return {**{f.name: getattr(s, f.name) for f in fields(s)}, "delivery": s.delivery.value, "answer": answer}


def _scenario_of(found: dict[str, Any]) -> Scenario:
    answer = None
    if said := found["answer"]:
        headers = tuple((str(name), str(value)) for name, value in said["headers"])
        answer = Answer(int(said["status"]), headers, body_bytes(said["text"], said["encoding"]))
    return Scenario(**{**found, "delivery": Delivery(found["delivery"]), "answer": answer})
