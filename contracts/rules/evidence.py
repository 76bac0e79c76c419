"""The exchanges of a run that are kept, to be shown, recorded and replayed. They are bounded, whatever a server sends. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from contracts.model.exchange import Exchange, Response
from contracts.rules.engine import Breach

MAX_EXCHANGES: Final = 400  # of a longer run, the first ones are kept, and as many more that broke a rule
MAX_BODY: Final = 65_536  # bytes that are kept of one body; and, of the headers of one answer together
MAX_BYTES: Final = 8_000_000  # bytes of bodies and headers in the whole run


class Evidence(Mapping[int, Exchange]):
    """Exchanges by their number. Rules judge all of an answer; what is kept is enough to see it again.

    `results` holds the result of each rule, for each exchange that was judged.
    """

    def __init__(self) -> None:
        self.results: dict[int, Mapping[str, Breach]] = {}
        self._kept: dict[int, Exchange] = {}
        self._bytes = 0

    def keep(self, exchange: Exchange, *, broke: bool = False, results: Mapping[str, Breach] | None = None) -> None:
        """Keep an exchange if there is room; there is more for one that broke a rule. The results may be added later."""
        if exchange.index not in self:
            room = 2 if broke else 1
            if len(self) >= room * MAX_EXCHANGES or self._bytes >= room * MAX_BYTES:
                return
            self._kept[exchange.index], size = _cut(exchange)
            self._bytes += size
        if results is not None:
            self.results[exchange.index] = results

    def __getitem__(self, index: int) -> Exchange:
        return self._kept[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def is_whole(response: Response) -> bool:
    """Whether a kept answer can be the whole one."""
    return len(response.body) < MAX_BODY


def _cut(exchange: Exchange) -> tuple[Exchange, int]:
    """The exchange without what is too long and without what was parsed from its body, and the bytes that are kept."""
    if not isinstance(exchange.answer, Response):
        return exchange, 0
    room, headers = MAX_BODY, []
    for name, value in exchange.answer.headers:
        room -= len(name) + len(value)
        if room < 0:
            break
        headers.append((name, value))
    answer = replace(exchange.answer, headers=tuple(headers), body=exchange.answer.body[:MAX_BODY])
    return replace(exchange, answer=answer), len(answer.body) + MAX_BODY - max(0, room)
