"""What the endpoint does to a client next, and what was asked of it meanwhile.

A socket, respx and the browser's network layer all play from one script, so that a scenario is the same whichever way it comes.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace

from contracts.model.document import load
from contracts.model.exchange import Exchange, Request
from contracts.model.scenario import Scenario


@dataclass
class Log:
    """One scenario under its number, and what was asked while it was on."""

    scenario: Scenario
    exchanges: list[Exchange] = field(default_factory=list)
    strays: list[Request] = field(default_factory=list)


class Script:
    """The scenarios in hand by their numbers. Safe to use from several threads."""

    def __init__(self, path: str | None = None) -> None:
        self.path = path or load().path
        self._parts: dict[int, Log] = {}
        self._on = 0
        self._lock = threading.Lock()

    def prepare(self, number: int, scenario: Scenario) -> None:
        """Have a scenario ready; a request may name its number."""
        with self._lock:
            self._parts[number] = Log(scenario)

    def begin(self, number: int) -> None:
        """From now on this scenario is meant by requests that name none."""
        self._on = number

    def meet(self, request: Request, number: int | None = None) -> Scenario | None:
        """Note a request; the scenario that it meets, or None when it is not for the endpoint (or nothing is on)."""
        with self._lock:
            part = self._parts.get(self._on if number is None else number)
            if part is None:
                return None
            if _path(request.url) != self.path:
                part.strays.append(request)
                return None
            now, scenario = time.time(), part.scenario
            if part.exchanges and not scenario.delivery.ends:
                # Who asks again is not kept longer; a browser does so by itself when a connection that it used before is reset.
                scenario = replace(scenario, seconds=max(0.0, part.exchanges[0].started + scenario.seconds - now))
            part.exchanges.append(Exchange(request, scenario.came, index=len(part.exchanges) + 1, started=now))
            return scenario

    def end(self, number: int) -> Log:
        """Forget a scenario; what was asked while it was on."""
        with self._lock:
            return self._parts.pop(number)


def _path(url: str) -> str:
    """The path of a URL, absolute or not, without its query."""
    rest = url.partition("://")[2]
    return ("/" + rest.partition("/")[2] if rest else url).partition("?")[0].partition("#")[0]
