"""The observer: polite, within its budget, and with the session that a browser would hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate
from types import SimpleNamespace

import httpx
import pytest

from contracts import __version__, phases, watchdog
from contracts import observer as module
from contracts.document import load
from contracts.evidence import KEPT
from contracts.exchange import Response
from contracts.gate import judge_provider
from contracts.observer import BudgetSpent, Halted, Observer, retry_after
from contracts.probes import Probe
from contracts.providers.live import mocked
from contracts.providers.mock import RefreshMock

BARE = Probe("bare")
TWO = Probe("two at once", overlaps=True)
Answer = tuple[int, dict[str, str] | list[tuple[str, str]]]


class Target:
    """A handler that answers by a list, the last one for ever, and remembers what it was asked."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, headers = answer
        body = {
            "status": status,
            "success": status < 400,
            **({"data": {"token": f"token-{len(self.asked)}"}} if status < 400 else {"error": {}}),
        }
        return httpx.Response(status, headers=headers, json=body)

    def header(self, name: str) -> list[str | None]:
        """The values of a header, request by request."""
        return [request.headers.get(name) for request in self.asked]


OK: Answer = (200, {})
REFUSED: Answer = (401, {})


def busy(after: str | None = "3") -> Answer:
    """A 429."""
    return 429, {} if after is None else {"retry-after": after}


def observing(
    target: Callable[[httpx.Request], httpx.Response], cookie: str = "session=first", **settings: float
) -> tuple[Observer, list[float]]:
    """An observer of a target, and the list of its pauses."""
    slept: list[float] = []
    return Observer(mocked(target, cookie), sleep=slept.append, **settings), slept  # type: ignore[arg-type]


# --- 429 --------------------------------------------------------------------------------------------------------------


def test_a_429_is_waited_out_and_asked_again() -> None:
    """Retry-After is kept, then the same is asked once more."""
    target = Target(busy("3"), OK)
    watched, slept = observing(target)
    exchange, _ = watched.probe(BARE)
    assert slept == [3.0]
    assert exchange.response
    assert exchange.response.status == 200
    assert exchange.situation.after == "429"
    assert watched.requests == len(target.asked) == 2


def test_two_at_once_wait_for_a_429_too() -> None:
    """After a 429 to one of two, the next request comes no sooner than was told."""
    watched, slept = observing(Target(busy("4"), OK))
    watched.both(TWO, TWO)
    assert slept == [4.0]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0),
        (" 7 ", 7),
        ("", 1),
        ("soon", 1),
        ("-5", 1),
        ("1.5", 1),
        ("²", 1),
        ("9" * 400, 999_999_999),
        ("Mon, 01 Jan 0001 00:00:00 -2359", 1),
    ],
)
def test_retry_after_in_seconds(said: str, seconds: float) -> None:
    """Seconds are read, what is none of the two forms counts as one second."""
    assert retry_after(Response(429, (("Retry-After", said),))) in (seconds, 0.0 if "0001" in said else seconds)


def test_retry_after_as_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """A date is read as the time from now, a past one as no time."""
    now = 1_800_000_000
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: float(now)))
    assert retry_after(Response(429, (("Retry-After", formatdate(now + 60, usegmt=True)),))) == 60
    assert retry_after(Response(429, (("Retry-After", formatdate(now - 60, usegmt=True)),))) == 0


def test_a_429_that_asks_for_too_long_ends_the_run() -> None:
    """Longer than the deadline is not waited; the run says so and sends nothing more."""
    target = Target(busy("3600"))
    judgement = judge_provider(mocked(target, "session=first"), sleep=pytest.fail)
    assert len(target.asked) == 1
    assert judgement.verdict == "incomplete"
    assert judgement.reason
    assert "3600 s" in judgement.reason


def test_429_for_ever_ends_the_run() -> None:
    """A target that says 429 to everything is left alone soon."""
    target = Target(busy("1"))
    judgement = judge_provider(mocked(target, "session=first"), sleep=lambda _: None)
    assert len(target.asked) <= 20
    assert judgement.verdict == "incomplete"
    assert "429" in (judgement.reason or "")


def test_an_occasional_429_does_not_end_the_run() -> None:
    """Any number of them is fine, as long as answers come in between."""
    watched, slept = observing(Target(*(answer for _ in range(20) for answer in (busy("1"), OK))))
    for _ in range(20):
        watched.probe(BARE)
    assert len(slept) == 20


def test_every_request_says_who_sends_it() -> None:
    """Who runs the environment can tell the suite's requests, and its version, from those of customers."""
    target = Target(OK)
    judge_provider(mocked(target, "session=first"), budget=40)
    assert len(target.asked) == 40
    assert set(target.header("user-agent")) == {f"twilight-refresh-contract/{__version__}"}


# --- budget and rate --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [1, 2, 7, 8, 9, 12, 31, 47, 100])
def test_the_budget_is_never_exceeded(budget: int) -> None:
    """All phases together send no more than was allowed, overlaps and retries included, counted at the target."""
    mock, asked = RefreshMock(), 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        if asked % 9 == 0 and request.method == "POST":
            return httpx.Response(429, headers={"retry-after": "1"}, json={"status": 429, "success": False, "error": {}})
        return mock.handler(request)

    judgement = judge_provider(mocked(handler, mock.session), budget=budget, sleep=lambda _: None)
    assert asked == judgement.requests <= budget


def test_two_at_once_need_two() -> None:
    """With one request left, a pair is not torn apart."""
    target = Target(OK)
    watched, _ = observing(target, budget=1)
    with pytest.raises(BudgetSpent):
        watched.both(TWO, TWO)
    assert not target.asked
    watched.probe(BARE)
    with pytest.raises(BudgetSpent):
        watched.probe(BARE)
    assert len(target.asked) == 1


def test_the_rate_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """At two a second, requests stand half a second apart, and a pair counts as two."""
    now = 100.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now, time=lambda: now))
    sent: list[float] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(now)
        return Target(OK)(request)

    watched = Observer(mocked(handler, "session=first"), rate=2, sleep=sleep)
    watched.probe(BARE)
    watched.probe(BARE)
    watched.both(TWO, TWO)
    watched.probe(BARE)
    assert sent == [100.0, 100.5, 101.0, 101.0, 102.0]


# --- the session ------------------------------------------------------------------------------------------------------


def test_a_replaced_session_is_followed_and_other_cookies_are_not_kept() -> None:
    """As a browser would, but with nothing that is not the session's."""
    set_cookie = [("set-cookie", "session=second; Path=/; HttpOnly"), ("set-cookie", "tracker=1"), ("set-cookie", "lang=en")]
    target = Target((200, set_cookie), OK)
    watched, _ = observing(target, "session=first; lang=ar")
    for _ in range(3):
        watched.probe(BARE)
    assert target.header("cookie") == ["session=first; lang=ar", "session=second; lang=en", "session=second; lang=en"]


def sent_after(set_cookie: str) -> list[str | None]:
    """The cookies of two refreshes, the first of which is answered with a cookie."""
    target = Target((200, [("set-cookie", set_cookie)]), OK)
    watched, _ = observing(target)
    watched.probe(BARE)
    watched.probe(BARE)
    return target.header("cookie")


@pytest.mark.parametrize(
    "attributes",
    [
        "Max-Age=0",
        "max-age=-1",
        "Path=/; Max-Age=0000",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/",
        "expires=Thu, 01-Jan-70 00:00:00 GMT",
        "Expires=Fri, 01 Jan 2100 00:00:00 GMT; Max-Age=0",
    ],
)
def test_a_deleted_session_is_not_followed(attributes: str) -> None:
    """The next request shows what the deletion meant; the suite does not lose its session by itself."""
    assert sent_after(f"session=; {attributes}") == ["session=first", "session=first"]


@pytest.mark.parametrize(
    "attributes",
    [
        "Max-Age=900",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=900",
        "Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        "Expires=0",
        "Expires",
    ],
)
def test_a_session_that_lasts_is_followed(attributes: str) -> None:
    """Max-Age goes before Expires, and what is no date says nothing."""
    assert sent_after(f"session=second; {attributes}") == ["session=first", "session=second"]


def test_a_session_given_to_a_stranger_is_not_followed() -> None:
    """What a refusal sets belongs to nobody."""
    target = Target((401, [("set-cookie", "session=strange")]), OK)
    watched, _ = observing(target)
    watched.probe(Probe("no session", session="none"))
    watched.probe(BARE)
    assert target.header("cookie") == [None, "session=first"]


def test_an_xsrf_cookie_is_answered_with_its_header() -> None:
    """XSRF-TOKEN comes back URL-decoded as x-xsrf-token, as the SDK does, over what a probe would send."""
    target = Target((200, [("set-cookie", "XSRF-TOKEN=a%2Bb%3D; Path=/")]), OK)
    watched, _ = observing(target)
    watched.probe(BARE)
    watched.probe(BARE)
    watched.probe(Probe("with one of its own", headers=(("x-xsrf-token", "made-up"),)))
    watched.probe(Probe("no session", session="none"))
    assert target.header("x-xsrf-token") == [None, "a+b=", "a+b=", None]
    assert target.header("cookie")[1] == "session=first; XSRF-TOKEN=a%2Bb%3D"


def test_the_last_token_is_the_next_bearer() -> None:
    """`{token}` in a documented header stands for the token that was given last."""
    target = Target(OK)
    watched, _ = observing(target)
    for _ in range(3):
        watched.probe(Probe("bearer", headers=(("authorization", "Bearer {token}"),)))
    assert target.header("authorization") == ["Bearer made-up", "Bearer token-1", "Bearer token-2"]


def test_kinds_of_sessions() -> None:
    """None, empty, made-up and expired are what they are called."""
    target = Target(REFUSED)
    watched, _ = observing(target, "session=abcdefghijkl")
    watched.provider.expired = "session=old"
    for session in ("none", "empty", "made-up", "expired"):
        watched.probe(Probe(session, session=session))
    none, empty, made_up, expired = target.header("cookie")
    assert (none, empty, expired) == (None, "session=", "session=old")
    assert made_up
    assert made_up.startswith("session=")
    assert made_up != "session=abcdefghijkl"
    assert len(made_up) == len("session=abcdefghijkl")


# --- giving up --------------------------------------------------------------------------------------------------------


def test_nobody_is_blamed_where_nobody_is() -> None:
    """A first request that reaches nobody ends the run; no rule is broken by it."""
    target = Target(httpx.ConnectError("refused"))
    watched, _ = observing(target)
    with pytest.raises(Halted, match="cannot be reached"):
        watched.probe(BARE)
    assert not any(tally.broken for tally in watched.judging.tallies.values())


GONE = httpx.ConnectError("refused")
LOST = httpx.ReadError("reset")


def gateway(status: int = 503, **headers: str) -> Answer:
    """What a gateway says when nothing answers behind it."""
    return status, {name.replace("_", "-"): value for name, value in headers.items()}


def broken(watched: Observer) -> set[str]:
    """The rules that were broken so far."""
    return {id for id, tally in watched.judging.tallies.items() if tally.broken}


def walk(watched: Observer, probes: int) -> str:
    """Send probes until the observation ends; the reason, empty where it did not."""
    for _ in range(probes):
        try:
            watched.probe(BARE)
        except Halted as halt:
            return str(halt)
    return ""


@pytest.mark.parametrize("away", [GONE, gateway(502), gateway(504)], ids=["no connection", "502", "504"])
def test_who_goes_away_for_good_is_not_blamed(away: Answer | Exception) -> None:
    """An environment that is taken down in the middle of a run is no provider that breaks its promise."""
    target = Target(OK, away)
    judgement = judge_provider(mocked(target, "session=first"))
    assert len(target.asked) == 1 + module.IN_A_ROW
    assert not {id for id, tally in judgement.tallies.items() if tally.broken} & set(load().rules) - {"success-is-not-cached"}
    assert judgement.verdict == "incomplete"
    assert "up" in (judgement.reason or "")


@pytest.mark.parametrize("away", [GONE, gateway(502)], ids=["no connection", "502"])
def test_who_was_away_and_comes_back_is_blamed(away: Answer | Exception) -> None:
    """A customer who called in between was not answered; the breach has the number of that call."""
    watched, _ = observing(Target(OK, away, OK))
    assert walk(watched, 2) == ""
    blames = {"one-answer-in-time", "repeats-hold"}
    assert not blames & broken(watched)
    assert walk(watched, 1) == ""
    assert [watched.first_seen[id] for id in blames & broken(watched)] == [2]


def test_who_is_away_at_the_end_of_the_budget_is_blamed() -> None:
    """Fewer than would end the run are judged once nothing more is sent."""
    watched, _ = observing(Target(OK, OK, GONE))
    assert walk(watched, 4) == ""
    watched.settle()
    assert "one-answer-in-time" in broken(watched)


def test_five_failures_in_a_row_end_the_run() -> None:
    """One that fails now and then is observed further; one that is gone is left alone."""
    watched, _ = observing(Target(OK, LOST, LOST, LOST, LOST, OK, LOST))
    reason = walk(watched, 20)
    assert watched.requests == 6 + module.IN_A_ROW
    assert reason.startswith("5 requests in a row had no well-formed answer")
    assert "one-answer-in-time" in broken(watched)


def test_different_errors_of_the_environment_count_together() -> None:
    """Refused, reset and 503 by turns are one environment that does not work."""
    watched, _ = observing(Target(OK, GONE, gateway(503), LOST, gateway(502), GONE))
    assert walk(watched, 20)
    assert watched.requests == 1 + module.IN_A_ROW


@pytest.mark.parametrize(("said", "waited"), [("4", [4.0]), ("3600", [0]), (None, [])])
def test_a_503_is_given_the_time_that_it_asks_for(said: str | None, waited: list[float]) -> None:
    """Retry-After of a gateway is kept up to the deadline; the same is not asked once more."""
    target = Target(gateway(503, **({"retry_after": said} if said else {})), OK)
    watched, slept = observing(target)
    watched.probe(BARE)
    assert slept == waited
    assert len(target.asked) == 1


# --- a session that is lost with an answer ----------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [LOST, gateway(502), httpx.ReadTimeout("")], ids=["reset", "502", "no answer"])
def test_a_session_lost_with_an_answer_is_nobodys_fault(lost: Answer | Exception) -> None:
    """An answer that did not come may have replaced the session: refusals of the old one break no rule, and end the run."""
    watched, _ = observing(Target(OK, lost, REFUSED))
    reason = walk(watched, 20)
    assert "the answer to request 2 did not come, and the session was lost with it" in reason
    assert watched.requests == 2 + module.LOST_AFTER
    assert watched.judging.tallies["no-input-needed"].broken == 0
    assert watched.judging.tallies["repeats-hold"].broken == (lost == gateway(502))  # the 502 itself


def test_a_session_that_still_holds_is_not_in_doubt() -> None:
    """A success after a lost answer clears it: a refusal later on is the provider's own."""
    watched, _ = observing(Target(OK, LOST, OK, REFUSED))
    assert walk(watched, 5) == ""
    assert broken(watched) & {"no-input-needed", "repeats-hold"}


def test_who_can_log_in_does_so_after_a_lost_answer() -> None:
    """The suite gets itself a new session where it can, and goes on."""
    target = Target(OK, LOST, REFUSED, OK)
    watched, _ = observing(target)
    watched.provider.log_in = lambda: "session=fresh"
    assert walk(watched, 5) == ""
    assert target.header("cookie")[-1] == "session=fresh"
    assert not broken(watched) & {"no-input-needed", "repeats-hold"}


def test_a_halted_observer_sends_nothing_more() -> None:
    """What ended one phase ends the run."""
    target = Target(busy("3600"))
    watched, _ = observing(target)
    for phase in phases.PHASES:
        phases.run(watched, phase)
    assert len(target.asked) == 1


def test_everything_is_told_to_who_learns() -> None:
    """Secrets are learned of every exchange, of those that are not kept too."""
    learned: list[int] = []
    uncached: Answer = (200, {"cache-control": "no-store"})
    watched = Observer(mocked(Target(uncached), "session=first"), budget=KEPT + 3, learn=lambda x: learned.append(x.index))
    walk(watched, KEPT + 3)
    assert len(watched.evidence) < len(learned)
    assert learned == list(range(1, KEPT + 4))


def test_an_exchange_that_does_not_end_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog interrupts what neither deadline nor cap could end."""

    def stuck(request: httpx.Request) -> httpx.Response:
        time.sleep(60)
        raise AssertionError("not interrupted")

    watched, _ = observing(stuck)
    watched.provider.sender.deadline = 0
    monkeypatch.setattr(watchdog, "SLACK", 0.1)
    monkeypatch.setattr(watchdog, "WAITING", 0)
    reason = walk(watched, 1)
    assert "exchange 1 did not end" in reason
