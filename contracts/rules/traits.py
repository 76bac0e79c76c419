"""What a request was like, as the observer knew it: its traits, which a fault may depend on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.model.exchange import Exchange, readable

Row = Mapping[str, str]
"""Everything about a request that may vary, by name; what is absent was not sent."""

HEADER: Final = "header:"  # how the name of a condition begins that stands for a header
SESSIONS: Final = {
    "valid": "the customer's session",
    "none": "no session",
    "empty": "an empty session cookie",
    "made-up": "a made-up session",
    "expired": "an expired session",
    "unknown": "a session that was perhaps lost before",
}
BEFORE: Final = {
    "success": "right after a refresh that completed",
    "refusal": "right after a refusal",
    "method": "right after a call with another method",
    "429": "right after a 429",
    "failure": "right after a failure",
}
_ORDER: Final = ("session", "method", "overlap", "body", "query", HEADER, "after")  # which of two causes is told first


def row_of(exchange: Exchange) -> Row:
    """The request as a row."""
    situation = exchange.situation
    conditions = {name.lower(): value for name, value in sorted(situation.conditions)}
    after = {} if situation.after == "start" else {"after": situation.after}
    return {"method": exchange.request.method, "session": situation.session, **conditions, **after}


@dataclass(frozen=True)
class Trait:
    """One thing that is true of some requests.

    `value` is what the dimension `name` has; None means that it is there, with any value. `is_absent` turns the trait round.
    """

    name: str
    value: str | None = None
    is_absent: bool = False

    def of(self, row: Row) -> bool:
        """Whether a request has this trait."""
        there = self.name in row if self.value is None else row.get(self.name) == self.value
        return there is not self.is_absent

    @property
    def order(self) -> tuple[int, bool, bool, str, str]:
        """Traits that are simpler to tell come first."""
        kind = HEADER if self.name.startswith(HEADER) else self.name
        rank = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
        return rank, self.is_absent, self.value is not None, self.name, self.value or ""

    @property
    def words(self) -> str:
        """The trait in words that can stand behind "fails"."""
        return f"{self.short}, whatever its value" if self._has_any_value else self.short

    @property
    def _has_any_value(self) -> bool:
        return self.value is None and not self.is_absent and self.name not in ("overlap", "after", "query")

    @property
    def short(self) -> str:
        """The words without the remark that a header may have any value."""
        if self.name == "session":
            return f"with {SESSIONS.get(self.value or '', f'a {self.value} session')}" if not self.is_absent else NOT_A_CUSTOMER
        if self.name == "method":
            return f"with the method {self.value}"
        if self.name == "overlap":
            return "when no other call overlaps" if self.is_absent else "when two calls overlap"
        if self.name == "after":
            return BEFORE.get(self.value or "", "in the first call" if self.is_absent else "after the first call")
        if not self.name.startswith(HEADER):
            return f"without a {self.name}" if self.is_absent else f"with a {f'{self.value} ' if self.value else ''}{self.name}"
        name = self.name.removeprefix(HEADER)
        return f"without `{name}`" if self.is_absent else f"with `{name}{f': {readable(self.value)}' if self.value else ''}`"


NOT_A_CUSTOMER: Final = "without the customer's session"


def candidates(broken: Iterable[Row], names: Iterable[str]) -> Iterator[Trait]:
    """The traits that all broken requests have. That a header may have any value takes two values to say."""
    rows = list(broken)
    for name in sorted(set(names)):
        values = {row.get(name) for row in rows}
        if values == {None}:
            yield Trait(name, is_absent=True)
        elif len(values) == 1:
            yield Trait(name, values.pop())
        elif None not in values:
            if name == "session" and "valid" not in values:
                yield Trait(name, "valid", is_absent=True)
            elif name not in ("session", "method"):
                yield Trait(name)
