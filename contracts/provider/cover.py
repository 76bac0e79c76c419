"""Which pairs of values were sent in one request, and which are still missing.

A request is a row: one value for each dimension (its method, its session, each header and so on). A set of values is an integer
that has one bit for each value, so that a whole plan costs milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.provider.probes import WITH_BODY, Probe
from contracts.rules.traits import HEADER

Row = dict[str, str]


class Cover:
    """The pairs that have not been sent yet.

    `unsent[bit]` is the set of values that were never sent together with the value of this bit.

    Some faults show only to a logged-in customer, so that three values have to meet. `unsent_logged_in` therefore counts pairs
    once more, within logged-in requests: any two extras in a bare POST, and each extra with each body, with an overlap and with
    each other method. (An extra is a header or the query.) And since only a POST has to be refused, a session that is not good
    counts as sent with an extra only if the request is a POST.
    """

    def __init__(self, dimensions: Mapping[str, tuple[str, ...]]) -> None:
        self.dimensions = dimensions
        pairs = [(dimension, value) for dimension, values in dimensions.items() for value in values]
        self.bit_of = {pair: bit for bit, pair in enumerate(pairs)}
        self._everything = (1 << len(pairs)) - 1
        values = {d: as_mask(self.bit_of[d, value] for value in dimensions[d]) for d in dimensions}
        unusual = {d: values[d] & ~(1 << self.bit_of[d, dimensions[d][0]]) for d in dimensions}
        self.unsent = {bit: self._everything & ~values[d] for (d, _), bit in self.bit_of.items()}
        without_body = as_mask(self.bit_of["method", method] for method in dimensions["method"] if method not in WITH_BODY)
        _remove_pairs(self.unsent, unusual["body"], without_body)

        extras = [d for d in dimensions if d.startswith(HEADER) or d == "query"]
        sent_extras = sum(unusual[d] for d in extras)
        unusual_request = sum(unusual[d] for d in ("method", "body", "overlap"))
        self._extras = sum(values[d] for d in extras)
        self._sent_values = {bit: unusual[d] for (d, _), bit in self.bit_of.items() if unusual[d] >> bit & 1 and d in extras}
        self.unsent_logged_in = dict.fromkeys(self.unsent, 0)
        for (d, _), bit in self.bit_of.items():
            if d in extras:
                self.unsent_logged_in[bit] = self._extras & ~values[d] | (unusual_request if bit in self._sent_values else 0)
            elif unusual_request >> bit & 1:
                self.unsent_logged_in[bit] = sent_extras

    def row(self, probe: Probe, after: str) -> Row:
        """The probe as a row."""
        row = {dimension: values[0] for dimension, values in self.dimensions.items()}
        row |= {"method": probe.method, "session": probe.session, "body": probe.body, "query": probe.query, "after": after}
        row["overlap"] = "overlapping" if probe.overlaps else "alone"
        row |= {f"{HEADER}{name}": value for name, value in probe.headers}
        return row

    def mark_sent(self, row: Row) -> None:
        """Count every pair of the row as sent."""
        bits = [self.bit_of[pair] for pair in row.items() if pair in self.bit_of]
        sent = as_mask(bits)
        scope, session = self.logged_in_scope(row), self.ignored_session(row)
        for bit in bits:
            ignored = self._extras if session >> bit & 1 else session if self._extras >> bit & 1 else 0
            self.unsent[bit] &= ~(sent & ~ignored)
            self.unsent_logged_in[bit] &= ~(sent if scope >> bit & 1 else sent & scope)
        if scope and not self._is_usual(row, "method"):  # with another method it is enough that a header is sent, with any value
            _remove_pairs(self.unsent_logged_in, scope, sum(self._sent_values.get(bit, 0) for bit in bits))

    def logged_in_scope(self, row: Row) -> int:
        """The values whose logged-in pairs the row can bring: all in a bare POST, else its body, its method or its overlap alone.

        One of two that overlap may be refused, for the other replaces the session.
        """
        if not self._is_usual(row, "session"):
            return 0
        for dimension in ("method", "body", "overlap"):
            if not self._is_usual(row, dimension):
                return 1 << self.bit_of[dimension, row[dimension]]
        return self._everything

    def ignored_session(self, row: Row) -> int:
        """The session of the row, where it does not count as sent with an extra; nothing in a POST, where it does."""
        return 0 if self._is_usual(row, "method") else 1 << self.bit_of["session", row["session"]]

    def gains(self) -> list[int]:
        """For each bit the values that are missing with it. The logged-in pairs stand above the others, to count both at once."""
        width = len(self.bit_of)
        return [self.unsent[bit] | self.unsent_logged_in[bit] << width for bit in range(width)]

    def countable(self, sent: int, scope: int) -> tuple[int, int]:
        """The values of a row in the layout of `gains`: as they count for a value in the scope, and for one outside it."""
        width = len(self.bit_of)
        return sent | sent << width, sent | (sent & scope) << width

    @property
    def missing(self) -> int:
        """How many pairs have not been sent."""
        return sum(mask.bit_count() for table in (self.unsent, self.unsent_logged_in) for mask in table.values()) // 2

    def _is_usual(self, row: Row, dimension: str) -> bool:
        return row[dimension] == self.dimensions[dimension][0]


def as_mask(bits: Iterable[int]) -> int:
    """A set of different bits as one integer."""
    return sum(1 << bit for bit in bits)


def _remove_pairs(table: dict[int, int], some: int, others: int) -> None:
    """Count no pair of one value from `some` and one from `others`."""
    for bit in table:
        if some >> bit & 1:
            table[bit] &= ~others
        if others >> bit & 1:
            table[bit] &= ~some
