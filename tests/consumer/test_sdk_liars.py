"""Every SDK that lies is caught, whatever else is known of the published one, and one that fixes a known deviation is red."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from contracts.consumer.observe import ConsumerObserver
from contracts.consumer.sdk import Twilight, available, find_bundle
from contracts.judge import ConsumerJudgement
from contracts.model.document import load
from contracts.model.scenario import Delivery, Scenario, ScenarioSequence, at_page_load, interleaved, named, refreshed
from contracts.model.tokens import unsigned
from contracts.rules.known_deviations import Allowances, Deviation, shipped
from tests.clients.javascript import FIXED, LIARS, LOCK, ODD, Changed
from tests.conftest import SEEN, Row
from tests.consumer.test_liars import AT_PAGE_LOAD

missing = available(None)
pytestmark = [pytest.mark.sdk, pytest.mark.skipif(missing is not None, reason=missing or "")]

MUST = {rule.id for rule in load().rules.values() if rule.role == "consumer" and rule.level == "MUST"}
SILENCE = 2.0  # seconds after which the endpoint ends what would not end
FAR_FUTURE = 4_000_000_000
ROW = 12  # failures
FEW = ("error-401", "error-500", "success-201", "error-401-again")
# Something of everything, and of every entry of the list; what fails comes first, for a missing event is waited for.
MAIN = (
    *("error-401", "error-403", "error-422", "error-429", "error-500", "error-401-html", "error-401-empty", "error-500-empty"),
    *("error-401-again", "error-401-with-token", "error-500-says-success", "network-reset", "network-truncated"),
    *("error-401-at-once", "error-500-listener-throws", "html-200", "body-array", "body-empty-object", "false-without-data"),
    *("false-with-token", "success-as-string", "status-as-string", "status-missing", "http-203", "http-206", "http-204"),
    *("body-empty", "success-without-data", "success-data-empty", "success-token-null", "success-token-number"),
    *("success-status-204", "success-200-at-once", "success-201", "success-202", "success-extra-members"),
)


class Stage:
    """One browser for all tests: the patch of its pages loads the current change from here."""

    def __init__(self) -> None:
        self.script = ""
        stage = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                said = stage.script.encode()
                self.send_response(200)
                self.send_header("content-type", "text/javascript; charset=utf-8")
                self.send_header("content-length", str(len(said)))
                self.send_header("cache-control", "no-store")
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        loader = f"{LOCK} document.write('<script src=\"http://127.0.0.1:{self._server.server_port}/\"><\\/script>');"
        self.client = Twilight(find_bundle(None), patch=loader)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the browser and the server."""
        try:
            self.client.close()
        finally:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A browser, which starts with the first play."""
    stage = Stage()
    try:
        yield stage
    finally:
        stage.close()


def planned(what: str, client: Twilight) -> ScenarioSequence:
    """The scenarios that `Changed.meets` names."""
    tokens = (unsigned("7", now=FAR_FUTURE, ttl=900, jti=f"{what}-{n}") for n in itertools.count())
    table = named(tokens, patience=SILENCE)
    ends = [s for s in table if s.delivery.ends and s.delivery.reaches and s.delivery is not Delivery.SLOW]
    called = {s.name: s for s in (*table, *at_page_load(tokens))}
    scenarios: dict[str, list[Scenario]] = {
        "table": [*interleaved(ends, tokens)],
        "down": [*interleaved((s for s in table if not s.delivery.reaches), tokens)],
        "row": [refreshed(next(tokens)), *[called["error-401"]] * ROW, refreshed(next(tokens))],
        "main": [*interleaved((called[name] for name in MAIN), tokens)],
        "few": [*interleaved((called[name] for name in FEW), tokens)],
        "few-and-slow": [*interleaved((called[name] for name in FEW), tokens), called["success-slow"]],
        "one-401": [*interleaved([called["error-401"]], tokens)],
        "one-reset": [*interleaved([called["network-reset"]], tokens)],
        "silent": [*interleaved([called["network-silent"]], tokens)],
        "debounced": [refreshed(next(tokens)), called["error-401"], called["error-500"]],
        "load": [called["error-500-at-page-load"]],
        "load-200": [called["success-200-at-page-load"]],
    }
    slow = what == "debounced" or what.startswith("load")
    return ScenarioSequence(tuple(scenarios[what]), client.modes[0] if slow else client.modes[-1])


def judged(stage: Stage, sdk: Changed, request: pytest.FixtureRequest) -> ConsumerJudgement:
    """The judgement of a changed SDK, which is also kept for the table of all."""
    judgement = judge(stage, sdk)
    rule = sdk.breaks or next(iter(sdk.fixes), "")
    others = tuple(sorted(red(judgement) - {rule}))
    seen = judgement.first_seen.get(rule)
    request.config.stash[SEEN].append(Row(sdk.name, rule, seen, judgement.verdict, others))
    return judgement


def judge(stage: Stage, sdk: Changed) -> ConsumerJudgement:
    """The judgement of a changed SDK, with everything excused that is known of the published one."""
    stage.script = sdk.script
    observer = ConsumerObserver(stage.client, Allowances(listed(stage)), patience=SILENCE)
    observer.play([planned(what, stage.client) for what in sdk.meets])
    return ConsumerJudgement(observer, rules=set(observer.evaluator.tallies))


def listed(stage: Stage) -> tuple[Deviation, ...]:
    """The known deviations of the published SDK. The tests below are about this list and prove nothing without one."""
    known = shipped(stage.client.name, stage.client.version)
    assert known, f"there is no list of what version {stage.client.version} is known to do"
    return known


def blamed(judgement: ConsumerJudgement, *verdicts: str) -> set[str]:
    """The rules with one of these verdicts."""
    return {rule for rule, said in judgement.verdicts.items() if said in verdicts}


def red(judgement: ConsumerJudgement) -> set[str]:
    """The rules that keep it from being conformant."""
    return blamed(judgement, "fail", "fixed")


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.name)
def test_liar_is_caught(liar: Changed, stage: Stage, request: pytest.FixtureRequest) -> None:
    """The gate names the rule that the SDK breaks, whatever else is known, and no other rule but those that turn red with it."""
    judgement = judged(stage, liar, request)
    assert judgement.verdicts[liar.breaks] == ("fail" if liar.breaks in MUST else "warn")
    assert red(judgement) - {liar.breaks} == set(liar.others)
    if liar.breaks in MUST:
        assert judgement.verdict == "non-conformant"


@pytest.mark.parametrize("sdk", FIXED, ids=lambda sdk: sdk.name)
def test_fixed_deviations_are_red(sdk: Changed, stage: Stage, request: pytest.FixtureRequest) -> None:
    """If an SDK fixes a known deviation, the gate names the entries that are out of date, and finds nothing else."""
    judgement = judged(stage, sdk, request)
    gone = {d for rule in judgement.verdicts for d in judgement.observer.allowances.fixed(rule)}
    assert gone == {d for d in listed(stage) if is_about(d, sdk)}
    assert blamed(judgement, "fixed") == set(sdk.fixes)
    assert blamed(judgement, "fail", "warn") == set()
    assert judgement.verdict == "non-conformant"


def is_about(deviation: Deviation, sdk: Changed) -> bool:
    """Whether the SDK fixes this deviation."""
    return deviation.rule in sdk.fixes and sdk.about in dict(deviation.when)


@pytest.mark.parametrize("sdk", ODD, ids=lambda sdk: sdk.name)
def test_odd_sdk_is_not_blamed(sdk: Changed, stage: Stage, request: pytest.FixtureRequest) -> None:
    """The gate finds an odd SDK as conformant as the published one, and warns of nothing that is not known."""
    judgement = judged(stage, sdk, request)
    assert blamed(judgement, "fail", "fixed", "warn", "error") == set()
    assert judgement.verdict == "conformant", judgement.reason


def test_every_must_has_a_javascript_liar() -> None:
    """Every MUST has a liar, and so has every rule that only a page can break."""
    assert {liar.breaks for liar in LIARS} >= MUST | AT_PAGE_LOAD


def test_every_known_deviation_is_fixed_by_one_sdk(stage: Stage) -> None:
    """For every entry of the list there is an SDK that fixes it, so the gate would notice an entry that is out of date."""
    assert [d.condition for d in listed(stage) if not any(is_about(d, sdk) for sdk in FIXED)] == []


def test_names_are_unique() -> None:
    """No two changed SDKs have the same name."""
    names = [one.name for one in (*LIARS, *FIXED, *ODD)]
    assert len(names) == len(set(names))
