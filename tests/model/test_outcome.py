"""Outcomes: how they are summed up, what became of the token, who heard how much, and what is kept out of sight."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from contracts.model.answers import error, json_answer
from contracts.model.exchange import Exchange, Kind, Request
from contracts.model.outcome import LISTENERS, Call, Event, Outcome, linked
from contracts.model.scenario import AT_ONCE, Delivery, Scenario, named, refreshed, success_body

URL = "https://store.example/auth/refresh"
OLD, NEW, OTHER = "old-token-0123456789abc", "new-token-0123456789abc", "other-token-0123456789a"
DONE = refreshed(NEW)
REFUSED = Scenario("error-401", error(401))
FALSE = Scenario("false-with-token", json_answer(200, success_body(NEW, success=False)))
ODD = Scenario("success-status-204", json_answer(200, success_body(NEW, status=204)))


def asked(scenario: Scenario, authorization: str | None = None) -> Exchange:
    """A request and what came back."""
    headers = (("Authorization", authorization),) if authorization is not None else ()
    return Exchange(Request("POST", URL, headers), scenario.came)


def outcome(scenario: Scenario, *ends: str, **rest: Any) -> Outcome:
    """An outcome: calls that ended so, one request, the old token kept; unless told."""
    usual: dict[str, Any] = {"calls": tuple(map(Call, ends)), "exchanges": (asked(scenario),)}
    return Outcome(scenario, **{**usual, "token_before": OLD, "token_after": OLD, **rest})


def heard(*times: int) -> tuple[Event, ...]:
    """How often each listener heard the event."""
    return tuple(Event(listener, 0.1) for listener, count in enumerate(times) for _ in range(count))


# --- in a few words ---------------------------------------------------------------------------------------------------

SUMMARIES: dict[str, tuple[str, Outcome]] = {
    "a success": ("resolved; no event; token new", outcome(DONE, "resolved", token_after=NEW)),
    "a failure": ("rejected; one event; token kept", outcome(REFUSED, "rejected", events=heard(1, 1, 1))),
    "nothing yet": ("pending; no event; token kept", outcome(REFUSED, "pending")),
    "five alike": ("rejected; 5 events; token kept", outcome(REFUSED, *["rejected"] * 5, events=heard(5, 5, 5))),
    "five unlike": (
        "resolved and rejected and pending; one event; token kept",
        outcome(REFUSED, "pending", "rejected", "resolved", "rejected", "pending", events=heard(1, 1, 1)),
    ),
    "one listener": ("rejected; 2 events; token kept", outcome(REFUSED, "rejected", events=heard(0, 2, 1))),
    "logged out": ("one event; token gone; logged out", outcome(REFUSED, events=heard(1), token_after=None, logged_in=False)),
    "logged in": ("no event; token new; logged in", outcome(DONE, token_after=NEW, logged_in=True)),
    "bogus": ("resolved; no event; token bogus", outcome(ODD, "resolved", token_after="undefined")),
    "nothing at all": ("no event; token kept", outcome(DONE)),
}


@pytest.mark.parametrize(("words", "o"), SUMMARIES.values(), ids=SUMMARIES)
def test_summary(words: str, o: Outcome) -> None:
    """The same outcome is always said in the same words."""
    assert o.summary == words


# --- the token --------------------------------------------------------------------------------------------------------

# what became of it, (scenario, before, after, the header of the next request)
BECAME: dict[str, tuple[str, tuple[Scenario, Any, Any, str | None]]] = {
    "kept": ("kept", (REFUSED, OLD, OLD, None)),
    "kept and sent": ("kept", (REFUSED, OLD, OLD, f"Bearer {OLD}")),
    "none and none": ("kept", (REFUSED, None, None, None)),
    "kept, whatever it is": ("kept", (REFUSED, 5, 5, None)),
    "the given one": ("new", (DONE, OLD, NEW, f"Bearer {NEW}")),
    "the given one, the first": ("new", (DONE, None, NEW, None)),
    "the given one, which is the old one": ("new", (DONE, NEW, NEW, f"Bearer {NEW}")),
    "a failure gives the old one": ("kept", (FALSE, NEW, NEW, f"Bearer {NEW}")),
    "an odd success gives the old one": ("kept", (ODD, NEW, NEW, f"Bearer {NEW}")),
    "that of a failure": ("new", (FALSE, OLD, NEW, None)),
    "that of an odd success": ("new", (ODD, OLD, NEW, None)),
    "gone": ("gone", (REFUSED, OLD, None, None)),
    "another one": ("bogus", (DONE, OLD, OTHER, None)),
    "undefined": ("bogus", (ODD, OLD, "undefined", None)),
    "a number": ("bogus", (ODD, OLD, 5, None)),
    "true after 1": ("bogus", (ODD, 1, True, None)),
    "true after 1, and a failure": ("bogus", (REFUSED, 1, True, None)),
    "an object": ("bogus", (ODD, OLD, {}, None)),
    "an object around it": ("bogus", (DONE, OLD, {"token": NEW}, None)),
    # as sent, if that is worse
    "kept, and undefined sent": ("bogus", (REFUSED, OLD, OLD, "Bearer undefined")),
    "kept, and only the scheme sent": ("bogus", (REFUSED, OLD, OLD, "Bearer ")),
    "stored, and null sent": ("bogus", (DONE, OLD, NEW, "Bearer null")),
    "undefined, and the given one sent": ("bogus", (DONE, OLD, "undefined", f"Bearer {NEW}")),
    "stored, and the old one sent": ("kept", (DONE, OLD, NEW, f"Bearer {OLD}")),
    "sent, and the old one stored": ("kept", (DONE, OLD, OLD, f"Bearer {NEW}")),
    "gone, and the old one sent": ("gone", (DONE, OLD, None, f"Bearer {OLD}")),
    "kept, and that of a failure sent": ("new", (FALSE, OLD, OLD, f"Bearer {NEW}")),
    "that of a failure, and the old one sent": ("new", (FALSE, OLD, NEW, f"Bearer {OLD}")),
    "a text after a number": ("bogus", (REFUSED, "5", 5, None)),
    "another number": ("bogus", (REFUSED, 5, 6, None)),
    # other headers
    "another spelling of the scheme": ("new", (DONE, OLD, NEW, f"BEARER  {NEW} ")),
    "another spelling of the scheme, and null": ("bogus", (DONE, OLD, NEW, "bearer null")),
    "no scheme": ("new", (DONE, OLD, NEW, NEW)),
    "no scheme, and null": ("bogus", (DONE, OLD, NEW, "null")),
    "another scheme": ("new", (DONE, OLD, NEW, "Basic c3RhZ2luZzpzdGFnaW5n")),
    "an empty header": ("new", (DONE, OLD, NEW, "")),
    "white space that no header carries": ("new", (refreshed(f" {NEW}\n"), OLD, f" {NEW}\n", f"Bearer {NEW}")),
    "white space that no header carries, kept": ("kept", (REFUSED, f"{OLD}\n", f"{OLD}\n", f"Bearer {OLD}")),
}


@pytest.mark.parametrize(("word", "case"), BECAME.values(), ids=BECAME)
def test_became(word: str, case: tuple[Scenario, Any, Any, str | None]) -> None:
    """The token is kept, new, gone or bogus: as the client shows it, or as it sends it if that is worse."""
    scenario, before, after, header = case
    assert outcome(scenario, token_before=before, token_after=after, sent_after=header).became == word


def test_a_token_of_another_class_is_still_a_token() -> None:
    """A token of a class that derives from str is compared as text."""

    class Token(str):
        __slots__ = ()

    kept = outcome(REFUSED, token_before=Token(OLD), token_after=Token(OLD), sent_after=f"Bearer {OLD}")
    assert kept.became == "kept"
    assert outcome(DONE, token_after=Token(NEW)).became == "new"


def test_a_token_is_kept_where_the_next_request_carries_what_this_one_did() -> None:
    """A header that was odd before the failure and is the same afterwards shows that nothing changed."""
    same, other = (
        outcome(REFUSED, exchanges=(asked(REFUSED, "Bearer odd"),), sent_after=header)
        for header in ("Bearer odd", "Bearer another")
    )
    assert (same.became, other.became) == ("kept", "bogus")


def test_given_tokens() -> None:
    """Every usable token that came counts, whatever it came with."""
    exchanges = (asked(DONE), asked(FALSE), asked(REFUSED), asked(Scenario("s", json_answer(200, success_body(5)))))
    assert outcome(DONE, exchanges=exchanges).given == {NEW}
    assert outcome(DONE, exchanges=(asked(refreshed(OTHER)), asked(DONE))).given == {NEW, OTHER}
    assert outcome(DONE, exchanges=(asked(replace(DONE, delivery=Delivery.TRUNCATED)),)).given == frozenset()


# --- the events -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "fired"),
    [((), 0), ((1, 1, 1), 1), ((1, 0, 0), 1), ((0, 0, 2), 2), ((5, 4, 5), 5)],
    ids=["nobody", "all", "the first", "the last twice", "one less"],
)
def test_heard_and_fired(times: tuple[int, ...], fired: int) -> None:
    """The event fired as often as whoever heard most of it heard it."""
    o = outcome(REFUSED, "rejected", events=heard(*times))
    assert o.heard == (times or (0,) * LISTENERS)
    assert o.fired == fired


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_settled() -> None:
    """Calls are counted by how they ended."""
    o = outcome(REFUSED, "resolved", "pending", "rejected", "rejected")
    assert [o.settled(how) for how in ("resolved", "rejected", "pending", "lost")] == [1, 2, 1, 0]


def test_the_class_is_that_of_the_last_exchange() -> None:
    """What the client met last counts; without a request, what it would have met."""
    assert outcome(DONE).kind is Kind.COMPLETED
    assert outcome(DONE, exchanges=(asked(DONE), asked(REFUSED))).kind is Kind.FAILED
    assert outcome(ODD, exchanges=()).kind is Kind.UNSPECIFIED


def test_conditions_name_the_mode() -> None:
    """The mode of the client is a condition like those of the scenario."""
    assert outcome(REFUSED).conditions == REFUSED.conditions
    assert outcome(REFUSED, client="fast").conditions == REFUSED.conditions | {("mode", "fast")}


def test_size() -> None:
    """The case with the least to read comes first, and whatever has a name comes before what was generated."""
    plain = outcome(REFUSED, "rejected")
    assert plain.size == len(REFUSED.conditions) + len(error(401).body) // 16 + 1
    assert outcome(REFUSED, *["rejected"] * 5).size == plain.size + 4
    assert outcome(replace(REFUSED, calls=5), "rejected").size == plain.size + 1
    assert outcome(Scenario("network-reset", None, Delivery.RESET), "rejected").size == 2
    generated = [outcome(replace(s, named=False)).size for s in (REFUSED, Scenario("s", None, Delivery.RESET))]
    table = named((f"token-number-{n}" for n in range(1000)), patience=1.0)
    assert min(generated) > max(outcome(s, *["rejected"] * AT_ONCE, client="fast").size for s in table)


def test_linked() -> None:
    """Each outcome is told which token the next request carried, where there was a next one that carried any."""
    sequence = [
        outcome(DONE),
        outcome(REFUSED, exchanges=(asked(REFUSED, f"Bearer {NEW}"), asked(REFUSED, "Bearer other"))),
        outcome(REFUSED, exchanges=()),
        outcome(DONE, exchanges=(asked(DONE),)),
        outcome(DONE, exchanges=(asked(DONE, "Bearer null"),)),
    ]
    found = linked(sequence)
    assert [o.sent_after for o in found] == [f"Bearer {NEW}", None, None, "Bearer null", None]
    assert [replace(o, sent_after=None) for o in found] == sequence
    assert linked([]) == []


def test_no_token_is_in_the_repr() -> None:
    """Who prints an outcome, or has a failed comparison printed, shows no token, no answer and nothing that a client said."""
    said = f"NotRefreshed: what is this? {NEW}"
    o = outcome(
        DONE,
        calls=(Call("resolved", 0.1, success_body(NEW)), Call("rejected", 0.1, None, said)),
        events=(Event(0, 0.1, text=said),),
        exchanges=(asked(DONE, f"Bearer {OLD}"), Exchange(Request("POST", URL, (), OLD.encode()), DONE.came)),
        strays=(Request("GET", "https://store.example/", (("Cookie", f"token={OLD}"),)),),
        token_after=NEW,
        sent_after=f"Bearer {NEW}",
    )
    assert OLD not in repr(o)
    assert NEW not in repr(o)
    assert "success-200" in repr(o)


def test_what_nobody_said() -> None:
    """Whatever is not given is the least that can be: an error without a response at the beginning, and nothing sent."""
    assert Call("resolved") == Call("resolved", 0.0, None, "")
    assert Event(0, 0.1) == Event(0, 0.1, True, None, "")
    o = Outcome(DONE, ())
    assert (o.index, o.started, o.client, o.logged_in, o.sent_after) == (0, 0.0, "", None, None)
    assert (o.events, o.exchanges, o.strays, o.token_before, o.token_after) == ((), (), (), None, None)


@pytest.mark.parametrize("one", [Call("resolved"), Event(0, 0.1), Outcome(DONE, ())])
def test_what_was_seen_is_not_changed(one: Any) -> None:
    """Outcomes, calls and events are evidence and cannot be changed."""
    with pytest.raises(FrozenInstanceError):
        setattr(one, fields(one)[0].name, None)


def test_size_counts_what_there_is_to_read() -> None:
    """Conditions, calls and a sixteenth of the body make the size; anything generated is larger than all that has a name."""
    silent = outcome(Scenario("network-silent", None, Delivery.SILENT, 10.0), "pending", "pending")
    assert silent.size == len(silent.conditions) + 2
    page = Scenario("page", replace(error(401), body=b"x" * 160))
    assert outcome(page).size == len(page.conditions) + 10
    assert outcome(replace(page, answer=replace(error(401), body=b"x" * 159))).size == len(page.conditions) + 9
    assert outcome(page, client="fast").size == outcome(page).size + 1
    assert outcome(replace(page, named=False)).size == outcome(page).size + 1000
