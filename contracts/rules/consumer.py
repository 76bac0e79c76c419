"""The consumer rules: what a client owes its page, by the class of the exchange.

    the call         sends-post-without-body, settles-when-it-is-over
    completed        success-resolves-with-body, success-fires-nothing, success-puts-token-in-place
    failed           failure-rejects, failure-fires-once, every-failure-fires, event-carries-error, every-listener-hears,
                     throwing-listener-harms-nothing, failure-keeps-token
    unspecified      unspecified-is-coherent, no-bogus-token
    good manners     all that is SHOULD

Only `settles-when-it-is-over` judges a call that is still pending; all other rules ignore it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from contracts.model.document import load
from contracts.model.exchange import Kind, described
from contracts.model.limits import EVENT_SECONDS, SETTLING_SECONDS
from contracts.model.outcome import THROWN, Outcome
from contracts.model.scenario import Delivery
from contracts.rules.engine import OK, Breach, RuleSet

CLOCK_SECONDS: Final = 0.01  # how far the clocks of the client and the endpoint may differ
TRANSIENT: Final = (429, *range(500, 600))


@dataclass
class Memory:
    """What the rules remember of earlier outcomes of the same client: the scenarios in which the event fired."""

    fired: set[tuple[str, frozenset[tuple[str, str]]]] = field(default_factory=set)


RULE_SET: Final = RuleSet[Outcome, Memory](Memory)
rule = RULE_SET.rule


def _breach(outcome: Outcome, expected: str, actual: str) -> Breach:
    return Breach(expected, f"{outcome.scenario.name}: {actual}")


def _met(outcome: Outcome, kind: Kind) -> bool:
    """Whether the refresh got an exchange of this class and no call is pending. A page load without a request does not count."""
    return outcome.kind is kind and bool(outcome.calls or outcome.exchanges) and not outcome.settled("pending")


def _settled(outcome: Outcome, kind: Kind) -> bool:
    """Whether calls got an exchange of this class, and all of them have settled."""
    return bool(outcome.calls) and _met(outcome, kind)


def _events(count: int) -> str:
    return {0: "no event", 1: "one event"}.get(count, f"{count} events")


def _calls(count: int) -> str:
    return "one call" if count == 1 else f"{count} calls"


# --- the call ---------------------------------------------------------------------------------------------------------


@rule("sends-post-without-body")
def sends_post_without_body(outcome: Outcome, memory: Memory) -> Breach | None:
    """A client need not send anything if the network is down."""
    method, path = load().method, urlsplit(outcome.exchanges[0].request.url).path if outcome.exchanges else load().path
    expected = f"{method} {path}, no query, no body"
    if not outcome.exchanges and (not outcome.calls or not outcome.scenario.delivery.reaches):
        return None
    sent = [exchange.request for exchange in outcome.exchanges]
    wrong = [r for r in sent if r.method != method or r.body or urlsplit(r.url).query]
    if wrong:
        r = wrong[0]
        actual = f"{r.method} {urlsplit(r.url).path}{'?…' if urlsplit(r.url).query else ''}, {len(r.body)} bytes of body"
    elif outcome.strays:
        actual = f"no request to the endpoint, but {outcome.strays[0].method} {urlsplit(outcome.strays[0].url).path}"
    else:
        actual = "no request"
    return OK if bool(sent) and not wrong else _breach(outcome, expected, actual)


@rule("settles-when-it-is-over")
def settles_when_it_is_over(outcome: Outcome, memory: Memory) -> Breach | None:
    """The exchange ends by itself, or the endpoint resets it; `Scenario.seconds` says when."""
    if not outcome.calls:
        return None
    last = outcome.scenario.seconds + SETTLING_SECONDS
    pending = outcome.settled("pending")
    late = max(call.at for call in outcome.calls)
    actual = f"{_calls(pending)} still pending" if pending else f"settled after {late:.1f} s"
    expected = f"settled at most {SETTLING_SECONDS:g} s after the exchange has ended"
    if not pending and late <= last:
        return OK
    return _breach(outcome, expected, f"{actual}; the exchange was over at {outcome.scenario.seconds:.1f} s")


# --- completed --------------------------------------------------------------------------------------------------------


@rule("success-resolves-with-body")
def success_resolves_with_body(outcome: Outcome, memory: Memory) -> Breach | None:
    """The value must equal the JSON of the body as JavaScript reads it."""
    if not _settled(outcome, Kind.COMPLETED):
        return None
    if rejected := outcome.settled("rejected"):
        error = next(call.error for call in outcome.calls if call.settled == "rejected")
        return _breach(outcome, "resolved with the body", f"{_calls(rejected)} rejected: {error}")
    bodies = [exchange.response.reading.value for exchange in outcome.exchanges if exchange.response]
    other = [call for call in outcome.calls if not any(_same(call.value, body) for body in bodies)]
    return OK if not other else _breach(outcome, "resolved with the body", "resolved with something else than the body")


def _same(value: Any, body: Any) -> bool:
    """Whether a value equals that of the JSON. Numbers are equal if they are the same double, since JavaScript has no others."""
    if isinstance(body, dict):
        names = isinstance(value, Mapping) and set(value) == set(body)
        return names and all(_same(value[name], body[name]) for name in body)
    if isinstance(body, list):
        items = isinstance(value, (list, tuple)) and len(value) == len(body)
        return items and all(map(_same, value, body))
    if isinstance(body, (int, float)) and not isinstance(body, bool):
        number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        return number and (value == body or _double(value) == _double(body))
    return bool(value == body) if isinstance(body, str) else value is body


def _double(number: int | float | Decimal) -> float:
    try:
        return float(number)
    except OverflowError:  # larger than any double, so it equals no number of a body
        return math.nan


@rule("success-fires-nothing")
def success_fires_nothing(outcome: Outcome, memory: Memory) -> Breach | None:
    """The event is only for a refresh that did not complete."""
    if _met(outcome, Kind.COMPLETED):
        return OK if outcome.fired == 0 else _breach(outcome, "no event", _events(outcome.fired))
    return None


@rule("success-puts-token-in-place")
def success_puts_token_in_place(outcome: Outcome, memory: Memory) -> Breach | None:
    """The client must store the new token, and its next request must carry it, if that carries a token."""
    if not _met(outcome, Kind.COMPLETED):
        return None
    stored = isinstance(outcome.token_after, str) and outcome.token_after in outcome.given
    where = "the next request carries" if stored else "stored is"
    return OK if outcome.became == "new" else _breach(outcome, "the new token", f"{where} {_token(outcome)}")


def _token(outcome: Outcome) -> str:
    """What happened to the token, in words that reveal no token."""
    words = {"kept": "the old token", "new": "the token of the answer", "gone": "no token"}
    if outcome.became != "bogus":
        return words[outcome.became]
    for value in (outcome.sent_after, outcome.token_after):
        if value is None:
            continue
        shown = str(value).removeprefix("Bearer ").strip()
        if len(shown) <= 9 or shown == "[object Object]":  # a bogus value that is as short as this is a word, not a secret
            return f"{shown!r}, which is no token"
    return "something that is no token"


# --- failed -----------------------------------------------------------------------------------------------------------


@rule("failure-rejects")
def failure_rejects(outcome: Outcome, memory: Memory) -> Breach | None:
    """Every caller must learn of the failure."""
    if _settled(outcome, Kind.FAILED):
        return (
            OK
            if outcome.settled("resolved") == 0
            else _breach(outcome, "rejected", f"{_calls(outcome.settled('resolved'))} resolved")
        )
    return None


@rule("failure-fires-once")
def failure_fires_once(outcome: Outcome, memory: Memory) -> Breach | None:
    """Calls made at the same moment fire at least one event, and at most one each. A page load may fire one for each request."""
    if not _met(outcome, Kind.FAILED):
        return None
    most = len(outcome.calls) or len(outcome.exchanges)
    known = (outcome.client, outcome.scenario.conditions)
    if not outcome.fired and known in memory.fired:
        return None  # it fired before, so every-failure-fires judges this
    if outcome.fired and outcome.calls:
        late = max(event.at for event in outcome.events) - max(call.at for call in outcome.calls)
        if late > EVENT_SECONDS:
            return _breach(outcome, f"the event within {EVENT_SECONDS:g} s after the rejection", f"{late:.1f} s after it")
    if outcome.fired:
        memory.fired.add(known)
    expected = "exactly one event" if most == 1 else f"one to {most} events"
    return OK if 1 <= outcome.fired <= most else _breach(outcome, expected, f"{_events(outcome.fired)} for {_calls(most)}")


@rule("every-failure-fires")
def every_failure_fires(outcome: Outcome, memory: Memory) -> Breach | None:
    """Judges a scenario that fired when the same client met it before."""
    if _met(outcome, Kind.FAILED) and (outcome.client, outcome.scenario.conditions) in memory.fired:
        return OK if outcome.fired > 0 else _breach(outcome, "an event, as when this was met before", "no event this time")
    return None


@rule("event-carries-error")
def event_carries_error(outcome: Outcome, memory: Memory) -> Breach | None:
    """The response of the error must be that of the exchange; they are compared by HTTP status."""
    if not _met(outcome, Kind.FAILED) or not outcome.events:
        return None
    came = next((x.response.status for x in reversed(outcome.exchanges) if x.response), 0)
    for event in outcome.events:
        if not event.is_error:
            return _breach(outcome, "an error", f"the event carries {event.text or 'nothing'}")
        if came >= 400 and event.status != came:
            has = f"a response with status {event.status}" if event.status else "no response"
            return _breach(outcome, f"an error whose response has status {came}", f"an error with {has}")
    return OK


@rule("every-listener-hears")
def every_listener_hears(outcome: Outcome, memory: Memory) -> Breach | None:
    """If a listener throws, `throwing-listener-harms-nothing` judges instead."""
    if _met(outcome, Kind.FAILED) and outcome.fired and not outcome.scenario.throwing:
        return (
            OK
            if len(set(outcome.heard)) == 1
            else _breach(outcome, "every listener hears it", f"they heard it {_times(outcome.heard)}")
        )
    return None


def _times(heard: tuple[int, ...]) -> str:
    return f"{', '.join(map(str, heard))} times"


@rule("throwing-listener-harms-nothing")
def throwing_listener_harms_nothing(outcome: Outcome, memory: Memory) -> Breach | None:
    """The first listener throws. The other listeners and the callers must not notice it."""
    if not _settled(outcome, Kind.FAILED) or not outcome.scenario.throwing or not outcome.fired:
        return None
    spoiled = sum(THROWN in call.error for call in outcome.calls)
    heard = len(set(outcome.heard)) == 1
    actual = (
        f"{_calls(spoiled)} rejected with the listener's own error"
        if heard
        else f"the listeners heard it {_times(outcome.heard)}"
    )
    harmless = heard and not spoiled
    return OK if harmless else _breach(outcome, "the others hear it, and the call is rejected with its own error", actual)


@rule("failure-keeps-token")
def failure_keeps_token(outcome: Outcome, memory: Memory) -> Breach | None:
    """A page load is not judged: it may log the customer out, and then the token is removed."""
    if not _settled(outcome, Kind.FAILED):
        return None
    return OK if outcome.became == "kept" else _breach(outcome, "the old token", f"afterwards it is {_token(outcome)}")


# --- unspecified ------------------------------------------------------------------------------------------------------


@rule("unspecified-is-coherent")
def unspecified_is_coherent(outcome: Outcome, memory: Memory) -> Breach | None:
    """Two behaviours are right: to resolve without an event, and to reject with one."""
    if not _settled(outcome, Kind.UNSPECIFIED):
        return None
    rejected = outcome.settled("rejected")
    expected = f"one to {_events(rejected)}" if rejected > 1 else _events(rejected)
    coherent = 1 <= outcome.fired <= rejected if rejected else outcome.fired == 0
    return OK if coherent else _breach(outcome, expected, f"{_calls(rejected)} rejected, {_events(outcome.fired)}")


@rule("no-bogus-token")
def no_bogus_token(outcome: Outcome, memory: Memory) -> Breach | None:
    """After an unspecified answer, the client may hold the old token, the given one, or none. Other rules judge other classes."""
    # A page load that failed may remove the token, but not replace it with something that is no token.
    at_load = not outcome.calls and _met(outcome, Kind.FAILED)
    if at_load or _met(outcome, Kind.UNSPECIFIED):
        actual = f"afterwards it is {_token(outcome)}"
        return OK if outcome.became != "bogus" else _breach(outcome, "the old token, that of the answer, or none", actual)
    return None


# --- good manners -----------------------------------------------------------------------------------------------------


@rule("calls-at-once-share")
def calls_at_once_share(outcome: Outcome, memory: Memory) -> Breach | None:
    """Judged only if a whole answer came: after a broken connection, the network stack may send the request again by itself."""
    if len(outcome.calls) < 2 or outcome.settled("pending") or not outcome.scenario.delivery.arrives:
        return None
    requests, events = len(outcome.exchanges), outcome.fired
    most = 0 if outcome.kind is Kind.COMPLETED else 1  # an unspecified exchange may be rejected, and then it fires
    actual = f"{requests} requests, {_events(events)}" if requests != 1 else f"one request, {_events(events)}"
    return OK if requests == 1 and events <= most else _breach(outcome, f"one request, {_events(most)}", actual)


@rule("gives-up-in-the-end")
def gives_up_in_the_end(outcome: Outcome, memory: Memory) -> Breach | None:
    """The client must give up before the endpoint ends the exchange."""
    if outcome.scenario.delivery not in (Delivery.SILENT, Delivery.ENDLESS) or not outcome.calls:
        return None
    waited = max(call.at for call in outcome.calls)
    gave_up = not outcome.settled("pending") and waited < outcome.scenario.seconds - CLOCK_SECONDS
    seconds = f"{outcome.scenario.seconds:g} s"
    return OK if gave_up else _breach(outcome, f"given up within {seconds}", f"still pending after {seconds}")


@rule("restore-refreshes-once")
def restore_refreshes_once(outcome: Outcome, memory: Memory) -> Breach | None:
    """Judged only if a whole answer came, like `calls-at-once-share`."""
    if not outcome.calls and outcome.scenario.delivery.arrives:
        count = len(outcome.exchanges)
        return OK if count == 1 else _breach(outcome, "one request", f"{count} requests" if count else "no request")
    return None


@rule("transient-failure-keeps-login")
def transient_failure_keeps_login(outcome: Outcome, memory: Memory) -> Breach | None:
    """The customer did nothing wrong, and the next attempt may succeed."""
    if outcome.calls or not _met(outcome, Kind.FAILED) or outcome.logged_in is None:
        return None
    came = outcome.exchanges[-1].response
    if came is None or came.status in TRANSIENT:
        return OK if outcome.logged_in else _breach(outcome, "the customer stays logged in", f"logged out by {_why(outcome)}")
    return None


def _why(outcome: Outcome) -> str:
    return described(frozenset(c for c in outcome.scenario.conditions if c[0] in ("http status", "transport"))) or "the failure"
