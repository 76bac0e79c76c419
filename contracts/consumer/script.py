"""Which scenario the endpoint plays next, and which requests it has received.

A socket, respx and the browser's network layer all play from one script, so a scenario is the same on every stage.
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
    """One scenario, and the requests that a client sent while it was played."""

    scenario: Scenario
    exchanges: list[Exchange] = field(default_factory=list)
    strays: list[Request] = field(default_factory=list)  # requests to anything but the endpoint


class Script:
    """The scenarios that are ready, by their numbers. Several threads may use it."""

    def __init__(self, path: str | None = None) -> None:
        self.path = path or load().path
        self._logs: dict[int, Log] = {}
        self._current = 0
        self._lock = threading.Lock()

    def prepare(self, number: int, scenario: Scenario) -> None:
        """Have a scenario ready; from now on a request may name its number."""
        with self._lock:
            self._logs[number] = Log(scenario)

    def begin(self, number: int) -> None:
        """From now on, play this scenario to requests that name none."""
        self._current = number

    def receive(self, request: Request, number: int | None = None) -> Scenario | None:
        """Log a request and return the scenario to play to it; None: it is not for the endpoint, or no scenario is ready."""
        with self._lock:
            log = self._logs.get(self._current if number is None else number)
            if log is None:
                return None
            if _path(request.url) != self.path:
                log.strays.append(request)
                return None
            now, scenario = time.time(), log.scenario
            if log.exchanges and not scenario.delivery.ends:
                # A second request ends when the first does: a browser sends one by itself when a used connection is reset.
                scenario = replace(scenario, seconds=max(0.0, log.exchanges[0].started + scenario.seconds - now))
            log.exchanges.append(Exchange(request, scenario.came, index=len(log.exchanges) + 1, started=now))
            return scenario

    def end(self, number: int) -> Log:
        """Forget a scenario, and return what was logged of it."""
        with self._lock:
            return self._logs.pop(number)


def _path(url: str) -> str:
    """The path of a URL, absolute or not, without its query."""
    rest = url.partition("://")[2]
    return ("/" + rest.partition("/")[2] if rest else url).partition("?")[0].partition("#")[0]
