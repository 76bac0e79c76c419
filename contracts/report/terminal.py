"""What the terminal says at the end: the implementations, a card for every broken rule, the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.document import load
from contracts.exchange import Exchange, Response, described
from contracts.redaction import Redactor
from contracts.run import Run

BODY_SHOWN = 400
QUIET_HEADERS = ("host", "user-agent", "accept-encoding", "date", "server")


def lines(run: Run) -> Iterator[tuple[str, str]]:
    """Lines with the colour that each should have: `red`, `yellow`, `green` or none."""
    redactor = run.learn()
    for j in run.judgements.values():
        said = list(j.verdicts.values())
        counts = ", ".join(f"{said.count(v)} {v}" for v in dict.fromkeys(sorted(said)))
        colour = {"conformant": "green", "non-conformant": "red"}.get(j.verdict, "yellow")
        yield f"{j.provider.name} ({j.provider.kind}): {j.verdict}, {j.requests} requests; rules: {counts}", colour
    document = load()
    for name, j in run.judgements.items():
        verdicts = j.verdicts
        for id, text in document.rules.items():
            verdict = verdicts.get(id)
            if verdict == "fixed":
                yield "", ""
                yield f"FIXED {id} ({text.level}), {name}: a known deviation is no longer seen; take it out of the list", "red"
            if verdict not in ("fail", "warn", "known"):
                continue
            tally = j.observer.judging.tallies[id]
            finding = tally.findings[0]
            yield "", ""
            yield f"{verdict.upper()} {id} ({text.level}), {j.provider.name}", "red" if verdict == "fail" else "yellow"
            yield f"  Rule      {text.text}", ""
            yield from labelled("Source", [document.source(s) for s in text.source])
            yield f"  Expected  {redactor.show(finding.expected)}", ""
            yield f"  Actual    {redactor.show(finding.actual)}", ""
            if x := j.observer.evidence.get(finding.exchange):
                yield from labelled("Exchange", list(exchange(x, redactor)))
            if tally.shared and tally.broken > 1:
                yield f"  Shared    {redactor.show(described(tally.shared))} (in every request that broke it)", ""
            yield f"  Seen      in {tally.broken} of {tally.exercised} exchanges, first in number {j.observer.first_seen[id]}", ""
            yield f"  Again     {run.rerun(j, finding)}", ""


def labelled(label: str, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The texts in a column, the label before the first."""
    for number, text in enumerate(texts):
        yield f"  {label if not number else '':8}  {text}", ""


def exchange(x: Exchange, redactor: Redactor) -> Iterator[str]:
    """An exchange as it stood on the wire, without secrets."""
    r = x.request
    situation = f"{x.situation.probe}; after: {x.situation.after}"
    yield f"number {x.index}: {situation}{'; overlapping' if x.situation.overlaps else ''}"
    yield redactor.show(f"> {r.method} {r.url}")
    for name, value in r.headers:
        if name.lower() not in QUIET_HEADERS:
            yield redactor.show(f"> {name}: {value}", 100)
    if r.body:
        yield redactor.show(f"> {r.body.decode('latin-1')}", 160)
    if not isinstance(x.answer, Response):
        yield redactor.show(f"< {x.answer.message}")
        return
    yield f"< HTTP {x.answer.status} after {x.answer.seconds:.2f} s"
    for name, value in x.answer.headers[:30]:
        if name.lower() not in QUIET_HEADERS:
            yield redactor.show(f"< {name}: {value}", 100)
    if x.answer.body:
        yield redactor.show(f"< {x.answer.body.decode('utf-8', 'backslashreplace')}", BODY_SHOWN)
