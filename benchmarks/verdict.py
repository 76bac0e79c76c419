"""Compares the cost of a verdict with that of the command line of schemathesis, for the same document and the same server.

    python benchmarks/verdict.py

The server is healthy, so both run to the end. One check of schemathesis is off: it would blame the server for accepting headers
that differ from the document, which the contract allows. The probes of schemathesis count as its first requests.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from results import HERE, Ratio, machine, write
from shop import BIN, gate, run, shop

from contracts.settings import Settings

ROUNDS: Final = 9
DOCUMENT: Final = HERE.parent / "openapi" / "refresh.yaml"


def main() -> None:
    """Run both sides in turn."""
    rounds = []
    with shop() as at, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        other = [str(BIN / "st"), "run", str(DOCUMENT), "--url", at.url, "-H", f"Cookie: {at.cookie}"]
        other += ["--exclude-checks", "negative_data_rejection"]
        run(other, at, folder), run(gate(at), at, folder)  # warm up
        for _ in range(ROUNDS):
            theirs, ours = run(other, at, folder), run(gate(at), at, folder)
            rounds.append((ours, theirs))
            print(
                f"whole {ours.seconds:.2f} / {theirs.seconds:.2f} s, to the first request"
                f" {ours.to_first:.2f} / {theirs.to_first:.2f} s, requests {ours.requests} / {theirs.requests}",
                flush=True,
            )
    counts = [theirs.requests for _, theirs in rounds]
    write(
        "python benchmarks/verdict.py",
        f"`pytest --pyargs contracts -m provider`, compared with `st run` on the same healthy store; {ROUNDS} rounds. The gate"
        f" sends {max(ours.requests for ours, _ in rounds)} requests, which include every pair of documented conditions;"
        f" schemathesis sends {min(counts)} to {max(counts)}.",
        [
            Ratio("seconds of a whole run", [ours.seconds / theirs.seconds for ours, theirs in rounds], most=0.9),
            Ratio("seconds to the first request", [ours.to_first / theirs.to_first for ours, theirs in rounds], most=0.8),
            Ratio("share of its budget that it uses", [ours.requests / Settings.max_requests for ours, _ in rounds], most=1),
        ],
        machine("twilight-refresh-contract", "pytest", "schemathesis", "hypothesis"),
    )


if __name__ == "__main__":
    main()
