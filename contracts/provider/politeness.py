"""Politeness towards a target: how fast to send, how long to wait when it asks for it, and when to give up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from contracts.model.exchange import Failure, Response
from contracts.model.limits import MAX_SECONDS, POLITE_RATE
from contracts.provider.limiter import Window, quota, retry_after
from contracts.provider.target import Target
from contracts.rules.target_health import ABSENT, TargetHealth, is_not_now, is_unavailable

MAX_IN_A_ROW: Final = 5  # failures after which going on would be neither polite nor useful
MAX_OUTAGE: Final = 8  # answers 503 in a row, where each was waited out
MAX_LIMITED: Final = 10  # answers 429 in a row of a target that has answered otherwise before
RETRIES: Final = 3  # of a probe that is answered 503; then another probe shows whether it is the target or the probe
OUTAGES: Final = 5  # of one target that are nobody's fault; with more of them, it fails now and then
SLOWEST: Final = 0.5  # requests a second, to which a target that answers 503 again and again slows the pace down
LONGEST_STEP: Final = 60.0  # seconds, where the target does not say how long to wait
ENOUGH_ANSWERS: Final = 8  # to see that a target is no refresh endpoint, or refuses the session


class Halted(Exception):
    """Going on makes no sense; the message says why and what to do."""


class TimeSpent(Exception):
    """No time is left; the message says why. What was seen so far is judged."""


class Politeness:
    """Paces the requests to one target. `rate` is the most requests a second; 0 means no limit.

    All of them end within `most_seconds` of the first one. `on_wait` is told of each wait, in words.
    """

    def __init__(
        self,
        target: Target,
        health: TargetHealth,
        *,
        rate: float = 0.0,
        most_seconds: float = MAX_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._target, self._health = target, health
        self._rate, self._sleep, self._clock, self._on_wait = rate, sleep, clock, on_wait
        self._most_seconds = most_seconds
        self._ends: float | None = None
        self._next_at = self._latest = 0.0
        self._window = Window()
        self._failures = self._limited = 0  # in a row
        self._only_503 = True  # these failures
        self._put_off = False  # by a 503, and not answered since
        self._outages = self._excused = 0
        self._is_specific = False  # a 503 that persists belongs to a probe, while others are answered
        self._reached = self._served = self._health_checked = False
        self._waited: dict[str, list[float]] = {}

    def pace(self, requests: int) -> None:
        """Wait until so many requests may be sent. TimeSpent: they would not end in time."""
        now = self._clock()
        if self._ends is None:
            self._ends = now + self._most_seconds
        if self._rate:
            if now < self._next_at:
                self._sleep(self._next_at - now)
            self._next_at = max(now, self._next_at) + requests / self._rate
        if wait := self._window.wait(requests, self._clock()):
            self._wait(wait, "its limiter says that no request is left")
            self._window.renewed()
        if self._clock() + self._latest > self._ends:
            raise TimeSpent(f"the time is up (--refresh-max-seconds {self._most_seconds:g})")

    def has_time(self, seconds: float) -> bool:
        """Whether so much time is left, and enough for one more request."""
        return self._ends is None or self._clock() + seconds + self._latest <= self._ends

    def ask_again(self, answer: Response | Failure, tries: int, *, alone: bool) -> bool:
        """Wait where an answer says that it is not now to be had; whether the probe may then be sent once more.

        `tries` says how often it was sent again already, `alone` that it did not overlap another. TimeSpent: that takes too long.
        Halted: the target answers nothing else.
        """
        if not isinstance(answer, Response):
            return False
        if answer.status == 429:
            self._limited += 1
            if self._limited >= (MAX_LIMITED if self._served else MAX_IN_A_ROW):
                raise Halted("the target goes on answering 429; lower --refresh-rate or try again later")
            least = 2.0 ** (self._limited - 1) if self._served else 1.0
            told = _told(answer)
            self._wait(min(least, LONGEST_STEP) if told is None else max(told, least if self._limited > 1 else 0.0), "429")
            return alone
        if is_not_now(answer) and self.forgives and tries < RETRIES:
            self._wait(max(_told(answer) or 0.0, min(2.0 ** max(tries, self._failures - 1), LONGEST_STEP)), "503")
            return True
        return False

    @property
    def forgives(self) -> bool:
        """Whether a 503 is waited out as an outage: the target has answered before, and was not away too often."""
        return self._served and not self._is_specific and self._outages < OUTAGES

    def excuses(self, *, again: bool) -> bool:
        """Whether the answers 503 before this one are nobody's fault: it had not begun to answer, or was waited for (`again`)."""
        return not self._served or (again and self.forgives)

    def excused(self, answers: int) -> None:
        """Count answers 503 that are nobody's fault."""
        self._excused += answers

    def consider(self, answers: Sequence[Response | Failure], *, again: bool = False) -> None:
        """Take the latest answers into account; wait where a gateway asks for it. Halted: the target cannot be judged.

        `again` says that they answer probes that were sent before.
        """
        last = answers[-1]
        self._latest = max(answer.seconds for answer in answers)
        self._window.heard([answer for answer in answers if isinstance(answer, Response)], self._clock())
        put_off = any(map(is_not_now, answers))
        if self._put_off and not put_off and not is_unavailable(last):
            self._end_outage(again=again)
        self._put_off = (self._put_off and is_unavailable(last)) or (put_off and self._served)
        for answer in answers:
            failed = isinstance(answer, Failure) or is_unavailable(answer)
            if failed:
                self._only_503 = is_not_now(answer) and (self._only_503 or not self._failures)
            self._failures = self._failures + 1 if failed else 0
            self._reached = self._reached or isinstance(answer, Response) or answer.kind not in ABSENT
            if isinstance(answer, Response) and answer.status != 429:
                self._limited = 0
                self._served = self._served or not failed
        most = MAX_OUTAGE if self._only_503 and self.forgives else MAX_IN_A_ROW
        if self._failures >= most or not self._reached:
            raise Halted(self._why_given_up(last))
        if not self._health_checked and self._health.answers >= ENOUGH_ANSWERS:
            self._health_checked = True
            if reason := self._health.no_endpoint(self._target.path) or self._health.session_refusal:
                raise Halted(reason)
        if isinstance(last, Response) and is_unavailable(last) and last.header("retry-after") and not self.forgives:
            seconds = retry_after(last)
            self._sleep(seconds if self._allows(seconds) else 0)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how the target was asked: waits, and what they were for."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        for why, waits in self._waited.items():
            times = "once" if len(waits) == 1 else f"{len(waits)} times"
            yield f"waited {times}, {sum(waits):.0f} s in all: {_WHY.get(why, why)}"
        if self._excused:
            yield f"{self._excused} answers 503 are not judged: the target was away for a while and came back"
        if self._outages > 1:
            yield (
                f"it was away {self._outages} times: where that is a limiter (nginx's limit_req answers 503), "
                f"give --refresh-rate {self._rate:.2g} or less"
            )

    def _end_outage(self, *, again: bool) -> None:
        """The target answers after answers 503. One that is away again and again may have a limiter: go slower."""
        if not again:
            self._is_specific = True
            return
        self._outages += 1
        if self._outages > 1:
            rate = self._rate or POLITE_RATE
            self._rate = min(rate, max(rate / 2, SLOWEST))

    def _allows(self, seconds: float) -> bool:
        return self._clock() + seconds <= (self._ends if self._ends is not None else self._clock() + self._most_seconds)

    def _wait(self, seconds: float, why: str) -> None:
        """TimeSpent: that is too long."""
        if not self._allows(seconds):
            most = f"longer than --refresh-max-seconds {self._most_seconds:g} allows"
            raise TimeSpent(f"the target asks to wait {seconds:.0f} s ({why}), {most}; try again later")
        if seconds >= 1:
            self._on_wait(f"waiting {seconds:.0f} s ({why})")
        self._waited.setdefault(why, []).append(seconds)
        self._sleep(seconds)

    def _why_given_up(self, last: Response | Failure) -> str:
        if isinstance(last, Response):
            advice = "try again when the target is up"
            if is_not_now(last) and self._served:
                advice += ", or lower --refresh-rate where a limiter answers so (nginx's limit_req does)"
            return f"{self._failures} requests in a row were not answered; the last: {last.status}; {advice}"
        if last.kind == "http2":
            return f"{self._target.base_url} cannot be judged: {last.message}"
        if last.kind not in ABSENT:
            return f"{self._failures} requests in a row had no well-formed answer; the last: {last.message}"
        if self._health.answers:
            return f"{self._target.base_url} went away: {last.message}; try again when it is up"
        return f"{self._target.base_url} cannot be reached: {last.message}; {_advice(last)}"


_WHY: Final = {"429": "it answered 429, which a lower --refresh-rate may avoid", "503": "it answered 503"}


def _told(response: Response) -> float | None:
    """The seconds that an answer asks to wait; None if it does not say."""
    if response.header("retry-after"):
        return retry_after(response)
    left = quota(response)
    return left.seconds if left and not left.remaining else None


def _advice(failure: Failure) -> str:
    if failure.kind != "tls":
        return "check --base-url and that it is up"
    if "self-signed" in failure.message or "local issuer" in failure.message:
        return "give its CA with --refresh-ca"
    if "NO_APPLICATION_PROTOCOL" in failure.message:
        return "it takes no HTTP/1.1 there, perhaps only HTTP/2; give an address that does"
    return "check its certificate and that it speaks TLS there"
