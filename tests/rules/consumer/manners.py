"""What is only advised."""

from __future__ import annotations

from dataclasses import replace

from contracts.model.answers import error
from contracts.model.scenario import Scenario, page
from tests.kit.judgements import Table, breaks, holds, silent
from tests.kit.outcomes import (
    CRASHED,
    DONE,
    ENDLESS,
    NO_TOKEN,
    REFUSED,
    RESET,
    SILENT,
    SLOW,
    at_once,
    ended,
    failing,
    heard,
    loading,
    outcome,
    sent,
    told,
)

MANNERS: Table = {
    "calls-at-once-share": (
        holds("a success", outcome(at_once(DONE))),
        holds("a failure", outcome(at_once(REFUSED))),
        holds("an unspecified one, rejected", outcome(at_once(NO_TOKEN))),
        holds("an unspecified one, resolved", outcome(at_once(NO_TOKEN), "resolved")),
        holds("two calls", outcome(replace(DONE, calls=2))),
        breaks(
            "two requests",
            outcome(at_once(DONE), exchanges=(sent(DONE), sent(DONE))),
            words=("one request, no event", "success-200: 2 requests, no event"),
        ),
        breaks(
            "two events of a failure",
            outcome(at_once(REFUSED), events=told(REFUSED, heard(2))),
            words=("one request, one event", "error-401: one request, 2 events"),
        ),
        breaks("two events", outcome(at_once(NO_TOKEN), events=told(NO_TOKEN, heard(2)))),
        breaks("an event of a success", outcome(at_once(DONE), events=told(DONE))),
        breaks("no request", outcome(at_once(DONE), exchanges=())),
        silent("one call", outcome(REFUSED, exchanges=(sent(REFUSED),) * 2)),
        silent("a broken connection", outcome(at_once(RESET), exchanges=(sent(RESET),) * 5)),
        silent("pending", outcome(at_once(DONE), "pending", exchanges=(sent(DONE),) * 5)),
        silent("at page load", outcome(loading(DONE), exchanges=(sent(DONE),) * 2)),
    ),
    "gives-up-in-the-end": (
        holds("just before the endpoint does", outcome(SILENT, at=9.98)),
        holds("of an endless body", outcome(ENDLESS, at=1.0)),
        breaks(
            "pending",
            outcome(SILENT, "pending", at=10.0),
            words=("given up within 10 s", "network-silent: still pending after 10 s"),
        ),
        breaks("when the endpoint does", outcome(ENDLESS, at=10.01)),
        breaks("when the endpoint does, by another clock", outcome(SILENT, at=9.99)),
        breaks("pending, though it was last seen early", outcome(SILENT, "pending", at=1.0)),
        breaks("one of two gave up", ended(SILENT, "rejected", 1.0, 10.0)),
        breaks("the other of two gave up", ended(SILENT, "rejected", 10.0, 1.0)),
        silent("what ends by itself", outcome(SLOW, at=1.0)),
        silent("at page load", outcome(loading(SILENT))),
        silent("a broken connection", outcome(RESET, at=0.1)),
    ),
    "restore-refreshes-once": (
        holds("once", outcome(loading(DONE))),
        holds("once, and it fails", outcome(loading(REFUSED))),
        breaks("never", outcome(loading(DONE), exchanges=()), words=("one request", "success-200: no request")),
        breaks(
            "twice", outcome(loading(DONE), exchanges=(sent(DONE), sent(DONE))), words=("one request", "success-200: 2 requests")
        ),
        silent("a broken connection", outcome(loading(RESET), exchanges=(sent(RESET),) * 2)),
        silent("a call", outcome(DONE, exchanges=(sent(DONE),) * 2)),
    ),
    "transient-failure-keeps-login": (
        *(holds(f"logged in after {s}", outcome(loading(Scenario("s", error(s))), logged_in=True)) for s in (429, 500, 503)),
        holds("logged in after a reset", outcome(loading(RESET), logged_in=True)),
        *(breaks(f"logged out by {s}", outcome(loading(failing(s)), logged_in=False)) for s in (429, 500, 599)),
        *(silent(f"logged out by {s}", outcome(loading(failing(s)), logged_in=False)) for s in (428, 430, 499, 600)),
        breaks(
            "logged out by a reset",
            outcome(loading(RESET), logged_in=False),
            words=("the customer stays logged in", "network-reset: logged out by transport reset"),
        ),
        breaks(
            "logged out by a crash",
            outcome(loading(CRASHED), logged_in=False),
            words=("the customer stays logged in", "error-500: logged out by http status 500"),
        ),
        breaks(
            "logged out by the last of two answers",
            outcome(loading(CRASHED), exchanges=(sent(REFUSED), sent(CRASHED)), logged_in=False),
        ),
        silent("401", outcome(loading(REFUSED), logged_in=False)),
        silent("a page in the way", outcome(loading(Scenario("s", page(200))), logged_in=False)),
        silent("a success", outcome(loading(DONE), logged_in=False)),
        silent("a call", outcome(CRASHED, logged_in=False)),
        silent("nobody can tell", outcome(loading(CRASHED))),
        silent("no refresh at page load", outcome(loading(CRASHED), exchanges=(), logged_in=False)),
    ),
}
