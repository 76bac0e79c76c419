"""The exchanges of a run that are kept to be shown, recorded and replayed: bounded, whatever a server sends. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from contracts.model.exchange import Exchange, Response
from contracts.rules.engine import Breach

KEPT: Final = 400  # exchanges; of a longer run, the first ones and as many more that broke a rule
BODY: Final = 65_536  # bytes of a body that are kept, and of the headers together
IN_ALL: Final = 8_000_000  # bytes of bodies and headers in the whole run


class Evidence(Mapping[int, Exchange]):
    """Exchanges by their number. Judged is what came; kept is what is needed to see it again.

    `said` is what each rule said of an exchange that was judged.
    """

    def __init__(self) -> None:
        self.results: dict[int, Mapping[str, Breach]] = {}
        self._kept: dict[int, Exchange] = {}
        self._bytes = 0

    def keep(self, x: Exchange, *, broke: bool = False, results: Mapping[str, Breach] | None = None) -> None:
        """Keep an exchange, if there is room; one that broke a rule has more of it. It may be judged later than it is kept."""
        if x.index not in self:
            if len(self) >= (2 * KEPT if broke else KEPT) or self._bytes >= (2 * IN_ALL if broke else IN_ALL):
                return
            self._kept[x.index], size = _cut(x)
            self._bytes += size
        if results is not None:
            self.results[x.index] = results

    def __getitem__(self, index: int) -> Exchange:
        return self._kept[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def is_whole(response: Response) -> bool:
    """Whether a kept answer can be the whole one."""
    return len(response.body) < BODY


def _cut(x: Exchange) -> tuple[Exchange, int]:
    """The exchange without what is too long, and without what was read from its body; and its size."""
    if not isinstance(x.answer, Response):
        return x, 0
    room, headers = BODY, []
    for name, value in x.answer.headers:
        room -= len(name) + len(value)
        if room < 0:
            break
        headers.append((name, value))
    answer = replace(x.answer, headers=tuple(headers), body=x.answer.body[:BODY])
    return replace(x, answer=answer), len(answer.body) + BODY - max(0, room)
