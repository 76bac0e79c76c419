"""Which broken rules have one cause, so that a person is told of it once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contracts.model.document import load
from contracts.rules.cause import ALWAYS, Cause, Causes
from contracts.rules.verdict import PROMISES

GROUPED: Final = ("fail", "warn")  # verdicts of rules that may be told together
KINDS: Final = ("session", "method")  # traits that say which kind of call fails, not why


def leaders(causes: Causes, verdicts: Mapping[str, str]) -> dict[str, str]:
    """Rule id to the id of the rule that explains it; a rule that leads, or stands alone, is not in it.

    A rule explains another if all exchanges that broke the other one broke it too, or if both depend on the same thing. A MUST
    explains before a SHOULD does, the one that was broken more often first.
    """
    rules = load().rules
    broken = {rule_id: causes.of(rule_id) for rule_id, verdict in verdicts.items() if verdict in GROUPED}
    order = sorted(broken, key=lambda rule_id: (rules[rule_id].level != "MUST", -len(broken[rule_id].exchanges)))
    leading: list[str] = []
    led: dict[str, str] = {}
    for rule_id in order:
        lead = next((lead for lead in leading if _explains(lead, rule_id, broken)), None)
        if lead is None:
            leading.append(rule_id)
        else:
            led[rule_id] = lead
    return led


def _explains(lead: str, rule_id: str, broken: Mapping[str, Cause]) -> bool:
    cause, other = broken[lead], broken[rule_id]
    musts = all(load().rules[one].level == "MUST" for one in (lead, rule_id))
    if not other.exchanges or not (musts or _is_specific(cause)):
        return False
    if _is_specific(cause) and cause.words == other.words:
        return True
    within = set(other.exchanges) <= set(cause.exchanges)
    return within and (2 * len(other.exchanges) >= len(cause.exchanges) or {lead, rule_id} <= PROMISES)


def _is_specific(cause: Cause) -> bool:
    """Whether the cause says more than which kind of call fails: two faults of all refusals may have nothing in common."""
    return cause.words not in ("", ALWAYS) and not any(trait.name in KINDS for trait in cause.suspects)
