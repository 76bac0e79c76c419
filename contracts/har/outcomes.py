"""Writes an outcome of a client as plain data, without its exchanges, which are entries; and reads it back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from contracts.har.entries import body_bytes, body_text, request, request_entry
from contracts.model.answers import Answer
from contracts.model.exchange import Exchange
from contracts.model.outcome import Call, Event, Outcome
from contracts.model.scenario import RECORDED, Delivery, Scenario
from contracts.redaction.pseudonyms import Pseudonyms


def plain(outcome: Outcome, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """The outcome without its exchanges, with pseudonyms for its secrets."""
    return {
        "index": outcome.index,
        "scenario": _scenario(outcome.scenario, pseudonyms),
        "calls": [
            {"settled": c.settled, "at": c.at, "value": _value(c.value, pseudonyms), "error": pseudonyms.text(c.error)}
            for c in outcome.calls
        ],
        "events": [{**asdict(event), "text": pseudonyms.text(event.text)} for event in outcome.events],
        "strays": [request_entry(r, pseudonyms) for r in outcome.strays],
        "token_before": _value(outcome.token_before, pseudonyms),
        "token_after": _value(outcome.token_after, pseudonyms),
        "sent_after": None if outcome.sent_after is None else pseudonyms.header("authorization", outcome.sent_after),
        "logged_in": outcome.logged_in,
        "client": outcome.client,
        "started": outcome.started,
    }


def outcome(found: dict[str, Any], exchanges: Iterable[Exchange]) -> Outcome:
    """The outcome that `plain` wrote, with its exchanges. KeyError, TypeError, ValueError: the data is invalid."""
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


def _value(value: Any, pseudonyms: Pseudonyms) -> Any:
    """Any value of a client as JSON. A value that JSON cannot hold is replaced by its description."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return pseudonyms.text(value)
    try:
        return json.loads(pseudonyms.text(json.dumps(value, default=repr, ensure_ascii=False, allow_nan=False)))
    except (ValueError, TypeError, RecursionError):
        return f"[no JSON: {type(value).__name__}]"


def _scenario(s: Scenario, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """The scenario as plain data. Only recorded answers can hold secrets, as the suite made all others."""
    answer = None
    if s.answer:
        recorded = s.name.startswith(RECORDED)
        text, encoding = body_text(pseudonyms.raw(s.answer.body) if recorded else s.answer.body)
        headers = [[name, pseudonyms.header(name, value) if recorded else value] for name, value in s.answer.headers]
        answer = {"status": s.answer.status, "headers": headers, "text": text, "encoding": encoding}
    return {**{f.name: getattr(s, f.name) for f in fields(s)}, "delivery": s.delivery.value, "answer": answer}


def _scenario_of(found: dict[str, Any]) -> Scenario:
    answer = None
    if written := found["answer"]:
        headers = tuple((str(name), str(value)) for name, value in written["headers"])
        answer = Answer(int(written["status"]), headers, body_bytes(written["text"], written["encoding"]))
    return Scenario(**{**found, "delivery": Delivery(found["delivery"]), "answer": answer})
