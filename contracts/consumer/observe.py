"""Lets a client meet scenarios, keeps what came of them, and has every outcome judged."""

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
from contracts.model.tokens import unsigned
from contracts.rules.consumer import RULE_SET, Memory
from contracts.rules.engine import NOTHING, Breach, Carried, Evaluator, Finding
from contracts.rules.known_deviations import Allowances

PHASES: Final = ("scenarios", "generated", "recorded")
KEPT_FINDINGS: Final = 200  # of one rule: every scenario that breaks it is named
ABREAST: Final = 8  # lanes that are worth having at the same time in a mode that makes every call wait
FAR_FUTURE: Final = 4_000_000_000


class Subject(Protocol):
    """What is judged: its name, whether it is real or mock, and its version, if that is known."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def version(self) -> str | None: ...


class Client(Subject, Protocol):
    """A consumer on its stage.

    `modes` are the ways in which it can be run, the quickest last; in `slow_modes` every call waits; `loads`: it has pages.
    """

    @property
    def modes(self) -> tuple[str, ...]: ...
    @property
    def slow_modes(self) -> tuple[str, ...]: ...
    @property
    def loads(self) -> bool: ...

    @property
    def requests(self) -> int:
        """Requests that reached the endpoint so far."""

    def play(self, sequences: Sequence[ScenarioSequence]) -> list[Outcome]:
        """What came of the scenarios, in their order; numbered on from one play to the next."""

    def close(self) -> None:
        """Stop what was started."""


class ConsumerObserver:
    """Observes one client. `patience`: seconds after which the endpoint itself ends what would not end."""

    def __init__(self, client: Client, allowances: Allowances, *, patience: float) -> None:
        self.client = client
        self.allowances = allowances
        self.evaluator: Evaluator[Outcome, Memory] = Evaluator(RULE_SET, excuse=allowances, kept=KEPT_FINDINGS)
        self.evidence: dict[int, Outcome] = {}
        self.results: dict[int, Mapping[str, Breach]] = {}  # what each rule said of an outcome
        self.first_seen: dict[str, int] = {}
        self.halted: str | None = None
        self._patience = patience
        self._broken: dict[str, list[str]] = {}  # scenario to rules
        self._tokens = (unsigned("7", now=FAR_FUTURE, ttl=900, jti=f"token-{n}") for n in itertools.count(1))

    @property
    def requests(self) -> int:
        """Requests that reached the endpoint so far."""
        return self.client.requests

    def note(self, reason: str) -> None:
        """Remember why the observation ended early."""
        self.halted = self.halted or reason

    def run(self, phase: str, seed: int = 0) -> None:
        """Observe in one of the two phases that need nothing else: scenarios, generated."""
        if self.halted:
            return
        if phase == "scenarios":
            self.play(list(self._named()))
        elif phase == "generated":
            generated.observe(self.meet, seed, known=set(self.first_seen))

    def meet(self, scenarios: Sequence[Scenario]) -> list[Finding]:
        """Let the client meet scenarios in its quickest mode; what they break."""
        return self.play([ScenarioSequence(tuple(interleaved(scenarios, self._tokens)), self.client.modes[-1])])

    def play(self, sequences: Sequence[ScenarioSequence]) -> list[Finding]:
        """Let the client play sequences and judge what came of it."""
        return self.judge(self.client.play(sequences))

    def judge(self, outcomes: Iterable[Outcome], carried: Mapping[int, Carried] = MappingProxyType({})) -> list[Finding]:
        """Judge outcomes and keep them as evidence. `carried`: what rules said elsewhere, by the outcome's number."""
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
        """The table, cut into sequences: what waits goes beside the rest, where the client can do that."""
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
            size = math.ceil(len(ends) / (ABREAST if slow else 1))
            parts = [ends[i : i + size] for i in range(0, len(ends), size)]
            parts += [[s] for s in table if not s.delivery.ends]
            parts += [[s for s in table if not s.delivery.reaches]]
            for part in parts:
                yield ScenarioSequence(tuple(interleaved(part, self._tokens)), mode)

    def replay(self, scenarios: Sequence[Scenario]) -> None:
        """Let the client meet recorded answers."""
        if scenarios and not self.halted:
            self.meet(scenarios)

    def broken_by(self, prefix: str) -> dict[str, tuple[str, ...]]:
        """Of scenarios whose names begin so: the rules that the client broke with each, known deviations included."""
        met: dict[str, tuple[str, ...]] = {
            o.scenario.name: () for o in self.evidence.values() if o.scenario.name.startswith(prefix)
        }
        return met | {name: tuple(rules) for name, rules in self._broken.items() if name in met}
