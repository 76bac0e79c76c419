"""Writes a judgement down as HAR, reads it again, and judges it once more."""

from __future__ import annotations

import json
from typing import Any

from contracts.har import Track, own, replaying
from contracts.har.writing import har
from contracts.model.part import Part
from contracts.redaction.redactor import Redactor
from contracts.rules.judgement import ConsumerJudgement, Judgement


def written(judgement: Judgement, redactor: Redactor | None = None) -> dict[str, Any]:
    """The log of the HAR file."""
    part = Part.PROVIDER if judgement.role == "provider" else Part.CONSUMER
    return json.loads(har({part: judgement}, redactor or Redactor()))["log"]  # type: ignore[no-any-return]


def again(judgement: Judgement, redactor: Redactor | None = None) -> tuple[Judgement, Track]:
    """The judgement of what was written, by the same lists."""
    track = own.tracks(written(judgement, redactor))[0]
    listed = ()
    if isinstance(judgement, ConsumerJudgement):
        listed = tuple(d for ds in judgement.observation.allowances._by_rule.values() for d in ds)
    found = replaying.judged(track, known_of=lambda client: listed)
    found.rules = set(judgement.rules)
    return found, track


def same(judgement: Judgement) -> None:
    """A recording is judged as the implementation was: every verdict, and the conclusion."""
    found, _ = again(judgement)
    assert found.verdicts == judgement.verdicts
    assert (found.verdict, found.reason, found.requests) == (judgement.verdict, judgement.reason, judgement.requests)
