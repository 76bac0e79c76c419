"""The lines that the terminal shows at the end: the implementations, and a card for each rule that needs a look."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from contracts.redaction.redacted import Redacted
from contracts.report import timeline, wire
from contracts.report.model import FIXED, Implementation, Recorded, Report, RuleResult
from contracts.rules.confidence import percent

WIDE = 100
_COLOURS = {"fail": "red", "fixed": "red"}


def lines(redacted: Redacted[Report]) -> Iterator[tuple[str, str]]:
    """The lines, each with its colour: `red`, `yellow`, `green` or an empty text for none."""
    report = redacted.model
    for implementation in report.implementations:
        results = [result for result in report.results if result.implementation == implementation.name]
        verdicts = sorted(result.verdict for result in results)
        counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts))
        name, role, verdict = implementation.name, implementation.role, implementation.verdict
        colour = {"conformant": "green", "non-conformant": "red"}.get(verdict, "yellow")
        version = f" {implementation.version}" if implementation.version and role == "consumer" else ""
        subject = f"{name}{version} ({role}, {implementation.kind})"
        yield f"{subject}: {verdict}, {implementation.requests} requests; rules: {counts}", colour
        if implementation.phases:
            yield f"  requests: {', '.join(f'{sent} {phase}' for phase, sent in implementation.phases)}", ""
        if verdict == "conformant":
            yield from confidence(implementation, results)
        if implementation.remark:
            yield f"  recorded elsewhere: {implementation.remark}", ""
        for note in implementation.notes:
            yield f"  {note}", ""
    for card in report.cards:
        yield "", ""
        yield from shown(card, report.told_with(card))
    yield from recorded(report.recorded)


def confidence(implementation: Implementation, results: Sequence[RuleResult]) -> Iterator[tuple[str, str]]:
    """How rare a fault would still have been caught: for the MUST that was exercised most, and for the one exercised least."""
    must = [result for result in results if result.level == "MUST"]
    held = [result for result in must if result.verdict == "pass"]
    if held and not any(result.verdict == "blocked" for result in must):
        fewest, most = (pick(held, key=lambda result: result.exercised or 0) for pick in (min, max))
        usual, rarest = (percent(result.would_see or 1) for result in (most, fewest))
        cases = "answers" if implementation.cases == "exchanges" else implementation.cases
        yield f"  would have caught, with 95 % probability, any fault in {usual} of {cases} or more", ""
        yield f"  (in {rarest} or more for {fewest.rule}, which {fewest.exercised} of them exercised)", ""


def shown(card: RuleResult, others: Sequence[RuleResult] = ()) -> Iterator[tuple[str, str]]:
    """The lines of a card. `others` are the rules that are broken for the same cause."""
    gone = f": {FIXED}" if card.verdict == "fixed" else ""
    colour = _COLOURS.get(card.verdict, "yellow")
    yield f"{card.verdict.upper()} {card.rule} ({card.level}), {card.implementation}{gone}", colour
    if gone:
        yield from labelled("Listed", card.reasons)
        return
    yield from labelled("Rule", [card.text])
    yield from labelled("Source", card.sources)
    for finding in card.findings[:1]:
        yield from labelled("Expected", [finding.expected])
        yield from labelled("Actual", [finding.actual])
    yield from labelled("Cause", [card.cause] if card.cause else [])
    yield from labelled("And so", [told_briefly(other) for other in others])
    yield from labelled("Exchange", [*wire.lines(card.wire)] if card.wire else [])
    yield from labelled("Timeline", [*timeline.lines(card.story)] if card.story and card.verdict != "known" else [])
    yield from labelled("Also in", textwrap.wrap(", ".join(card.also), WIDE))
    yield from labelled("Why", card.reasons)
    yield from labelled("Shared", [card.shared] if card.shared else [])
    yield from labelled("Seen", [card.seen])
    yield from labelled("Again", [card.again])


def told_briefly(result: RuleResult) -> str:
    """A rule that another one's card tells of, in one line."""
    first = result.findings[0]
    return f"{result.rule} ({result.level}): expected {first.expected}; {first.actual} (number {first.exchange})"


def recorded(rows: Sequence[Recorded]) -> Iterator[tuple[str, str]]:
    """The recorded answers that were played to clients, with the rules that each side broke."""
    if not rows:
        return
    yield "", ""
    yield "Answers of the environment, and what each side makes of them:", ""
    for row in rows:
        yield f"  exchange {row.exchange}: {row.answer}", ""
        yield f"    provider  {', '.join(row.provider) or 'keeps the contract'}", "yellow" if row.provider else ""
        for name, rules in row.consumers.items():
            yield f"    {name:8}  {', '.join(rules) or 'keeps the contract'}", "yellow" if rules else ""


def labelled(label: str, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The texts in a column, with the label before the first."""
    for number, text in enumerate(texts):
        yield f"  {label if not number else '':8}  {text}", ""
