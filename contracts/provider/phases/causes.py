"""Questions about the cause of a broken MUST: the bare call, the bare call with one suspect, the broken call without it.

They are asked only where a MUST was broken, with requests that the other phases left for them. What is known is not asked again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from contracts.model.document import load
from contracts.model.exchange import Exchange
from contracts.model.limits import CAUSE_REQUESTS
from contracts.provider.bodies import BODIES
from contracts.provider.observe import Observer
from contracts.provider.probes import METHODS, QUERIES, SESSIONS, Probe, sdk_headers
from contracts.rules.cause import Cause, Causes
from contracts.rules.traits import HEADER, Trait, row_of

ENOUGH: Final = 3  # times that a request alike is sent, to tell a fault by chance from one that is always there
SUSPECTS: Final = 2  # most suspects of one cause that are asked about


def observe(observer: Observer) -> None:
    """Ask at most `CAUSE_REQUESTS` questions. Errors as `Observer.probe`."""
    observer.ask_for_causes()
    last = observer.requests + CAUSE_REQUESTS
    asked: set[Probe] = set()
    while observer.requests < last:
        question = next((probe for probe in _questions(observer) if probe not in asked), None)
        if question is None:
            return
        asked.add(question)
        observer.probe(replace(question, name="a question about the cause"))


def _questions(observer: Observer) -> Iterator[Probe]:
    """The questions that are open, the most telling first; what was answered already is left out."""
    causes = Causes(observer.evidence, observer.evidence.results)
    rules = load().rules
    broken = [rule_id for rule_id, tally in observer.evaluator.tallies.items() if tally.broken]
    told: set[tuple[int, ...]] = set()
    for rule_id in broken:
        cause = causes.of(rule_id)
        if rules[rule_id].level == "MUST" and cause.exchanges and cause.exchanges not in told:
            told.add(cause.exchanges)
            yield from _about(observer, cause)


def _about(observer: Observer, cause: Cause) -> Iterator[Probe]:
    """What may be asked about one cause: the broken call again, each suspect alone, the broken call without it."""
    sent = [_like(exchange) for exchange in observer.evidence.values()]
    broken = min(
        (observer.evidence[number] for number in cause.exchanges), key=lambda one: (one.situation.overlaps, one.size, one.index)
    )
    probe = _like(broken)
    if probe is None:
        return
    if sent.count(probe) < ENOUGH:
        yield probe
    for suspect in cause.suspects[:SUSPECTS]:
        yield from (asked for asked in (_alone(suspect, probe), _without(suspect, probe)) if asked and asked not in sent)
    bare = Probe("", method=probe.method, session=probe.session)
    if bare not in sent:
        yield bare


def _like(exchange: Exchange) -> Probe | None:
    """The probe that an exchange came from, without its name and whatever came before; None if it cannot be sent again."""
    row = row_of(exchange)
    session = "valid" if row["session"] == "unknown" else row["session"]
    body, query = row.get("body", "none"), row.get("query", "none")
    if row["method"] not in METHODS or session not in SESSIONS or body not in BODIES or query not in QUERIES:
        return None
    names = sorted(name for name, _ in exchange.conditions if name.startswith(HEADER))
    headers = tuple((name.removeprefix(HEADER), _value(exchange, name, row[name.lower()])) for name in names)
    return Probe("", row["method"], session, headers, body, query)


def _value(exchange: Exchange, name: str, shown: str) -> str:
    """The value of a header as a probe has it; a long one is not whole in the conditions."""
    return (exchange.request.header(name.removeprefix(HEADER)) or shown) if shown.endswith(" bytes)") else shown


def _alone(suspect: Trait, probe: Probe) -> Probe | None:
    """The bare call with this suspect; for a header that was missing, everything else that the SDK sends."""
    bare = Probe("", method=probe.method, session=probe.session)
    if suspect.name in ("session", "method"):
        return bare
    if suspect.name == "body":
        return None if suspect.is_absent else replace(bare, body=probe.body)
    if suspect.name == "query":
        return None if suspect.is_absent else replace(bare, query=probe.query)
    if not suspect.name.startswith(HEADER):
        return None
    name = suspect.name.removeprefix(HEADER)
    others = tuple(pair for pair in sdk_headers() if pair[0] != name)
    return replace(
        bare, headers=others if suspect.is_absent else tuple(pair for pair in probe.headers if pair[0].lower() == name)
    )


def _without(suspect: Trait, probe: Probe) -> Probe | None:
    """The call that was broken, without this suspect; with a header that was missing."""
    if suspect.name == "body":
        return None if suspect.is_absent else replace(probe, body="none")
    if suspect.name == "query":
        return None if suspect.is_absent else replace(probe, query="none")
    if not suspect.name.startswith(HEADER):
        return None
    name = suspect.name.removeprefix(HEADER)
    others = tuple(pair for pair in probe.headers if pair[0].lower() != name)
    added = tuple(pair for pair in sdk_headers() if pair[0] == name) if suspect.is_absent else ()
    return None if suspect.is_absent and not added else replace(probe, headers=tuple(sorted((*others, *added))))
