"""All that is to be known of a rule that does not simply hold, gathered once: the terminal and the page show the same.

Every text in a card is redacted and harmless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.judge import ConsumerJudgement, Judgement, ProviderJudgement
from contracts.model.document import load
from contracts.model.exchange import Exchange, Response, described
from contracts.model.outcome import Outcome
from contracts.redaction.redactor import Redactor
from contracts.report import curl
from contracts.report.drawing import draw
from contracts.report.timeline import steps
from contracts.run import Run

SHOWN: Final = ("fail", "warn", "known", "fixed")  # verdicts that get a card
BODY_SHOWN: Final = 400
HEADERS_SHOWN: Final = 30
QUIET_HEADERS: Final = ("host", "user-agent", "accept-encoding", "date", "server")


@dataclass(frozen=True)
class Card:
    """A rule that an implementation broke, or a known deviation that is gone (`fixed`: then nothing was seen to be shown)."""

    rule: str
    level: str
    role: str
    verdict: str
    implementation: str
    text: str
    sources: tuple[str, ...]
    expected: str = ""
    actual: str = ""
    exchange: tuple[str, ...] = ()  # as it stood on the wire, a line each
    timeline: tuple[str, ...] = ()  # what happened around the call, a line each
    picture: str = ""  # the same as SVG
    also: tuple[str, ...] = ()  # other scenarios that broke it
    why: tuple[str, ...] = ()  # of known deviations
    shared: str = ""
    seen: str = ""
    curl: str = ""
    again: str = ""


def cards(run: Run) -> Iterator[Card]:
    """A card for each rule and implementation that needs one."""
    redactor = run.learn()
    for j in run.judgements.values():
        for id, verdict in j.verdicts.items():
            if verdict in SHOWN:
                yield _card(run, j, id, verdict, redactor)


def _card(run: Run, j: Judgement, id: str, verdict: str, redactor: Redactor) -> Card:
    document = load()
    text = document.rules[id]
    what = (id, text.level, text.role, verdict, j.name, text.text, tuple(document.source(s) for s in text.source))
    if verdict == "fixed":
        return Card(*what, why=_reasons(j, id, verdict, redactor), again=run.rerun(j, id))
    tally, findings = j.tallies[id], [f for f in j.findings if f.rule == id]
    first = findings[0]
    exchange: Sequence[str] = ()
    timeline: Sequence[str] = ()
    also: Sequence[str] = ()
    picture = command = ""
    if isinstance(j, ProviderJudgement) and (x := j.observer.evidence.get(first.exchange)):
        exchange, command = tuple(on_the_wire(x, redactor)), curl.line(x, redactor)
    if isinstance(j, ConsumerJudgement):
        o = j.observer.evidence[first.exchange]
        timeline = tuple(story(o, redactor))
        picture = draw(o, [id], client=j.name, redactor=redactor) if verdict != "known" else ""
        others = [j.observer.evidence[f.exchange].scenario for f in findings[1:]]
        also = tuple(dict.fromkeys(s.name for s in others if s.named and not first.actual.startswith(f"{s.name}:")))
    shared = ""
    if tally.shared and tally.broken > 1:
        every = "request" if j.role == "provider" else "scenario"
        shared = f"{redactor.show(described(tally.shared))} (in every {every} that broke it)"
    return Card(
        *what,
        expected=redactor.show(first.expected),
        actual=redactor.show(first.actual),
        exchange=tuple(exchange),
        timeline=tuple(timeline),
        picture=picture,
        also=tuple(also),
        why=_reasons(j, id, verdict, redactor) if verdict == "known" else (),
        shared=shared,
        seen=f"in {tally.broken} of {tally.exercised} {j.cases}, first in number {j.first_seen[id]}",
        curl=command,
        again=run.rerun(j, id),
    )


def _reasons(j: Judgement, id: str, verdict: str, redactor: Redactor) -> tuple[str, ...]:
    """Why known deviations are accepted, as their lists say it."""
    reasons: Sequence[str] = ()
    if isinstance(j, ProviderJudgement):
        reasons = [f"{d.why}{f' (since {d.since})' if d.since else ''}" for d in j.listed(id)]
    elif isinstance(j, ConsumerJudgement):
        reasons = (
            [f"{d.condition}: {d.why}" for d in j.observer.allowances.fixed(id)]
            if verdict == "fixed"
            else j.observer.allowances.why(id)
        )
    return tuple(redactor.show(reason, 1000) for reason in reasons)


def story(o: Outcome, redactor: Redactor) -> Iterator[str]:
    """What happened around a call, a line for each step."""
    for step in steps(o):
        at = "       " if step.at is None else f"{step.at:5.2f} s"
        yield f"{at}  {step.who:7}  {redactor.show(step.text, 160)}"


def on_the_wire(x: Exchange, redactor: Redactor) -> Iterator[str]:
    """An exchange as it stood on the wire, without secrets."""
    redactor.learn_exchange(x)
    r = x.request
    situation = f"{x.situation.probe}; after: {x.situation.after}" if x.situation.probe else "recorded elsewhere"
    yield f"number {x.index}: {situation}{'; overlapping' if x.situation.overlaps else ''}"
    yield redactor.show(f"> {r.method} {r.url}")
    for name, value in r.headers:
        if name.lower() not in QUIET_HEADERS:
            yield f"> {redactor.header(name, value)}"
    if r.body:
        yield redactor.show(f"> {r.body.decode('latin-1')}", 160)
    if not isinstance(x.answer, Response):
        yield redactor.show(f"< {x.answer.message}")
        return
    yield f"< HTTP {x.answer.status} after {x.answer.seconds:.2f} s"
    for name, value in x.answer.headers[:HEADERS_SHOWN]:
        if name.lower() not in QUIET_HEADERS:
            yield f"< {redactor.header(name, value)}"
    if x.answer.body:
        yield redactor.show(f"< {x.answer.body.decode('utf-8', 'backslashreplace')}", BODY_SHOWN)
