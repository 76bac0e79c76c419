"""What many requests cost: the gate beside a bare loop of httpx that sends the same POSTs, its memory, and judging alone.

    python benchmarks/volume.py

The bare loop keeps its connection, judges nothing and remembers nothing; the gate opens a connection for each request.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import httpx
from results import Ratio, machine, write
from shop import Shop, gate, run, shop

from contracts.exchange import Exchange, Request, Response, Situation
from contracts.phases.named import sent
from contracts.probes import plan, repeats
from contracts.providers.live import live
from contracts.providers.tokens import unsigned
from contracts.rules import Judging
from contracts.rules.provider import BOOK

ROUNDS: Final = 9
MANY: Final = 5_000
MORE: Final = 50_000
JUDGED_A_SECOND: Final = 20_000
BARE: Final = "--bare"


def bare(url: str, cookie: str) -> None:
    """Send the POSTs of the gate's pass, and of its repetitions, one after the other."""
    provider = live(url, cookie)
    asked = []
    for probes in itertools.chain(sent(plan(expired=False)), itertools.islice(sent(repeats(expired=False)), MANY)):
        asked += [provider.request(probe) for probe in probes if probe.method == "POST"]
    with httpx.Client() as client:
        for request in asked[:MANY]:
            headers = [(k.encode(), v.encode("latin-1")) for k, v in request.headers]
            client.request(request.method, request.url, headers=headers, content=request.body)


def answers(count: int) -> list[Exchange]:
    """So many refreshes that completed, each with a token of its own, not read yet."""
    found, now = [], time.time()
    for number in range(count):
        token = unsigned("7", now=now, ttl=900, jti=str(number))
        body = json.dumps({"status": 200, "success": True, "data": {"token": token}}).encode()
        headers = (("content-type", "application/json"), ("content-length", str(len(body))), ("cache-control", "no-store"))
        request = Request("POST", "http://127.0.0.1/auth/refresh", (("accept", "*/*"), ("cookie", "session=made-up")))
        found.append(Exchange(request, Response(200, headers, body, 0.001), Situation("bare", "valid", "success"), number, now))
    return found


def judged_a_second() -> float:
    """How many of them all provider rules judge in a second."""
    found, judging = answers(MANY), Judging(BOOK)
    begun = time.perf_counter()
    for exchange in found:
        judging.add(exchange)
    seconds = time.perf_counter() - begun
    if broken := [id for id, tally in judging.tallies.items() if tally.broken]:
        raise RuntimeError(f"what is measured went wrong: {', '.join(broken)}")
    return MANY / seconds


def _gate(at: Shop, requests: int) -> list[str]:
    return gate(at, "--refresh-rate", "0", "--refresh-max-requests", str(requests))


def main() -> None:
    """Run both sides by turns, then the long run, then judging alone."""
    rates, whole, memory = [], [], []
    with shop() as at, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(ROUNDS + 1):
            theirs = run([sys.executable, __file__, BARE, at.url, at.cookie], at, folder)
            ours = run(_gate(at, MANY), at, folder)
            usual, rate = theirs.requests / theirs.under_way, ours.requests / ours.under_way
            print(f"{rate:.0f} / {usual:.0f} requests a second", flush=True)
            if number:  # the first round warms up
                rates.append(rate / usual)
                whole.append(ours.requests / ours.seconds / usual)
                memory.append(ours.megabytes)
        more = run(_gate(at, MORE), at, folder)
        print(f"{more.requests} requests with {more.megabytes:.0f} MB, {MANY} with {max(memory):.0f} MB", flush=True)
    extra = [more.megabytes - used for used in memory]
    judged = [judged_a_second() / JUDGED_A_SECOND for _ in range(ROUNDS + 1)][1:]
    write(
        "python benchmarks/volume.py",
        f"`pytest --pyargs contracts -m provider --refresh-rate 0 --refresh-max-requests {MANY}` to a bare loop of `httpx.Client`"
        f" that sends the same POSTs to one store, {ROUNDS} rounds; all rules judge. The gate opens a connection for each"
        " request, the loop keeps one.",
        [
            Ratio("requests a second, from the first to the last", rates, least=0.7),
            Ratio("requests a second of the whole run, start and report included", whole),
            Ratio(f"memory of {MORE:,} requests less that of {MANY:,}", extra, most=20, unit=" MB"),
            Ratio(f"exchanges judged a second, to {JUDGED_A_SECOND:,}", judged, least=1),
        ],
        machine("twilight-refresh-contract", "pytest", "httpx", "h11", "uvicorn"),
    )


if __name__ == "__main__":
    if BARE in sys.argv:
        bare(*sys.argv[2:])
    else:
        main()
