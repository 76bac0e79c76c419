"""Writes a judgement down as HAR, reads it again, and judges it once more."""

from __future__ import annotations

import json
from typing import Any

from contracts.har import Track, own, replaying
from contracts.har.writing import har
from contracts.model.part import Part
from contracts.redaction.redactor import Redactor
from contracts.rules.judgement import ConsumerJudgement, Judgement, ProviderJudgement


def written(judgement: Judgement, redactor: Redactor | None = None) -> dict[str, Any]:
    """The log of the HAR file."""
    part = Part.PROVIDER if judgement.role == "provider" else Part.CONSUMER
    return json.loads(har({part: judgement}, redactor or Redactor()))["log"]  # type: ignore[no-any-return]


def again(judgement: Judgement, redactor: Redactor | None = None) -> tuple[Judgement, Track]:
    """The judgement of what was written, by the same lists."""
    track = own.tracks(written(judgement, redactor))[0]
    listed, path = (), judgement.observation.target.path if isinstance(judgement, ProviderJudgement) else ""
    if isinstance(judgement, ConsumerJudgement):
        listed = tuple(d for ds in judgement.observation.allowances._by_rule.values() for d in ds)
    found = replaying.judged(track, path=path, known_of=lambda client: listed)
    found.rules = set(judgement.rules)
    return found, track


def same(judgement: Judgement) -> None:
    """A recording is judged as the implementation was: every verdict, and the conclusion, as a reader sees it."""
    found, _ = again(judgement)
    assert found.verdicts == judgement.verdicts
    assert found.notes == judgement.notes
    assert found.cut_short == judgement.cut_short
    assert (found.verdict, found.requests) == (judgement.verdict, judgement.requests)
    assert Redactor().show(found.reason or "", 2000) == Redactor().show(judgement.reason or "", 2000)
