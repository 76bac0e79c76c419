"""The result of a run: everything that a report is made from. A report does not change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.consumer.recorded import Recorded, Row
from contracts.model.part import Part
from contracts.model.scenario import RECORDED
from contracts.rules.judgement import ConsumerJudgement, Judgement, ProviderJudgement
from contracts.rules.verdict import Conclusion, conclude_all
from contracts.settings import Settings


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    `missing` maps the name of each implementation that was asked for and is not there to a sentence that says what to do.
    `argv` is the command line as it was given. `suite_args` is the part of it that names the suite, which may be a module of
    the project. `started` is in seconds since the epoch. `has_session` says that a customer
    was logged in, `has_other` that a second one was, `replayed` that a recording was judged.
    """

    settings: Settings
    judgements: Mapping[Part, Judgement] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    argv: tuple[str, ...] = ()
    suite_args: tuple[str, ...] = ("--pyargs", "contracts")
    started: float = 0.0
    seconds: float = 0.0
    has_session: bool = False
    has_other: bool = False
    replayed: bool = False

    @property
    def conclusion(self) -> Conclusion:
        """The conclusion of the whole run."""
        missing = [(name, Conclusion("incomplete", sentence)) for name, sentence in self.missing.items()]
        judged = [(judgement.name, judgement.conclusion) for judgement in self.judgements.values()]
        return conclude_all([*judged, *missing])

    @property
    def recorded(self) -> list[Row]:
        """The answers of the target that were played to clients, with the rules that each side broke."""
        clients = [judgement for judgement in self.judgements.values() if isinstance(judgement, ConsumerJudgement)]
        if not clients:
            return []
        broken = {client.name: client.observation.broken_by(RECORDED) for client in clients}
        return recorded(self.settings, self.judgements).rows(broken)


def recorded(settings: Settings, judgements: Mapping[Part, Judgement]) -> Recorded:
    """The answers of a target that can be played to clients; none if the target is the built-in store."""
    target = judgements.get(Part.PROVIDER)
    foreign = isinstance(target, ProviderJudgement) and (settings.base_url or settings.replay)
    return Recorded(target.observation.evidence.values() if isinstance(target, ProviderJudgement) and foreign else ())
