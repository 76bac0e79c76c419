"""The report as one model. It is redacted once, and then all files and all output of a run are made from it.

    RunResult ──► report() ──► Report ──► redact() ──► Redacted[Report] ──► terminal, page, json, summary, badge, annotations

Report
├── Implementation …     what was judged
├── RuleResult …         the result of one rule for one implementation
│   ├── Finding …            what was expected, and what was found
│   ├── Wire                 the smallest exchange that broke it
│   └── Story                what happened around the call that broke it
├── Check …              whether the implementation could be judged
└── Recorded …           an answer of the target that was played to clients
"""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final

from contracts import __version__
from contracts.consumer.recorded import Row
from contracts.model.document import RuleText, load
from contracts.model.exchange import described
from contracts.provider.probes import BEARER
from contracts.redaction.redacted import Command, Public, Shown
from contracts.report import commands, files
from contracts.report.timeline import Story, story
from contracts.report.wire import Wire, wire
from contracts.result import RunResult
from contracts.rules.cause import Causes
from contracts.rules.confidence import would_see
from contracts.rules.engine import Finding as RuleFinding
from contracts.rules.grouping import leaders
from contracts.rules.judgement import ConsumerJudgement, Judgement, ProviderJudgement
from contracts.rules.verdict import BROKEN, Conclusion

DETAILED: Final = ("fail", "warn", "known")  # verdicts whose evidence is shown
CARDS: Final = (*DETAILED, "fixed")
UNVERIFIED: Final = ("not-exercised", "blocked")
FIXED: Final = "a known deviation is no longer seen; take it out of the list"
ERROR: Final = "the suite itself failed at this rule"
NEEDS_SESSION: Final = "it needs a session that the target accepts"
NOT_ASKED: Final = "it was not asked for"


@dataclass(frozen=True)
class Implementation:
    """An implementation that was judged.

    `remark` tells the limits of a recording that another program made, and `notes` how it was observed: what was waited for, and
    why some answers are not judged. `phases` says how many requests each phase has sent.
    """

    name: str
    role: Public
    kind: Public
    version: str | None
    verdict: Public
    requests: int
    cases: Public = "exchanges"
    remark: Annotated[str, Shown(500)] | None = None
    notes: tuple[Annotated[str, Shown(500)], ...] = ()
    phases: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Finding:
    """What was expected and what was found, in the exchange or outcome with this number."""

    expected: str
    actual: str
    exchange: int


@dataclass(frozen=True)
class RuleResult:
    """The result of one rule for one implementation.

    `exercised` is the number of cases that exercised the rule, or None if they were not counted. The members from `wire` on
    describe the evidence of a rule that did not pass: `also` names other scenarios that broke it, `reasons` says why known
    deviations are accepted, `cause` when an endpoint breaks it, `shared` what all broken scenarios have in common, `seen` how
    often it was broken, `again` how to judge it again, and `unverified` why it could not be verified. `told_with` is the rule
    whose card tells of this one too; empty if it has a card of its own.
    """

    rule: Public
    level: Public
    role: Public
    text: Public
    sources: tuple[Public, ...]
    implementation: str
    verdict: Public
    exercised: int | None = None
    findings: tuple[Finding, ...] = ()
    wire: Wire | None = None
    story: Story | None = None
    also: tuple[Public, ...] = ()
    reasons: tuple[Annotated[str, Shown(1000)], ...] = ()
    cause: str = ""
    shared: str = ""
    seen: Public = ""
    again: Command = ""
    unverified: Public = ""
    told_with: Public = ""

    @property
    def would_see(self) -> float | None:
        """The smallest share of broken cases that would have been seen with 95 % probability; None if none exercised the rule."""
        return would_see(self.exercised or 0)

    @property
    def is_broken(self) -> bool:
        """Whether this result fails the run."""
        return self.verdict in BROKEN


@dataclass(frozen=True)
class Check:
    """One condition for judging an implementation at all, such as that it answers. `ok` is None if it was not checked."""

    implementation: str
    what: Public
    ok: bool | None
    said: Annotated[str, Shown(500)]


@dataclass(frozen=True)
class Recorded:
    """An answer of the target that was also played to clients, and the rules that each side broke with it."""

    exchange: int
    answer: str
    provider: tuple[Public, ...]
    consumers: Mapping[str, tuple[Public, ...]]


@dataclass(frozen=True)
class Report:
    """The report of a whole run. `evidence` is the path of its HAR file, quoted for a shell; None if it writes none."""

    verdict: Public
    reason: Annotated[str, Shown(2000)] | None
    requests: int = 0
    seconds: float = 0.0
    seed: int = 0
    implementations: tuple[Implementation, ...] = ()
    results: tuple[RuleResult, ...] = ()
    checks: tuple[Check, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    command: Command = ""
    configuration: tuple[tuple[Public, str], ...] = ()
    started: Public = ""
    evidence: Command | None = None
    suite: Public = __version__

    @property
    def conclusion(self) -> Conclusion:
        """The conclusion of the run."""
        return Conclusion(self.verdict, self.reason)

    @property
    def cards(self) -> tuple[RuleResult, ...]:
        """The results that a reader has to look at, one for each cause: broken rules, warnings and known deviations."""
        return tuple(result for result in self.results if result.verdict in CARDS and not result.told_with)

    def told_with(self, card: RuleResult) -> tuple[RuleResult, ...]:
        """The other rules that the exchanges of a card broke, for the same cause."""
        return tuple(r for r in self.results if r.told_with == card.rule and r.implementation == card.implementation)


def report(run: RunResult) -> Report:
    """The report of a run, not yet redacted."""
    conclusion, judgements = run.conclusion, list(run.judgements.values())
    return Report(
        conclusion.verdict,
        conclusion.reason,
        requests=sum(judgement.requests for judgement in judgements),
        seconds=round(run.seconds, 3),
        seed=run.settings.seed,
        implementations=tuple(map(_implementation, judgements)),
        results=tuple(_results(run)),
        checks=tuple(_checks(run)),
        recorded=tuple(map(_recorded, run.recorded)),
        command=commands.given(run),
        configuration=tuple(commands.configuration(run)),
        started=datetime.datetime.fromtimestamp(run.started, datetime.UTC).isoformat(timespec="seconds"),
        evidence=None if run.replayed or not judgements else shlex.quote(str(run.settings.report / files.EVIDENCE)),
    )


def _implementation(judgement: Judgement) -> Implementation:
    return Implementation(
        judgement.name,
        judgement.role,
        judgement.kind,
        judgement.version,
        judgement.verdict,
        judgement.requests,
        judgement.cases,
        judgement.remark,
        (*([judgement.cut_short] if judgement.cut_short else []), *judgement.notes),
        tuple(judgement.phases.items()) if isinstance(judgement, ProviderJudgement) else (),
    )


def _recorded(row: Row) -> Recorded:
    return Recorded(row.exchange, row.what, row.provider, row.consumers)


# --- rules --------------------------------------------------------------------------------------------------------------


def _results(run: RunResult) -> Iterator[RuleResult]:
    for part, judgement in run.judgements.items():
        causes = None
        if isinstance(judgement, ProviderJudgement):
            causes = Causes(judgement.observation.evidence, judgement.observation.results)
        led = leaders(causes, judgement.verdicts) if causes else {}
        for rule_id, verdict in judgement.verdicts.items():
            result = _result(judgement, load().rules[rule_id], verdict)
            if verdict in CARDS:
                cause = causes.of(rule_id).words if causes and verdict in DETAILED else ""
                again = commands.again(run, part, rule_id)
                result = replace(result, again=again, cause=cause, told_with=led.get(rule_id, ""))
            yield result


def _result(judgement: Judgement, rule: RuleText, verdict: str) -> RuleResult:
    tally = judgement.tallies.get(rule.id)
    findings = [finding for finding in judgement.findings if finding.rule == rule.id]
    first = findings[0] if verdict in DETAILED else None
    shared = ""
    if first and tally and tally.shared and tally.broken > 1 and judgement.role == "consumer":
        shared = f"{described(tally.shared)} (in every scenario that broke it)"
    number = judgement.first_seen.get(rule.id)
    return RuleResult(
        rule.id,
        rule.level,
        rule.role,
        rule.text,
        tuple(load().source(name) for name in rule.source),
        judgement.name,
        verdict,
        exercised=tally.exercised if tally else None,
        findings=tuple(Finding(f.expected, f.actual, f.exchange) for f in findings),
        wire=_wire(judgement, first),
        story=_story(judgement, first),
        also=tuple(dict.fromkeys(_also(judgement, findings))),
        reasons=tuple(judgement.reasons(rule.id)) if verdict in ("known", "fixed") else (),
        shared=shared,
        seen=f"in {tally.broken} of {tally.exercised} {judgement.cases}, first in number {number}" if first and tally else "",
        unverified=_unverified(judgement, rule, verdict),
    )


def _wire(judgement: Judgement, first: RuleFinding | None) -> Wire | None:
    if first is None or not isinstance(judgement, ProviderJudgement):
        return None
    exchange = judgement.observation.evidence.get(first.exchange)
    return wire(exchange) if exchange else None


def _story(judgement: Judgement, first: RuleFinding | None) -> Story | None:
    if first is None or not isinstance(judgement, ConsumerJudgement):
        return None
    return story(judgement.observation.evidence[first.exchange])


def _also(judgement: Judgement, findings: list[RuleFinding]) -> Iterator[str]:
    """The other named scenarios that broke the rule."""
    if not isinstance(judgement, ConsumerJudgement):
        return
    for finding in findings[1:]:
        scenario = judgement.observation.evidence[finding.exchange].scenario
        if scenario.named and not findings[0].actual.startswith(f"{scenario.name}:"):
            yield scenario.name


def _unverified(judgement: Judgement, rule: RuleText, verdict: str) -> str:
    if verdict not in UNVERIFIED:
        return ""
    if rule.id not in judgement.rules:
        return NOT_ASKED
    return NEEDS_SESSION if verdict == "blocked" else f"exercised by {rule.exercised}"


# --- the set-up ---------------------------------------------------------------------------------------------------------


def _checks(run: RunResult) -> Iterator[Check]:
    for judgement in run.judgements.values():
        if isinstance(judgement, ProviderJudgement) and not run.settings.replay:
            yield from _target(judgement)
        if isinstance(judgement, ProviderJudgement) and judgement.phases:
            sent = ", ".join(f"{count} {phase}" for phase, count in judgement.phases.items())
            yield Check(judgement.name, "requests of each phase", None if run.replayed else True, sent)
            yield from _token_alone(judgement)
        ended = judgement.halted or judgement.cut_short
        told = ended or judgement.remark or f"{len(judgement.observation.results)} {judgement.cases} judged"
        yield Check(judgement.name, "observed to the end", ended is None, told)
        for note in judgement.notes:
            yield Check(judgement.name, "waited where it asked for it", True, note)
    for name, sentence in run.missing.items():
        yield Check(name, "there to be judged", False, sentence)


def _token_alone(judgement: ProviderJudgement) -> Iterator[Check]:
    """What the endpoint says to the last token without a session, which no rule judges."""
    for exchange in judgement.observation.evidence.values():
        if exchange.situation.session == BEARER and (r := exchange.response):
            accepted = "was accepted: whoever has a token can renew it without the session's cookie"
            said = f"it {accepted if r.claims_success else 'was refused'} (HTTP {r.status})"
            yield Check(judgement.name, "asked with the last token alone", True, said)


def _target(judgement: ProviderJudgement) -> Iterator[Check]:
    health, target = judgement.observation.target_health, judgement.observation.target
    yield Check(judgement.name, "reached", health.answers > 0, f"{health.answers} of {judgement.requests} requests were answered")
    if health.answers:
        wrong = health.no_endpoint(target.path)
        yield Check(judgement.name, "a refresh endpoint", wrong is None, wrong or f"answers at {target.path}")
    if target.anonymous:
        yield Check(judgement.name, "session accepted", None, "none was given (--refresh-anonymous)")
    elif health.logged_in:
        refused = f"{health.refused} of {health.logged_in} logged-in requests were answered 401 or 403"
        yield Check(judgement.name, "session accepted", not judgement.session_refused, refused)
