"""A HAR file of our own, read back: tracks, as they were written."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from contracts.har import MEMBER, VERSION, BadEvidence, Track
from contracts.har.entries import exchange
from contracts.har.outcomes import outcome
from contracts.model.exchange import Exchange
from contracts.model.part import Part
from contracts.rules.engine import OK, Breach, Carried

FORMER: Final = {"real": Part.PROVIDER}  # what earlier versions called a part


def is_own(log: dict[str, Any]) -> bool:
    """Whether this suite wrote the file."""
    return isinstance(log.get(MEMBER), dict)


def tracks(log: dict[str, Any]) -> list[Track]:
    """What was recorded, implementation by implementation. BadEvidence: it is not as this suite writes it."""
    if log[MEMBER].get("version") != VERSION:
        raise BadEvidence("was written by another version of this suite; judge it with that one")
    try:
        return [_track(page, log["entries"]) for page in log["pages"]]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadEvidence(f"is not as this suite writes it ({type(error).__name__}); make it again") from None


def _track(page: dict[str, Any], entries: list[dict[str, Any]]) -> Track:
    facts = page[MEMBER]
    mine = [found for found in entries if found["pageref"] == page["id"]]
    part = FORMER.get(page["id"]) or Part(page["id"])
    if facts["role"] == "provider":
        said = {int(found[MEMBER]["index"]): found[MEMBER] for found in mine}
        exchanges = tuple(exchange(found) for found in mine)
        judged = frozenset(x.index for x in exchanges if said[x.index].get("judged", True))
        return Track(part, facts, exchanges, judged=judged, carried=_carried(said))
    of: dict[int, list[Exchange]] = defaultdict(list)
    for found in mine:
        of[int(found[MEMBER]["outcome"])].append(exchange(found))
    outcomes = tuple(outcome(one["outcome"], of[int(one["outcome"]["index"])]) for one in facts["outcomes"])
    said = {int(one["outcome"]["index"]): one for one in facts["outcomes"]}
    return Track(part, facts, outcomes=outcomes, judged=frozenset(said), carried=_carried(said))


def _carried(said: dict[int, dict[str, Any]]) -> dict[int, Carried]:
    """What was carried beside the cases."""
    return {
        number: {str(rule): _breach(what) for rule, what in one["carried"].items()}
        for number, one in said.items()
        if "carried" in one
    }


def _breach(what: list[str] | None) -> Breach | None:
    """What a rule said, as `writing` wrote it."""
    return None if what is None else Breach(str(what[0]), str(what[1])) if what else OK
