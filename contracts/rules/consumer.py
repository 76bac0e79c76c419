"""The consumer rules: what a client owes its page, by the class of what the endpoint did.

    the call         sends-post-without-body, settles-when-it-is-over
    completed        success-resolves-with-body, success-fires-nothing, success-puts-token-in-place
    failed           failure-rejects, failure-fires-once, every-failure-fires, event-carries-error, every-listener-hears,
                     throwing-listener-harms-nothing, failure-keeps-token
    unspecified      unspecified-is-coherent, no-bogus-token
    good manners     all that is SHOULD

A call that is still pending is the business of `settles-when-it-is-over` alone: the others are silent about it.
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

CLOCK_SECONDS: Final = 0.01  # by which clocks of a client and of the endpoint may differ
TRANSIENT: Final = (429, *range(500, 600))


@dataclass
class Memory:
    """What earlier outcomes of the same client leave behind: the scenarios that were once seen to fire."""

    fired: set[tuple[str, frozenset[tuple[str, str]]]] = field(default_factory=set)


RULE_SET: Final = RuleSet[Outcome, Memory](Memory)
rule = RULE_SET.rule


def _breach(o: Outcome, expected: str, actual: str) -> Breach:
    return Breach(expected, f"{o.scenario.name}: {actual}")


def _met(o: Outcome, kind: Kind) -> bool:
    """Whether a refresh met an exchange of this class and is over. A page that loads may leave it at that: it owes no refresh."""
    return o.kind is kind and bool(o.calls or o.exchanges) and not o.settled("pending")


def _settled(o: Outcome, kind: Kind) -> bool:
    """Whether calls met an exchange of this class, and all of them have ended."""
    return bool(o.calls) and _met(o, kind)


def _events(count: int) -> str:
    return {0: "no event", 1: "one event"}.get(count, f"{count} events")


def _calls(count: int) -> str:
    return "one call" if count == 1 else f"{count} calls"


# --- the call ---------------------------------------------------------------------------------------------------------


@rule("sends-post-without-body")
def sends_post_without_body(o: Outcome, memory: Memory) -> Breach | None:
    """Where the network itself is down, a client need not even try."""
    method, path = load().method, urlsplit(o.exchanges[0].request.url).path if o.exchanges else load().path
    expected = f"{method} {path}, no query, no body"
    if not o.exchanges and (not o.calls or not o.scenario.delivery.reaches):
        return None
    sent = [x.request for x in o.exchanges]
    wrong = [r for r in sent if r.method != method or r.body or urlsplit(r.url).query]
    if wrong:
        r = wrong[0]
        actual = f"{r.method} {urlsplit(r.url).path}{'?…' if urlsplit(r.url).query else ''}, {len(r.body)} bytes of body"
    elif o.strays:
        actual = f"no request to the endpoint, but {o.strays[0].method} {urlsplit(o.strays[0].url).path}"
    else:
        actual = "no request"
    return OK if bool(sent) and not wrong else _breach(o, expected, actual)


@rule("settles-when-it-is-over")
def settles_when_it_is_over(o: Outcome, memory: Memory) -> Breach | None:
    """The exchange ends by itself, or in the end the endpoint resets it; `Scenario.seconds` says when."""
    if not o.calls:
        return None
    last = o.scenario.seconds + SETTLING_SECONDS
    pending = o.settled("pending")
    late = max(call.at for call in o.calls)
    actual = f"{_calls(pending)} still pending" if pending else f"settled after {late:.1f} s"
    expected = f"settled at most {SETTLING_SECONDS:g} s after the exchange has ended"
    if not pending and late <= last:
        return OK
    return _breach(o, expected, f"{actual}; the exchange was over at {o.scenario.seconds:.1f} s")


# --- completed --------------------------------------------------------------------------------------------------------


@rule("success-resolves-with-body")
def success_resolves_with_body(o: Outcome, memory: Memory) -> Breach | None:
    """The value is the JSON of the body, as JavaScript reads it."""
    if not _settled(o, Kind.COMPLETED):
        return None
    if rejected := o.settled("rejected"):
        error = next(call.error for call in o.calls if call.settled == "rejected")
        return _breach(o, "resolved with the body", f"{_calls(rejected)} rejected: {error}")
    bodies = [x.response.reading.value for x in o.exchanges if x.response]
    other = [call for call in o.calls if not any(_same(call.value, body) for body in bodies)]
    return OK if not other else _breach(o, "resolved with the body", "resolved with something else than the body")


def _same(value: Any, body: Any) -> bool:
    """Whether a value is that of the JSON. Numbers are equal when they are the same double: JavaScript has no other."""
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
    except OverflowError:  # larger than every number that a body can hold
        return math.nan


@rule("success-fires-nothing")
def success_fires_nothing(o: Outcome, memory: Memory) -> Breach | None:
    """The event is for what was not completed."""
    if _met(o, Kind.COMPLETED):
        return OK if o.fired == 0 else _breach(o, "no event", _events(o.fired))
    return None


@rule("success-puts-token-in-place")
def success_puts_token_in_place(o: Outcome, memory: Memory) -> Breach | None:
    """Stored: as the client shows it. Used: as its next request carries it, where it carries one."""
    if not _met(o, Kind.COMPLETED):
        return None
    stored = isinstance(o.token_after, str) and o.token_after in o.given
    where = "the next request carries" if stored else "stored is"
    return OK if o.became == "new" else _breach(o, "the new token", f"{where} {_token(o)}")


def _token(o: Outcome) -> str:
    """What became of the token, in words that give none away."""
    words = {"kept": "the old token", "new": "the token of the answer", "gone": "no token"}
    if o.became != "bogus":
        return words[o.became]
    for value in (o.sent_after, o.token_after):
        if value is None:
            continue
        shown = str(value).removeprefix("Bearer ").strip()
        if len(shown) <= 9 or shown == "[object Object]":  # the bogus ones are words, no secrets
            return f"{shown!r}, which is no token"
    return "something that is no token"


# --- failed -----------------------------------------------------------------------------------------------------------


@rule("failure-rejects")
def failure_rejects(o: Outcome, memory: Memory) -> Breach | None:
    """Every caller is told."""
    if _settled(o, Kind.FAILED):
        return OK if o.settled("resolved") == 0 else _breach(o, "rejected", f"{_calls(o.settled('resolved'))} resolved")
    return None


@rule("failure-fires-once")
def failure_fires_once(o: Outcome, memory: Memory) -> Breach | None:
    """For calls made at the same moment: at least one event, at most one a call. Of a page load the requests count."""
    if not _met(o, Kind.FAILED):
        return None
    most = len(o.calls) or len(o.exchanges)
    known = (o.client, o.scenario.conditions)
    if not o.fired and known in memory.fired:
        return None  # it fired before: the business of every-failure-fires
    if o.fired and o.calls:
        late = max(event.at for event in o.events) - max(call.at for call in o.calls)
        if late > EVENT_SECONDS:
            return _breach(o, f"the event within {EVENT_SECONDS:g} s after the rejection", f"{late:.1f} s after it")
    if o.fired:
        memory.fired.add(known)
    expected = "exactly one event" if most == 1 else f"one to {most} events"
    return OK if 1 <= o.fired <= most else _breach(o, expected, f"{_events(o.fired)} for {_calls(most)}")


@rule("every-failure-fires")
def every_failure_fires(o: Outcome, memory: Memory) -> Breach | None:
    """Speaks of a scenario that fired when it was met before."""
    if _met(o, Kind.FAILED) and (o.client, o.scenario.conditions) in memory.fired:
        return OK if o.fired > 0 else _breach(o, "an event, as when this was met before", "no event this time")
    return None


@rule("event-carries-error")
def event_carries_error(o: Outcome, memory: Memory) -> Breach | None:
    """The response is that of the exchange: its HTTP status tells."""
    if not _met(o, Kind.FAILED) or not o.events:
        return None
    came = next((x.response.status for x in reversed(o.exchanges) if x.response), 0)
    for event in o.events:
        if not event.is_error:
            return _breach(o, "an error", f"the event carries {event.text or 'nothing'}")
        if came >= 400 and event.status != came:
            has = f"a response with status {event.status}" if event.status else "no response"
            return _breach(o, f"an error whose response has status {came}", f"an error with {has}")
    return OK


@rule("every-listener-hears")
def every_listener_hears(o: Outcome, memory: Memory) -> Breach | None:
    """Where a listener throws, `throwing-listener-harms-nothing` speaks."""
    if _met(o, Kind.FAILED) and o.fired and not o.scenario.throwing:
        return OK if len(set(o.heard)) == 1 else _breach(o, "every listener hears it", f"they heard it {_times(o.heard)}")
    return None


def _times(heard: tuple[int, ...]) -> str:
    return f"{', '.join(map(str, heard))} times"


@rule("throwing-listener-harms-nothing")
def throwing_listener_harms_nothing(o: Outcome, memory: Memory) -> Breach | None:
    """The first listener throws; the others and the callers must not notice."""
    if not _settled(o, Kind.FAILED) or not o.scenario.throwing or not o.fired:
        return None
    spoiled = sum(THROWN in call.error for call in o.calls)
    heard = len(set(o.heard)) == 1
    actual = f"{_calls(spoiled)} rejected with the listener's own error" if heard else f"the listeners heard it {_times(o.heard)}"
    harmless = heard and not spoiled
    return OK if harmless else _breach(o, "the others hear it, and the call is rejected with its own error", actual)


@rule("failure-keeps-token")
def failure_keeps_token(o: Outcome, memory: Memory) -> Breach | None:
    """A page load is another matter: it may log the customer out, and then the token goes."""
    if not _settled(o, Kind.FAILED):
        return None
    return OK if o.became == "kept" else _breach(o, "the old token", f"afterwards it is {_token(o)}")


# --- unspecified ------------------------------------------------------------------------------------------------------


@rule("unspecified-is-coherent")
def unspecified_is_coherent(o: Outcome, memory: Memory) -> Breach | None:
    """Resolved without an event, or rejected with one: both are right."""
    if not _settled(o, Kind.UNSPECIFIED):
        return None
    rejected = o.settled("rejected")
    expected = f"one to {_events(rejected)}" if rejected > 1 else _events(rejected)
    coherent = 1 <= o.fired <= rejected if rejected else o.fired == 0
    return OK if coherent else _breach(o, expected, f"{_calls(rejected)} rejected, {_events(o.fired)}")


@rule("no-bogus-token")
def no_bogus_token(o: Outcome, memory: Memory) -> Breach | None:
    """What completed or failed has rules of its own for the token; here the old one, a given one or none will do."""
    at_load = not o.calls and _met(o, Kind.FAILED)  # it may take the token away, but not put a wrong one in its place
    if at_load or _met(o, Kind.UNSPECIFIED):
        actual = f"afterwards it is {_token(o)}"
        return OK if o.became != "bogus" else _breach(o, "the old token, that of the answer, or none", actual)
    return None


# --- good manners -----------------------------------------------------------------------------------------------------


@rule("calls-at-once-share")
def calls_at_once_share(o: Outcome, memory: Memory) -> Breach | None:
    """Counted only where a whole answer came: of a broken connection the network stack may send again by itself."""
    if len(o.calls) < 2 or o.settled("pending") or not o.scenario.delivery.arrives:
        return None
    requests, events = len(o.exchanges), o.fired
    most = 0 if o.kind is Kind.COMPLETED else 1  # an unspecified one may be rejected, and then it fires
    actual = f"{requests} requests, {_events(events)}" if requests != 1 else f"one request, {_events(events)}"
    return OK if requests == 1 and events <= most else _breach(o, f"one request, {_events(most)}", actual)


@rule("gives-up-in-the-end")
def gives_up_in_the_end(o: Outcome, memory: Memory) -> Breach | None:
    """Given up before the endpoint itself ended it."""
    if o.scenario.delivery not in (Delivery.SILENT, Delivery.ENDLESS) or not o.calls:
        return None
    waited = max(call.at for call in o.calls)
    gave_up = not o.settled("pending") and waited < o.scenario.seconds - CLOCK_SECONDS
    seconds = f"{o.scenario.seconds:g} s"
    return OK if gave_up else _breach(o, f"given up within {seconds}", f"still pending after {seconds}")


@rule("restore-refreshes-once")
def restore_refreshes_once(o: Outcome, memory: Memory) -> Breach | None:
    """Counted where a whole answer came, as for calls at once."""
    if not o.calls and o.scenario.delivery.arrives:
        count = len(o.exchanges)
        return OK if count == 1 else _breach(o, "one request", f"{count} requests" if count else "no request")
    return None


@rule("transient-failure-keeps-login")
def transient_failure_keeps_login(o: Outcome, memory: Memory) -> Breach | None:
    """The customer did nothing wrong, and the next try may succeed."""
    if o.calls or not _met(o, Kind.FAILED) or o.logged_in is None:
        return None
    came = o.exchanges[-1].response
    if came is None or came.status in TRANSIENT:
        return OK if o.logged_in else _breach(o, "the customer stays logged in", f"logged out by {_why(o)}")
    return None


def _why(o: Outcome) -> str:
    return described(frozenset(c for c in o.scenario.conditions if c[0] in ("http status", "transport"))) or "the failure"
