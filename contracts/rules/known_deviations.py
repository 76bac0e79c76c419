"""Known deviations: breaches that are known and accepted for now. A TOML file lists them, each with its reason.

    [[deviation]]
    rule = "failure-rejects"                       or a list of rules
    when = { http = "2xx", success = "false" }     consumer rules: the scenarios that it is about (default: all)
    seen = ["resolved; no event; token new"]       consumer rules: the outcome there (default: any that breaks the rule)
    verdict = "fail"                               provider rules: the verdict, fail or warn
    implementation = "store.example"               the implementation that it is about (default: each one judged)
    why, since                                     for people

A listed deviation is `known` while it happens as listed. It is `fixed` when its scenarios were played and it did not happen.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contracts.model.document import load
from contracts.model.outcome import Outcome

SHIPPED: Final = Path(__file__).parent / "shipped"
VERDICTS: Final = ("fail", "warn")
_KEYS: Final = frozenset({"rule", "verdict", "implementation", "why", "since", "seen", "when"})

When = tuple[tuple[str, tuple[str, ...]], ...]


class BadList(ValueError):
    """A list of known deviations is invalid; the message says where and why."""


@dataclass(frozen=True)
class Deviation:
    """One known deviation. `when` holds (name, allowed values) pairs, which `Scenario.conditions` must match."""

    rule: str
    why: str
    verdict: str | None = None
    implementation: str | None = None
    since: str = ""
    when: When = ()
    seen: tuple[str, ...] = ()

    @property
    def condition(self) -> str:
        """The scenarios that it is about, in words."""
        return ", ".join(f"{name} {' or '.join(values)}" for name, values in self.when) or "every scenario"

    def about(self, outcome: Outcome) -> bool:
        """Whether this deviation is about the scenario of the outcome."""
        return all(any((name, value) in outcome.conditions for value in values) for name, values in self.when)

    def allows(self, outcome: Outcome) -> bool:
        """Whether the outcome is exactly what is listed."""
        return self.about(outcome) and (not self.seen or outcome.summary in self.seen)


class Allowances:
    """The known deviations of one client, and which of them happened."""

    def __init__(self, deviations: Iterable[Deviation] = ()) -> None:
        self._by_rule: dict[str, list[Deviation]] = {}
        for d in deviations:
            self._by_rule.setdefault(d.rule, []).append(d)
        self._seen: set[Deviation] = set()
        self._met: set[Deviation] = set()

    def __call__(self, rule: str, outcome: Outcome) -> bool:
        """Whether this outcome breaks the rule in a known way."""
        matching = [d for d in self._by_rule.get(rule, ()) if d.allows(outcome)]
        self._seen.update(matching)
        return bool(matching)

    def meet(self, outcome: Outcome) -> None:
        """Remember that the scenario of this outcome was played, so that its deviations could have happened."""
        self._met.update(d for listed in self._by_rule.values() for d in listed if d not in self._met and d.about(outcome))

    def why(self, rule: str) -> list[str]:
        """For each deviation of a rule that happened: its scenarios, why it is accepted, and since when it is known."""
        seen = [d for d in self._by_rule.get(rule, ()) if d in self._seen]
        return [f"{d.condition}: {d.why}{f' (since {d.since})' if d.since else ''}" for d in seen]

    def fixed(self, rule: str) -> list[Deviation]:
        """The deviations of a rule that could have happened and did not."""
        return [d for d in self._by_rule.get(rule, ()) if d in self._met - self._seen]


def read(path: Path, name: str) -> tuple[Deviation, ...]:
    """The deviations of a TOML file, called `name` in messages. BadList: the file is invalid."""
    return _deviations(_table(path, name), name, allowed={"deviation"})


def shipped(consumer: str, version: str | None) -> tuple[Deviation, ...]:
    """The shipped deviations of a consumer version (a date may follow it); empty if this package does not know that version."""
    for path in sorted(SHIPPED.glob("*.toml")):
        data = _table(path, path.name)
        if data.get("consumer") == consumer and (version or "").partition(" ")[0] in data.get("versions", ()):
            return _deviations(data, path.name, allowed={"consumer", "versions", "deviation"})
    return ()


def _table(path: Path, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadList(f"{name} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise BadList(f"{name} is no TOML: {error}") from None


def _deviations(data: dict[str, Any], name: str, allowed: set[str]) -> tuple[Deviation, ...]:
    entries = data.get("deviation")
    if not isinstance(entries, list) or set(data) - allowed or not all(isinstance(e, dict) for e in entries):
        raise BadList(f"{name} must hold [[deviation]] tables and nothing else")
    return tuple(
        _deviation(f"{name}, deviation {number}", {**entry, "rule": rule})
        for number, entry in enumerate(entries, 1)
        for rule in (entry["rule"] if entry.get("rule") and isinstance(entry["rule"], list) else [entry.get("rule")])
    )


def _deviation(where: str, entry: dict[str, Any]) -> Deviation:
    if unknown := set(entry) - _KEYS:
        raise BadList(f"{where}: unknown key {sorted(unknown)[0]!r}")
    rule, why = entry.get("rule"), entry.get("why")
    if not isinstance(rule, str) or rule not in load().rules:
        raise BadList(f"{where}: there is no rule {rule!r}; the ids stand in x-rules of openapi/refresh.yaml")
    of_provider = load().rules[rule].role == "provider"
    if of_provider and entry.get("verdict") not in VERDICTS:
        raise BadList(f"{where}: verdict must be one of {', '.join(VERDICTS)}, not {entry.get('verdict')!r}")
    if of_provider and ("when" in entry):
        raise BadList(f"{where}: when is for consumer rules; a provider's deviation holds for the rule as a whole")
    if not isinstance(why, str) or not why.strip():
        raise BadList(f"{where}: say why it is accepted")
    for name in ("implementation", "since", "verdict"):
        if not isinstance(entry.get(name, ""), str):
            raise BadList(f"{where}: {name} must be a text")
    return Deviation(
        rule,
        why,
        entry.get("verdict") if of_provider else None,
        entry.get("implementation"),
        entry.get("since", ""),
        _when(where, entry.get("when", {})),
        () if of_provider else _texts(f"{where}: seen", entry.get("seen", [])),
    )


def _when(where: str, given: Any) -> When:
    if not isinstance(given, dict):
        raise BadList(f'{where}: when must be a table of conditions, such as {{ http = "2xx" }}')
    if empty := next((name for name, value in given.items() if not value and isinstance(value, list)), None):
        raise BadList(f"{where}: when.{empty} allows nothing; leave it out to allow everything")
    return tuple((name, _texts(f"{where}: when.{name}", value)) for name, value in sorted(given.items()))


def _texts(what: str, given: Any) -> tuple[str, ...]:
    values = [given] if isinstance(given, str) else given
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise BadList(f"{what} must be a text or a list of texts")
    return tuple(values)
