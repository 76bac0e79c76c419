"""Compares the speed of the SDK while it is judged with that of a bare loop in the same page, in refreshes per second.

    python benchmarks/sdk_rate.py

Both sides run in turn in one page of one browser against the same scripted server, with `fastRequests`. The bare loop calls
`salla.auth.refresh()` and catches errors. The judged loop also prepares each scenario, listens, reads tokens, and passes
everything to Python, which judges it by every rule. All refreshes complete.
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
    """The SDK, which can also run the bare loop in the page that the judged loop used."""

    def bare(self) -> float:
        """Refreshes per second of the bare loop."""
        return self._chromium.run(self._bare())

    async def _bare(self) -> float:
        if self._pool is None:
            raise RuntimeError("play something first: there is no page yet")
        number = next(self._numbers)
        self._script.prepare(number, refreshed(token(0)))
        self._script.begin(number)
        async with self._pool.page() as page:
            rate = await asyncio.wait_for(page.evaluate(BARE, REFRESHES), 120)
        self._script.end(number)
        return float(rate)


def token(number: int) -> str:
    """A token that differs for each number."""
    return unsigned("7", now=4_000_000_000, ttl=900, jti=str(number))


def judged(sdk: Measured) -> tuple[float, float]:
    """Refreshes per second within the page alone, and including the judging in Python."""
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
    """Run both sides in turn, print the ratios with their spread, and write them to the page."""
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
        f"`salla.auth.refresh()` of `@salla.sa/twilight` {sdk.version}, judged, compared with a bare loop in the same page;"
        f" {ROUNDS} rounds of {REFRESHES} refreshes.",
        [
            Ratio("refreshes per second, judged, in the page", [r[1] for r in rounds], least=TARGET),
            Ratio("the same, with the judging in Python added", [r[2] for r in rounds], least=TARGET),
        ],
        machine("twilight-refresh-contract", "playwright"),
    )


if __name__ == "__main__":
    main()
