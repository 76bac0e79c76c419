"""Has every liar judged by every rule, and prints as JSON which rule sees which, and when.

`tools/detection.py` runs it as `python -m tests.kit.detection`, and makes a page of the rows. With words as arguments, only the
liars and the honest ones are judged whose names contain one of them.

An endpoint is judged by the polite pass alone, under each of `SEEDS`: what only chance would have shown, in the cases that are
made up behind it, counts as seen by accident.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol, TypeVar

import pytest

from contracts.consumer.protocol import RefreshConsumer
from contracts.consumer.sdk import available
from contracts.rules.judgement import Judgement, ProviderJudgement
from contracts.settings import Settings
from tests import liars
from tests.clients import javascript, odd, python
from tests.kit import clients as kit_clients
from tests.kit import endpoints as kit_endpoints
from tests.kit import sdks as kit_sdks

SEEDS: Final = (0, 1, 2)
RED: Final = ("fail", "warn", "fixed")
Row = dict[str, Any]


class Named(Protocol):
    """A liar, or an honest one."""

    @property
    def name(self) -> str: ...


NamedT = TypeVar("NamedT", bound=Named)


def among(catalogue: Iterable[NamedT], words: Sequence[str]) -> list[NamedT]:
    """Those whose name contains one of the words; all, if there are none."""
    return [one for one in catalogue if not words or any(word in one.name for word in words)]


def spoke(judgement: Judgement) -> dict[str, int]:
    """The rules that were broken, and since when."""
    red = [rule_id for rule_id, verdict in judgement.verdicts.items() if verdict in RED]
    return {rule_id: judgement.first_seen.get(rule_id, 0) for rule_id in red}


def row(name: str, rule: str, sentence: str, by: dict[str, int], accident: str = "") -> Row:
    """One liar, the rules that spoke, and what is wrong with the way in which its own rule saw it, if anything is."""
    print(f"{name}: {rule} {by.get(rule, 'DOES NOT SEE IT')} {accident}", file=sys.stderr, flush=True)
    return {"name": name, "rule": rule, "sentence": sentence, "by": by, "accident": accident}


def kind(title: str, sentence: str, what: str, seen: list[Row], honest: int, blamed: list[str]) -> Row:
    """All of a kind: the liars, how many honest ones, and what was wrongly said of those. `what` is what is counted."""
    return {"title": title, "sentence": sentence, "what": what, "seen": seen, "honest": honest, "blamed": blamed}


def wrongly(name: str, by: Iterable[str], allowed: Sequence[str]) -> list[str]:
    """What is said of an honest one and must not be."""
    rules = [rule_id for rule_id in by if rule_id not in allowed]
    return [f"{name} is blamed: {', '.join(rules)}"] if rules else []


# --- endpoints --------------------------------------------------------------------------------------------------------


def passed(liar: liars.Liar, seed: int) -> dict[str, int]:
    """What the polite pass says of a lying endpoint under a seed."""
    with liar.make() as running:
        budget = kit_endpoints.FEW if liar.always else Settings.max_requests
        judgement = kit_endpoints.judged(running, deadline=liar.deadline, budget=budget, seed=seed, only=["named"])
        return {rule_id: earlier(judgement, at) for rule_id, at in spoke(judgement).items()}


def earlier(judgement: ProviderJudgement, at: int) -> int:
    """The number of an exchange; of two that overlapped the smaller one, since chance decides in which of them a fault shows."""
    before, exchange = (judgement.observation.evidence.get(number) for number in (at - 1, at))
    together = before and exchange and exchange.situation.overlaps and before.started == exchange.started
    return at - 1 if together else at


def endpoint(liar: liars.Liar) -> Row:
    """A lying endpoint under every seed; the row is about the first."""
    by = [passed(liar, seed) for seed in SEEDS]
    missed = [str(seed) for seed, rules in zip(SEEDS, by, strict=True) if liar.rule not in rules]
    accident = f"not seen with the seed {', '.join(missed)}" if missed else ""
    return row(liar.name, liar.rule, liar.sentence, by[0], accident)


def beyond(liar: liars.Liar) -> Row:
    """A liar that the pass does not promise to see, with the number of seeds under which it is seen all the same."""
    times = sum(liar.rule in passed(liar, seed) for seed in SEEDS)
    return {"name": liar.name, "rule": liar.rule, "sentence": liar.sentence, "times": times}


def endpoints(words: Sequence[str]) -> Row:
    """Endpoints on sockets; the honest ones in all phases."""
    seen, honest, blamed = [endpoint(liar) for liar in among(liars.LIARS, words)], among(liars.ODD, words), list[str]()
    for one in honest:
        with one.make() as running:
            blamed += wrongly(one.name, spoke(kit_endpoints.judged(running)), one.warns)
    sentence = "Some lie always, some only where conditions meet."
    return kind("Endpoints", sentence, "request", seen, len(honest), blamed)


# --- clients ----------------------------------------------------------------------------------------------------------


def clients(words: Sequence[str]) -> Row:
    """Clients in Python."""

    def judged(consumer: RefreshConsumer, quick: bool = True) -> dict[str, int]:
        with pytest.MonkeyPatch.context() as patch:
            return spoke(kit_clients.judged(consumer, patch, quick=quick))

    seen = [row(one.name, one.rule, one.sentence, judged(one.make())) for one in among(python.LIARS, words)]
    honest, blamed = among(odd.ODD, words), list[str]()
    for one in honest:
        blamed += wrongly(one.name, judged(one.make(), one.name not in kit_clients.NEEDS_REAL_TIME), one.warns)
    sentence = "Each is an honest client with one thing changed."
    return kind("Clients in Python", sentence, "outcome", seen, len(honest), blamed)


def sdks(words: Sequence[str]) -> Row:
    """The SDK in a browser, changed."""
    stage = kit_sdks.Stage()

    def judged(sdk: javascript.Changed) -> dict[str, int]:
        judgement = kit_sdks.judge(stage, sdk)
        first = min(judgement.observation.evidence)  # one browser plays for all, and counts on
        return {rule_id: at - first + 1 for rule_id, at in spoke(judgement).items()}

    try:
        seen = [row(one.name, one.breaks, one.sentence, judged(one)) for one in among(javascript.LIARS, words)]
        honest, blamed = among(javascript.ODD, words), list[str]()
        for one in honest:
            blamed += wrongly(one.name, judged(one), ())
    finally:
        stage.close()
    sentence = "Each is the published SDK with one thing changed; what is known of that one is excused."
    return kind("The Twilight SDK, changed", sentence, "outcome", seen, len(honest), blamed)


def main(words: Sequence[str]) -> None:
    """Judge all, or those that are named, and print the rows."""
    warnings.simplefilter("ignore")
    missing = available(None)
    kinds = [endpoints(words), clients(words), *([] if missing else [sdks(words)])]
    chances = [beyond(liar) for liar in among(liars.BEYOND, words)]
    limits = {"few": kit_endpoints.FEW, "most": Settings.max_requests, "seeds": len(SEEDS)}
    json.dump({"kinds": kinds, "beyond": chances, "missing": missing, **limits}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
