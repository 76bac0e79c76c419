"""Judges every liar by every rule and writes which rule sees which, and when, to `detection.md`.

`make detection` runs it; it takes about a quarter of an hour. An endpoint is judged by the polite pass alone, under each of
`SEEDS`: what only chance would have shown, in the cases that are made up behind it, counts as seen by accident. It fails where a
rule sees nothing, a liar is not seen or only by accident, or somebody honest is blamed.
"""

from __future__ import annotations

import statistics
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from contracts.consumer.protocol import RefreshConsumer  # noqa: E402
from contracts.consumer.sdk import available  # noqa: E402
from contracts.judge import Judgement, ProviderJudgement  # noqa: E402
from contracts.model.document import load  # noqa: E402
from contracts.settings import Settings  # noqa: E402
from tests import liars  # noqa: E402
from tests.clients import javascript, odd, python  # noqa: E402
from tests.consumer import test_liars as test_client_liars  # noqa: E402
from tests.consumer import test_sdk_liars as test_javascript_liars  # noqa: E402
from tests.provider import test_liars  # noqa: E402
from tests.provider.test_liars import FEW  # noqa: E402

PAGE: Final = HERE / "detection.md"
SEEDS: Final = (0, 1, 2)
RED: Final = ("fail", "warn", "fixed")


@dataclass(frozen=True)
class Seen:
    """One liar as it was judged: the rules that spoke, each with the number of the exchange or outcome at which it first did.

    `accident`: what is wrong with the way in which it was seen, if anything is.
    """

    name: str
    rule: str
    sentence: str
    by: dict[str, int]
    accident: str = ""

    @property
    def at(self) -> int | None:
        """When its own rule saw it."""
        return self.by.get(self.rule)


def spoke(judgement: Judgement) -> dict[str, int]:
    """The rules that were broken, and since when."""
    red = [id for id, verdict in judgement.verdicts.items() if verdict in RED]
    return {id: judgement.first_seen.get(id, 0) for id in red}


def passed(liar: liars.Liar, seed: int) -> dict[str, int]:
    """What the polite pass says of a lying endpoint under a seed."""
    with liar.make() as running:
        budget = FEW if liar.always else Settings.max_requests
        judgement = test_liars.judged(running, deadline=liar.deadline, budget=budget, seed=seed, only=["named"])
        return {id: earlier(judgement, at) for id, at in spoke(judgement).items()}


def earlier(judgement: ProviderJudgement, at: int) -> int:
    """The number of an exchange; of two that overlapped the smaller one, since chance decides in which of them a fault shows."""
    before, x = (judgement.observer.evidence.get(number) for number in (at - 1, at))
    together = before and x and x.situation.overlaps and before.started == x.started
    return at - 1 if together else at


def endpoint(liar: liars.Liar) -> Seen:
    """A lying endpoint under every seed; what is told is the first."""
    by = [passed(liar, seed) for seed in SEEDS]
    missed = [str(seed) for seed, rules in zip(SEEDS, by, strict=True) if liar.rule not in rules]
    return Seen(liar.name, liar.rule, liar.sentence, by[0], f"not seen with the seed {', '.join(missed)}" if missed else "")


def chances() -> list[tuple[liars.Liar, int]]:
    """Liars that the pass does not promise to see, each with the number of seeds under which it is seen all the same."""
    return [(liar, sum(liar.rule in passed(liar, seed) for seed in SEEDS)) for liar in liars.BEYOND]


@dataclass(frozen=True)
class Kind:
    """What was judged: the liars, how many honest ones, and what was said of those that was wrong. `what` is what is counted."""

    title: str
    sentence: str
    what: str
    seen: list[Seen]
    honest: int
    blamed: list[str]


def endpoints() -> Kind:
    """Endpoints on sockets; the honest ones in all phases."""
    seen, blamed = told(map(endpoint, liars.LIARS)), []
    for one in liars.ODD:
        with one.make() as running:
            blamed += wrongly(one.name, spoke(test_liars.judged(running)), one.warns)
    return Kind("Endpoints", "Some lie always, some only where conditions meet.", "request", seen, len(liars.ODD), blamed)


def clients() -> Kind:
    """Clients in Python."""

    def judged(consumer: RefreshConsumer, quick: bool = True) -> dict[str, int]:
        with pytest.MonkeyPatch.context() as patch:
            return spoke(test_client_liars.judged(consumer, patch, quick=quick))

    seen = told(Seen(one.name, one.rule, one.sentence, judged(one.make())) for one in python.LIARS)
    blamed = []
    for one in odd.ODD:
        blamed += wrongly(one.name, judged(one.make(), one.name not in test_client_liars.NEEDS_REAL_TIME), one.warns)
    sentence = "Each is an honest client with one thing changed."
    return Kind("Clients in Python", sentence, "outcome", seen, len(odd.ODD), blamed)


def sdks() -> Kind:
    """The SDK in a browser, changed."""
    stage = test_javascript_liars.Stage()

    def judged(sdk: javascript.Changed) -> dict[str, int]:
        judgement = test_javascript_liars.judge(stage, sdk)
        first = min(judgement.observer.evidence)  # one browser plays for all, and counts on
        return {id: at - first + 1 for id, at in spoke(judgement).items()}

    try:
        seen = told(Seen(one.name, one.breaks, one.sentence, judged(one)) for one in javascript.LIARS)
        blamed = []
        for one in javascript.ODD:
            blamed += wrongly(one.name, judged(one), ())
    finally:
        stage.close()
    sentence = "Each is the published SDK with one thing changed; what is known of that one is excused."
    return Kind("The Twilight SDK, changed", sentence, "outcome", seen, len(javascript.ODD), blamed)


def wrongly(name: str, by: Iterable[str], allowed: Sequence[str]) -> list[str]:
    """What is said of somebody honest and is not to be."""
    rules = [id for id in by if id not in allowed]
    return [f"{name} is blamed: {', '.join(rules)}"] if rules else []


def told(of: Iterable[Seen]) -> list[Seen]:
    """All of them, with a line for whoever waits."""
    found = []
    for one in of:
        found.append(one)
        print(f"{one.name}: {one.rule} {one.at if one.at is not None else 'DOES NOT SEE IT'} {one.accident}", flush=True)
    return found


def problems(kinds: Sequence[Kind], roles: Iterable[str]) -> list[str]:
    """What is wrong, each in a sentence."""
    seen = [one for kind in kinds for one in kind.seen]
    found = [f"{one.name} is not seen by {one.rule}" for one in seen if one.at is None and not one.accident]
    found += [f"{one.name} is seen by accident: {one.accident}" for one in seen if one.accident]
    spoken = {one.rule for one in seen if one.at is not None}
    found += [f"{rule.id} sees nothing" for rule in load().rules.values() if rule.role in roles and rule.id not in spoken]
    return [*found, *(sentence for kind in kinds for sentence in kind.blamed)]


def table(rows: Sequence[Seen], what: str) -> Iterator[str]:
    """The liars of a kind, by the rule that has to see them."""
    for rule in load().rules.values():
        own = [one for one in rows if one.rule == rule.id]
        besides = sum(rule.id in one.by for one in rows) - sum(one.at is not None for one in own)
        if not own:
            continue
        yield ""
        yield f"### {rule.id}"
        yield ""
        yield f"{rule.level}: {rule.text}" + (f" It also speaks of {besides} that break another rule." if besides else "")
        yield ""
        yield f"| liar | what it does | seen at {what} | other rules that see it |"
        yield "|---|---|---:|---|"
        for one in sorted(own, key=lambda one: (one.at or 0, one.name)):
            others = ", ".join(f"{id} ({at})" for id, at in one.by.items() if id != one.rule)
            yield f"| {one.name} | {one.sentence} | {one.at if one.at is not None else '**not**'} | {others} |"


def page(kinds: Sequence[Kind], beyond: Sequence[tuple[liars.Liar, int]]) -> Iterator[str]:
    """The document, line by line."""
    yield "# Which rule sees which fault"
    yield ""
    yield "`make detection` has every liar of `tests/liars/` and `tests/clients/` judged by every rule. A liar is a fake that is"
    yield "made to break one rule. Endpoints are judged by the polite pass alone, under three seeds: none may be seen by luck;"
    yield f"those that always lie within {FEW} requests, the others within {Settings.max_requests}."
    yield ""
    yield "| what is judged | liars | seen | at the median | at the latest | honest but odd | of them blamed |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for kind in kinds:
        at = [one.at for one in kind.seen if one.at is not None]
        when = f"{kind.what} {statistics.median_low(at)} | {kind.what} {max(at)}"
        yield f"| {kind.title} | {len(kind.seen)} | {len(at)} | {when} | {kind.honest} | {len(kind.blamed)} |"
    yield ""
    yield "What the polite pass does not promise is a fault that shows in few of many answers (how rare it may be and still be"
    yield "seen is what [the report](report.md) says), and one that needs three things at once. These may be seen by chance:"
    yield ""
    yield "| liar | what it does | rule | seen under |"
    yield "|---|---|---|---|"
    for liar, times in beyond:
        yield f"| {liar.name} | {liar.sentence} | {liar.rule} | {times} of {len(SEEDS)} seeds |"
    for kind in kinds:
        yield ""
        yield f"## {kind.title}"
        yield ""
        yield kind.sentence
        yield from table(kind.seen, kind.what)


def main() -> None:
    """Judge all, write the page, and say what is wrong."""
    warnings.simplefilter("ignore")
    kinds, beyond = [endpoints(), clients()], chances()
    missing = available(None)
    if missing:
        print(f"without the SDK: {missing}")
    else:
        kinds.append(sdks())
    if wrong := problems(kinds, {"provider"} if missing else {"provider", "consumer"}):
        sys.exit("\n".join(wrong))
    PAGE.write_text("\n".join(page(kinds, beyond)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
