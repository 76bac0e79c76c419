"""What a test of the suite says of a judgement, whoever was judged: it fails, is skipped, or passes."""

from __future__ import annotations

import pytest

from contracts.judge import Judgement
from contracts.model.document import load
from contracts.model.part import Part
from contracts.run import Run


def observed(run: Run, implementation: Part, judgement: Judgement, phase: str, *, by: str) -> None:
    """Fail for a MUST that was broken in a phase, `by` exchanges or outcomes, or for an observation that ended early."""
    if judgement.halted and run.ended_in.get(implementation, phase) != phase:
        pytest.skip(f"the observation had ended in the phase {run.ended_in[implementation]}")
    if judgement.halted:
        pytest.fail(run.learn().show(judgement.halted), pytrace=False)
    rules = load().rules
    seen = run.broken_in(implementation, phase)
    broken = [id for id in seen if rules[id].level == "MUST" and judgement.verdict_of(id) == "fail"]
    judgement.rules.update(broken)  # what is seen broken counts, even if the run ends before its own test
    if broken:
        pytest.fail(f"broken by {by} of this phase: {', '.join(broken)}", pytrace=False)


def judged(run: Run, judgement: Judgement, rule: str) -> None:
    """Fail for a rule that was broken, or that is listed and no longer seen broken; skip one that was not exercised."""
    judgement.rules.add(rule)
    verdict = judgement.verdict_of(rule)
    if verdict in ("fail", "fixed"):
        said = judgement.tallies[rule].findings
        actual = run.learn().show(said[0].actual) if verdict == "fail" else "a known deviation is no longer seen"
        pytest.fail(f"{rule}: {actual}", pytrace=False)
    if verdict in ("not-exercised", "blocked"):
        pytest.skip(f"{verdict}: {load().rules[rule].text}")
