"""What a run found: everything that a report is made of, and nothing that could still change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.consumer.recorded import PREFIX, Recorded, Row
from contracts.model.part import Part
from contracts.rules.judgement import ConsumerJudgement, Judgement, ProviderJudgement
from contracts.rules.verdict import Conclusion, conclude_all
from contracts.settings import Settings


@dataclass(frozen=True)
class RunResult:
    """The end of a run.

    `missing` names what was asked for and is not there, with a sentence that says what to do. `argv` is the command line as it
    was given, `suite_args` the part of it that names the suite: a project may have it in a module of its own. `started` is in
    seconds since the epoch. `has_session`: a customer was logged in. `replayed`: it judged a recording.
    """

    settings: Settings
    judgements: Mapping[Part, Judgement] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    argv: tuple[str, ...] = ()
    suite_args: tuple[str, ...] = ("--pyargs", "contracts")
    started: float = 0.0
    seconds: float = 0.0
    has_session: bool = False
    replayed: bool = False

    @property
    def conclusion(self) -> Conclusion:
        """The conclusion of the whole run."""
        missing = [(name, Conclusion("incomplete", sentence)) for name, sentence in self.missing.items()]
        return conclude_all([*((j.name, j.conclusion) for j in self.judgements.values()), *missing])

    @property
    def recorded(self) -> list[Row]:
        """The answers of the target that clients met too: what each side broke with them."""
        clients = [j for j in self.judgements.values() if isinstance(j, ConsumerJudgement)]
        if not clients:
            return []
        return recorded(self.settings, self.judgements).rows({j.name: j.observation.broken_by(PREFIX) for j in clients})


def recorded(settings: Settings, judgements: Mapping[Part, Judgement]) -> Recorded:
    """What a target answered in a run, for clients to meet; nothing of the built-in store."""
    target = judgements.get(Part.PROVIDER)
    foreign = isinstance(target, ProviderJudgement) and (settings.base_url or settings.replay)
    return Recorded(target.observation.evidence.values() if isinstance(target, ProviderJudgement) and foreign else ())
