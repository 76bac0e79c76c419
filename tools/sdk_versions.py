"""Judges every version of the Twilight SDK that npm has, without any list of known deviations, and writes `sdk-versions.md`.

`make sdk-versions` runs it; the versions are kept in `build/sdk/`. It needs npm and a Chromium, and takes about half a minute
for each version.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from contracts.consumer.observe import ConsumerObserver
from contracts.consumer.sdk import PACKAGE, Twilight
from contracts.judge import ConsumerJudgement, judge_consumer
from contracts.model.document import load
from contracts.redaction.redactor import Redactor
from contracts.rules.known_deviations import Allowances, shipped

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "sdk"
WORDS = {"pass": "✓", "fail": "✗", "warn": "!", "not-exercised": "–"}


def npm(*arguments: str) -> str:
    """What npm says; it may be the one that was installed beside this Python."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    found = shutil.which("npm", path=path)
    if found is None:
        sys.exit("npm is not installed; Node.js brings it")
    command = [found, *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env={**os.environ, "PATH": path})  # noqa: S603
    if done.returncode:
        sys.exit(f"npm {arguments[0]} failed: {done.stderr.strip()[:500]}")
    return done.stdout


def published() -> list[str]:
    """Every version on npm, oldest first."""
    found = json.loads(npm("view", PACKAGE, "versions", "--json"))
    return [str(version) for version in ([found] if isinstance(found, str) else found)]


def bundle(version: str) -> Path:
    """The bundle of a version, fetched if it is not there yet. Of the package alone: what some depend on is no longer on npm."""
    folder = FOLDER / version
    found = folder / "package" / "dist" / PACKAGE.partition("/")[0] / "twilight.min.js"
    if not found.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        packed = npm("pack", f"{PACKAGE}@{version}", "--silent", "--pack-destination", str(folder)).split()[-1]
        with tarfile.open(folder / packed) as archive:
            archive.extractall(folder, filter="data")
    return found


def judged(version: str) -> ConsumerJudgement:
    """What is to be said of a version."""
    client = Twilight(bundle(version))
    try:
        return judge_consumer(client)
    finally:
        client.close()


def page(found: dict[str, ConsumerJudgement]) -> Iterator[str]:
    """The document, line by line."""
    rules = [rule for rule in load().rules.values() if rule.role == "consumer"]
    yield "# What each published version of the Twilight SDK keeps of its promise"
    yield ""
    yield f"Every version of `{PACKAGE}` on npm, run in Chromium against the scenarios of this suite and judged without any list"
    yield "of known deviations. Made by `make sdk-versions`. ✓ kept, ✗ a MUST is broken, ! a SHOULD is broken, – not exercised."
    yield ""
    yield f"| rule | level | {' | '.join(found)} |"
    yield "|---|---|" + ":-:|" * len(found)
    for rule in rules:
        cells = " | ".join(WORDS.get(j.verdicts[rule.id], j.verdicts[rule.id]) for j in found.values())
        yield f"| `{rule.id}` | {rule.level} | {cells} |"
    yield f"| **verdict** | | {' | '.join(j.verdict for j in found.values())} |"
    yield f"| with the list of known deviations | | {' | '.join(with_list(version, j).verdict for version, j in found.items())} |"
    yield ""
    yield "## What was seen"
    for rule in rules:
        by_words: dict[tuple[str, ...], list[str]] = {}
        for version, j in found.items():
            if j.verdicts[rule.id] in ("fail", "warn"):
                by_words.setdefault(tuple(seen(j, rule.id)), []).append(version)
        if by_words:
            yield ""
            yield f"### {rule.id}"
            yield ""
            yield f"{rule.level}. {rule.text}"
        for words, versions in by_words.items():
            yield ""
            yield f"In {'all versions' if len(versions) == len(found) else ', '.join(versions)}:"
            yield ""
            yield from (f"- {line}" for line in words)


def with_list(version: str, j: ConsumerJudgement) -> ConsumerJudgement:
    """The same outcomes, judged with the list of known deviations that ships."""
    observer = ConsumerObserver(j.observer.client, Allowances(shipped(j.name, version)), patience=0.0)
    observer.judge(j.observer.evidence.values())
    return ConsumerJudgement(observer, rules=j.rules)


def seen(j: ConsumerJudgement, rule: str) -> Iterator[str]:
    """The findings of a rule in words: what was seen, and in which scenarios, those with a name first."""
    groups: dict[str, dict[str, None]] = {}
    for finding in sorted(j.tallies[rule].findings, key=lambda f: f.exchange):
        o = j.observer.evidence[finding.exchange]
        if o.scenario.named:
            actual = Redactor().show(finding.actual.partition(": ")[2], 160)
            groups.setdefault(f"{actual} ({o.summary})", {})[f"`{o.scenario.name}`"] = None
    for words, names in groups.items():
        yield f"{words}: {', '.join(names)}"


def main(versions: Sequence[str]) -> None:
    """Judge the versions (all that npm has, unless some are named) and write the document."""
    found = {}
    for version in versions or published():
        found[version] = judged(version)
        print(f"{version}: {found[version].verdict} ({found[version].reason})", flush=True)
    (ROOT / "docs" / "sdk-versions.md").write_text("\n".join(page(found)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
