"""What the terminal says at the end: the implementations, a card for every broken rule, the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from contracts.consumer.recorded import Row
from contracts.judge import Judgement
from contracts.model.document import load
from contracts.redaction.redactor import Redactor
from contracts.report.cards import Card
from contracts.report.cases import FIXED
from contracts.rules.confidence import percent, would_see
from contracts.run import Run

WIDE = 100
_COLOURS = {"fail": "red", "fixed": "red"}


def lines(run: Run, cards: Iterable[Card]) -> Iterator[tuple[str, str]]:
    """Lines with the colour that each should have: `red`, `yellow`, `green` or none."""
    redactor = run.learn()
    for j in run.judgements.values():
        said = list(j.verdicts.values())
        counts = ", ".join(f"{said.count(v)} {v}" for v in dict.fromkeys(sorted(said)))
        colour = {"conformant": "green", "non-conformant": "red"}.get(j.verdict, "yellow")
        version = f" {redactor.show(j.version)}" if j.version and j.role == "consumer" else ""
        yield f"{j.name}{version} ({j.role}, {j.kind}): {j.verdict}, {j.requests} requests; rules: {counts}", colour
        if j.verdict == "conformant":
            yield from proven(j)
        if j.remark:
            yield f"  recorded elsewhere: {redactor.show(j.remark, 500)}", ""
    for card in cards:
        yield "", ""
        yield from shown(card)
    yield from recorded(run.rows, redactor)


def proven(j: Judgement) -> Iterator[tuple[str, str]]:
    """How rare a fault may be and would still have been seen: by the MUST exercised most, and by that exercised least."""
    must = {id: verdict for id, verdict in j.verdicts.items() if load().rules[id].level == "MUST"}
    held = {id: j.tallies[id].exercised for id, verdict in must.items() if verdict == "pass"}
    if held and "blocked" not in must.values():
        least = min(held, key=lambda id: held[id])
        most, fewest = (percent(would_see(n) or 1) for n in (max(held.values()), held[least]))
        yield f"  95 % sure to have seen what breaks {most} of {j.cases}; {least}, exercised {held[least]} times: {fewest}", ""


def shown(card: Card) -> Iterator[tuple[str, str]]:
    """A card as lines."""
    gone = f": {FIXED}" if card.verdict == "fixed" else ""
    colour = _COLOURS.get(card.verdict, "yellow")
    yield f"{card.verdict.upper()} {card.rule} ({card.level}), {card.implementation}{gone}", colour
    if gone:
        yield from labelled("Listed", card.why)
        return
    yield from labelled("Rule", [card.text])
    yield from labelled("Source", card.sources)
    yield from labelled("Expected", [card.expected])
    yield from labelled("Actual", [card.actual])
    yield from labelled("Exchange", card.exchange)
    yield from labelled("Timeline", card.timeline if card.verdict != "known" else ())
    yield from labelled("Also in", textwrap.wrap(", ".join(card.also), WIDE))
    yield from labelled("Why", card.why)
    yield from labelled("Shared", [card.shared] if card.shared else [])
    yield from labelled("Seen", [card.seen])
    yield from labelled("Again", [card.again])


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
