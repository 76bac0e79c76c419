"""Plays scenarios to a client, keeps the outcomes, and has every outcome judged."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from contracts.consumer import generated
from contracts.model.exchange import Kind
from contracts.model.outcome import Outcome
from contracts.model.scenario import IN_A_ROW, Scenario, ScenarioSequence, at_page_load, interleaved, named, refreshed
from contracts.model.tokens import FAR_FUTURE, unsigned
from contracts.rules.engine import Finding
from contracts.rules.judgement import Subject
from contracts.rules.known_deviations import Allowances
from contracts.rules.observation import OutcomeLog

PHASES: Final = ("scenarios", "generated", "recorded")
PARALLEL: Final = 8  # sequences run in parallel in debounced mode


class Client(Subject, Protocol):
    """A client under test, ready to be played to.

    `modes` are the ways in which it can be run, the quickest last. In `slow_modes` it delays every call. `loads` says whether it
    has pages that can be loaded.
    """

    @property
    def modes(self) -> tuple[str, ...]: ...
    @property
    def slow_modes(self) -> tuple[str, ...]: ...
    @property
    def loads(self) -> bool: ...

    @property
    def requests(self) -> int:
        """How many requests have reached the endpoint so far."""

    def play(self, sequences: Sequence[ScenarioSequence]) -> list[Outcome]:
        """Play the sequences and return the outcomes in order; their numbers go on from one play to the next."""

    def close(self) -> None:
        """Stop everything that was started."""


class ConsumerObserver(OutcomeLog):
    """Observes one client. After `patience` seconds the endpoint ends an exchange that would never end by itself."""

    def __init__(self, client: Client, allowances: Allowances, *, patience: float) -> None:
        super().__init__(allowances)
        self.client = client
        self._patience = patience
        self._tokens = (unsigned("7", now=FAR_FUTURE, ttl=900, jti=f"token-{n}") for n in itertools.count(1))

    @property
    def requests(self) -> int:
        """How many requests have reached the endpoint so far."""
        return self.client.requests

    def run(self, phase: str, seed: int = 0) -> None:
        """Observe in one of the two phases that need no recorded answers: scenarios, generated."""
        if self.halted:
            return
        if phase == "scenarios":
            self.play(list(self._named()))
        elif phase == "generated":
            generated.observe(self.play_scenarios, seed, known=set(self.first_seen))

    def play_scenarios(self, scenarios: Sequence[Scenario]) -> list[Finding]:
        """Play scenarios to the client in its quickest mode and return the findings."""
        return self.play([ScenarioSequence(tuple(interleaved(scenarios, self._tokens)), self.client.modes[-1])])

    def play(self, sequences: Sequence[ScenarioSequence]) -> list[Finding]:
        """Play sequences to the client and judge the outcomes."""
        return self.judge(self.client.play(sequences))

    def _named(self) -> Iterator[ScenarioSequence]:
        """The table, cut into sequences so that what takes long can run in parallel, where the client can do that."""
        if self.client.loads:
            for scenario in at_page_load(self._tokens):
                yield ScenarioSequence((scenario,), self.client.modes[0])
        for mode in self.client.modes:
            table = named(self._tokens, patience=self._patience)
            slow = mode in self.client.slow_modes
            if not slow:
                failure = next(s for s in table if s.kind is Kind.FAILED)
                before, after = refreshed(next(self._tokens)), refreshed(next(self._tokens))
                yield ScenarioSequence((before, *[failure] * IN_A_ROW, after), mode)
            ends = [s for s in table if s.delivery.ends and s.delivery.reaches]
            size = math.ceil(len(ends) / (PARALLEL if slow else 1))
            groups = [ends[i : i + size] for i in range(0, len(ends), size)]
            groups += [[s] for s in table if not s.delivery.ends]
            groups += [[s for s in table if not s.delivery.reaches]]
            for group in groups:
                yield ScenarioSequence(tuple(interleaved(group, self._tokens)), mode)

    def replay(self, scenarios: Sequence[Scenario]) -> None:
        """Play recorded answers to the client."""
        if scenarios and not self.halted:
            self.play_scenarios(scenarios)
