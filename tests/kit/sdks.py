"""Judges changed SDKs, in one browser for all of them."""

from __future__ import annotations

import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from contracts.consumer.observe import ConsumerObserver
from contracts.consumer.sdk import Twilight, find_bundle
from contracts.model.scenario import Delivery, Scenario, ScenarioSequence, at_page_load, interleaved, named, refreshed
from contracts.model.tokens import unsigned
from contracts.rules.judgement import ConsumerJudgement
from contracts.rules.known_deviations import Allowances, Deviation, shipped
from tests.clients.javascript import LOCK, Changed

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


def judge(stage: Stage, sdk: Changed) -> ConsumerJudgement:
    """The judgement of a changed SDK, with everything excused that is known of the published one."""
    stage.script = sdk.script
    observer = ConsumerObserver(stage.client, Allowances(listed(stage)), patience=SILENCE)
    observer.play([planned(what, stage.client) for what in sdk.meets])
    return ConsumerJudgement(observer, rules=set(observer.evaluator.tallies))


def listed(stage: Stage) -> tuple[Deviation, ...]:
    """What is known of the published SDK; the tests of its liars are about its list, and say nothing without one."""
    known = shipped(stage.client.name, stage.client.version)
    assert known, f"there is no list of what version {stage.client.version} is known to do"
    return known
