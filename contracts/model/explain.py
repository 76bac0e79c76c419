"""Explains a rule with the words of the document, as text for the terminal and as Markdown for the documentation. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from contracts.model.document import RuleText, load

WIDE: Final = 100
ALONE: Final = "at best incomplete (10), as the other rules are not judged"
ROLES: Final = {"provider": "the endpoint", "consumer": "clients"}
# How a reader sees the members of an outcome.
MEMBERS: Final = {
    "scenario": "the endpoint does",
    "request": "the client sends",
    "requests": "requests",
    "promise": "the promise is",
    "value": "it resolves with",
    "settled": "settled after",
    "events": "onRefreshFailed fires",
    "response": "its error's response",
    "token": "the token is then",
    "logged_in": "still logged in",
}


def example(value: Any) -> str:
    """An example as text: an exchange as it is on the wire, or outcomes with one member a line."""
    return str(value).rstrip() if isinstance(value, str) else "\n---\n".join("\n".join(_outcome(outcome)) for outcome in value)


def _outcome(outcome: Mapping[str, Any]) -> Iterator[str]:
    for name, value in outcome.items():
        yield f"{MEMBERS[name]}: {_member_text(name, value)}"


def _member_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"{', '.join(map(str, value))} times, as each listener hears it"
    return {0: "not at all", 1: "once"}.get(value, f"{value} times") if name == "events" else str(value)


def command(rule: RuleText) -> str:
    """The command that judges this rule alone."""
    target = " --base-url https://store.example" if rule.role == "provider" else ""
    return f"pytest --pyargs contracts -m {rule.role} -k {rule.id}{target}"


def terminal(rule: RuleText) -> str:
    """The whole explanation as text."""
    sources = "\n".join(f"  {load().source(name)}" for name in rule.source)
    parts = [
        f"{rule.id} ({rule.level}, binds {ROLES[rule.role]})",
        textwrap.fill(rule.text, WIDE),
        f"Source\n{sources}",
        "Why it matters\n" + textwrap.fill(rule.why, WIDE, initial_indent="  ", subsequent_indent="  "),
        "Exercised by\n" + textwrap.fill(rule.exercised, WIDE, initial_indent="  ", subsequent_indent="  "),
        f"Keeps it\n{textwrap.indent(example(rule.conforming), '  ')}",
        f"Breaks it\n{textwrap.indent(example(rule.breaking), '  ')}",
        f"Judge by it alone ({ALONE})\n  {command(rule)}",
    ]
    return "\n\n".join(parts)


def listing(rules: Iterable[RuleText]) -> str:
    """All rules with their sentences, grouped by whom they bind."""
    lines = []
    rules = list(rules)
    for role, whom in ROLES.items():
        lines += ["", f"Rules that bind {whom}"]
        for rule in (rule for rule in rules if rule.role == role):
            lines.append(f"  {rule.id} ({rule.level})")
            lines += textwrap.wrap(rule.text, WIDE, initial_indent="      ", subsequent_indent="      ")
    return "\n".join(lines[1:])


def page(rule: RuleText) -> str:
    """The whole explanation as a Markdown page."""
    raw = load().raw["x-sources"]
    sources = [f"- [{raw[name]['title']}]({raw[name]['url']})" for name in rule.source]
    parts = [
        f"# {rule.id}",
        f"**{rule.level}**, binds {ROLES[rule.role]}",
        f"> {rule.text}",
        "\n".join(["Source:", "", *sources]),
        f"## Why it matters\n\n{rule.why}",
        f"It is exercised by {rule.exercised}.",
        f"## An example that keeps it\n\n```text\n{example(rule.conforming)}\n```",
        f"## An example that breaks it\n\n```text\n{example(rule.breaking)}\n```",
        f"## Judge by it alone\n\n{ALONE[0].upper()}{ALONE[1:]}.\n\n```sh\n{command(rule)}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def index(rules: Iterable[RuleText]) -> str:
    """The tables of all rules as a Markdown page."""
    rules = list(rules)
    lines = ["# Rules", "", "Each has a page: its source, why it matters, an example that keeps it and one that breaks it.", ""]
    lines.append("In a terminal, `python -m contracts explain RULE-ID` says the same.")
    for role, whom in ROLES.items():
        lines += ["", f"## Rules that bind {whom}", "", "| rule | level | what it asks |", "|---|---|---|"]
        lines += [f"| [{r.id}]({r.id}.md) | {r.level} | {r.text} |" for r in rules if r.role == role]
    return "\n".join(lines) + "\n"
