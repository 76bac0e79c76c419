"""Turns tallies into verdicts: of each rule, of an implementation, and of the run. Pure."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from contracts.model.document import load
from contracts.rules.engine import Tally


class Exit(enum.IntEnum):
    """Exit codes of a run. 0, 1 and 4 mean the same as in pytest."""

    CONFORMANT = 0
    NON_CONFORMANT = 1
    USAGE = 4
    INCOMPLETE = 10


@dataclass(frozen=True)
class Conclusion:
    """The verdict of one implementation or of the run. `reason` is one sentence, or None if there is nothing to say."""

    verdict: str  # conformant, non-conformant, incomplete
    reason: str | None = None

    @property
    def exit(self) -> Exit:
        """The exit code of this verdict."""
        return {"conformant": Exit.CONFORMANT, "non-conformant": Exit.NON_CONFORMANT, "incomplete": Exit.INCOMPLETE}[self.verdict]


BROKEN = ("fail", "fixed", "error")  # verdicts of a rule that make a run non-conformant
OTHER_REFUSED = (
    "the second customer's session was refused (401 or 403) every time; log in again and set REFRESH_OTHER_COOKIE anew"
)
SAME_CUSTOMER = (
    "the tokens of both customers name the same one (sub), so that nobody can say whose they are; "
    "give the session of another customer in REFRESH_OTHER_COOKIE"
)
# A refresh that was refused breaks one of these or another, depending on what else was sent.
PROMISES = frozenset({"no-input-needed", "extras-change-nothing", "repeats-hold", "concurrent-calls-hold"})
NEED_A_SESSION = PROMISES | {"session-is-kept", "token-belongs-to-customer"}
NOT_ASKED_FOR = "the other rules were not asked for"
FEW = 5  # most rules that are named, where only these were asked for
_ON_SUCCESS = frozenset(
    {"status-in-enum", "success-carries-token", "token-is-not-expired", "token-is-new", "success-is-not-cached"}
)


def verdict_of(rule_id: str, tally: Tally | None, *, blocked: frozenset[str] = frozenset()) -> str:
    """The verdict of one rule: pass, fail, warn, not-exercised, known (all breaches are), or blocked (it needs a session)."""
    if rule_id in blocked and not (tally and tally.broken and rule_id not in NEED_A_SESSION):
        return "blocked"
    if tally is None or not tally.exercised:
        return "not-exercised"
    if not tally.broken:
        return "pass"
    if tally.broken == tally.excused:
        return "known"
    return "fail" if load().rules[rule_id].level == "MUST" else "warn"


def blocked_rules(*, anonymous: bool, session_refused: bool) -> frozenset[str]:
    """The rules that cannot be judged, if there is no session or the target refuses it."""
    return NEED_A_SESSION | _ON_SUCCESS if anonymous or session_refused else frozenset()


def conclude(
    verdicts: Mapping[str, str],
    *,
    halted: str | None = None,
    cut_short: str | None = None,
    anonymous: bool = False,
    session_refusal: str | None = None,
    foreign: str | None = None,
    recorded: bool = False,
    asked: Collection[str] = (),
) -> Conclusion:
    """The conclusion for one implementation. A broken MUST outweighs everything, unless the target is no refresh endpoint.

    `foreign` says why it is none, `session_refusal` why it did not take the session. `halted` says why the observation ended
    early and is no ground for a verdict; `cut_short` why it ended early, though its evidence can be judged. `recorded` means that
    the evidence is a recording, which cannot show every rule. `asked` are the rules that were asked for.
    """
    rules = load().rules
    must = [rule_id for rule_id in verdicts if rules[rule_id].level == "MUST"]
    if foreign:
        return Conclusion("incomplete", foreign)
    broken = [rule_id for rule_id in verdicts if verdicts[rule_id] in BROKEN]
    if broken:
        count = f"{len(broken)} rule{'s' if len(broken) > 1 else ''} broken"
        early = halted or cut_short
        also = f"; and it ended early: {early}" if early else ""
        return Conclusion("non-conformant", f"{count}: {', '.join(broken)}{also}")
    if halted:
        return Conclusion("incomplete", halted)
    if session_refusal:
        return Conclusion("incomplete", session_refusal)
    unjudged = ("not-exercised",) if anonymous else ("not-exercised", "blocked")
    missing = [rule_id for rule_id in must if verdicts[rule_id] in unjudged]
    if missing and (said := _of_those_asked(verdicts, asked)):
        return Conclusion("incomplete", f"{said}; {NOT_ASKED_FOR}")
    if missing:
        of_provider = rules[missing[0]].role == "provider"
        what_to_do = "run without -k" + (" and with --refresh-max-requests 30 or more" if of_provider else "")
        if recorded:
            what_to_do = "the recording does not show it; to judge all of it, run without --refresh-replay"
        elif cut_short:
            more = f"{cut_short}; give it more time with --refresh-max-seconds"
            return Conclusion("incomplete", f"{more}; not exercised: {', '.join(missing)}")
        return Conclusion("incomplete", f"not exercised: {', '.join(missing)}; {what_to_do}")
    reservations = [f"it ended early: {cut_short}"] if cut_short else []
    reservations += ["only the refusals were judged (--refresh-anonymous)"] if anonymous else []
    return Conclusion("conformant", "; ".join(reservations) or None)


def _of_those_asked(verdicts: Mapping[str, str], asked: Collection[str]) -> str:
    """Whether the few rules that were asked for hold; empty if they are many, or one of them could not be judged."""
    held = [rule_id for rule_id in verdicts if rule_id in asked and verdicts[rule_id] in ("pass", "known")]
    warned = [rule_id for rule_id in verdicts if rule_id in asked and verdicts[rule_id] == "warn"]
    if not 0 < len(held) + len(warned) == len(asked) <= FEW:
        return ""
    parts = ((held, "holds", "hold"), (warned, "does not hold", "do not hold"))
    return "; ".join(f"{', '.join(rules)} {one if len(rules) == 1 else more}" for rules, one, more in parts if rules)


def conclude_all(conclusions: Iterable[tuple[str, Conclusion]]) -> Conclusion:
    """The conclusion of the run: the worst conclusion of its implementations, with their names."""
    named = list(conclusions)
    if not named:
        return Conclusion("incomplete", "no implementation was judged")
    for verdict in ("non-conformant", "incomplete"):
        if len(named) == 1 and (named[0][1].reason or "").endswith(NOT_ASKED_FOR):
            return named[0][1]
        reasons = [f"{name}: {c.reason}" for name, c in named if c.verdict == verdict]
        if reasons:
            return Conclusion(verdict, "; ".join(reasons))
    return Conclusion("conformant", next((c.reason for _, c in named if c.reason), None))
