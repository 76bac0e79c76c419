"""Turns a judgement into the result of a test of the suite: it fails, is skipped, or passes."""

from __future__ import annotations

import pytest

from contracts.model.document import load
from contracts.model.part import Part
from contracts.rules.judgement import Judgement
from contracts.run import Run


def observed(run: Run, part: Part, judgement: Judgement, phase: str, *, by: str) -> None:
    """Fail if exchanges or outcomes (`by`) of a phase broke a MUST, or if the observation was given up in this phase."""
    ended_in = run.phases.ended_in.get(part, phase)
    if (judgement.halted or judgement.cut_short) and ended_in != phase:
        pytest.skip(f"the observation had ended in the phase {ended_in}")
    if judgement.halted:
        pytest.fail(run.learned().show(judgement.halted), pytrace=False)
    rules = load().rules
    seen = run.phases.broken_in(part, phase)
    broken = [rule_id for rule_id in seen if rules[rule_id].level == "MUST" and judgement.verdict_of(rule_id) == "fail"]
    judgement.rules.update(broken)  # a broken rule counts, even if the run ends before its own test
    if broken:
        pytest.fail(f"broken by {by} of this phase: {', '.join(broken)}", pytrace=False)


def judged(run: Run, judgement: Judgement, rule_id: str, item: pytest.Item) -> None:
    """Fail if the rule was broken, or if its known deviation is no longer seen; skip if it was not exercised.

    The properties that are added to the test `item` appear in the XML of `--junitxml`.
    """
    judgement.rules.add(rule_id)
    rule, verdict = load().rules[rule_id], judgement.verdict_of(rule_id)
    properties = {"id": rule_id, "level": rule.level, "role": rule.role, "source": "; ".join(map(load().source, rule.source))}
    item.user_properties += {**properties, "implementation": judgement.name, "verdict": verdict}.items()
    if verdict in ("fail", "fixed"):
        findings = judgement.tallies[rule_id].findings
        actual = run.learned().show(findings[0].actual) if verdict == "fail" else "a known deviation is no longer seen"
        pytest.fail(f"{rule_id}: {actual}", pytrace=False)
    if verdict in ("not-exercised", "blocked"):
        pytest.skip(f"{verdict}: {rule.text}")
