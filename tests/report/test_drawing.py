"""The picture of a timeline: well-formed, harmless, and it says what happened."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from contracts.model.answers import Answer, json_answer
from contracts.model.exchange import Exchange, Request
from contracts.model.outcome import Call, Event, Outcome
from contracts.model.scenario import Scenario, success_body
from contracts.redaction.redacted import redact
from contracts.redaction.redactor import Redactor
from contracts.report.drawing import draw
from contracts.report.timeline import story

SECRET = "s3cret-token-value"
NASTY = '</text><script>alert(1)</script> & "quoted" \x1b[31m'


def drawn(answer: Answer, *, broken: tuple[str, ...] = (), **what: object) -> str:
    """The picture of one call that met this answer."""
    scenario = Scenario("made-up", answer)
    exchange = Exchange(Request("POST", "http://127.0.0.1/auth/refresh"), scenario.came, index=1, started=10.0)
    outcome = Outcome(scenario, exchanges=(exchange,), started=10.0, **{"calls": (Call("resolved", 0.01),), **what})  # type: ignore[arg-type]
    return draw(redact(story(outcome), Redactor([SECRET])), broken, client="a client")


def texts(svg: str) -> list[str]:
    """What can be read in the picture, from top to bottom."""
    return [element.text or "" for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_a_picture_tells_the_story_in_order() -> None:
    """Call, request, answer, promise, event and token stand below one another, and the verdict at the end."""
    said = texts(drawn(json_answer(401, {"status": 401}), broken=("failure-rejects",)))
    met = ["refresh()", "POST /auth/refresh", 'HTTP 401 {"status": 401}']
    story = [*met, "promise: resolved", "event: none", "token: the old token"]
    assert [text for text in said if text in story] == story
    assert said[-1] == "breaks failure-rejects"


def test_what_a_server_says_stays_text() -> None:
    """Markup and control characters of a server are shown, not obeyed."""
    svg = drawn(Answer(200, (), NASTY.encode()), events=(Event(0, 0.1, text=NASTY),))
    assert "<script" not in svg
    assert "\x1b" not in svg
    assert any("</text>" in text for text in texts(svg))


def test_no_secret_is_drawn() -> None:
    """A token in an answer is taken out before the text is cut short."""
    assert SECRET not in drawn(json_answer(200, success_body(SECRET)))


def test_a_picture_asks_nothing_of_the_network() -> None:
    """No address but the name of SVG's own namespace stands in it."""
    svg = drawn(json_answer(200, success_body("t" * 20)))
    assert svg.count("http://") == 1
    assert "https://" not in svg
    assert "href" not in svg
