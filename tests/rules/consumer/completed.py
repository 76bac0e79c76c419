"""What a client owes its page when a refresh completed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from contracts.model.answers import json_answer
from contracts.model.outcome import Outcome
from contracts.model.scenario import Scenario, refreshed, success_body
from tests.kit.judgements import Table, breaks, holds, silent
from tests.kit.outcomes import (
    COUNTED,
    DONE,
    EARLIER,
    NEW,
    NO_TOKEN,
    OLD,
    REFUSED,
    SAME_AGAIN,
    at_once,
    heard,
    json_of,
    list_of,
    loading,
    numbers,
    outcome,
    told,
)

# Values that a client may show for a member of the body, and bodies: numbers are the same as JavaScript has them.
SAME: tuple[tuple[Any, Any], ...] = (
    *(({"a": 1}, {"a": 1}), ([1, 2], [1, 2]), ((1, 2), [1, 2]), (1.0, 1), (2**53, 2**53 + 1), (Decimal("1.5"), 1.5)),
    *(("a", "a"), (None, None), (True, True)),
)
DIFFERENT: tuple[tuple[Any, Any], ...] = (
    *(({"a": 1}, {"a": 1, "b": 2}), ({"a": 1, "b": 2}, {"a": 1}), ({"a": 1}, {"a": 2}), ([("a", 1)], {"a": 1})),
    *(([1], [1, 2]), ([2, 1], [1, 2]), ({0: 1}, [1]), (2**53 + 3, 2**53 + 1), (10**400, 1), (-(10**400), 1)),
    *((Decimal("1e400"), 1), (True, 1), (1, True), ("1", 1), ("a", "b"), (False, None), (0, False), (5, [1]), ("a", ["a"])),
    *(({"a": 1}, ["a"]), ({"a"}, ["a"]), (5, {"a": 1}), (["a"], {"a": 1}), (None, 1), ("1", True)),
)


def shows(value: Any, body: Any) -> Outcome:
    """A success whose body has a member, for which the client shows a value."""
    scenario = Scenario("x", json_answer(200, {**success_body(NEW), "x": body}))
    return outcome(scenario, value={**json_of(scenario), "x": value})


def brief(value: Any) -> str:
    """A value for the name of a row."""
    return repr(value).replace("0" * 400, "0…0")


COMPLETED: Table = {
    "success-resolves-with-body": (
        holds("the body", outcome(DONE)),
        holds("five calls", outcome(at_once(DONE))),
        holds("200.0 for 200", outcome(DONE, value={**json_of(DONE), "status": 200.0})),
        holds(
            "200 for 200.0", outcome(Scenario("s", json_answer(200, success_body(NEW, status=200.0))), value=success_body(NEW))
        ),
        holds("an integer as the nearest double", outcome(COUNTED, value=numbers(count=float(2**53)))),
        holds("an integer as it stands there", outcome(COUNTED, value=numbers())),
        holds("a nested one as a double", outcome(COUNTED, value=numbers(list=list_of(1e21)))),
        holds("decimals", outcome(COUNTED, value=numbers(status=Decimal("200.0"), list=[1, Decimal("2.5"), list_of(10**21)[2]]))),
        holds("lists as tuples", outcome(COUNTED, value=numbers(list=tuple(list_of(10**21))))),
        holds("members in another order", outcome(DONE, value=dict(reversed(json_of(DONE).items())))),
        *(holds(f"{brief(value)} for {brief(body)}", shows(value, body)) for value, body in SAME),
        *(breaks(f"{brief(value)} for {brief(body)}", shows(value, body)) for value, body in DIFFERENT),
        breaks("nothing", outcome(DONE, value=None)),
        breaks("a part of it", outcome(DONE, value=json_of(DONE)["data"])),
        breaks("the token", outcome(DONE, value=NEW)),
        breaks("as text", outcome(DONE, value='{"status": 200}')),
        breaks("a member less", outcome(DONE, value=success_body(NEW, status=...))),
        breaks("a member more", outcome(DONE, value=success_body(NEW, extra=None))),
        breaks("a member of another name", outcome(DONE, value=success_body(NEW, status=..., code=200))),
        breaks("1 for true", outcome(DONE, value=success_body(NEW, success=1))),
        breaks("true for 1", outcome(COUNTED, value=numbers(list=[True, *list_of(10**21)[1:]]))),
        breaks("a nested 1 for true", outcome(COUNTED, value=numbers(list=list_of(10**21, 1)))),
        breaks("a text for a number", outcome(DONE, value=success_body(NEW, status="200"))),
        breaks("a number for a text", outcome(DONE, value=success_body(5))),
        breaks("another double", outcome(COUNTED, value=numbers(count=2**53 + 4))),
        breaks("a number beyond all doubles", outcome(COUNTED, value=numbers(count=10**400))),
        breaks("no number", outcome(COUNTED, value=numbers(count=float("nan")))),
        breaks("a shorter list", outcome(COUNTED, value=numbers(list=[1, 2.5]))),
        breaks("an object for a list", outcome(COUNTED, value=numbers(list={0: 1, 1: 2.5}))),
        breaks("the body of an earlier answer", outcome(DONE, value=success_body(EARLIER))),
        breaks(
            "rejected",
            outcome(DONE, "rejected"),
            words=("resolved with the body", "success-200: one call rejected: NotRefreshed: no"),
        ),
        breaks("one of five rejected", outcome(at_once(DONE), ["rejected"] + ["resolved"] * 4)),
        breaks("nothing was asked", outcome(DONE, exchanges=())),
        breaks(
            "an empty object",
            outcome(DONE, value={}),
            words=("resolved with the body", "success-200: resolved with something else than the body"),
        ),
        breaks(
            "a success that rejects",
            outcome(at_once(DONE), "rejected", events=()),
            words=("resolved with the body", "success-200: 5 calls rejected: NotRefreshed: no"),
        ),
        silent("pending", outcome(DONE, "pending")),
        silent("a failure", outcome(REFUSED)),
        silent("a success without a token", outcome(NO_TOKEN, "resolved", value=None)),
        silent("at page load", outcome(loading(DONE))),
    ),
    "success-fires-nothing": (
        holds("no event", outcome(DONE)),
        holds("five calls", outcome(at_once(DONE))),
        holds("at page load", outcome(loading(DONE))),
        breaks("an event", outcome(DONE, events=told(DONE)), words=("no event", "success-200: one event")),
        breaks("an event to one listener", outcome(DONE, events=told(DONE, (0, 0, 1)))),
        breaks("an event at page load", outcome(loading(DONE), events=told(DONE))),
        breaks("two events", outcome(DONE, events=told(DONE, heard(2))), words=("no event", "success-200: 2 events")),
        silent("pending", outcome(DONE, "pending", events=told(DONE))),
        silent("a failure", outcome(REFUSED)),
        silent("a success without a token", outcome(NO_TOKEN)),
        silent("no refresh at page load", outcome(loading(DONE), exchanges=())),
    ),
    "success-puts-token-in-place": (
        holds("stored and sent", outcome(DONE, sent_after=f"Bearer {NEW}")),
        holds("stored, and no header sent", outcome(DONE)),
        holds("stored, and an empty header sent", outcome(DONE, sent_after="")),
        holds("a scheme in lower case", outcome(DONE, sent_after=f"bearer {NEW}")),
        holds("without a scheme", outcome(DONE, sent_after=NEW)),
        holds("a header that is about something else", outcome(DONE, sent_after="Basic c3RhZ2luZzpzdGFnaW5n")),
        holds("the first token", outcome(DONE, token_before=None)),
        holds("the same token again", outcome(DONE, **SAME_AGAIN)),
        holds("at page load", outcome(loading(DONE), sent_after=f"Bearer {NEW}")),
        holds("white space that no header carries", outcome(refreshed(f"{NEW}\n"), sent_after=f"Bearer {NEW}")),
        breaks(
            "the old one kept", outcome(DONE, token_after=OLD), words=("the new token", "success-200: stored is the old token")
        ),
        breaks("none before, none after", outcome(DONE, token_before=None, token_after=None)),
        breaks(
            "stored, and the old one sent",
            outcome(DONE, sent_after=f"Bearer {OLD}"),
            words=("the new token", "success-200: the next request carries the old token"),
        ),
        breaks("sent, and the old one stored", outcome(DONE, token_after=OLD, sent_after=f"Bearer {NEW}")),
        breaks("stored, and an earlier one sent", outcome(DONE, sent_after=f"Bearer {EARLIER}")),
        breaks("an earlier one stored", outcome(DONE, token_after=EARLIER)),
        *(breaks(f"stored, and {w} sent", outcome(DONE, sent_after=f"Bearer {w}")) for w in ("null", "undefined", "")),
        breaks("null sent without a scheme", outcome(DONE, sent_after="null")),
        breaks("removed", outcome(DONE, token_after=None), words=("the new token", "success-200: stored is no token")),
        *(breaks(f"{v!r} stored", outcome(DONE, token_after=v)) for v in (5, True, {}, [], "", "undefined", {"token": NEW})),
        breaks("nothing sent after undefined at page load", outcome(loading(DONE), token_after="undefined")),
        breaks(
            "a number stored",
            outcome(DONE, token_after=5),
            words=("the new token", "success-200: stored is '5', which is no token"),
        ),
        breaks(
            "ten characters stored",
            outcome(DONE, token_after="x" * 10),
            words=("the new token", "success-200: stored is something that is no token"),
        ),
        breaks(
            "nine characters stored",
            outcome(DONE, token_after="x" * 9),
            words=("the new token", "success-200: stored is 'xxxxxxxxx', which is no token"),
        ),
        breaks(
            "[object Object] stored",
            outcome(DONE, token_after="[object Object]"),
            words=("the new token", "success-200: stored is '[object Object]', which is no token"),
        ),
        breaks(
            "undefined sent",
            outcome(DONE, sent_after="Bearer undefined"),
            words=("the new token", "success-200: the next request carries 'undefined', which is no token"),
        ),
        silent("pending", outcome(DONE, "pending", token_after=OLD)),
        silent("a failure", outcome(REFUSED)),
        silent("a success without a token", outcome(NO_TOKEN)),
        silent("no refresh at page load", outcome(loading(DONE), exchanges=(), token_after=OLD)),
    ),
}
