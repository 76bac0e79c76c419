"""`summary.md`: the run as a page of Markdown, for a pull request or a step of a pipeline. Pure.

Text that a server or a client can influence is written as code, so that it cannot be Markdown, HTML or a mention.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from contracts.model.document import load
from contracts.redaction.redacted import Redacted
from contracts.report.model import ERROR, FIXED, UNVERIFIED, Report, RuleResult
from contracts.rules.verdict import BROKEN

LIMIT: Final = 900_000  # bytes; GitHub refuses more than 1 MiB
LONGEST: Final = 2_000  # characters of one text
MOST: Final = 100  # most rows of the table, and most names in a line

_SIGNS: Final = {"conformant": "✅", "non-conformant": "❌", "incomplete": "⚠️"}
_COUNTED: Final = ("pass", *BROKEN, "warn", "known", "not-exercised", "blocked")
_SOURCE: Final = re.compile(r"(?P<title>.+) <(?P<url>https?://[^\s<>]+)>")
_PUNCTUATION: Final = re.compile(r"[\\`*_\[\]<>&|~$#@]")


def summary(redacted: Redacted[Report]) -> str:
    """The report as Markdown. If it is too long, it is cut and ends with a note."""
    note = "…cut short here; the report has all of it."
    taken: list[str] = []
    room = LIMIT - len(note.encode()) - 2
    for part in _parts(redacted.model):
        room -= len(part.encode()) + 2
        if room < 0:
            taken.append(note)
            break
        taken.append(part)
    return "\n\n".join(taken) + "\n"


def code(text: str) -> str:
    """The text as a code span of one line, in which nothing is Markdown, HTML, a link, a mention or a reference."""
    line = _line(text)
    if not line:
        return "(nothing)"
    fence = "`" * (_longest_run(line) + 1)
    edged = line.strip(" ") and (line[0] in "` " or line[-1] in "` ")  # a reader of Markdown removes one space at either end
    return f"{fence} {line} {fence}" if edged else f"{fence}{line}{fence}"


def block(text: str) -> str:
    """The text as a code block of one line."""
    line = _line(text)
    fence = "`" * max(3, _longest_run(line) + 1)
    return f"{fence}sh\n{line}\n{fence}"


def cell(text: str) -> str:
    """The text as code in a table. A bar is replaced by `¦`, since readers of Markdown disagree on how to escape it there."""
    return code(text.replace("|", "¦"))


def prose(text: str) -> str:
    """A text of the contract, such as a rule or the title of a source, with its punctuation escaped and mentions defused."""
    return _PUNCTUATION.sub(lambda sign: f"\\{sign[0]}" + ("&#8203;" if sign[0] in "@#" else ""), _line(text))


def _line(text: str) -> str:
    """The text as one printable line of at most `LONGEST` characters."""
    whole = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in whole)


def _longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)


# --- the page -----------------------------------------------------------------------------------------------------------


def _parts(report: Report) -> Iterator[str]:
    results = report.results
    yield f"## {_SIGNS[report.verdict]} Refresh contract: {report.verdict}"
    if report.reason:
        yield code(report.reason)
    contract = f"contract {code(load().version)}"
    yield f"{_counts(results)}; {report.requests:,} requests in {report.seconds:.1f} s; {contract}."
    if report.implementations:
        yield "\n".join(_table(report))
    alone = [result for result in results if not result.told_with]
    yield from (_broken(result, report.told_with(result)) for result in alone if result.is_broken)
    yield from (_broken(result, report.told_with(result)) for result in alone if result.verdict == "warn")
    if known := [result for result in results if result.verdict == "known"]:
        yield "### Known deviations"
        rows = [f"{code(result.rule)}, {code(result.implementation)}{_seen(result)}" for result in known]
        yield "\n".join(f"- {row}" for row in _few(rows))
    if missing := [result for result in results if result.verdict in UNVERIFIED]:
        yield f"Not exercised: {', '.join(_few(_grouped(missing)))}."


def _counts(results: Sequence[RuleResult]) -> str:
    """How often each verdict was given, over all implementations."""
    counted = Counter(result.verdict for result in results)
    return "Verdicts of rules: " + (", ".join(f"{counted[v]} {v}" for v in _COUNTED if counted[v]) or "none")


def _table(report: Report) -> Iterator[str]:
    yield "| implementation | | version | verdict | requests | held | broken | warned | known | not exercised |"
    yield "|---|---|---|---|---:|---:|---:|---:|---:|---:|"
    for implementation in report.implementations[:MOST]:
        verdicts = Counter(result.verdict for result in report.results if result.implementation == implementation.name)
        kinds: tuple[tuple[str, ...], ...] = (("pass",), BROKEN, ("warn",), ("known",), UNVERIFIED)
        numbers = [str(sum(verdicts[verdict] for verdict in kind)) for kind in kinds]
        version = cell(implementation.version) if implementation.version else ""
        verdict = f"{_SIGNS[implementation.verdict]} {implementation.verdict}"
        role = f"{implementation.role}, {implementation.kind}"
        row = [cell(implementation.name), role, version, verdict, f"{implementation.requests:,}", *numbers]
        yield f"| {' | '.join(row)} |"
    if more := len(report.implementations[MOST:]):
        yield f"| and {more} more | | | | | | | | | |"


def _broken(result: RuleResult, others: Sequence[RuleResult]) -> str:
    """The section of a rule that is broken, or that fails the run for another reason. `others` are broken for the same cause."""
    sign = "⚠️" if result.verdict == "warn" else "❌"
    lines = [f"### {sign} {code(result.rule)} ({result.level}), {code(result.implementation)}", "", prose(result.text), ""]
    lines += [f"- Source: {_source(source)}" for source in result.sources[:MOST]]
    if result.verdict in ("fixed", "error"):
        lines.append(f"- {(FIXED if result.verdict == 'fixed' else ERROR).capitalize()}.")
    if result.findings:
        first = result.findings[0]
        lines += [f"- Expected: {code(first.expected)}", f"- Actual: {code(first.actual)}"]
        lines += [f"- Cause: {code(result.cause)}"] if result.cause else []
        lines += [f"- And so {code(other.rule)} ({other.level}): {code(other.findings[0].actual)}" for other in others[:MOST]]
        lines += ["", block(result.again)]
    return "\n".join(lines)


def _source(text: str) -> str:
    """The source, as a link if it has an address."""
    found = _SOURCE.fullmatch(_line(text))
    return f"[{prose(found['title'])}](<{found['url']}>)" if found else prose(text)


def _seen(result: RuleResult) -> str:
    return f": {code(result.findings[0].actual)}" if result.findings else ""


def _grouped(missing: Sequence[RuleResult]) -> list[str]:
    """Each rule once, with the implementations for which it was not verified."""
    names: dict[str, list[str]] = {}
    for result in missing:
        names.setdefault(result.rule, []).append(code(result.implementation))
    return [f"{code(rule)} ({', '.join(_few(of))})" for rule, of in names.items()]


def _few(texts: list[str]) -> list[str]:
    """At most `MOST` texts; the rest is counted."""
    return texts if len(texts) <= MOST else [*texts[:MOST], f"and {len(texts) - MOST} more"]
