"""Writes to `docs/detection.md` which rule sees which liar, and when: `make detection`.

The liars live in the tests: `python -m tests.kit.detection` has all of them judged, which takes about a quarter of an hour, and
prints what was seen. This fails if a rule sees nothing, if a liar is not seen or only by accident, or if an honest one is blamed.
With words as arguments, only the liars with such a word in their names are judged, and no page is written.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contracts.model.document import load

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "detection.md"


@dataclass(frozen=True)
class Seen:
    """One liar as it was judged: the rules that spoke, each with the number of the exchange or outcome at which it first did.

    `accident`: what is wrong with the way in which it was seen, if anything is.
    """

    name: str
    rule: str
    sentence: str
    by: dict[str, int]
    accident: str

    @property
    def at(self) -> int | None:
        """When its own rule saw it."""
        return self.by.get(self.rule)


@dataclass(frozen=True)
class Kind:
    """What was judged: the liars, how many honest ones, and what was wrongly said of those. `what` is what is counted."""

    title: str
    sentence: str
    what: str
    seen: list[Seen]
    honest: int
    blamed: list[str]


def judged(words: Sequence[str]) -> dict[str, Any]:
    """What came of judging the liars. SystemExit: the judging itself failed."""
    command = [sys.executable, "-m", "tests.kit.detection", *words]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=False)  # noqa: S603 - our own
    if done.returncode:
        sys.exit("the liars could not be judged")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def problems(kinds: Sequence[Kind], roles: Iterable[str]) -> list[str]:
    """What is wrong, each in a sentence. Every rule of `roles` has to see something."""
    seen = [one for kind in kinds for one in kind.seen]
    found = [f"{one.name} is not seen by {one.rule}" for one in seen if one.at is None and not one.accident]
    found += [f"{one.name} is seen by accident: {one.accident}" for one in seen if one.accident]
    spoken = {one.rule for one in seen if one.at is not None}
    found += [f"{rule.id} sees nothing" for rule in load().rules.values() if rule.role in roles and rule.id not in spoken]
    return [*found, *(sentence for kind in kinds for sentence in kind.blamed)]


def table(rows: Sequence[Seen], what: str) -> Iterator[str]:
    """The liars of a kind, by the rule that has to see them."""
    for rule in load().rules.values():
        own = [one for one in rows if one.rule == rule.id]
        besides = sum(rule.id in one.by for one in rows) - sum(one.at is not None for one in own)
        if not own:
            continue
        yield ""
        yield f"### {rule.id}"
        yield ""
        yield f"{rule.level}: {rule.text}" + (f" It also speaks of {besides} that break another rule." if besides else "")
        yield ""
        yield f"| liar | what it does | seen at {what} | other rules that see it |"
        yield "|---|---|---:|---|"
        for one in sorted(own, key=lambda one: (one.at or 0, one.name)):
            others = ", ".join(f"{rule_id} ({at})" for rule_id, at in one.by.items() if rule_id != one.rule)
            yield f"| {one.name} | {one.sentence} | {one.at if one.at is not None else '**not**'} | {others} |"


def page(kinds: Sequence[Kind], beyond: Sequence[dict[str, Any]], *, few: int, most: int, seeds: int) -> Iterator[str]:
    """The document, line by line."""
    yield "# Which rule sees which fault"
    yield ""
    yield "`make detection` has every liar of `tests/liars/` and `tests/clients/` judged by every rule. A liar is a fake that is"
    yield f"made to break one rule. Endpoints are judged by the polite pass alone, under {seeds} seeds: none may be seen by luck;"
    yield f"those that always lie within {few} requests, the others within {most}."
    yield ""
    yield "| what is judged | liars | seen | at the median | at the latest | honest but odd | of them blamed |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for kind in kinds:
        at = [one.at for one in kind.seen if one.at is not None]
        when = f"{kind.what} {statistics.median_low(at)} | {kind.what} {max(at)}"
        yield f"| {kind.title} | {len(kind.seen)} | {len(at)} | {when} | {kind.honest} | {len(kind.blamed)} |"
    yield ""
    yield "What the polite pass does not promise is a fault that shows in few of many answers (how rare it may be and still be"
    yield "seen is what [the report](report.md) says), and one that needs three things at once. These may be seen by chance:"
    yield ""
    yield "| liar | what it does | rule | seen under |"
    yield "|---|---|---|---|"
    for one in beyond:
        yield f"| {one['name']} | {one['sentence']} | {one['rule']} | {one['times']} of {seeds} seeds |"
    for kind in kinds:
        yield ""
        yield f"## {kind.title}"
        yield ""
        yield kind.sentence
        yield from table(kind.seen, kind.what)


def main(words: Sequence[str]) -> None:
    """Have the liars judged, write the page, and say what is wrong."""
    found = judged(words)
    kinds = [Kind(**{**kind, "seen": [Seen(**row) for row in kind["seen"]]}) for kind in found["kinds"]]
    if found["missing"]:
        print(f"without the SDK: {found['missing']}")
    roles = set() if words else {"provider"} if found["missing"] else {"provider", "consumer"}
    if wrong := problems(kinds, roles):
        sys.exit("\n".join(wrong))
    if not words:
        lines = page(kinds, found["beyond"], few=found["few"], most=found["most"], seeds=found["seeds"])
        PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
