"""Judgements as a HAR file, without secrets; what cannot be seen in it any more is carried beside it."""

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
"""What is to be known of an implementation, and the entries of its exchanges."""


def har(judgements: Mapping[Part, Judgement], redactor: Redactor, *, seed: int = 0, started: float = 0.0) -> str:
    """The file as text; `judgements` by their parts."""
    hide = Pseudonyms(redactor)
    began = datetime.datetime.fromtimestamp(started, datetime.UTC).isoformat()
    pages, entries = [], []
    for part, j in judgements.items():
        if isinstance(j, ProviderJudgement):
            own_facts, mine = _exchanges(j.observation, part, hide)
        elif isinstance(j, ConsumerJudgement):
            own_facts, mine = _outcomes(j.observation, part, hide)
        facts = {"role": j.role, "name": j.name, "kind": j.kind, "requests": j.requests, **own_facts}
        facts |= {"version": _shown(j.version, redactor), "halted": _shown(j.halted, redactor)}
        title = f"{j.name} ({j.role}, {j.kind})"
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
    """The file, an entry a line."""
    members = [f"{json.dumps(name)}: {_lines(value) if name in LISTS else json.dumps(value)}" for name, value in log.items()]
    return '{"log": {\n' + ",\n".join(members) + "\n}}\n"


def _lines(values: list[Any]) -> str:
    return "[\n" + ",\n".join(map(json.dumps, values)) + "\n]"


def _shown(text: str | None, redactor: Redactor) -> str | None:
    return redactor.show(text, 1000) if text is not None else None


def _exchanges(seen: TargetObservation, part: str, hide: Pseudonyms) -> Recorded:
    entries = [
        {"pageref": part, **entry(x, hide, **({} if index in seen.results else {"judged": False}))}
        for index, x in sorted(seen.evidence.items())
    ]
    return {"anonymous": seen.provider.anonymous, "signs": asdict(seen.target_health)}, entries


def _outcomes(seen: ClientObservation, part: str, hide: Pseudonyms) -> Recorded:
    found = seen.evidence.values()
    entries = [{"pageref": part, **entry(x, hide, outcome=o.index)} for o in found for x in o.exchanges]
    return {"outcomes": [{"outcome": plain(o, hide)} for o in found]}, entries


def _carry(log: dict[str, Any], text: str, judgements: Mapping[Part, Judgement], redactor: Redactor) -> bool:
    """Judge what was written, as whoever reads it will, and add to a case what a rule says otherwise of it: whether any does."""
    changed = False
    for page, track in zip(log["pages"], own.tracks(json.loads(text)["log"]), strict=True):
        live, again = judgements[track.part], replaying.judged(track)
        if isinstance(live, ConsumerJudgement):
            places = {one["outcome"]["index"]: one for one in page[MEMBER]["outcomes"]}
        else:
            places = {one[MEMBER]["index"]: one[MEMBER] for one in log["entries"] if one["pageref"] == track.part}
        for number, said in live.observation.results.items():
            if carried := dict(_differences(said, again.observation.results.get(number, {}), redactor)):
                places[number]["carried"] = carried
                changed = True
    return changed


def _differences(
    live: Mapping[str, Breach], again: Mapping[str, Breach], redactor: Redactor
) -> Iterator[tuple[str, list[str] | None]]:
    for rule in {**live, **again}:
        was, now = _said(live.get(rule), redactor), _said(again.get(rule), redactor)
        if was != now:
            yield rule, was


def _said(breach: Breach | None, redactor: Redactor) -> list[str] | None:
    """What a rule said, as it is written: nothing (None), that it holds (an empty list), or a breach in two texts."""
    return None if breach is None else [] if breach == OK else [redactor.show(breach.expected), redactor.show(breach.actual)]
