"""The timeline of one outcome, for the terminal, the report and the pictures in the docs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from contracts.model.exchange import Exchange, Response
from contracts.model.outcome import LISTENERS, Event, Outcome
from contracts.redaction.redacted import Public, Shown

TOKENS = {"kept": "the old token", "new": "the token of the answer", "gone": "no token", "bogus": "no token, but kept as one"}


@dataclass(frozen=True)
class Step:
    """One thing that happened: who did it, what it was, and when: `at` seconds after the calls (None: at no single moment)."""

    at: float | None
    who: Public  # page, request, answer, event, promise, token
    text: Annotated[str, Shown(160)]


@dataclass(frozen=True)
class Story:
    """Everything that happened in a scenario, in order."""

    scenario: Public
    steps: tuple[Step, ...]


def story(outcome: Outcome) -> Story:
    """The story of an outcome, not yet redacted."""
    return Story(outcome.scenario.name, (*sorted(_moments(outcome), key=lambda step: step.at or 0.0), *_after(outcome)))


def lines(story: Story) -> Iterator[str]:
    """The lines of a story, one for each step."""
    for step in story.steps:
        at = "       " if step.at is None else f"{step.at:5.2f} s"
        yield f"{at}  {step.who:7}  {step.text}"


def _moments(outcome: Outcome) -> Iterator[Step]:
    count = len(outcome.calls)
    yield Step(0.0, "page", "the page loads" if not count else "refresh()" if count == 1 else f"refresh(), {count} times at once")
    sent = [
        (max(0.0, exchange.started - outcome.started) if exchange.started and outcome.started else 0.0, exchange)
        for exchange in outcome.exchanges
    ]
    for at, text in _counted((at, f"{exchange.request.method} {_path(exchange)}") for at, exchange in sent):
        yield Step(at, "request", text)
    for at, text in _counted((at + exchange.answer.seconds, _answer(exchange)) for at, exchange in sent):
        yield Step(at, "answer", text)
    most = max(range(LISTENERS), key=outcome.heard.__getitem__)  # the listener that heard the event most often
    for at, text in _counted((event.at, _event(event)) for event in outcome.events if event.listener == most):
        yield Step(at, "event", text)
    settled = (call for call in outcome.calls if call.settled != "pending")
    for at, text in _counted((call.at, call.settled + (f": {call.error}" if call.error else "")) for call in settled):
        yield Step(at, "promise", text)


def _counted(moments: Iterable[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    """Each text once, at its first moment, with the number of its repetitions."""
    times_of: dict[str, list[float]] = {}
    for at, text in moments:
        times_of.setdefault(text, []).append(at)
    for text, times in times_of.items():
        yield min(times), f"{len(times)} times {text}" if len(times) > 1 else text


def _event(event: Event) -> str:
    response = "without a response" if event.status is None else f"with the response {event.status}"
    return f"onRefreshFailed, {response}" + (f": {event.text}" if event.text else "")


def _after(outcome: Outcome) -> Iterator[Step]:
    if pending := outcome.settled("pending"):
        yield Step(None, "promise", f"{pending} still pending" if pending > 1 else "still pending")
    if not outcome.fired:
        yield Step(None, "event", "none")
    yield Step(None, "token", TOKENS[outcome.became])
    if outcome.logged_in is not None:
        yield Step(None, "page", "the customer is logged in" if outcome.logged_in else "the customer is logged out")


def _answer(exchange: Exchange) -> str:
    if not isinstance(exchange.answer, Response):
        return exchange.answer.message
    body = exchange.answer.body.decode("utf-8", "backslashreplace")
    return f"HTTP {exchange.answer.status}{f' {body}' if body else ', no body'}"


def _path(exchange: Exchange) -> str:
    return "/" + exchange.request.url.partition("://")[2].partition("/")[2]
