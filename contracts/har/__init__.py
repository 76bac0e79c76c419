"""Evidence as a HAR file (HTTP Archive 1.2). It is written at the end of a run, and can be judged again without a network.

    judgements ──► writing ──► evidence.har ──► own ──────┐
                                                          ├─► Track … ──► replaying ──► judgements
    a browser's network panel, Playwright ──► foreign ────┘

In a file that this suite wrote, each implementation is a page, and `_contract` members hold what HAR has no member for. A secret
that was replaced, or a body that was too long to keep, may change how a rule judges a case. Then the result from the run is
stored beside the case, as `carried`.
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
VERSION: Final = 1  # the version of the format of `_contract` members


class BadEvidence(ValueError):
    """A file cannot be judged. The message is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Track:
    """The recording of one implementation.

    `facts` are what the observer knew: role, name, kind, version, number of requests and so on. `judged` are the numbers of the
    cases that were judged; the others were only recorded, for instance while the target was unavailable. `carried` are results of
    rules that replace those of a new judgement. `remark` tells a reader the limits of a recording that another program made.
    """

    part: Part
    facts: Mapping[str, Any]
    exchanges: tuple[Exchange, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    judged: frozenset[int] = frozenset()
    carried: Mapping[int, Carried] = field(default_factory=dict)
    remark: str | None = None
