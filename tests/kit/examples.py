"""Reads the examples of the document's rules: exchanges as they stand on the wire, and outcomes in a few words."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from contracts.model.exchange import Exchange, Failure, Request, Response, Situation
from contracts.model.outcome import LISTENERS, Call, Event, Outcome
from contracts.model.scenario import Scenario, at_page_load, named

HOST = "https://store.example"
STARTED = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
OLD = "the-token-of-before"
PATIENCE = 10.0
# What a note of an example says of the situation.
NOTES = {
    "without a session": {"session": "none"},
    "with an empty session": {"session": "empty"},
    "with a made-up session": {"session": "made-up"},
    "with an expired session": {"session": "expired"},
    "as the second customer": {"customer": "other"},
    "after a success": {"after": "success"},
    "after a refusal": {"after": "refusal"},
    "overlapping another": {"overlaps": True},
    "which replaces the session": {"session_replaced": True},
    "without the cookie that the answer before deleted": {"lost": "the answer to request 1 deleted the cookie", "lost_by": 1},
}
_JWT = re.compile(r"<JWT until (\d{4}-\d\d-\d\d)(?: from (\d{4}-\d\d-\d\d))?>")
_BYTES = re.compile(r"<((?:[0-9A-F]{2} ?)+)>")


def exchanges(text: str) -> Iterator[Exchange]:
    """The dialogues of an example, one after the other."""
    for number, dialogue in enumerate(text.strip().split("\n---\n"), 1):
        yield _exchange(dialogue, number)


def _exchange(dialogue: str, number: int) -> Exchange:
    lines = dialogue.split("\n")
    notes = [line[2:] for line in lines if line.startswith("# ")]
    asked, _, answered = "\n".join(line for line in lines if not line.startswith("# ")).partition("\n\n")
    first, *headers = asked.split("\n")
    method, path = first.split(" ")
    pairs = tuple(tuple(header.split(": ", 1)) for header in headers)
    situation: dict[str, Any] = {"session": "valid", "after": "start"}
    seconds, started = 0.1, STARTED
    for note in notes:
        if took := re.fullmatch(r"took ([\d.]+) s", note):
            seconds = float(took[1])
        elif later := re.fullmatch(r"(\d+) s later", note):
            started += float(later[1])
        else:
            situation |= NOTES[note]
    conditions = {(f"header:{name}", value) for name, value in pairs if name != "Cookie"}
    conditions |= {("overlap", note) for note in notes if note == "overlapping another"}
    conditions |= {("after", note) for note in notes if note == "after a refusal"}
    request = Request(method, HOST + path, pairs)
    return Exchange(
        request, _answer(answered, seconds), Situation("", **situation, conditions=frozenset(conditions)), number, started
    )


def _answer(text: str, seconds: float) -> Response | Failure:
    if text.startswith("no answer: "):
        return Failure("malformed", text.removeprefix("no answer: "))
    head, _, body = text.partition("\n\n")
    status, *headers = head.split("\n")
    pairs = tuple(tuple(header.split(": ", 1)) for header in headers)
    return Response(int(status.removeprefix("HTTP ")), pairs, _body(body), seconds)


def _body(text: str) -> bytes:
    """The body: `<EF BB BF>` stands for bytes, `<JWT until 2100-01-01>` for a token."""
    text = _JWT.sub(lambda m: _jwt(exp=m[1], nbf=m[2]), text)
    parts = _BYTES.split(text)
    return b"".join(bytes.fromhex(part) if place % 2 else part.encode() for place, part in enumerate(parts))


def _jwt(**days: str | None) -> str:
    claims = {name: int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) for name, day in days.items() if day}
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".signature"


def outcomes(example: list[Mapping[str, Any]]) -> Iterator[Outcome]:
    """The outcomes of an example, one after the other."""
    for number, one in enumerate(example, 1):
        yield _outcome(one, number)


def scenarios() -> dict[str, Scenario]:
    """Every scenario with a name."""
    tokens = (f"the-token-number-{number}" for number in count(1))
    return {s.name: s for s in (*named(tokens, patience=PATIENCE), *at_page_load(tokens))}


def _outcome(one: Mapping[str, Any], number: int) -> Outcome:
    scenario = scenarios()[one["scenario"]]
    came = scenario.came
    method, path = one.get("request", "POST /auth/refresh").split(" ")
    asked = [Exchange(Request(method, HOST + path), came, started=STARTED)] * one.get("requests", 1)
    status = came.status if isinstance(came, Response) else None
    settled = float(one.get("settled", "0.1 s").removesuffix(" s"))
    value = came.reading.value if isinstance(came, Response) and one.get("value") is None else None
    call = Call(one.get("promise", ""), settled, value if one.get("promise") == "resolved" else None)
    heard = one["events"] if isinstance(one["events"], list) else [one["events"]] * LISTENERS
    response = {"none": None}.get(one.get("response", status), one.get("response", status))
    events = [Event(listener, settled, True, response) for listener, times in enumerate(heard) for _ in range(times)]
    given = came.token if isinstance(came, Response) else None
    token = {"kept": OLD, "new": given, "gone": None}.get(one["token"], one["token"])
    return replace(
        Outcome(scenario, (call,) * scenario.calls, tuple(events), tuple(asked), index=number, started=STARTED),
        token_before=OLD,
        token_after=token,
        logged_in=one.get("logged_in"),
    )
