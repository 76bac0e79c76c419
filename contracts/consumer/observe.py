"""Plays scenarios to a client, keeps the outcomes, and has every outcome judged."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from contracts.consumer import generated
from contracts.model.exchange import Kind
from contracts.model.outcome import Outcome
from contracts.model.scenario import IN_A_ROW, Scenario, ScenarioSequence, at_page_load, interleaved, named, refreshed
from contracts.model.tokens import FAR_FUTURE, unsigned
from contracts.rules.consumer import RULE_SET, Memory
from contracts.rules.engine import NOTHING, Breach, Carried, Evaluator, Finding
from contracts.rules.known_deviations import Allowances

PHASES: Final = ("scenarios", "generated", "recorded")
KEPT_FINDINGS: Final = 200  # of one rule, so that every scenario that breaks it is named
PARALLEL: Final = 8  # sequences run in parallel in debounced mode


class Subject(Protocol):
    """An implementation under test: its name, whether it is real or mock, and its version, if that is known."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def version(self) -> str | None: ...


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


class ConsumerObserver:
    """Observes one client. After `patience` seconds the endpoint ends an exchange that would never end by itself."""

    def __init__(self, client: Client, allowances: Allowances, *, patience: float) -> None:
        self.client = client
        self.allowances = allowances
        self.evaluator: Evaluator[Outcome, Memory] = Evaluator(RULE_SET, excuse=allowances, kept=KEPT_FINDINGS)
        self.evidence: dict[int, Outcome] = {}
        self.results: dict[int, Mapping[str, Breach]] = {}  # by the number of an outcome: what each rule found in it
        self.first_seen: dict[str, int] = {}
        self.halted: str | None = None
        self._patience = patience
        self._broken: dict[str, list[str]] = {}  # by the name of a scenario: the rules that it broke
        self._tokens = (unsigned("7", now=FAR_FUTURE, ttl=900, jti=f"token-{n}") for n in itertools.count(1))

    @property
    def requests(self) -> int:
        """How many requests have reached the endpoint so far."""
        return self.client.requests

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.halted = self.halted or reason

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

    def judge(self, outcomes: Iterable[Outcome], carried: Mapping[int, Carried] = MappingProxyType({})) -> list[Finding]:
        """Judge outcomes and keep them as evidence. `carried`: the results of rules elsewhere, by the number of the outcome."""
        found: list[Finding] = []
        for outcome in outcomes:
            self.evidence[outcome.index] = outcome
            self.allowances.meet(outcome)
            broken = self.evaluator.add(outcome, carried.get(outcome.index, NOTHING))
            self.results[outcome.index] = self.evaluator.results
            for finding in broken:
                self.first_seen.setdefault(finding.rule, outcome.index)
                self._broken.setdefault(outcome.scenario.name, []).append(finding.rule)
            found += broken
        return found

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

    def broken_by(self, prefix: str) -> dict[str, tuple[str, ...]]:
        """The rules that the client broke with each scenario whose name begins so, known deviations included."""
        names = dict.fromkeys(outcome.scenario.name for outcome in self.evidence.values())
        return {name: tuple(self._broken.get(name, ())) for name in names if name.startswith(prefix)}
