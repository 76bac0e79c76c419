"""What the terminal says at the end: the implementations, a card for every broken rule, the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from contracts.consumers.recorded import Row
from contracts.document import load
from contracts.exchange import Exchange, Response, described
from contracts.gate import ConsumerJudgement, Judgement, ProviderJudgement
from contracts.outcome import Outcome
from contracts.redaction import Redactor
from contracts.report.timeline import steps as timeline_steps
from contracts.run import Run

BODY_SHOWN = 400
WIDE = 100
QUIET_HEADERS = ("host", "user-agent", "accept-encoding", "date", "server")


def lines(run: Run) -> Iterator[tuple[str, str]]:
    """Lines with the colour that each should have: `red`, `yellow`, `green` or none."""
    redactor = run.learn()
    for j in run.judgements.values():
        said = list(j.verdicts.values())
        counts = ", ".join(f"{said.count(v)} {v}" for v in dict.fromkeys(sorted(said)))
        colour = {"conformant": "green", "non-conformant": "red"}.get(j.verdict, "yellow")
        version = f" {redactor.show(j.version)}" if j.version and j.role == "consumer" else ""
        yield f"{j.name}{version} ({j.role}, {j.kind}): {j.verdict}, {j.requests} requests; rules: {counts}", colour
    for j in run.judgements.values():
        for id, verdict in j.verdicts.items():
            if verdict in ("fail", "warn", "known", "fixed"):
                yield "", ""
                yield from card(run, j, id, verdict, redactor)
    yield from recorded(run.rows, redactor)


def card(run: Run, j: Judgement, id: str, verdict: str, redactor: Redactor) -> Iterator[tuple[str, str]]:
    """All that is to be known of a rule that does not simply hold."""
    document = load()
    text = document.rules[id]
    if verdict == "fixed":
        yield f"FIXED {id} ({text.level}), {j.name}: a known deviation is no longer seen; take it out of the list", "red"
        if isinstance(j, ConsumerJudgement):
            yield from labelled("Listed", [f"{d.condition}: {d.why}" for d in j.observer.excuses.fixed(id)])
        return
    tally = j.tallies[id]
    findings = [f for f in j.findings if f.rule == id]
    yield f"{verdict.upper()} {id} ({text.level}), {j.name}", "red" if verdict == "fail" else "yellow"
    yield f"  Rule      {text.text}", ""
    yield from labelled("Source", [document.source(s) for s in text.source])
    yield f"  Expected  {redactor.show(findings[0].expected)}", ""
    yield f"  Actual    {redactor.show(findings[0].actual)}", ""
    if isinstance(j, ProviderJudgement) and (x := j.observer.evidence.get(findings[0].exchange)):
        yield from labelled("Exchange", list(exchange(x, redactor)))
    if isinstance(j, ConsumerJudgement):
        if verdict != "known":
            yield from labelled("Timeline", list(timeline(j.observer.evidence[findings[0].exchange], redactor)))
        others = [j.observer.evidence[f.exchange].scenario for f in findings[1:]]
        names = dict.fromkeys(s.name for s in others if s.named and not findings[0].actual.startswith(f"{s.name}:"))
        yield from labelled("Also in", textwrap.wrap(", ".join(names), WIDE))
        if verdict == "known":
            yield from labelled("Why", j.observer.excuses.why(id))
    if tally.shared and tally.broken > 1:
        what = "request" if j.role == "provider" else "scenario"
        yield f"  Shared    {redactor.show(described(tally.shared))} (in every {what} that broke it)", ""
    what = "exchanges" if j.role == "provider" else "outcomes"
    yield f"  Seen      in {tally.broken} of {tally.exercised} {what}, first in number {j.first_seen[id]}", ""
    yield f"  Again     {run.rerun(j, findings[0])}", ""


def timeline(o: Outcome, redactor: Redactor) -> Iterator[str]:
    """What happened around a call, a line for each step."""
    for step in timeline_steps(o):
        at = "       " if step.at is None else f"{step.at:5.2f} s"
        yield f"{at}  {step.who:7}  {redactor.show(step.text, 160)}"


def recorded(rows: Sequence[Row], redactor: Redactor) -> Iterator[tuple[str, str]]:
    """The answers that clients met as recorded: one row, two verdicts."""
    if not rows:
        return
    yield "", ""
    yield "Answers of the environment, and what each side makes of them:", ""
    for row in rows:
        yield f"  exchange {row.exchange}: {redactor.show(row.what)}", ""
        yield f"    provider  {', '.join(row.provider) or 'keeps the contract'}", "yellow" if row.provider else ""
        for name, rules in row.consumers.items():
            yield f"    {name:8}  {', '.join(rules) or 'keeps the contract'}", "yellow" if rules else ""


def labelled(label: str, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The texts in a column, the label before the first."""
    for number, text in enumerate(texts):
        yield f"  {label if not number else '':8}  {text}", ""


def exchange(x: Exchange, redactor: Redactor) -> Iterator[str]:
    """An exchange as it stood on the wire, without secrets."""
    redactor.learn_exchange(x)
    r = x.request
    situation = f"{x.situation.probe}; after: {x.situation.after}"
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
    for name, value in x.answer.headers[:30]:
        if name.lower() not in QUIET_HEADERS:
            yield f"< {redactor.header(name, value)}"
    if x.answer.body:
        yield redactor.show(f"< {x.answer.body.decode('utf-8', 'backslashreplace')}", BODY_SHOWN)
