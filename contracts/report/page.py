"""`report.html`, the page for people: the verdict, what is broken, how to run it again, and the evidence.

It is one file without scripts, and it loads nothing from the network. Jinja escapes all text of implementations. If some of it
got through, the content security policy of the page would still not let it run or load anything.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from contracts.model.document import RuleText, load
from contracts.redaction.redacted import Redacted
from contracts.report import curl, files, timeline, wire
from contracts.report.drawing import draw
from contracts.report.model import Report, RuleResult
from contracts.rules.confidence import percent

HERE: Final = Path(__file__).resolve().parent
# The verdicts of rules, most important first, and their names on the page.
WORDS: Final = {
    "fail": "fail",
    "fixed": "fixed",
    "error": "error",
    "warn": "warn",
    "known": "known",
    "blocked": "blocked",
    "not-exercised": "not exercised",
    "pass": "pass",
}
ROLES: Final = {"provider": "endpoint", "consumer": "client"}
LEVELS: Final = ("MUST", "SHOULD")
LONG_REASON: Final = 400  # characters; a longer reason is folded if the list below says the same
Key = tuple[str, str]
"""The rule id and the name of the implementation."""
_SOURCE: Final = re.compile(r"(?P<title>.+) <(?P<url>[^<>\s]+)>", re.DOTALL)


def page(redacted: Redacted[Report]) -> str:
    """The page of a run."""
    report, document = redacted.model, load()
    anchors = anchors_of(report.cards)
    for result in report.results:
        if result.told_with:
            anchors[_key(result)] = anchors[result.told_with, result.implementation]
    style = HERE.joinpath("page.css").read_text("utf-8")
    return _template().render(
        report=report,
        contract={"version": document.version, "sha256": document.sha256},
        style=Markup(style),  # noqa: S704 - this file is part of the package
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        headline=headline(report),
        counts=counts(report.results),
        fold_reason=report.verdict == "non-conformant" and len(report.reason or "") > LONG_REASON,
        broken=[card for card in report.cards if card.is_broken],
        warnings=[card for card in report.cards if card.verdict == "warn"],
        known=[card for card in report.cards if card.verdict == "known"],
        anchors=anchors,
        pictures={_key(card): picture(redacted, card) for card in report.cards if card.verdict != "known"},
        unfit=any(check.ok is False for check in report.checks),
        tables=[table for role in ROLES if (table := matrix(report, role, anchors))["implementations"]],
        unverified=unverified(report.results),
        rules=document.rules,
        sources={rule.id: [document.source(name) for name in rule.source] for rule in document.rules.values()},
        words=WORDS,
        roles=ROLES,
        beside=[name for name in files.NAMES if name != files.PAGE and (name != files.EVIDENCE or report.evidence)],
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"source": source, "step": step, "moment": moment, "share": percent}
    environment.filters |= {"curl": curl.line, "wire": wire.lines, "timeline": timeline.lines}
    return environment.get_template("page.html")


# --- the parts ----------------------------------------------------------------------------------------------------------


def headline(report: Report) -> str:
    """The verdict in one sentence."""
    if report.verdict == "incomplete":
        return "Incomplete: not everything could be judged."
    if report.verdict == "non-conformant":
        broken = len({result.rule for result in report.results if result.verdict in ("fail", "error")})
        gone = len({result.rule for result in report.results if result.verdict == "fixed"})
        parts = [f"{_many(broken, 'rule')} broken"] if broken or not gone else []
        parts += [f"{_many(gone, 'known deviation')} no longer seen"] if gone else []
        return f"Non-conformant: {', and '.join(parts)}."
    if report.reason:
        return "Conformant, with a reservation."
    known, warned = (sum(result.verdict == verdict for result in report.results) for verdict in ("known", "warn"))
    aside = [f"{known} known deviation{'s' * (known > 1)} aside"] if known else []
    aside += [f"with {warned} warning{'s' * (warned > 1)}"] if warned else []
    return f"Conformant: {', '.join(['every MUST holds', *aside])}."


def _many(count: int, what: str) -> str:
    return f"{count} {what} is" if count == 1 else f"{count} {what}s are"


def counts(results: Sequence[RuleResult]) -> dict[str, dict[str, int]]:
    """For each level, verdict to its count. A verdict that no rule got is left out."""
    given = [(result.level, result.verdict) for result in results]
    shown = [word for word in WORDS if any(verdict == word for _, verdict in given)]
    return {level: {word: given.count((level, word)) for word in shown} for level in LEVELS} if shown else {}


def _key(result: RuleResult) -> Key:
    return result.rule, result.implementation


def anchors_of(cards: Iterable[RuleResult]) -> dict[Key, str]:
    """Rule and implementation to the HTML id of their card. The ids are readable and unique."""
    anchors: dict[Key, str] = {}
    for card in cards:
        where = re.sub(r"[^a-z0-9]+", "-", card.implementation.lower()).strip("-")[:60]
        name = f"card-{card.rule}-at-{where}"
        taken = set(anchors.values())
        number = next(n for n in range(1, len(anchors) + 2) if (f"{name}-{n}" if n > 1 else name) not in taken)
        anchors[_key(card)] = f"{name}-{number}" if number > 1 else name
    return anchors


def matrix(report: Report, role: str, anchors: Mapping[Key, str]) -> dict[str, Any]:
    """The rules of one role by level, with the results of each implementation of this role; real implementations come first."""
    implementations = [implementation for implementation in report.implementations if implementation.role == role]
    implementations.sort(key=lambda implementation: implementation.kind != "real")
    results = {_key(result): result for result in report.results}

    def cell(rule: RuleText, name: str) -> dict[str, Any] | None:
        result = results.get((rule.id, name))
        return {"result": result, "anchor": anchors.get((rule.id, name))} if result else None

    rows = {level: [r for r in load().rules.values() if r.role == role and r.level == level] for level in LEVELS}
    return {
        "role": role,
        "implementations": implementations,
        "levels": {
            level: [(rule, [cell(rule, implementation.name) for implementation in implementations]) for rule in rules]
            for level, rules in rows.items()
            if rules
        },
    }


def unverified(results: Iterable[RuleResult]) -> dict[str, dict[tuple[str, str], list[str]]]:
    """For each reason, the rules (id, level) that were not verified because of it, each with its implementations."""
    by_reason: dict[str, dict[tuple[str, str], list[str]]] = {}
    for result in sorted(results, key=lambda result: LEVELS.index(result.level)):
        if result.unverified:
            by_reason.setdefault(result.unverified, {}).setdefault((result.rule, result.level), []).append(result.implementation)
    return by_reason


# --- texts --------------------------------------------------------------------------------------------------------------


def source(text: str) -> tuple[str, str | None]:
    """The title of a source, and its address if that is an HTTP URL."""
    found = _SOURCE.fullmatch(text)
    if not found:
        return text, None
    try:
        parts = urlsplit(found["url"])
    except ValueError:
        return text, None
    return (found["title"], found["url"]) if parts.scheme in ("http", "https") and parts.hostname else (text, None)


def picture(redacted: Redacted[Report], card: RuleResult) -> str:
    """The picture of a card's story as a data URL. As an image, it keeps its styles to itself and cannot run anything."""
    if card.story is None:
        return ""
    svg = draw(redacted.part(card.story), [card.rule], client=card.implementation)
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def moment(time: str) -> str:
    """An ISO 8601 time in a form that is easy to read."""
    return f"{datetime.datetime.fromisoformat(time).astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"


def step(line: str) -> tuple[str, str]:
    """The CSS class of a line of an exchange (`asked`, `answered` or `about`), and the line."""
    return {">": "asked", "<": "answered"}.get(line[:1], "about"), line
