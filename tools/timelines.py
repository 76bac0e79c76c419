"""Draws what the published SDK and the reference make of one scenario each: `timeline-sdk.svg` and `timeline-reference.svg`.

`python tools/timelines.py` plays the scenario anew, in Chromium and in Python, and writes the pictures.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from contracts.consumer.observe import Client
from contracts.consumer.player import Player
from contracts.consumer.reference import RefreshClient
from contracts.consumer.script import Script
from contracts.consumer.sdk import Twilight, find_bundle
from contracts.model.outcome import Outcome
from contracts.model.scenario import ScenarioSequence, interleaved, named
from contracts.model.tokens import unsigned
from contracts.redaction.redacted import redact
from contracts.redaction.redactor import Redactor
from contracts.report.drawing import draw
from contracts.report.timeline import story
from contracts.rules.consumer import RULE_SET
from contracts.rules.engine import Evaluator

DOCS = Path(__file__).resolve().parents[1] / "docs"
SCENARIO = "false-with-token"


def outcome(client: Client) -> Outcome:
    """What came of the scenario, played between two refreshes that complete."""
    tokens = (unsigned("7", now=4_000_000_000, ttl=900, jti=str(n)) for n in itertools.count())
    scenario = next(s for s in named(tokens, patience=1.0) if s.name == SCENARIO)
    sequence = ScenarioSequence(tuple(interleaved([scenario], tokens)), client.modes[-1])
    return next(o for o in client.play([sequence]) if o.scenario.name == SCENARIO)


def picture(client: Client, called: str) -> str:
    """The outcome drawn, with the rules that it breaks."""
    try:
        met = outcome(client)
    finally:
        client.close()
    broken = [finding.rule for finding in Evaluator(RULE_SET).add(met)]
    return draw(redact(story(met), Redactor()), broken, client=called)


if __name__ == "__main__":
    sdk = Twilight(find_bundle(None))
    (DOCS / "timeline-sdk.svg").write_text(picture(sdk, f"Twilight SDK {sdk.version}"), encoding="utf-8")
    reference = Player.of(RefreshClient("https://store.example"), Script())
    (DOCS / "timeline-reference.svg").write_text(picture(reference, "the reference in Python"), encoding="utf-8")
