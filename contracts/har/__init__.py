"""Evidence as a HAR file (HTTP Archive 1.2): written at the end of a run, and judged again without a network.

    judgements ──► writing ──► evidence.har ──► own ──────┐
                                                          ├─► Track … ──► replaying ──► judgements
    a browser's network panel, Playwright ──► foreign ────┘

In a file of our own, each implementation is a page; what HAR has no member for stands in members called `_contract`. What a rule
said of a case and cannot see in it any more, since a secret was taken out or a body was too long to keep, is carried beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.model.exchange import Exchange
from contracts.model.outcome import Outcome
from contracts.model.part import Part
from contracts.rules.engine import Carried

MEMBER: Final = "_contract"
VERSION: Final = 1  # of what the members called `_contract` hold


class BadEvidence(ValueError):
    """A file cannot be judged; the message is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Track:
    """What was recorded of one implementation.

    `facts` is what the observer knew: role, name, kind, version,
    requests and the like. `judged` are the numbers of the cases that were judged; the others were only met, as those of a target
    that had gone away are. `remark` is what a reader should know of the recording; a file of somebody else has one.
    """

    part: Part
    facts: Mapping[str, Any]
    exchanges: tuple[Exchange, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    judged: frozenset[int] = frozenset()
    carried: Mapping[int, Carried] = field(default_factory=dict)
    remark: str | None = None
