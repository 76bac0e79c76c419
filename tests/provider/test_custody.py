"""Who took the session: a loss is shown by other requests, and nobody is blamed for what may have another cause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.model.document import load
from contracts.model.exchange import Failure, Request, Response
from contracts.provider.custody import MOST_TRIES
from contracts.provider.observe import Observer
from contracts.provider.politeness import Halted
from contracts.provider.probes import Probe
from contracts.rules.engine import Finding
from tests.kit.fake_target import BARE, OK, OVERLAPPING, REFUSED, RESET, Answer, FakeTarget, broken_rules, observing

GET = Probe("GET", method="GET")
PROMISES = {"no-input-needed", "extras-change-nothing", "repeats-hold", "concurrent-calls-hold", "session-is-kept"}


def setting(*lines: str, status: int = 200) -> Answer:
    """An answer with these Set-Cookie headers."""
    return status, [("set-cookie", f"{line}; Path=/") for line in lines]


SECOND = setting("session=second")
DELETES = setting("session=; Max-Age=0", status=401)
GET_DELETES = setting("session=; Max-Age=0", status=405)


def blamed(observer: Observer) -> set[str]:
    """The promises to a logged-in customer that were broken."""
    return broken_rules(observer) & PROMISES


def findings(observer: Observer, rule: str = "session-is-kept") -> list[Finding]:
    """What was found by one rule."""
    return observer.evaluator.tallies[rule].findings


def in_order(observer: Observer, order: tuple[int, int]) -> None:
    """Let two answers arrive in this order, to requests that are sent one after the other."""
    sender = observer.target.sender

    def send_all(requests: list[Request], *, together: int, on_answer: Callable[[int], None]) -> tuple[Response | Failure, ...]:
        assert together == len(requests) == 2
        answers = sender.send(requests[0]), sender.send(requests[1])
        for number in order:
            on_answer(number)
        return answers

    sender.send_all = send_all  # type: ignore[assignment, method-assign]


def test_the_answer_that_took_the_session_is_named() -> None:
    """Refused with what the browser holds, served with the session of before: the finding is about the answer between."""
    target = FakeTarget(SECOND, GET_DELETES, REFUSED, REFUSED, OK)
    observer, _ = observing(target)
    for probe in (BARE, GET, BARE, BARE):
        observer.probe(probe)
    assert target.header("cookie") == ["session=first", "session=second", None, None, "session=second", "session=second"]
    assert blamed(observer) == {"session-is-kept"}
    (finding,) = findings(observer)
    assert finding.exchange == 2
    assert finding.actual == (
        "the answer to request 2 (HTTP 405) deleted the cookie session; "
        "the next refresh was refused (HTTP 401), and completed with the session of before"
    )


LANGUAGE, BALANCER = setting("lang=ar", status=405), setting("AWSALB=3", status=422)
DELETES_422 = setting("session=; Max-Age=0", status=422)
HEADER = Probe("a header", headers=(("currency", "USD"),))


@pytest.mark.parametrize(
    ("answers", "probes", "taker"),
    [
        ((SECOND, GET_DELETES, setting("session=guest", status=401), REFUSED), (BARE, GET, BARE), 2),
        ((SECOND, LANGUAGE, DELETES_422, REFUSED, REFUSED), (BARE, GET, HEADER, BARE), 3),
        (
            (SECOND, setting("AWSALB=2", status=405), SECOND, BALANCER, DELETES_422, REFUSED, REFUSED),
            (BARE, GET, BARE, HEADER, HEADER, BARE),
            5,
        ),
    ],
    ids=["not the refusal that shows it", "rather a refresh than a GET", "rather than one that sets what is always new"],
)
def test_of_several_answers_the_likely_one_is_named(answers: tuple[Answer, ...], probes: tuple[Probe, ...], taker: int) -> None:
    """Where several answers changed cookies before the session was refused, one alone is said to have taken it."""
    observer, _ = observing(FakeTarget(*answers, OK))
    for probe in probes:
        observer.probe(probe)
    assert [finding.exchange for finding in findings(observer)] == [taker]


def test_a_session_that_was_renamed_is_known_by_its_new_name() -> None:
    """A refresh that moves the session to another cookie makes that one the session's: its replacement excuses a refusal."""
    renames = setting("session=; Max-Age=0", "sid=second")
    observer, _ = observing(FakeTarget(renames, setting("sid=third"), (409, {}), OK))
    in_order(observer, (0, 1))
    observer.probe(BARE)
    observer.probe_two(OVERLAPPING, OVERLAPPING)
    assert not blamed(observer)


def test_a_session_lost_with_an_answer_is_not_asked_for_again() -> None:
    """Where an answer did not come, the session may be lost with it, whatever the cookies."""
    observer, _ = observing(FakeTarget(SECOND, GET_DELETES, RESET, REFUSED))
    for probe in (BARE, GET, BARE, BARE):
        observer.probe(probe)
    assert observer.requests == 4
    assert not blamed(observer)


def test_a_guest_is_told_from_the_customer() -> None:
    """A refusal that puts a guest's session in place takes the session, though the cookie is still there."""
    guest = setting("session=guest", status=401)
    observer, _ = observing(FakeTarget(SECOND, guest, guest, guest, OK))
    observer.probe(BARE)
    observer.probe(HEADER)  # which is refused: a fault of its own
    observer.probe(BARE)
    assert blamed(observer) == {"extras-change-nothing", "session-is-kept"}
    assert findings(observer)[0].exchange == 2


def test_a_refusal_that_does_not_last_is_not_the_cookies_fault() -> None:
    """Where the same cookies are served when asked again, the endpoint refuses now and then."""
    observer, _ = observing(FakeTarget(SECOND, setting("seen=1", status=405), REFUSED, OK))
    for probe in (BARE, GET, BARE):
        observer.probe(probe)
    assert blamed(observer) == {"repeats-hold"}


def test_what_is_not_shown_is_not_said() -> None:
    """Where the session of before is refused too, nobody knows who took it: the refusal breaks what it breaks by itself."""
    target = FakeTarget(SECOND, GET_DELETES, REFUSED)
    observer, _ = observing(target)
    for probe in (BARE, GET, BARE, BARE):
        observer.probe(probe)
    assert blamed(observer) == {"repeats-hold"}
    assert target.header("cookie")[-1] == "session=second"


def test_without_a_request_to_ask_again_nobody_is_blamed() -> None:
    """Where the budget is spent before the loss can be shown, the refusal is nobody's fault."""
    observer, _ = observing(FakeTarget(SECOND, GET_DELETES, REFUSED), budget=3)
    for probe in (BARE, GET, BARE):
        observer.probe(probe)
    assert observer.requests == 3
    assert not blamed(observer)


@pytest.mark.parametrize("line", ["__Host-session=second; Secure; Domain=store.example", "session=second; SameSite=None"])
def test_a_cookie_that_browsers_drop_is_followed_once_it_was_shown(line: str) -> None:
    """The success that set it is named, and then its cookies are followed, so that the later rules are judged."""
    target = FakeTarget(setting(line), REFUSED, REFUSED, setting("session=third; SameSite=None"))
    observer, _ = observing(target)
    for _ in range(3):
        observer.probe(BARE)
    assert blamed(observer) == {"session-is-kept"}
    (finding,) = findings(observer)
    assert finding.exchange == 1
    assert "which browsers drop: it" in finding.actual
    assert (target.header("cookie")[-1] or "").endswith("session=third")


@pytest.mark.parametrize("answers", [(REFUSED, REFUSED), (REFUSED, OK)], ids=["ended there too", "still good there"])
def test_a_cookie_that_ended_by_itself_is_nobodys_fault(answers: tuple[Answer, ...]) -> None:
    """A session whose time is over in the browser is not blamed on an answer; the run logs in again where it can."""
    target = FakeTarget(setting("session=second; Max-Age=60"), REFUSED, *answers, OK)
    observer, _ = observing(target)
    now = 1_800_000_000.0
    observer.target.customer.jar.clock = lambda: now
    observer.target.log_in = lambda: "session=fresh"
    observer.probe(BARE)
    now += 60
    observer.probe(BARE)
    observer.probe(BARE)
    assert not blamed(observer)
    assert target.header("cookie")[1:4] == [None, None, "session=second"]


def test_a_session_that_ended_by_itself_ends_the_run() -> None:
    """Where the suite cannot log in, it says that the cookie of the session ended."""
    observer, _ = observing(FakeTarget(setting("session=second; Max-Age=60"), REFUSED))
    now = 1_800_000_000.0
    observer.target.customer.jar.clock = lambda: now
    observer.probe(BARE)
    now += 60
    with pytest.raises(Halted, match="the cookie of the session ended by itself, and the session with it; log in again"):
        observer.probe(BARE)
    assert not blamed(observer)


WINNER_THEN_LOSER = (SECOND, DELETES)


@pytest.mark.parametrize(("order", "lost"), [((0, 1), True), ((1, 0), False)], ids=["the loser last", "the winner last"])
def test_cookies_are_set_in_the_order_of_arrival(order: tuple[int, int], lost: bool) -> None:
    """Of two that overlap, the cookies of the answer that arrives last are those that the browser has."""
    target = FakeTarget(OK, *WINNER_THEN_LOSER, *([REFUSED, REFUSED] if lost else []), OK)
    observer, _ = observing(target)
    in_order(observer, order)
    observer.probe(BARE)
    observer.probe_two(OVERLAPPING, OVERLAPPING)
    observer.probe(BARE)
    assert target.header("cookie")[3] == (None if lost else "session=second")
    assert blamed(observer) == ({"session-is-kept"} if lost else set())
    assert [finding.exchange for finding in findings(observer)] == ([3] if lost else [])


def test_the_second_of_two_successes_may_take_the_session_of_the_first() -> None:
    """Both of two that overlap complete, but only the session of the first works: the answer that came last took it."""
    target = FakeTarget(OK, SECOND, setting("session=dead"), REFUSED, REFUSED, OK)
    observer, _ = observing(target)
    in_order(observer, (0, 1))
    observer.probe(BARE)
    observer.probe_two(OVERLAPPING, OVERLAPPING)
    observer.probe(BARE)
    assert target.header("cookie")[3:] == ["session=dead", "session=dead", "session=second"]
    assert blamed(observer) == {"session-is-kept"}
    assert findings(observer)[0].exchange == 3


def overlapping_once(*then: Answer) -> tuple[Observer, FakeTarget]:
    """An observer whose target served one of two that overlapped, replaced the session, and refused the other."""
    target = FakeTarget(OK, SECOND, REFUSED, *then)
    observer, _ = observing(target)
    in_order(observer, (0, 1))
    observer.probe(BARE)
    observer.probe_two(OVERLAPPING, OVERLAPPING)
    return observer, target


def test_one_may_be_refused_only_while_the_session_of_the_other_works() -> None:
    """Where no session is left after two that overlapped, the overlap is to blame, and the run ends."""
    observer, _ = overlapping_once(REFUSED)
    with pytest.raises(Halted, match="after two refreshes that overlapped, the session that was given is refused; log in again"):
        observer.probe(HEADER)
    assert blamed(observer) == {"concurrent-calls-hold"}


def test_after_an_overlap_the_run_logs_in_again_where_it_can() -> None:
    """The rules that come later are judged with a new session."""
    observer, target = overlapping_once(REFUSED, REFUSED, OK)
    observer.target.log_in = lambda: "session=fresh"
    observer.probe(BARE)
    observer.probe(BARE)
    assert target.header("cookie")[-1] == "session=fresh"
    assert blamed(observer) == {"concurrent-calls-hold"}


def test_a_header_that_is_refused_after_an_overlap_is_to_blame_itself() -> None:
    """Where a bare refresh completes, the session was not lost."""
    observer, _ = overlapping_once(REFUSED, OK)
    observer.probe(HEADER)
    assert blamed(observer) == {"extras-change-nothing"}


@pytest.mark.parametrize(
    ("lines", "excused"),
    [
        (["session=second"], True),
        (["AWSALB=3"], False),
        (["session=second", "AWSALB=3"], True),
        (["XSRF-TOKEN=3"], False),
        (["lang=ar"], False),
        (["session=; Max-Age=0", "sid=second"], True),
    ],
    ids=lambda value: " and ".join(line.partition("=")[0] for line in value) if isinstance(value, list) else "",
)
def test_which_cookies_are_the_sessions_is_told_by_what_they_do(lines: list[str], excused: bool) -> None:
    """A refusal of one of two is excused only if the other replaced the session: not a load balancer's cookie, nor a new one."""
    target = FakeTarget(OK, setting("AWSALB=2", status=405), OK, setting(*lines), (409, {}), OK)
    observer, _ = observing(target, "session=first; AWSALB=1; XSRF-TOKEN=1")
    in_order(observer, (0, 1))
    for probe in (BARE, GET, BARE):
        observer.probe(probe)
    observer.probe_two(OVERLAPPING, OVERLAPPING)
    assert blamed(observer) == (set() if excused else {"concurrent-calls-hold"})


def test_a_customer_who_logs_in_again_begins_anew() -> None:
    """After a log-in the session of before is tried no more."""
    target = FakeTarget(SECOND, GET_DELETES, REFUSED)
    observer, _ = observing(target)
    observer.target.log_in = lambda: "session=fresh"
    observer.probe(BARE)
    observer.probe(GET)
    observer.target.renew_session()
    observer.probe(BARE)
    assert target.header("cookie")[2:] == ["session=fresh"]


def test_asking_again_has_an_end() -> None:
    """However often the cookies change, only so many requests ask again."""
    turns: list[Any] = []

    def answers(request: Any) -> Any:
        turns.append(request)
        kind = (SECOND, GET_DELETES, REFUSED)[min(len(turns) % 5, 2)]
        return FakeTarget(kind)(request)

    observer, _ = observing(answers, budget=200)
    for _ in range(40):
        for probe in (BARE, GET, BARE):
            observer.probe(probe)
    asked = [exchange for exchange in observer.evidence.values() if exchange.situation.probe == "asked again"]
    assert 0 < len(asked) <= MOST_TRIES + 1


def test_other_cookies_of_the_page_are_not_taken_for_the_session() -> None:
    """A refusal of a request that had other cookies beside the session is no reason to doubt the session."""
    (others,) = load().browser_headers["cookie"]
    target = FakeTarget(OK, REFUSED, OK)
    observer, _ = observing(target)
    observer.probe(BARE)
    observer.probe(Probe("beside others", headers=(("cookie", others),)))
    assert observer.requests == 2
