"""Known deviations: how their list is read, what exactly each of them excuses, and when one is over."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from contracts.consumer.sdk import Twilight
from contracts.model.answers import Answer, error, json_answer
from contracts.model.exchange import Exchange, Request
from contracts.model.outcome import LISTENERS, Call, Event, Outcome
from contracts.model.scenario import Delivery, Scenario, at_page_load, named, page, success_body
from contracts.rules import known_deviations
from contracts.rules.consumer import RULE_SET
from contracts.rules.engine import Evaluator
from contracts.rules.known_deviations import Allowances, BadList, Deviation

OLD, NEW = "old-token-0123456789abc", "new-token-0123456789abc"
FALSE = Scenario("false-with-token", json_answer(200, success_body(NEW, success=False)))
FALSE_BARE = Scenario("false-without-data", json_answer(200, {"status": 200, "success": False}))
MISSING = Scenario("success-missing", json_answer(200, success_body(NEW, success=...)))
NO_CONTENT = Scenario("http-204", Answer(204, (), b""))
REFUSED = Scenario("error-401", error(401))


def outcome(
    scenario: Scenario, how: str = "rejected", fired: int = 1, *, token: Any = OLD, client: str = "", **rest: Any
) -> Outcome:
    """What a client made of a scenario."""
    events = tuple(Event(listener, 0.1, status=401) for listener in range(LISTENERS) for _ in range(fired))
    calls = (Call(how, 0.1, success_body(NEW)),)
    exchanges = (Exchange(Request("POST", "https://store.example/auth/refresh"), scenario.came),)
    return Outcome(scenario, calls, events, exchanges, token_before=OLD, token_after=token, client=client, **rest)


# --- reading ----------------------------------------------------------------------------------------------------------

ENTRY = """
[[deviation]]
rule = "failure-rejects"
when = { http = "2xx", success = ["false", "missing"], token = "usable" }
seen = "resolved; no event; token new"
implementation = "twilight"
since = "2.14.248"
why = "a refusal with a token is taken for a success"
"""
OF_PROVIDER = '[[deviation]]\nrule = "no-redirect"\nverdict = "warn"\nwhy = "moves in May"\n'


def read(folder: Path, text: str | bytes, name: str = "the list") -> tuple[Deviation, ...]:
    """The deviations of a list."""
    path = folder / "known_deviations.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return known_deviations.read(path, name)


def test_reading_an_entry(tmp_path: Path) -> None:
    """An entry is read as it stands; conditions come in the order of their names."""
    assert read(tmp_path, ENTRY) == (
        Deviation(
            "failure-rejects",
            "a refusal with a token is taken for a success",
            None,
            "twilight",
            "2.14.248",
            (("http", ("2xx",)), ("success", ("false", "missing")), ("token", ("usable",))),
            ("resolved; no event; token new",),
        ),
    )


def test_reading_the_least_that_an_entry_needs(tmp_path: Path) -> None:
    """Without conditions it is about every scenario, and without words every breach of the rule is meant."""
    (found,) = read(tmp_path, '[[deviation]]\nrule = "failure-rejects"\nwhy = "so it is"')
    assert found == Deviation("failure-rejects", "so it is")
    assert found.condition == "every scenario"


def test_reading_provider_and_consumer_rules_in_one_list(tmp_path: Path) -> None:
    """A list may hold both; a provider's entry has a verdict and nothing that is about scenarios."""
    first, second = read(tmp_path, OF_PROVIDER + ENTRY)
    assert (first.rule, first.verdict, first.when, first.seen) == ("no-redirect", "warn", (), ())
    assert (second.rule, second.verdict) == ("failure-rejects", None)


def test_one_entry_for_several_rules(tmp_path: Path) -> None:
    """A list of rules stands for as many entries that are otherwise the same."""
    several = ENTRY.replace('"failure-rejects"', '["failure-rejects", "failure-fires-once"]')
    assert read(tmp_path, several) == (
        *read(tmp_path, ENTRY),
        *read(tmp_path, ENTRY.replace("failure-rejects", "failure-fires-once")),
    )


def test_a_verdict_says_nothing_of_a_client(tmp_path: Path) -> None:
    """A client's deviations are told apart breach by breach, so that a verdict in its entry is not used."""
    (found,) = read(tmp_path, '[[deviation]]\nrule = "failure-rejects"\nwhy = "so it is"\nverdict = "fail"')
    assert found.verdict is None


NO_TABLES = "the list must hold [[deviation]] tables and nothing else"
BARE = '[[deviation]]\nrule = "failure-rejects"\nwhy = "so it is"\n'
FIRST = "the list, deviation 1"
BAD: dict[str, tuple[str, str | bytes]] = {
    "no TOML": ("the list is no TOML: ", "[[deviation"),
    "no UTF-8": ("the list is no TOML: ", b"\xff\xfe"),
    "bottomless": ("the list is no TOML: ", f"a = {'[' * 100_000}"),
    "empty": (NO_TABLES, ""),
    "another table": (NO_TABLES, f"{BARE}[other]\na = 1"),
    "a consumer, which only shipped lists name": (NO_TABLES, f'consumer = "twilight"\n{BARE}'),
    "a table and no list": (NO_TABLES, BARE.replace("[[deviation]]", "[deviation]")),
    "a list of no tables": (NO_TABLES, "deviation = [1]"),
    "an unknown key": (f"{FIRST}: unknown key 'rulle'", f"{BARE}rulle = 1"),
    "no rule": (f"{FIRST}: there is no rule None; ", BARE.replace("rule =", "since =")),
    "an unknown rule": (f"{FIRST}: there is no rule 'failure-reject'; ", BARE.replace("failure-rejects", "failure-reject")),
    "a rule that is no name": (f"{FIRST}: there is no rule 7; ", BARE.replace('"failure-rejects"', "7")),
    "a list of no rules": (f"{FIRST}: there is no rule []; ", BARE.replace('"failure-rejects"', "[]")),
    "a list with an unknown rule": (
        f"{FIRST}: there is no rule 'failure'; ",
        BARE.replace('"failure-rejects"', '["failure-rejects", "failure"]'),
    ),
    "a list with something in it that is no name": (
        f"{FIRST}: there is no rule ['a']; ",
        BARE.replace('"failure-rejects"', '[["a"]]'),
    ),
    "in the second": ("the list, deviation 2: unknown key 'x'", f"{BARE}{BARE}x = 1"),
    "no reason": (f"{FIRST}: say why it is accepted", BARE.replace("so it is", " ")),
    "a reason that is none": (f"{FIRST}: say why it is accepted", BARE.replace('"so it is"', "true")),
    "an implementation that is no text": (f"{FIRST}: implementation must be a text", f"{BARE}implementation = 7"),
    "a date": (f"{FIRST}: since must be a text", f"{BARE}since = 2026-11-23"),
    "a verdict that is no text": (f"{FIRST}: verdict must be a text", f"{BARE}verdict = 7"),
    "no verdict of a provider": (
        f"{FIRST}: verdict must be one of fail, warn, not None",
        OF_PROVIDER.replace('verdict = "warn"', ""),
    ),
    "a green verdict of a provider": (
        f"{FIRST}: verdict must be one of fail, warn, not 'pass'",
        OF_PROVIDER.replace("warn", "pass"),
    ),
    "conditions of a provider": (
        f"{FIRST}: when is for consumer rules; a provider's deviation holds for the rule as a whole",
        f'{OF_PROVIDER}when = {{ http = "2xx" }}',
    ),
    "conditions that are no table": (
        f'{FIRST}: when must be a table of conditions, such as {{ http = "2xx" }}',
        f'{BARE}when = "2xx"',
    ),
    "a condition that is no text": (
        f"{FIRST}: when.success must be a text or a list of texts",
        f"{BARE}when = {{ success = false }}",
    ),
    "a condition with a number": (f"{FIRST}: when.http must be a text or a list of texts", f"{BARE}when.http = ['2xx', 3]"),
    "a condition that allows nothing": (
        f"{FIRST}: when.http allows nothing; leave it out to allow everything",
        f"{BARE}when.http = []",
    ),
    "words that are none": (f"{FIRST}: seen must be a text or a list of texts", f"{BARE}seen = 1"),
}


@pytest.mark.parametrize(("sentence", "text"), BAD.values(), ids=BAD)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, sentence: str, text: str | bytes) -> None:
    """A list with something odd in it is refused in a sentence that says where, and never read in part."""
    with pytest.raises(BadList) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(("name", "why"), [("nowhere.toml", "No such file or directory"), (".", "Is a directory")])
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str, why: str) -> None:
    """A list that is not there is an error, not an empty list."""
    with pytest.raises(BadList, match=rf"^--refresh-known cannot be read: {why}$"):
        known_deviations.read(tmp_path / name, "--refresh-known")


# --- what an entry is about -------------------------------------------------------------------------------------------

LISTED = Deviation(
    "failure-rejects",
    "a refusal with a token is taken for a success",
    since="2.14.248",
    when=(("success", ("false",)), ("token", ("usable",))),
    seen=("resolved; no event; token new",),
)
TAKEN = outcome(FALSE, "resolved", 0, token=NEW)

# whether LISTED is about it, whether it excuses it, the outcome
ABOUT: dict[str, tuple[bool, bool, Outcome]] = {
    "as listed": (True, True, TAKEN),
    "as listed, in some mode": (True, True, outcome(FALSE, "resolved", 0, token=NEW, client="fast")),
    "with an event": (True, False, outcome(FALSE, "resolved", 1, token=NEW)),
    "with the old token": (True, False, outcome(FALSE, "resolved", 0)),
    "with a bogus token": (True, False, outcome(FALSE, "resolved", 0, token="undefined")),
    "sending a bogus token": (True, False, outcome(FALSE, "resolved", 0, token=NEW, sent_after="Bearer undefined")),
    "pending": (True, False, outcome(FALSE, "pending", 0, token=NEW)),
    "logged out": (True, False, outcome(FALSE, "resolved", 0, token=NEW, logged_in=False)),
    "as it should be": (True, False, outcome(FALSE)),
    "no token came": (False, False, outcome(FALSE_BARE, "resolved", 0)),
    "no flag came": (False, False, outcome(MISSING, "resolved", 0, token=NEW)),
    "an error with a token": (
        True,
        True,
        outcome(Scenario("s", json_answer(401, success_body(NEW, success=False))), "resolved", 0, token=NEW),
    ),
    "no answer": (False, False, outcome(Scenario("s", None, Delivery.RESET), "resolved", 0)),
    "a page": (False, False, outcome(Scenario("s", page(200)), "resolved", 0)),
}


@pytest.mark.parametrize(("about", "allows", "o"), ABOUT.values(), ids=ABOUT)
def test_about_and_allows(about: bool, allows: bool, o: Outcome) -> None:
    """An entry is about the scenarios that have all of its conditions, and excuses what is listed: no more and no less."""
    assert (LISTED.about(o), LISTED.allows(o)) == (about, allows)


def test_conditions_of_a_mode_and_of_a_page() -> None:
    """The client's mode, page loads and throwing listeners are conditions too."""
    fast = Deviation("calls-at-once-share", "so it is", when=(("mode", ("fast",)),))
    assert fast.about(outcome(REFUSED, client="fast"))
    assert not fast.about(outcome(REFUSED, client="debounced"))
    loads = Deviation("failure-rejects", "so it is", when=(("calls", ("at page load",)), ("http status", ("401", "500"))))
    assert loads.about(outcome(Scenario("s", error(500), calls=0)))
    assert not loads.about(outcome(Scenario("s", error(429), calls=0)))
    assert not loads.about(outcome(REFUSED))


def test_what_it_is_about_in_words() -> None:
    """The conditions are said with the values that are allowed."""
    found = Deviation("failure-rejects", "x", when=(("http", ("2xx",)), ("success", ("false", "missing"))))
    assert found.condition == "http 2xx, success false or missing"


# --- excuses ----------------------------------------------------------------------------------------------------------


def test_an_entry_excuses_its_rule_alone() -> None:
    """The same outcome breaks three rules; the one that is listed is known, the others are findings."""
    allowances = Allowances([LISTED])
    evaluator = Evaluator(RULE_SET, excuse=allowances)
    found = {f.rule: f.known for f in evaluator.add(TAKEN)}
    assert found == {"failure-rejects": True, "failure-fires-once": False, "failure-keeps-token": False}
    tally = evaluator.tallies["failure-rejects"]
    assert (tally.broken, tally.excused) == (1, 1)
    assert {f.rule: f.known for f in evaluator.add(outcome(MISSING, "resolved", 0, token=NEW))}["failure-rejects"] is False
    assert (tally.broken, tally.excused) == (2, 1)


@pytest.mark.parametrize(("excused", "o"), [(row[1], row[2]) for row in ABOUT.values()], ids=ABOUT)
def test_excuses_only_what_is_listed(excused: bool, o: Outcome) -> None:
    """A breach is known only if it is the one that is listed."""
    assert Allowances([LISTED])("failure-rejects", o) is excused
    assert Allowances([LISTED])("failure-fires-once", o) is False


def test_over_when_met_and_no_longer_seen() -> None:
    """An entry is over once a scenario that it is about was met and nothing was seen as listed."""
    allowances = Allowances([LISTED])
    assert allowances.fixed("failure-rejects") == []
    for o in (outcome(REFUSED), outcome(FALSE_BARE), outcome(MISSING, "resolved", 0, token=NEW)):
        allowances.meet(o)
        allowances("failure-rejects", o)
    assert allowances.fixed("failure-rejects") == []  # nothing that it is about was met
    allowances.meet(outcome(FALSE))
    assert allowances.fixed("failure-rejects") == [LISTED]
    assert allowances.fixed("failure-fires-once") == []
    assert allowances.why("failure-rejects") == []


def test_not_over_while_seen_once() -> None:
    """Seen in one of several scenarios, in whichever order, it is not over."""
    for first, second in ((TAKEN, outcome(FALSE)), (outcome(FALSE), TAKEN)):
        allowances = Allowances([LISTED])
        for o in (first, second):
            allowances.meet(o)
            if o is TAKEN:
                assert allowances("failure-rejects", o)
        assert allowances.fixed("failure-rejects") == []


def test_over_when_seen_otherwise() -> None:
    """What is seen otherwise than listed is a finding, and the entry is over."""
    allowances = Allowances([LISTED])
    otherwise = outcome(FALSE, "resolved", 1, token=NEW)
    allowances.meet(otherwise)
    assert not allowances("failure-rejects", otherwise)
    assert allowances.fixed("failure-rejects") == [LISTED]


def test_each_entry_of_a_rule_counts_by_itself() -> None:
    """Of two entries of one rule, the one that was seen says why, and the other one is over."""
    other = Deviation("failure-rejects", "nothing is taken for something", when=(("http status", ("204",)),))
    never = Deviation("failure-rejects", "nobody was there to see", when=(("http status", ("418",)),))
    allowances = Allowances([LISTED, other, never])
    for o in (TAKEN, outcome(NO_CONTENT)):
        allowances.meet(o)
    assert allowances("failure-rejects", TAKEN)
    assert allowances.fixed("failure-rejects") == [other]
    assert allowances.why("failure-rejects") == [
        "success false, token usable: a refusal with a token is taken for a success (since 2.14.248)"
    ]
    assert allowances("failure-rejects", outcome(NO_CONTENT, "resolved", 0))
    assert allowances.fixed("failure-rejects") == []
    assert allowances.why("failure-rejects")[1] == "http status 204: nothing is taken for something"


def test_no_list_excuses_nothing() -> None:
    """Without entries everything is a finding."""
    allowances = Allowances()
    allowances.meet(TAKEN)
    assert not allowances("failure-rejects", TAKEN)
    assert allowances.fixed("failure-rejects") == allowances.why("failure-rejects") == []


# --- what is shipped --------------------------------------------------------------------------------------------------

SHIPPED = 'consumer = "twilight"\nversions = ["2.14.570", "2.14.437"]\n' + ENTRY


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the one that ships."""
    monkeypatch.setattr(known_deviations, "SHIPPED", tmp_path)
    (tmp_path / "a-other.toml").write_text('consumer = "other"\nversions = ["2.14.570"]\n' + BARE)
    (tmp_path / "twilight.toml").write_text(SHIPPED)
    (tmp_path / "notes.txt").write_text("[[deviation")
    return tmp_path


@pytest.mark.parametrize(
    ("consumer", "version", "count"),
    [
        ("twilight", "2.14.570", 1),
        ("twilight", "2.14.437", 1),
        ("twilight", "2.14.570 of 2026-11-20", 1),
        ("twilight", "2.14.5", 0),
        ("twilight", "", 0),
        ("twilight", "2.15.0", 0),
        ("twilight", None, 0),
        ("RefreshClient", "2.14.570", 0),
        ("other", "2.14.570", 1),
    ],
)
def test_shipped(shipped: Path, consumer: str, version: str | None, count: int) -> None:
    """Only for a version that was looked at is anything known; of another one everything is to be found out."""
    found = known_deviations.shipped(consumer, version)
    assert len(found) == count
    if consumer == "twilight" and found:
        assert found == read(shipped, ENTRY)


def test_a_shipped_list_is_read_as_strictly(shipped: Path) -> None:
    """A mistake in a shipped list is told in a sentence with the file's name."""
    (shipped / "twilight.toml").write_text(SHIPPED.replace("failure-rejects", "failure-reject"))
    with pytest.raises(BadList, match=r"^twilight.toml, deviation 1: there is no rule 'failure-reject'"):
        known_deviations.shipped("twilight", "2.14.570")


SHIPS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(known_deviations.SHIPPED.glob("*.toml"))}
MET = [
    outcome(scenario, client=mode)
    for mode in Twilight.modes
    for scenario in (*named(map(str, itertools.count()), patience=1.0), *at_page_load(map(str, itertools.count())))
]


@pytest.mark.parametrize("data", SHIPS.values(), ids=SHIPS)
def test_what_ships(data: dict[str, Any]) -> None:
    """What ships names versions of the SDK, and each entry a scenario that every run meets: it cannot go stale unseen."""
    assert data["consumer"] == Twilight.name
    assert data["versions"]
    for version in data["versions"]:
        found = known_deviations.shipped(data["consumer"], version)
        assert found
        assert [d for d in found if not any(d.about(o) for o in MET)] == []


def test_what_ships_names_only_what_occurs() -> None:
    """Each condition of an entry that ships is one that scenarios have, and each way of ending one that can be summed up."""
    names = {name for o in MET for name, _ in o.conditions}
    words = re.compile(
        r"((resolved|rejected|pending)( and (rejected|pending))*; )?(no|one|[2-9]) events?; token \w+(; logged (in|out))?"
    )
    for data in SHIPS.values():
        for d in known_deviations.shipped(data["consumer"], data["versions"][0]):
            assert {name for name, _ in d.when} <= names
            assert [seen for seen in d.seen if not words.fullmatch(seen)] == []
