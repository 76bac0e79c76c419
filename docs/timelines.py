"""Draws what the published SDK and the reference make of one scenario each: `timeline-sdk.svg` and `timeline-reference.svg`.

`python docs/timelines.py` plays the scenario anew, in Chromium and in Python, and writes the pictures.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCENARIO = "false-with-token"
sys.path.insert(0, str(HERE.parent))

from contracts.consumer.observe import Client  # noqa: E402
from contracts.consumer.player import Player  # noqa: E402
from contracts.consumer.reference import RefreshClient  # noqa: E402
from contracts.consumer.script import Script  # noqa: E402
from contracts.consumer.sdk import Twilight, find_bundle  # noqa: E402
from contracts.model.outcome import Outcome  # noqa: E402
from contracts.model.scenario import ScenarioSequence, interleaved, named  # noqa: E402
from contracts.model.tokens import unsigned  # noqa: E402
from contracts.redaction.redactor import Redactor  # noqa: E402
from contracts.report.drawing import draw  # noqa: E402
from contracts.rules.consumer import RULE_SET  # noqa: E402
from contracts.rules.engine import Evaluator  # noqa: E402


def outcome(client: Client) -> Outcome:
    """What came of the scenario, played between two refreshes that complete."""
    tokens = (unsigned("7", now=4_000_000_000, ttl=900, jti=str(n)) for n in itertools.count())
    scenario = next(s for s in named(tokens, patience=1.0) if s.name == SCENARIO)
    sequence = ScenarioSequence(tuple(interleaved([scenario], tokens)), client.modes[-1])
    return next(o for o in client.play([sequence]) if o.scenario.name == SCENARIO)


def picture(client: Client, called: str) -> str:
    """The outcome drawn, with the rules that it breaks."""
    try:
        o = outcome(client)
    finally:
        client.close()
    return draw(o, [finding.rule for finding in Evaluator(RULE_SET).add(o)], client=called, redactor=Redactor())


if __name__ == "__main__":
    sdk = Twilight(find_bundle(None))
    (HERE / "timeline-sdk.svg").write_text(picture(sdk, f"Twilight SDK {sdk.version}"), encoding="utf-8")
    reference = Player.of(RefreshClient("https://store.example"), Script())
    (HERE / "timeline-reference.svg").write_text(picture(reference, "the reference in Python"), encoding="utf-8")
