"""Reads a HAR file that this suite wrote."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from contracts.har import MEMBER, VERSION, BadEvidence, Track
from contracts.har.entries import exchange
from contracts.har.outcomes import outcome
from contracts.model.exchange import Exchange
from contracts.model.part import Part
from contracts.rules.engine import OK, Breach, Carried

FORMER: Final = {"real": Part.PROVIDER}  # the names of parts in files of earlier versions


def is_own(log: dict[str, Any]) -> bool:
    """Whether this suite wrote the file."""
    return isinstance(log.get(MEMBER), dict)


def tracks(log: dict[str, Any]) -> list[Track]:
    """The recording of each implementation. BadEvidence: the file is not as this suite writes it."""
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
        members = {int(found[MEMBER]["index"]): found[MEMBER] for found in mine}
        exchanges = tuple(exchange(found) for found in mine)
        judged = frozenset(index for index, member in members.items() if member.get("judged", True))
        return Track(part, facts, exchanges, judged=judged, carried=_carried(members))
    exchanges_of: dict[int, list[Exchange]] = defaultdict(list)
    for found in mine:
        exchanges_of[int(found[MEMBER]["outcome"])].append(exchange(found))
    members = {int(member["outcome"]["index"]): member for member in facts["outcomes"]}
    outcomes = tuple(outcome(member["outcome"], exchanges_of[int(member["outcome"]["index"])]) for member in facts["outcomes"])
    return Track(part, facts, outcomes=outcomes, judged=frozenset(members), carried=_carried(members))


def _carried(members: dict[int, dict[str, Any]]) -> dict[int, Carried]:
    """The results that are carried beside the cases, by the number of the case."""
    return {
        number: {str(rule_id): _result(texts) for rule_id, texts in member["carried"].items()}
        for number, member in members.items()
        if "carried" in member
    }


def _result(texts: list[str] | None) -> Breach | None:
    """The result of a rule, which `writing` wrote."""
    return None if texts is None else Breach(str(texts[0]), str(texts[1])) if texts else OK
