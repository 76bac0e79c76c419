"""Writes judgements as a HAR file without secrets. Results that the file no longer shows are carried beside the cases."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

import harfile

from contracts import __version__
from contracts.har import MEMBER, VERSION, own, replaying
from contracts.har.entries import entry
from contracts.har.outcomes import plain
from contracts.model.document import load
from contracts.model.part import Part
from contracts.redaction.pseudonyms import Pseudonyms
from contracts.redaction.redactor import Redactor
from contracts.rules.engine import OK, Breach
from contracts.rules.judgement import ClientObservation, ConsumerJudgement, Judgement, ProviderJudgement, TargetObservation

LISTS: Final = ("pages", "entries")
Recorded = tuple[dict[str, Any], list[dict[str, Any]]]
"""The facts about an implementation, and the entries of its exchanges."""


def har(judgements: Mapping[Part, Judgement], redactor: Redactor, *, seed: int = 0, started: float = 0.0) -> str:
    """The text of the HAR file. `started` is in seconds since the epoch."""
    pseudonyms = Pseudonyms(redactor)
    began = datetime.datetime.fromtimestamp(started, datetime.UTC).isoformat()
    pages, entries = [], []
    for part, judgement in judgements.items():
        if isinstance(judgement, ProviderJudgement):
            own_facts, mine = _exchanges(judgement.observation, part, pseudonyms, redactor)
        elif isinstance(judgement, ConsumerJudgement):
            own_facts, mine = _outcomes(judgement.observation, part, pseudonyms)
        facts = {"role": judgement.role, "name": judgement.name, "kind": judgement.kind, "requests": judgement.requests}
        facts |= {**own_facts, "version": _shown(judgement.version, redactor), "halted": _shown(judgement.halted, redactor)}
        title = f"{judgement.name} ({judgement.role}, {judgement.kind})"
        pages.append({"startedDateTime": began, "id": part, "title": title, "pageTimings": {}, MEMBER: facts})
        entries += mine
    log = {
        "version": harfile.HAR_VERSION,
        "creator": {"name": "twilight-refresh-contract", "version": __version__},
        "pages": pages,
        "entries": entries,
        MEMBER: {"version": VERSION, "contract": load().sha256, "seed": seed},
    }
    text = _text(log)
    return _text(log) if _carry(log, text, judgements, redactor) else text


def _text(log: dict[str, Any]) -> str:
    """The log as JSON, with one page or entry a line."""
    members = [f"{json.dumps(name)}: {_lines(value) if name in LISTS else json.dumps(value)}" for name, value in log.items()]
    return '{"log": {\n' + ",\n".join(members) + "\n}}\n"


def _lines(values: list[Any]) -> str:
    return "[\n" + ",\n".join(map(json.dumps, values)) + "\n]"


def _shown(text: str | None, redactor: Redactor) -> str | None:
    return redactor.show(text, 1000) if text is not None else None


def _exchanges(seen: TargetObservation, part: str, pseudonyms: Pseudonyms, redactor: Redactor) -> Recorded:
    entries = [
        {"pageref": part, **entry(exchange, pseudonyms, **({} if index in seen.results else {"judged": False}))}
        for index, exchange in sorted(seen.evidence.items())
    ]
    signs = {name: redactor.show(v) if isinstance(v, str) else v for name, v in asdict(seen.target_health).items()}
    facts = {
        "anonymous": seen.target.anonymous,
        "phases": dict(seen.phases),
        "signs": signs,
        "notes": [redactor.show(note, 500) for note in seen.notes],
    }
    return {**facts, "cut_short": _shown(seen.cut_short, redactor)}, entries


def _outcomes(seen: ClientObservation, part: str, pseudonyms: Pseudonyms) -> Recorded:
    outcomes = seen.evidence.values()
    entries = [
        {"pageref": part, **entry(exchange, pseudonyms, outcome=outcome.index)}
        for outcome in outcomes
        for exchange in outcome.exchanges
    ]
    return {"outcomes": [{"outcome": plain(outcome, pseudonyms)} for outcome in outcomes]}, entries


def _carry(log: dict[str, Any], text: str, judgements: Mapping[Part, Judgement], redactor: Redactor) -> bool:
    """Judge the written file as a reader will, and add the original result to a case where they differ; whether any did."""
    changed = False
    for page, track in zip(log["pages"], own.tracks(json.loads(text)["log"]), strict=True):
        live, again = judgements[track.part], replaying.judged(track)
        if isinstance(live, ConsumerJudgement):
            members = {member["outcome"]["index"]: member for member in page[MEMBER]["outcomes"]}
        else:
            members = {item[MEMBER]["index"]: item[MEMBER] for item in log["entries"] if item["pageref"] == track.part}
        for number, results in live.observation.results.items():
            if carried := dict(_differences(results, again.observation.results.get(number, {}), redactor)):
                members[number]["carried"] = carried
                changed = True
    return changed


def _differences(
    live: Mapping[str, Breach], again: Mapping[str, Breach], redactor: Redactor
) -> Iterator[tuple[str, list[str] | None]]:
    for rule_id in {**live, **again}:
        was, now = _texts(live.get(rule_id), redactor), _texts(again.get(rule_id), redactor)
        if was != now:
            yield rule_id, was


def _texts(breach: Breach | None, redactor: Redactor) -> list[str] | None:
    """The result of a rule as it is written: None if not exercised, [] if kept, or the two texts of a breach."""
    return None if breach is None else [] if breach == OK else [redactor.show(breach.expected), redactor.show(breach.actual)]
