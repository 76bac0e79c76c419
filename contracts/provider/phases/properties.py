"""Requests that Hypothesis makes, with any values, order and repetition; one that breaks a MUST is shrunk to the smallest."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from contracts.generation import Generation
from contracts.model.document import load
from contracts.provider.observe import Observer
from contracts.provider.probes import QUERIES, Probe

_VISIBLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
_NAMES = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789-"), min_size=1, max_size=12).map("x-t-{}".format)


@st.composite
def cases(draw: st.DrawFn) -> Probe:
    """A probe with documented headers in any order and case, some of them repeated, among undocumented ones."""
    documented = [st.tuples(st.just(name), st.sampled_from(values)) for name, values in load().headers.items()]
    unknown = st.tuples(_NAMES, st.text(_VISIBLE, max_size=40))
    headers = draw(st.lists(st.one_of(*documented, unknown), max_size=8))
    if draw(st.booleans()):
        headers = [(name.title(), value) for name, value in headers]
    session = draw(st.sampled_from(("valid", "valid", "valid", "none", "made-up", "empty")))
    return Probe("property", session=session, headers=tuple(headers), query=draw(st.sampled_from(tuple(QUERIES))))


def observe(observer: Observer, share: int, seed: int) -> None:
    """Send at most `share` requests, those for shrinking included. Errors as `Observer.probe`.

    What the pass left over of its plan is sent first, each with what Hypothesis adds to it.
    """
    if share < 2:
        return
    rules = load().rules
    last = observer.requests + share
    planned: dict[Probe, tuple[Probe, ...]] = {}  # the same case is sent with the same part of the plan

    def attempt(case: Probe) -> str | None:
        if case not in planned:
            planned[case] = next(observer.unsent, ())
        probes = tuple(_with_more(probe, case) for probe in planned[case]) or (case,)
        if observer.requests + len(probes) > last:
            return None
        found = observer.send(probes)
        return next((finding.rule for finding in found if rules[finding.rule].level == "MUST"), None)

    Generation(seed).each(cases(), attempt, share, shrink=True, go_on=True)


def _with_more(probe: Probe, case: Probe) -> Probe:
    """The probe with the headers of the case that it does not have itself."""
    own = {name for name, _ in probe.headers}
    return replace(probe, headers=(*probe.headers, *(pair for pair in case.headers if pair[0].lower() not in own)))
