"""How much of the SDK's own speed is left while it is judged: refreshes a second to those of a bare loop in the same page.

    python benchmarks/sdk_rate.py

Both sides run by turns in one page of one browser against the same scripted server, with `fastRequests`: the bare loop is
`salla.auth.refresh()` with a catch; the judged one sets the scene, listens, reads tokens, and hands everything to Python, which
judges it by every rule. All refreshes complete.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from results import Ratio, machine, write

from contracts.consumer.sdk import Twilight, find_bundle
from contracts.model.scenario import ScenarioSequence, refreshed
from contracts.model.tokens import unsigned
from contracts.rules.consumer import RULE_SET
from contracts.rules.engine import Evaluator

REFRESHES: Final = 1000
ROUNDS: Final = 7
TARGET: Final = 0.8
BARE: Final = """async refreshes => {
  const store = { id: 1, url: location.origin, api: `${location.origin}/api` };
  await salla.init({ debug: false, language_code: 'en', fastRequests: true, store, user: { type: 'guest' } });
  salla.config.set('fastRequests', true);
  const began = performance.now();
  for (let number = 0; number < refreshes; number += 1) {
    try { await salla.auth.refresh(); } catch { /* the bare loop does not care */ }
  }
  return 1000 * refreshes / (performance.now() - began);
}"""


class Measured(Twilight):
    """The SDK with a way to run the bare loop in the page that the judged one used."""

    def bare(self) -> float:
        """Refreshes a second of the bare loop."""
        return self._chromium.run(self._bare())

    async def _bare(self) -> float:
        if self._rooms is None:
            raise RuntimeError("play something first: there is no page yet")
        number = next(self._numbers)
        self._script.prepare(number, refreshed(token(0)))
        self._script.begin(number)
        async with self._rooms.page() as page:
            rate = await asyncio.wait_for(page.evaluate(BARE, REFRESHES), 120)
        self._script.end(number)
        return float(rate)


def token(number: int) -> str:
    """A token, another one for each number."""
    return unsigned("7", now=4_000_000_000, ttl=900, jti=str(number))


def judged(sdk: Measured) -> tuple[float, float]:
    """Refreshes a second within the page, and with all that Python does afterwards."""
    outcomes = sdk.play([ScenarioSequence(tuple(refreshed(token(number)) for number in range(REFRESHES)), "fast")])
    played = time.perf_counter()
    evaluator = Evaluator(RULE_SET)
    for outcome in outcomes:
        evaluator.add(outcome)
    after = time.perf_counter() - played
    last = outcomes[-1]
    seconds = last.started + last.calls[0].at - outcomes[0].started
    if broken := [id for id, tally in evaluator.tallies.items() if tally.broken]:
        raise RuntimeError(f"what is measured went wrong: {', '.join(broken)}")
    return REFRESHES / seconds, REFRESHES / (seconds + after)


def main() -> None:
    """Run both sides by turns, print the ratios with their spread, and write them down."""
    sdk = Measured(find_bundle(None))
    try:
        judged(sdk), sdk.bare()  # warm up
        rounds = []
        for _ in range(ROUNDS):
            bare = sdk.bare()
            in_page, with_judging = judged(sdk)
            rounds.append((bare, in_page / bare, with_judging / bare))
            print(
                f"bare {bare:.0f}/s; judged, in the page {in_page / bare:.2f}, with judging {with_judging / bare:.2f}", flush=True
            )
    finally:
        sdk.close()
    write(
        "python benchmarks/sdk_rate.py",
        f"`salla.auth.refresh()` of `@salla.sa/twilight` {sdk.version}, judged, to a bare loop in the same page; {ROUNDS} rounds"
        f" of {REFRESHES} refreshes.",
        [
            Ratio("refreshes a second, judged, in the page", [r[1] for r in rounds], least=TARGET),
            Ratio("the same, with the judging in Python added", [r[2] for r in rounds], least=TARGET),
        ],
        machine("twilight-refresh-contract", "playwright"),
    )


if __name__ == "__main__":
    main()
