"""Requests that Hypothesis makes, with any values, order and repetition; one that breaks a MUST is shrunk to the smallest."""

from __future__ import annotations

import contextlib

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from contracts.model.document import load
from contracts.provider.observe import BudgetSpent, Observer
from contracts.provider.politeness import Halted
from contracts.provider.probes import QUERIES, Probe


class Broken(AssertionError):
    """The latest request broke a MUST; Hypothesis looks for a smaller one that does."""


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
    """Send at most `share` requests, those for shrinking included. Errors as `Observer.probe`."""
    if share < 2:
        return
    rules = load().rules
    ended: list[Exception] = []
    last = observer.requests + share

    @seeded(seed)
    @settings(
        max_examples=share,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(cases())
    def holds(probe: Probe) -> None:
        if ended or observer.requests >= last:
            return
        try:
            found = observer.probe(probe)[1]
        except (BudgetSpent, Halted) as error:
            ended.append(error)
            return
        broken = [f.rule for f in found if rules[f.rule].level == "MUST"]
        if broken:
            raise Broken(broken[0])

    with contextlib.suppress(Broken, Flaky):  # the evidence holds the smallest case; an intermittent fault is a fault too
        holds()
    if ended:
        raise ended[0]
