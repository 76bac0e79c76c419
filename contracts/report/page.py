"""`report.html`, the page that people act on: the verdict, what is broken and how to run it again, and what stands behind it.

One file without scripts, which asks nothing of the network. What an implementation said reaches it as text: Jinja escapes it,
and the page's policy would let nothing run or load that got through all the same.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from contracts.model.document import load
from contracts.report import files
from contracts.rules.confidence import percent
from contracts.rules.verdict import BROKEN

HERE: Final = Path(__file__).resolve().parent
# Verdicts of rules in the order in which they matter, and how they are called.
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
LONG_REASON: Final = 400  # characters; what is longer is folded when the list below says the same
_SOURCE: Final = re.compile(r"(?P<title>.+) <(?P<url>[^<>\s]+)>", re.DOTALL)


def page(report: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    """The page of a run, from the data of `report.json` and what `contracts.report.details` adds."""
    anchors = anchors_of(details["cards"])
    cards = [{**card, "anchor": anchors[card["rule"], card["implementation"]]} for card in details["cards"]]
    style = HERE.joinpath("page.css").read_text("utf-8")
    return _template().render(
        report=report,
        details=details,
        style=Markup(style),  # noqa: S704 - it is our own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        headline=headline(report),
        counts=counts(report),
        fold_reason=report["verdict"] == "non-conformant" and len(report["reason"] or "") > LONG_REASON,
        broken=[c for c in cards if c["verdict"] in BROKEN],
        warnings=[c for c in cards if c["verdict"] == "warn"],
        known=[c for c in cards if c["verdict"] == "known"],
        unfit=any(check["ok"] is False for check in details["checks"]),
        tables=[table for role in ROLES if (table := matrix(report, role, anchors))["implementations"]],
        unverified=unverified(details["unverified"]),
        rules={rule["id"] for rule in report["rules"]},
        why={rule["id"]: load().rules[rule["id"]].why for rule in report["rules"]},
        words=WORDS,
        roles=ROLES,
        beside=[name for name in files.NAMES if name != files.PAGE and (name != files.EVIDENCE or details["evidence"])],
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
    environment.filters |= {"source": source, "picture": picture, "step": step, "moment": moment, "share": percent}
    return environment.get_template("page.html")


# --- the parts ----------------------------------------------------------------------------------------------------------


def headline(report: Mapping[str, Any]) -> str:
    """The verdict in one sentence."""
    said = [(id, verdict) for id, verdict, _ in _verdicts(report)]
    if report["verdict"] == "incomplete":
        return "Incomplete: not everything could be judged."
    if report["verdict"] == "non-conformant":
        broken = len({id for id, verdict in said if verdict in ("fail", "error")})
        gone = len({id for id, verdict in said if verdict == "fixed"})
        parts = [f"{_many(broken, 'rule')} broken"] if broken or not gone else []
        parts += [f"{_many(gone, 'known deviation')} no longer seen"] if gone else []
        return f"Non-conformant: {', and '.join(parts)}."
    if report["reason"]:
        return "Conformant, with a reservation."
    known, warned = (sum(verdict == v for _, verdict in said) for v in ("known", "warn"))
    aside = [f"{known} known deviation{'s' * (known > 1)} aside"] if known else []
    aside += [f"with {warned} warning{'s' * (warned > 1)}"] if warned else []
    return f"Conformant: {', '.join(['every MUST holds', *aside])}."


def _many(count: int, what: str) -> str:
    return f"{count} {what} is" if count == 1 else f"{count} {what}s are"


def _verdicts(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Rule, verdict and level, for each implementation that was judged by it."""
    for rule in report["rules"]:
        for verdict in rule["verdicts"].values():
            yield rule["id"], verdict, rule["level"]


def counts(report: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Level to verdict to how often it was given; verdicts that nobody got are left out."""
    found = [(level, verdict) for _, verdict, level in _verdicts(report)]
    shown = [word for word in WORDS if any(verdict == word for _, verdict in found)]
    return {level: {word: found.count((level, word)) for word in shown} for level in LEVELS} if shown else {}


def anchors_of(cards: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Rule and implementation to the id of their card: it can be read, and no two are the same."""
    found: dict[tuple[str, str], str] = {}
    for card in cards:
        where = re.sub(r"[^a-z0-9]+", "-", card["implementation"].lower()).strip("-")[:60]
        name = f"card-{card['rule']}-at-{where}"
        taken = set(found.values())
        number = next(n for n in range(1, len(found) + 2) if (f"{name}-{n}" if n > 1 else name) not in taken)
        found[card["rule"], card["implementation"]] = f"{name}-{number}" if number > 1 else name
    return found


def matrix(report: Mapping[str, Any], role: str, anchors: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """The rules of one role, by level, and what each implementation that plays it got; the real ones stand first."""
    those = [i for i in report["implementations"] if i["role"] == role]
    those.sort(key=lambda i: i["kind"] != "real")

    def cell(rule: Mapping[str, Any], name: str) -> dict[str, Any] | None:
        verdict = rule["verdicts"].get(name)
        power = report["power"].get(name, {}).get(rule["id"], {})
        power = power if power.get("exercised") else None
        return {"verdict": verdict, "anchor": anchors.get((rule["id"], name)), "power": power} if verdict else None

    rows = {level: [r for r in report["rules"] if r["role"] == role and r["level"] == level] for level in LEVELS}
    return {
        "role": role,
        "implementations": those,
        "levels": {level: [(r, [cell(r, i["name"]) for i in those]) for r in rules] for level, rules in rows.items() if rules},
    }


def unverified(entries: Iterable[Mapping[str, str]]) -> dict[str, dict[tuple[str, str], list[str]]]:
    """Why, to the rules (id and level) that were not verified for it, to the implementations."""
    found: dict[str, dict[tuple[str, str], list[str]]] = {}
    for e in sorted(entries, key=lambda e: LEVELS.index(e["level"])):
        found.setdefault(e["why"], {}).setdefault((e["rule"], e["level"]), []).append(e["implementation"])
    return found


# --- texts --------------------------------------------------------------------------------------------------------------


def source(text: str) -> tuple[str, str | None]:
    """The title of a source, and its address if that is one of the web."""
    found = _SOURCE.fullmatch(text)
    if not found:
        return text, None
    try:
        parts = urlsplit(found["url"])
    except ValueError:
        return text, None
    return (found["title"], found["url"]) if parts.scheme in ("http", "https") and parts.hostname else (text, None)


def picture(svg: str) -> str:
    """A picture as an address that holds it: as an image its styles stay its own, and it can run nothing."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def moment(time: str) -> str:
    """A time in ISO 8601 as people write it."""
    return f"{datetime.datetime.fromisoformat(time).astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"


def step(line: str) -> tuple[str, str]:
    """What a line of an exchange is (`asked`, `answered` or `about`), and the line."""
    return {">": "asked", "<": "answered"}.get(line[:1], "about"), line
