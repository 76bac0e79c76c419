"""How much of the SDK's own speed is left while it is judged: refreshes a second to those of a bare loop in the same page.

    python benchmarks/sdk_rate.py

Both sides run by turns in one page of one browser against the same scripted server, with `fastRequests`: the bare loop is
`salla.auth.refresh()` with a catch; the judged one sets the scene, listens, reads tokens, and hands everything to Python, which
judges it by every rule. All refreshes complete.
"""

from __future__ import annotations

import asyncio
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import Final

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from contracts import __version__  # noqa: E402
from contracts.consumers.twilight import Twilight, find_bundle  # noqa: E402
from contracts.providers.tokens import unsigned  # noqa: E402
from contracts.rules import Judging  # noqa: E402
from contracts.rules.consumer import BOOK  # noqa: E402
from contracts.scenario import Lane, refreshed  # noqa: E402

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
    outcomes = sdk.play([Lane(tuple(refreshed(token(number)) for number in range(REFRESHES)), "fast")])
    played = time.perf_counter()
    judging = Judging(BOOK)
    for outcome in outcomes:
        judging.add(outcome)
    after = time.perf_counter() - played
    last = outcomes[-1]
    seconds = last.started + last.calls[0].at - outcomes[0].started
    if broken := [id for id, tally in judging.tallies.items() if tally.broken]:
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
    lines = [
        "# Results",
        "",
        "Ratios of two sides that ran by turns in one run; 1 is as fast as the other side.",
        "",
        "| benchmark | target | median | lowest | highest | command |",
        "|---|---|---|---|---|---|",
        row("refreshes a second of the SDK, judged in its page, to a bare loop", [r[1] for r in rounds]),
        row("the same, with the judging in Python added", [r[2] for r in rounds]),
        "",
        f"Suite {__version__}, `@salla.sa/twilight` {sdk.version}, Python {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}; {ROUNDS} rounds of {REFRESHES} refreshes.",
    ]
    (HERE / "RESULTS.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def row(name: str, ratios: list[float]) -> str:
    """A line of the table."""
    middle = statistics.median(ratios)
    return f"| {name} | ≥ {TARGET} | {middle:.2f} | {min(ratios):.2f} | {max(ratios):.2f} | `python benchmarks/sdk_rate.py` |"


if __name__ == "__main__":
    main()
