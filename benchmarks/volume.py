"""Measures the cost of many requests: the speed of the gate compared with a bare loop of httpx, its memory, and judging alone.

    python benchmarks/volume.py

The bare loop sends the same POSTs, keeps its connection, judges nothing and remembers nothing. The gate opens a connection for
each request.
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

from contracts.model.exchange import Exchange, Request, Response, Situation
from contracts.model.tokens import unsigned
from contracts.provider.plan import plan, repeats
from contracts.provider.probes import in_groups
from contracts.provider.target import Target
from contracts.rules.engine import Evaluator
from contracts.rules.provider import RULE_SET

ROUNDS: Final = 9
MANY: Final = 5_000
MORE: Final = 50_000
JUDGED_A_SECOND: Final = 20_000
BARE: Final = "--bare"


def bare(url: str, cookie: str) -> None:
    """Send the POSTs of a pass of the gate and of its repetitions, one after the other."""
    target = Target.at(url, cookie)
    asked = []
    for probes in itertools.chain(in_groups(plan(expired=False)), itertools.islice(in_groups(repeats(expired=False)), MANY)):
        asked += [target.request(probe) for probe in probes if probe.method == "POST"]
    with httpx.Client() as client:
        for request in asked[:MANY]:
            headers = [(k.encode(), v.encode("latin-1")) for k, v in request.headers]
            client.request(request.method, request.url, headers=headers, content=request.body)


def answers(count: int) -> list[Exchange]:
    """As many completed refreshes as `count` says, each with its own token; their bodies have not been read yet."""
    found, now = [], time.time()
    for number in range(count):
        token = unsigned("7", now=now, ttl=900, jti=str(number))
        body = json.dumps({"status": 200, "success": True, "data": {"token": token}}).encode()
        headers = (("content-type", "application/json"), ("content-length", str(len(body))), ("cache-control", "no-store"))
        request = Request("POST", "http://127.0.0.1/auth/refresh", (("accept", "*/*"), ("cookie", "session=made-up")))
        found.append(Exchange(request, Response(200, headers, body, 0.001), Situation("bare", "valid", "success"), number, now))
    return found


def judged_a_second() -> float:
    """How many exchanges all provider rules judge per second."""
    found, evaluator = answers(MANY), Evaluator(RULE_SET)
    begun = time.perf_counter()
    for exchange in found:
        evaluator.add(exchange)
    seconds = time.perf_counter() - begun
    if broken := [id for id, tally in evaluator.tallies.items() if tally.broken]:
        raise RuntimeError(f"what is measured went wrong: {', '.join(broken)}")
    return MANY / seconds


def _gate(at: Shop, requests: int) -> list[str]:
    return gate(at, "--refresh-rate", "0", "--refresh-max-requests", str(requests))


def main() -> None:
    """Run both sides in turn, then the long run, then judging alone."""
    rates, whole, memory = [], [], []
    with shop() as at, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(ROUNDS + 1):
            theirs = run([sys.executable, __file__, BARE, at.url, at.cookie], at, folder)
            ours = run(_gate(at, MANY), at, folder)
            usual, rate = theirs.requests / theirs.under_way, ours.requests / ours.under_way
            print(f"{rate:.0f} / {usual:.0f} requests per second", flush=True)
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
        f"`pytest --pyargs contracts -m provider --refresh-rate 0 --refresh-max-requests {MANY}`, compared with a bare loop of"
        f" `httpx.Client` that sends the same POSTs to the same store; {ROUNDS} rounds. All rules judge. The gate opens a"
        " connection for each request, and the loop keeps one.",
        [
            Ratio("requests per second, from the first to the last", rates, least=0.7),
            Ratio("requests per second of the whole run, with start and report", whole),
            Ratio(f"memory for {MORE:,} requests minus that for {MANY:,}", extra, most=20, unit=" MB"),
            Ratio(f"exchanges judged per second, relative to {JUDGED_A_SECOND:,}", judged, least=1),
        ],
        machine("twilight-refresh-contract", "pytest", "httpx", "h11", "uvicorn"),
    )


if __name__ == "__main__":
    if BARE in sys.argv:
        bare(*sys.argv[2:])
    else:
        main()
