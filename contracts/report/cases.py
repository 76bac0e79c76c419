"""The data of a report, case by case: what became of each rule with each implementation. For forms that are made of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

FIXED: Final = "a known deviation is no longer seen; take it out of the list"
NEEDS_SESSION: Final = "it needs a session that the target accepts"
ERROR: Final = "the suite itself failed at this rule"


@dataclass(frozen=True)
class Case:
    """What became of one rule with one implementation; `findings` as in `report.json`."""

    rule: str
    level: str
    role: str
    text: str
    sources: tuple[str, ...]
    implementation: str
    verdict: str
    findings: tuple[Mapping[str, Any], ...]


def cases(report: Mapping[str, Any]) -> Iterator[Case]:
    """Each implementation with each rule that it was judged by, in the order of the report."""
    for i in report["implementations"]:
        for r in report["rules"]:
            if r["role"] == i["role"] and i["name"] in r["verdicts"]:
                findings = tuple(f for f in r["findings"] if f["implementation"] == i["name"])
                about = (r["id"], r["level"], r["role"], r["text"], tuple(r["source"]))
                yield Case(*about, i["name"], r["verdicts"][i["name"]], findings)
