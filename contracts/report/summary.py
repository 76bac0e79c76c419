"""`summary.md`: the run on one page of Markdown, for a pull request or a step of a pipeline. Pure.

Whatever a server or a client may have had a say in stands in code, where neither Markdown nor HTML nor a mention means anything.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from contracts.report.cases import ERROR, FIXED, Case, cases
from contracts.rules.verdict import BROKEN

LIMIT: Final = 900_000  # bytes; GitHub refuses 1 MiB
LONGEST: Final = 2_000  # characters of one text
MOST: Final = 100  # rows of the table, and names in a line

_SIGNS: Final = {"conformant": "✅", "non-conformant": "❌", "incomplete": "⚠️"}
_COUNTED: Final = ("pass", *BROKEN, "warn", "known", "not-exercised", "blocked")
_SOURCE: Final = re.compile(r"(?P<title>.+) <(?P<url>https?://[^\s<>]+)>")
_PUNCTUATION: Final = re.compile(r"[\\`*_\[\]<>&|~$#@]")


def summary(report: dict[str, Any]) -> str:
    """The report as Markdown, cut with a note where it would be too long."""
    note = "…cut short here; the report has all of it."
    taken: list[str] = []
    left = LIMIT - len(note.encode()) - 2
    for part in _parts(report):
        left -= len(part.encode()) + 2
        if left < 0:
            taken.append(note)
            break
        taken.append(part)
    return "\n\n".join(taken) + "\n"


def code(text: str) -> str:
    """The text as a code span: one line, and nothing in it is Markdown, HTML, a link, a mention or a reference."""
    line = _line(text)
    if not line:
        return "(nothing)"
    fence = "`" * (_longest_run(line) + 1)
    edged = line.strip(" ") and (line[0] in "` " or line[-1] in "` ")  # then readers take one space away at either end
    return f"{fence} {line} {fence}" if edged else f"{fence}{line}{fence}"


def block(text: str) -> str:
    """The text as a code block of one line."""
    line = _line(text)
    fence = "`" * max(3, _longest_run(line) + 1)
    return f"{fence}sh\n{line}\n{fence}"


def cell(text: str) -> str:
    """The text as code in a table. Readers of Markdown do not agree on how a bar is escaped there, so it is another one."""
    return code(text.replace("|", "¦"))


def prose(text: str) -> str:
    """A text of the contract's own, such as a rule or the title of a source: signs stand for themselves, nobody is called."""
    return _PUNCTUATION.sub(lambda sign: f"\\{sign[0]}" + ("&#8203;" if sign[0] in "@#" else ""), _line(text))


def _line(text: str) -> str:
    """Printable characters only, and not too many of them."""
    whole = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in whole)


def _longest_run(text: str) -> int:
    """How many backticks stand in a row."""
    return max(map(len, re.findall("`+", text)), default=0)


# --- the page -----------------------------------------------------------------------------------------------------------


def _parts(report: Mapping[str, Any]) -> Iterator[str]:
    verdict = report["verdict"]
    yield f"## {_SIGNS[verdict]} Refresh contract: {verdict}"
    if report["reason"]:
        yield code(report["reason"])
    found = list(cases(report))
    contract = f"contract {code(report['contract']['version'])}"
    yield f"{_counts(found)}; {report['requests']:,} requests in {report['seconds']:.1f} s; {contract}."
    if report["implementations"]:
        yield "\n".join(_table(report["implementations"], found))
    for verdicts in (BROKEN, ("warn",)):
        yield from (_broken(case) for case in found if case.verdict in verdicts)
    if known := [case for case in found if case.verdict == "known"]:
        yield "### Known deviations"
        yield "\n".join(f"- {row}" for row in _few([f"{code(c.rule)}, {code(c.implementation)}{_seen(c)}" for c in known]))
    if missing := [case for case in found if case.verdict in ("not-exercised", "blocked")]:
        yield f"Not exercised: {', '.join(_few(_grouped(missing)))}."


def _counts(found: Sequence[Case]) -> str:
    """How many verdicts of each kind, over all implementations."""
    counted = Counter(case.verdict for case in found)
    return "Verdicts of rules: " + (", ".join(f"{counted[v]} {v}" for v in _COUNTED if counted[v]) or "none")


def _table(implementations: Sequence[Mapping[str, Any]], found: Sequence[Case]) -> Iterator[str]:
    yield "| implementation | | version | verdict | requests | held | broken | warned | known | not exercised |"
    yield "|---|---|---|---|---:|---:|---:|---:|---:|---:|"
    for i in implementations[:MOST]:
        said = [case.verdict for case in found if (case.role, case.implementation) == (i["role"], i["name"])]
        kinds: tuple[tuple[str, ...], ...] = (("pass",), BROKEN, ("warn",), ("known",), ("not-exercised", "blocked"))
        numbers = [str(sum(map(said.count, kind))) for kind in kinds]
        version = cell(i["version"]) if i["version"] else ""
        verdict = f"{_SIGNS[i['verdict']]} {i['verdict']}"
        row = [cell(i["name"]), f"{i['role']}, {i['kind']}", version, verdict, f"{i['requests']:,}", *numbers]
        yield f"| {' | '.join(row)} |"
    if len(implementations) > MOST:
        yield f"| and {len(implementations) - MOST} more | | | | | | | | | |"


def _broken(case: Case) -> str:
    """A section for a rule that is broken, or that fails the run otherwise."""
    sign = "⚠️" if case.verdict == "warn" else "❌"
    lines = [f"### {sign} {code(case.rule)} ({case.level}), {code(case.implementation)}", "", prose(case.text), ""]
    lines += [f"- Source: {_source(source)}" for source in case.sources[:MOST]]
    if case.verdict in ("fixed", "error"):
        lines.append(f"- {(FIXED if case.verdict == 'fixed' else ERROR).capitalize()}.")
    if case.findings:
        first = case.findings[0]
        lines += [f"- Expected: {code(first['expected'])}", f"- Actual: {code(first['actual'])}", "", block(first["rerun"])]
    return "\n".join(lines)


def _source(text: str) -> str:
    """A link, where the source has an address."""
    found = _SOURCE.fullmatch(_line(text))
    return f"[{prose(found['title'])}](<{found['url']}>)" if found else prose(text)


def _seen(case: Case) -> str:
    return f": {code(case.findings[0]['actual'])}" if case.findings else ""


def _grouped(missing: Sequence[Case]) -> list[str]:
    """Each rule once, with the implementations that did not exercise it."""
    names: dict[str, list[str]] = {}
    for case in missing:
        names.setdefault(case.rule, []).append(code(case.implementation))
    return [f"{code(rule)} ({', '.join(_few(of))})" for rule, of in names.items()]


def _few(texts: list[str]) -> list[str]:
    """Not more than can be read."""
    return texts if len(texts) <= MOST else [*texts[:MOST], f"and {len(texts) - MOST} more"]
