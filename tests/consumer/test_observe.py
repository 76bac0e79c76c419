"""Observing a client: which scenarios are played in which order, what is kept of them, and the timeline of an outcome."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from contracts.consumer import generated, strategies
from contracts.consumer.observe import PARALLEL, ConsumerObserver
from contracts.consumer.recorded import MOST, Recorded, Row
from contracts.consumer.strategies import scenarios
from contracts.model.answers import Answer, error, json_answer
from contracts.model.document import load
from contracts.model.exchange import Exchange, Failure, Kind, Request, Response
from contracts.model.outcome import LISTENERS, Call, Event, Outcome, linked
from contracts.model.scenario import (
    IN_A_ROW,
    LANDING,
    RECORDED,
    Delivery,
    Scenario,
    ScenarioSequence,
    at_page_load,
    named,
    refreshed,
    success_body,
)
from contracts.report.timeline import Step
from contracts.report.timeline import story as story_of
from contracts.rules.engine import Finding
from contracts.rules.known_deviations import Allowances, Deviation

URL = "https://store.example/auth/refresh"
PATIENCE = 7.5
MUST = {rule.id for rule in load().rules.values() if rule.role == "consumer" and rule.level == "MUST"}
Wrong = Callable[[Outcome], Outcome]


class Fake:
    """A client that keeps every rule, unless `wrong` changes its outcomes. It sends nothing and takes no time."""

    name, kind, version = "fake", "mock", None

    def __init__(
        self, wrong: Wrong = lambda o: o, *, modes: Sequence[str] = ("",), slow: Sequence[str] = (), loads: bool = False
    ) -> None:
        self.modes, self.slow_modes, self.loads = tuple(modes), tuple(slow), loads
        self.requests = 0
        self.plays: list[list[ScenarioSequence]] = []
        self._wrong, self._number, self._token = wrong, 0, None

    def play(self, sequences: Sequence[ScenarioSequence]) -> list[Outcome]:
        """The outcomes of a right client, or those of a wrong one."""
        self.plays.append(list(sequences))
        return [
            o for sequence in sequences for o in linked([self._meet(scenario, sequence.mode) for scenario in sequence.scenarios])
        ]

    def _meet(self, scenario: Scenario, mode: str) -> Outcome:
        self._number += 1
        self.requests += 1
        x = Exchange(Request("POST", URL, (("Authorization", f"Bearer {self._token}"),)), scenario.came)
        before: Any = self._token
        done = x.kind is Kind.COMPLETED
        if done and x.response:
            self._token = x.response.token
        status = x.response.status if x.response else None
        call = Call("resolved", 0.1, x.response.reading.value) if done and x.response else Call("rejected", 0.1, None, "no")
        events = () if done else tuple(Event(n, 0.1, status=status) for n in range(LISTENERS))
        o = Outcome(scenario, (call,) * scenario.calls, events, (x,), (), before, self._token, client=mode, index=self._number)
        return self._wrong(replace(o, logged_in=None if scenario.calls else True))

    def close(self) -> None:
        """There is nothing to close."""

    @property
    def sequences(self) -> list[ScenarioSequence]:
        """All sequences that were played."""
        return [sequence for play in self.plays for sequence in play]

    @property
    def played(self) -> list[Scenario]:
        """All scenarios that were played."""
        return [scenario for sequence in self.sequences for scenario in sequence.scenarios]


def silent(o: Outcome) -> Outcome:
    """The same outcome, without its events."""
    return replace(o, events=())


def observing(client: Fake, *known: Deviation) -> ConsumerObserver:
    """An observer of the client."""
    return ConsumerObserver(client, Allowances(known), patience=PATIENCE)


def names(sequence: ScenarioSequence) -> list[str]:
    """The names of the scenarios of a sequence."""
    return [scenario.name for scenario in sequence.scenarios]


def tokens() -> Iterable[str]:
    """Tokens, all different."""
    return (f"token-number-{n:04}" for n in range(10_000))


TABLE = [s.name for s in named(iter(tokens()), patience=PATIENCE)]
LOADS = [s.name for s in at_page_load(iter(tokens()))]


# --- the sequences ----------------------------------------------------------------------------------------------------


@pytest.fixture
def twilight() -> Fake:
    """A client with a slow mode, a quick one, and pages, after the whole table was played to it."""
    client = Fake(modes=("debounced", "fast"), slow=("debounced",), loads=True)
    observing(client).run("scenarios")
    return client


def test_everything_is_played_in_one_go(twilight: Fake) -> None:
    """All sequences are handed over in one call, so that a client can run them in parallel."""
    assert len(twilight.plays) == 1


def test_page_loads_come_first_and_alone(twilight: Fake) -> None:
    """Each page load is a sequence of its own, in the mode in which pages load."""
    loads = [sequence for sequence in twilight.sequences if not all(s.calls for s in sequence.scenarios)]
    assert [names(sequence) for sequence in loads] == [[name] for name in LOADS]
    assert {sequence.mode for sequence in loads} == {"debounced"}
    assert twilight.sequences[: len(loads)] == loads


def test_no_page_loads_without_pages() -> None:
    """A client that has no pages is not asked to load any."""
    client = Fake()
    observing(client).run("scenarios")
    assert all(s.calls for s in client.played)
    assert {sequence.mode for sequence in client.sequences} == {""}


def in_a_row(sequence: ScenarioSequence) -> bool:
    """Whether this sequence repeats one failure again and again."""
    return len(sequence.scenarios) > 2 and len(set(names(sequence)[1:-1])) == 1 and len(sequence.scenarios) > 50


def test_a_hundred_failures_in_a_row(twilight: Fake) -> None:
    """One failure is played a hundred times between two refreshes that complete, except in a mode that delays every call."""
    rows = [sequence for sequence in twilight.sequences if in_a_row(sequence)]
    assert [sequence.mode for sequence in rows] == ["fast"]
    first, *failures, last = rows[0].scenarios
    assert len(failures) == IN_A_ROW == 100
    assert {s.kind for s in failures} == {Kind.FAILED}
    assert {s.calls for s in failures} == {1}
    assert (first.kind, last.kind) == (Kind.COMPLETED, Kind.COMPLETED)


def test_what_never_ends_waits_alone(twilight: Fake) -> None:
    """In each mode, a scenario that never ends by itself has a sequence of its own, so that nothing waits behind it."""
    for mode in twilight.modes:
        sequences = [
            sequence
            for sequence in twilight.sequences
            if sequence.mode == mode and any(not s.delivery.ends for s in sequence.scenarios)
        ]
        assert sorted(names(sequence) for sequence in sequences) == [
            ["success-200", "network-endless", "success-200"],
            ["success-200", "network-silent", "success-200"],
        ]
        assert {sequence.scenarios[1].seconds for sequence in sequences} == {PATIENCE}


@pytest.mark.parametrize(("mode", "parts"), [("debounced", PARALLEL), ("fast", 1)])
def test_slow_modes_run_in_parallel(twilight: Fake, mode: str, parts: int) -> None:
    """The scenarios that end and reach a server are one sequence in a fast mode, and several parallel ones in a slow mode."""
    sequences = [
        sequence
        for sequence in twilight.sequences
        if sequence.mode == mode
        and all(s.calls and s.delivery.ends and s.delivery.reaches for s in sequence.scenarios)
        and not in_a_row(sequence)
    ]
    assert len(sequences) == parts
    sizes = [len(sequence.scenarios) for sequence in sequences]
    assert max(sizes) < 1.5 * min(sizes)


@pytest.mark.parametrize("mode", ["debounced", "fast"])
def test_each_scenario_is_played_once_in_each_mode(twilight: Fake, mode: str) -> None:
    """The whole table is played in each mode, and only refreshes that complete are added to it."""
    played = Counter(
        name for sequence in twilight.sequences if sequence.mode == mode and not in_a_row(sequence) for name in names(sequence)
    )
    expected = [name for name in TABLE if name != "success-200"] + (LOADS if mode == "debounced" else [])
    assert {name: count for name, count in played.items() if name != "success-200"} == dict.fromkeys(expected, 1)


def test_an_unreachable_network_is_a_sequence_of_its_own(twilight: Fake) -> None:
    """In each mode, the scenarios that reach no server are a sequence of their own."""
    sequences = [sequence for sequence in twilight.sequences if not all(s.delivery.reaches for s in sequence.scenarios)]
    assert [sequence.mode for sequence in sequences] == ["debounced", "fast"]
    for sequence in sequences:
        apart = {s.delivery for s in sequence.scenarios} - {Delivery.WHOLE}
        assert apart == {Delivery.REFUSED, Delivery.UNRESOLVED, Delivery.OFFLINE, Delivery.TIMED_OUT}
        assert {s.name for s in sequence.scenarios if s.delivery is Delivery.WHOLE} == {"success-200"}


def test_sequences_of_calls_begin_and_end_with_a_refresh_that_completes(twilight: Fake) -> None:
    """A sequence of calls first logs its client in, and shows in the end that the client can still refresh."""
    for sequence in twilight.sequences:
        if sequence.scenarios[0].calls:
            assert sequence.scenarios[0].kind is Kind.COMPLETED
            assert sequence.scenarios[-1].kind is Kind.COMPLETED


def test_each_token_is_given_once(twilight: Fake) -> None:
    """No two answers give the same token, in whichever sequences they are."""
    given = [s.came.token for s in twilight.played if isinstance(s.came, Response) and s.kind is Kind.COMPLETED]
    assert len(given) > 100
    assert len(set(given)) == len(given)


# --- the evidence -----------------------------------------------------------------------------------------------------


def test_a_right_client_breaks_nothing_and_exercises_everything() -> None:
    """The table exercises every rule, and a client that is right keeps every rule."""
    client = Fake(modes=("debounced", "fast"), slow=("debounced",), loads=True)
    observer = observing(client)
    observer.run("scenarios")
    tallies = observer.evaluator.tallies
    assert {id for id, tally in tallies.items() if not tally.exercised} == set()
    assert {id for id, tally in tallies.items() if tally.broken} == set()
    assert observer.first_seen == {}
    assert list(observer.evidence) == list(range(1, client.requests + 1))
    assert {o.scenario.name for o in observer.evidence.values()} == {*TABLE, *LOADS}


def test_without_pages_only_the_rules_about_pages_are_left() -> None:
    """Without page loads, every rule is exercised except the two about pages."""
    observer = observing(Fake())
    observer.run("scenarios")
    assert {id for id, tally in observer.evaluator.tallies.items() if not tally.exercised} == {
        "restore-refreshes-once",
        "transient-failure-keeps-login",
    }


def test_findings_name_the_first_outcome_and_each_scenario() -> None:
    """The observer keeps the rules that each scenario broke, and for each rule the first outcome that broke it."""
    observer = observing(Fake(lambda o: silent(o) if o.scenario.name.startswith("error-4") else o))
    found = observer.play(
        [
            ScenarioSequence(
                (refreshed("a-token-0123456789"), Scenario("error-404", error(404)), Scenario("error-403", error(403)))
            )
        ]
    )
    assert [(f.rule, f.exchange, f.known) for f in found] == [("failure-fires-once", 2, False), ("failure-fires-once", 3, False)]
    assert observer.first_seen == {"failure-fires-once": 2}
    assert observer.broken_by("error-4") == {"error-404": ("failure-fires-once",), "error-403": ("failure-fires-once",)}
    assert observer.broken_by("success") == {"success-200": ()}
    assert observer.broken_by(RECORDED) == {}
    assert observer.evidence[2].scenario.name == "error-404"


def test_known_deviations_are_marked() -> None:
    """A breach that is listed is a finding that is known, and a listed deviation that is not seen counts as fixed."""
    seen = Deviation(
        "failure-fires-once", "so it is", when=(("http status", ("404",)),), seen=("rejected; no event; token kept",)
    )
    gone = Deviation("failure-rejects", "so it was", when=(("http status", ("404",)),))
    observer = observing(Fake(silent), seen, gone)
    found = observer.play([ScenarioSequence((Scenario("error-404", error(404)), Scenario("error-403", error(403))))])
    assert [(f.exchange, f.known) for f in found] == [(1, True), (2, False)]
    assert observer.allowances.why("failure-fires-once") == ["http status 404: so it is"]
    assert observer.allowances.fixed("failure-fires-once") == []
    assert observer.allowances.fixed("failure-rejects") == [gone]
    assert observer.broken_by("error-404") == {"error-404": ("failure-fires-once",)}  # known ones included


def test_every_scenario_that_breaks_a_rule_is_kept() -> None:
    """If a client never fires an event, the findings name every failure of the table."""
    observer = observing(Fake(silent, modes=("debounced", "fast"), slow=("debounced",), loads=True))
    observer.run("scenarios")
    broke = [observer.evidence[f.exchange] for f in observer.evaluator.tallies["failure-fires-once"].findings]
    table = [*named(iter(tokens()), patience=PATIENCE), *at_page_load(iter(tokens()))]
    names = [o.scenario.name for o in broke]
    assert sorted(names) == sorted({s.name for s in table if s.kind is Kind.FAILED})  # each once, though played in both modes


def test_an_observation_that_has_ended_plays_nothing() -> None:
    """After a note nothing more is played, and the first reason stays."""
    client = Fake()
    observer = observing(client)
    observer.note("the browser is gone")
    observer.note("and so is the page")
    observer.run("scenarios")
    observer.run("generated")
    observer.replay([Scenario("error-404", error(404))])
    assert client.plays == []
    assert observer.halted == "the browser is gone"


def test_recorded_answers_are_played_in_the_quickest_mode() -> None:
    """Recorded answers are interleaved with refreshes like all others, and without any nothing is played."""
    client = Fake(modes=("debounced", "fast"), slow=("debounced",), loads=True)
    observer = observing(client)
    observer.replay([])
    assert client.plays == []
    observer.replay([Scenario(f"{RECORDED}3", error(404))])
    assert [(names(sequence), sequence.mode) for sequence in client.sequences] == [
        (["success-200", "recorded-3", "success-200"], "fast")
    ]
    assert observer.broken_by(RECORDED) == {"recorded-3": ()}


# --- generated scenarios ----------------------------------------------------------------------------------------------

AT_MOST = 1 + generated.EXAMPLES + generated.SHRINKS


def test_a_right_client_costs_one_play() -> None:
    """All generated scenarios are played to a right client in one go and in its quickest mode, and nothing is shrunk."""
    client = Fake(modes=("debounced", "fast"), slow=("debounced",))
    observer = observing(client)
    observer.run("generated", 3)
    assert len(client.plays) == 1
    (sequence,) = client.sequences
    assert sequence.mode == "fast"
    played = [s for s in client.played if s.name != "success-200"]
    assert [s.name for s in played] == [f"generated-{n}" for n in range(1, generated.EXAMPLES + 1)]
    assert not any(s.named for s in played)
    assert {s.kind for s in played} == set(Kind)
    assert {id for id, tally in observer.evaluator.tallies.items() if tally.broken} == set()


def test_the_same_seed_makes_the_same_scenarios() -> None:
    """A run can be repeated by its seed, and another seed makes other scenarios."""
    first, again, other = Fake(), Fake(), Fake()
    for client, seed in ((first, 3), (again, 3), (other, 4)):
        observing(client).run("generated", seed)
    assert first.played == again.played
    assert first.played != other.played


def rare_status(seed: int) -> int:
    """An HTTP status that only one generated scenario has, and none with a name."""
    known = {s.answer.status for s in named(iter(tokens()), patience=1) if s.answer}
    played = Counter(s.came.status for s in generated._made(seed) if isinstance(s.came, Response) and s.came.status >= 400)
    return next(status for status, count in played.items() if count == 1 and status not in known)


def blind_to(status: int) -> Wrong:
    """A client that fires no event for one HTTP status."""
    return lambda o: silent(o) if any(x.response and x.response.status == status for x in o.exchanges) else o


def smallest(observer: ConsumerObserver, rule: str = "failure-fires-once") -> Outcome:
    """The outcome that shows best how a rule is broken."""
    return observer.evidence[observer.evaluator.tallies[rule].findings[0].exchange]


def test_a_client_that_fails_at_one_status_is_found_and_shrunk() -> None:
    """If only one generated scenario shows a fault, it is found and made as small as possible."""
    status = rare_status(0)
    client = Fake(blind_to(status))
    observer = observing(client)
    observer.run("scenarios")
    assert observer.first_seen == {}
    before = len(client.plays)
    observer.run("generated", 0)
    assert 1 < len(client.plays) - before <= AT_MOST
    assert set(observer.first_seen) == {"failure-fires-once"}
    shown = smallest(observer).scenario
    first = observer.evidence[observer.first_seen["failure-fires-once"]].scenario
    assert first.name.startswith("generated-")
    assert shown.name.startswith("shrunk-")
    assert isinstance(shown.came, Response)
    assert shown.came.status == status
    assert (shown.calls, shown.throwing, shown.delivery, shown.named) == (1, False, Delivery.WHOLE, False)
    assert len(shown.came.body) <= 60


def test_a_client_that_fails_at_418_is_shrunk_to_hardly_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the scenario is that shows a fault first, the smallest one has the status and little else."""

    def teapot(s: Scenario) -> Scenario:
        return replace(s, answer=replace(s.answer, status=418)) if s.answer and s.answer.status >= 400 else s

    original = scenarios
    monkeypatch.setattr(strategies, "scenarios", lambda: original().map(teapot))
    client = Fake(blind_to(418))
    observer = observing(client)
    observer.run("generated", 1)
    assert 1 < len(client.plays) <= AT_MOST
    shown = smallest(observer).scenario
    assert isinstance(shown.came, Response)
    assert shown.came.status == 418
    assert (shown.calls, shown.throwing, shown.delivery) == (1, False, Delivery.WHOLE)
    assert len(shown.came.body) <= 60
    sizes = [
        o.size for o in observer.evidence.values() if isinstance(o.scenario.came, Response) and o.scenario.came.status == 418
    ]
    assert smallest(observer).size == min(sizes)


def test_a_rule_with_named_evidence_is_not_shrunk() -> None:
    """A rule that a scenario with a name has broken has its smallest evidence already, so nothing is shrunk for it."""
    client = Fake(silent)
    observer = observing(client)
    observer.run("scenarios")
    observer.run("generated", 0)
    assert len(client.plays) == 2


def plays_of(play: generated.Play, known: Iterable[str] = ()) -> int:
    """How often generated scenarios were played."""
    count = 0

    def counted(batch: Sequence[Scenario]) -> list[Finding]:
        nonlocal count
        count += 1
        return play(batch)

    generated.observe(counted, 0, known=set(known))
    return count


BREACH = Finding("failure-rejects", "rejected", "one call resolved", 1)


@pytest.mark.parametrize(
    ("findings", "known"),
    [
        ([], ()),
        ([replace(BREACH, known=True)], ()),
        ([replace(BREACH, rule="calls-at-once-share")], ()),
        ([BREACH], ("failure-rejects",)),
    ],
    ids=["nothing", "what is known", "a SHOULD", "what smaller evidence tells of"],
)
def test_what_is_not_worth_shrinking(findings: list[Finding], known: tuple[str, ...]) -> None:
    """Only a MUST that is broken unexpectedly is worth more plays."""
    assert plays_of(lambda _: findings, known) == 1


def test_a_constant_fault_is_shrunk_in_few_plays() -> None:
    """The search for a smaller scenario ends, even if every scenario shows the fault."""
    assert 1 < plays_of(lambda _: [BREACH]) <= AT_MOST


def test_the_search_for_a_smaller_scenario_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that hardly shrinks is tried only so often; the test sets a limit that is soon reached."""
    monkeypatch.setattr(generated, "EXAMPLES", 30)
    monkeypatch.setattr(generated, "SHRINKS", 5)

    def by_chance(played: Sequence[Scenario]) -> list[Finding]:
        body = played[0].answer.body if played[0].answer else b""
        return [BREACH] if len(played) > 1 or (len(body) > 40 and zlib.crc32(body) % 3 == 0) else []

    assert plays_of(by_chance) == 1 + 30 + 5


def test_a_fault_that_never_comes_again_costs_few_plays() -> None:
    """A fault that does not come again costs no more than trying all examples once more."""
    findings = iter([[BREACH]])
    assert 1 < plays_of(lambda _: next(findings, [])) <= AT_MOST


@pytest.mark.parametrize("every", [2, 3, 7])
def test_an_intermittent_fault_is_no_error_of_the_suite(every: int) -> None:
    """A fault that comes and goes is a fault of the client, not an error of the suite, and costs no more plays."""
    turns = iter(range(1, 10_000))
    assert 1 < plays_of(lambda played: [BREACH] if len(played) > 1 or next(turns) % every == 0 else []) <= AT_MOST


# --- recorded answers -------------------------------------------------------------------------------------------------


def recorded(status: int, body: Any, *headers: tuple[str, str], index: int = 1, method: str = "POST") -> Exchange:
    """An exchange with an environment."""
    answer = json_answer(status, body, headers) if not isinstance(body, bytes) else Answer(status, headers, body)
    return Exchange(Request(method, URL), Response(answer.status, answer.headers, answer.body, 0.2), index=index)


HEADERS = (
    ("Content-Type", "application/json; charset=utf-8"),
    ("cache-control", "no-store"),
    ("Retry-After", "5"),
    ("Vary", "Cookie"),
    ("Allow", "POST"),
)
DROPPED = (
    ("Set-Cookie", "session=abcdefgh; Path=/"),
    ("Location", "https://elsewhere.example/"),
    ("Content-Length", "7"),
    ("Content-Encoding", "gzip"),
    ("Transfer-Encoding", "chunked"),
    ("Connection", "close"),
    ("Refresh", "0; url=https://elsewhere.example/"),
    ("WWW-Authenticate", "Basic"),
    ("Strict-Transport-Security", "max-age=31536000"),
    ("Clear-Site-Data", '"*"'),
    ("Content-Security-Policy", "default-src 'none'"),
    ("Link", "<https://elsewhere.example/>; rel=preload"),
    ("Access-Control-Allow-Origin", "*"),
)


def test_recorded_answers_keep_their_own_headers() -> None:
    """A recorded answer keeps its status, body and content headers, and drops those of the environment and its connection."""
    found = Recorded([recorded(200, success_body("a-token-0123456789"), *HEADERS, *DROPPED, index=7)])
    (scenario,) = found.scenarios
    assert scenario.name == "recorded-7"
    assert scenario.answer is not None
    assert scenario.answer.headers == HEADERS
    assert scenario.answer == json_answer(200, success_body("a-token-0123456789"), HEADERS)
    assert scenario.kind is Kind.COMPLETED
    assert scenario.named


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_recorded_redirects_lead_to_the_landing_page(status: int) -> None:
    """A recorded redirect leads a client to the landing page, not to where the environment leads."""
    (scenario,) = Recorded([recorded(status, b"", ("Location", "https://elsewhere.example/login"), *DROPPED[:1])]).scenarios
    assert scenario.answer == Answer(status, (("location", LANDING),), b"")


def test_a_recorded_redirect_without_location_stays_so() -> None:
    """A recorded redirect without a Location gets none."""
    assert Recorded([recorded(302, b"")]).scenarios[0].answer == Answer(302, (), b"")


def test_recorded_answers_are_the_first_of_each_kind() -> None:
    """Only whole answers to POST are played to clients, the first of each kind, in their order."""
    found = Recorded(
        [
            recorded(401, {"status": 401, "success": False, "error": {"code": "a"}}, index=1),
            recorded(405, {"status": 405, "success": False, "error": {}}, index=2, method="GET"),
            Exchange(Request("POST", URL), Failure("timeout", "no answer"), index=3),
            recorded(401, {"status": 401, "success": False, "error": {"code": "b"}}, index=4),
            recorded(200, success_body("a-token-0123456789"), index=5),
            recorded(200, success_body("b-token-0123456789"), index=6),
            recorded(200, success_body("c-token-0123456789", status=201), index=7),
            recorded(404, b"<p>", ("Content-Type", "text/html"), index=8),
        ]
    )
    assert [s.name for s in found.scenarios] == ["recorded-1", "recorded-5", "recorded-7", "recorded-8"]


def test_the_number_of_recorded_answers_is_limited() -> None:
    """However many kinds of answers an environment gives, only so many are played to clients."""
    found = Recorded(recorded(status, {}, index=status) for status in range(400, 500))
    assert [s.name for s in found.scenarios] == [f"recorded-{status}" for status in range(400, 400 + MOST)]
    assert len(found.rows({})) == MOST == 25


def test_rows_show_what_both_sides_broke() -> None:
    """A row has the answer in words, the rules that the provider broke with it, and those that each client broke."""
    bad = {"status": 200, "success": False, "data": {"token": "a-token-0123456789"}}
    found = Recorded([recorded(200, bad, index=4), recorded(404, load().examples["not_found"].body, index=9)])
    rows = found.rows({"twilight": {"recorded-4": ("failure-rejects",)}, "RefreshClient": {}})
    assert rows[0] == Row(
        4,
        "body object, data object, http 2xx, http status 200, status number, status same, success false, token usable",
        ("success-flag-is-truthful",),
        {"twilight": ("failure-rejects",), "RefreshClient": ()},
    )
    assert (rows[1].exchange, rows[1].provider, rows[1].consumers) == (9, (), {"twilight": (), "RefreshClient": ()})
    assert rows[0].as_data() == {
        "exchange": 4,
        "answer": rows[0].what,
        "provider": ["success-flag-is-truthful"],
        "consumers": {"twilight": ["failure-rejects"], "RefreshClient": []},
    }
    assert Recorded([]).rows({"twilight": {}}) == []


def test_a_recorded_answer_becomes_a_row() -> None:
    """A recorded exchange becomes a scenario, and its row names the rule that a client broke with it."""
    found = Recorded([recorded(503, {"status": 503, "success": False, "error": {}}, index=2)])
    observer = observing(Fake(blind_to(503)))
    observer.replay(found.scenarios)
    (row,) = found.rows({"fake": observer.broken_by(RECORDED)})
    assert row.consumers == {"fake": ("failure-fires-once",)}


# --- the timeline -----------------------------------------------------------------------------------------------------

REFUSED = Scenario("error-401", json_answer(401, {"status": 401, "success": False}))
LOST = Scenario("network-silent", None, Delivery.SILENT, 2.0)


def story(scenario: Scenario, calls: tuple[Call, ...], *events: Event, sent: Sequence[float] = (0.3,), **rest: Any) -> list[Step]:
    """The steps of an outcome whose requests were sent so many seconds after the calls."""
    exchanges = tuple(Exchange(Request("POST", URL), scenario.came, started=1000.0 + at) for at in sent)
    usual: dict[str, Any] = {"token_before": "old", "token_after": "old", "started": 1000.0}
    return [*story_of(Outcome(scenario, calls, events, exchanges, **{**usual, **rest})).steps]


def test_timeline_of_a_failure() -> None:
    """A failure is a call, a request, an answer, one event, a rejection, and what became of the token."""
    events = [Event(listener, 0.4, status=401, text="Error: no") for listener in range(LISTENERS)]
    found = story(REFUSED, (Call("rejected", 0.5, None, "Error: no"),), *events)
    assert [(round(s.at, 3) if s.at is not None else None, s.who, s.text) for s in found] == [
        (0.0, "page", "refresh()"),
        (0.3, "request", "POST /auth/refresh"),
        (0.3, "answer", 'HTTP 401 {"status": 401, "success": false}'),
        (0.4, "event", "onRefreshFailed, with the response 401: Error: no"),
        (0.5, "promise", "rejected: Error: no"),
        (None, "token", "the old token"),
    ]


def test_timeline_without_an_end() -> None:
    """A pending call and a missing event have no time, so they stand at the end."""
    found = story(LOST, (Call("pending", 5.0),), sent=(0.0,))
    assert [(s.at, s.who, s.text) for s in found] == [
        (0.0, "page", "refresh()"),
        (0.0, "request", "POST /auth/refresh"),
        (2.0, "answer", "no whole answer: silent"),
        (None, "promise", "still pending"),
        (None, "event", "none"),
        (None, "token", "the old token"),
    ]


def test_timeline_is_in_order() -> None:
    """The steps are in the order of their times, whatever came first."""
    events = [Event(n, at, text="x") for at in (0.1, 0.9) for n in range(LISTENERS)]
    calls = (Call("resolved", 0.8), Call("rejected", 0.2, None, "x"), Call("pending", 3.0), Call("pending", 3.0))
    found = story(REFUSED, calls, *events, sent=(0.6, 0.25))
    moments = [s.at for s in found if s.at is not None]
    assert moments == sorted(moments)
    assert [s.who for s in found if s.at is not None] == [
        "page", "event", "promise", "request", "answer", "promise",
    ]  # fmt: skip
    assert found[0].text == "refresh(), 4 times at once"
    assert [s.text for s in found if s.at is None] == ["2 still pending", "the old token"]


def test_timeline_shows_the_listener_that_heard_most() -> None:
    """Events are shown as the listener heard them that heard most; equal ones are shown once, with their number."""
    events = (Event(0, 0.1), Event(1, 0.2), Event(1, 0.3), Event(1, 0.4), Event(2, 0.5))
    shown = [(s.at, s.text) for s in story(REFUSED, (Call("rejected", 0.1),), *events) if s.who == "event"]
    assert shown == [(0.2, "3 times onRefreshFailed, without a response")]


def test_timeline_of_a_page_load() -> None:
    """A page load has no call and no promise, and its end says whether the customer is still logged in."""
    found = story(replace(REFUSED, calls=0), (), Event(0, 0.4, status=401), logged_in=False, token_after=None)
    assert found[0] == Step(0.0, "page", "the page loads")
    assert [s.text for s in found if s.at is None] == ["no token", "the customer is logged out"]
    assert not any(s.who == "promise" for s in found)
    kept = story(refreshed("t" * 20), (), logged_in=True, token_after="undefined")
    assert [s.text for s in kept if s.at is None] == ["none", "no token, but kept as one", "the customer is logged in"]


def test_timeline_without_clocks() -> None:
    """A request whose time is unknown stands at the beginning, and none stands before the call."""
    assert [s.at for s in story(REFUSED, (Call("rejected", 0.5),), sent=(-5.0,))][:3] == [0.0, 0.0, 0.0]
    assert [s.at for s in story(REFUSED, (Call("rejected", 0.5),), started=0.0)][:3] == [0.0, 0.0, 0.0]
    exchange = Exchange(Request("POST", URL), Response(200, (), b"\xff"))
    found = story_of(Outcome(REFUSED, (Call("resolved", 0.5),), exchanges=(exchange,), started=1000.0)).steps
    assert [(s.at, s.text) for s in found[:3]] == [(0.0, "refresh()"), (0.0, "POST /auth/refresh"), (0.0, "HTTP 200 \\xff")]
