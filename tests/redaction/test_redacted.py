"""A whole model is redacted at once: no text of it can be forgotten, whatever its members are."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, get_args

import pytest

from contracts.redaction.redacted import Command, Header, Public, Redacted, Shown, redact
from contracts.redaction.redactor import MARK, Redactor
from contracts.report import annotations, badge, drawing, json, model, page, summary, terminal

SECRET = "s3cret-session-value"
REDACTOR = Redactor([SECRET])


@dataclass(frozen=True)
class Inner:
    """Something within a model."""

    text: str
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True)
class Outer:
    """A model with every kind of member."""

    word: Public
    text: str
    short: Annotated[str, Shown(9)]
    command: Command
    number: int
    share: float | None
    inner: Inner | None
    many: tuple[Inner, ...]
    pairs: tuple[tuple[Public, str], ...]
    rules: Mapping[str, tuple[Public, ...]]


def outer(text: str) -> Outer:
    """A model in which every text is this."""
    inner = Inner(text, (Header("x-echo", text), Header("Cookie", f"session={text}")))
    return Outer("MUST", text, text, text, 7, 0.5, inner, (inner, inner), (("name", text),), {text: ("rule",)})


def test_every_text_of_a_model_loses_its_secrets() -> None:
    """A secret goes from members, nested models, tuples, keys of mappings and headers alike."""
    shown = redact(outer(f"it says {SECRET}"), REDACTOR).model
    assert SECRET not in repr(shown)
    assert shown.text == f"it says {MARK}"
    assert shown.rules == {f"it says {MARK}": ("rule",)}
    assert shown.inner is not None
    assert shown.inner.headers == (Header("x-echo", f"it says {MARK}"), Header("Cookie", f"session={MARK}"))


def test_numbers_and_nothing_stay_what_they_are() -> None:
    """Only texts are shown otherwise."""
    shown = redact(outer("plain"), REDACTOR).model
    assert (shown.number, shown.share, shown.word) == (7, 0.5, "MUST")
    assert redact(Outer("MUST", "a", "a", "a", 0, None, None, (), (), {}), REDACTOR).model.inner is None


def test_a_text_is_as_long_as_its_type_allows() -> None:
    """A member that names a length is cut to it, and says how long the text was."""
    assert redact(outer("x" * 20), REDACTOR).model.short == "x" * 9 + "… (20 characters)"


def test_a_command_runs_as_it_stands() -> None:
    """A command loses its secrets and what cannot be printed, and nothing else, however long it is."""
    command = "pytest --base-url http://[::1]:8000 " + "-v " * 200
    assert redact(outer(f"{command}\x1b"), REDACTOR).model.command == f"{command}\N{REPLACEMENT CHARACTER}"
    assert redact(outer(f"curl {SECRET}"), REDACTOR).model.command == f"curl {MARK}"
    assert "::" not in redact(outer("::error::x"), REDACTOR).model.text


def test_a_model_cannot_hold_what_nobody_can_show() -> None:
    """An object of another kind is an error, and is not passed on as it is."""

    @dataclass(frozen=True)
    class Odd:
        thing: object

    with pytest.raises(TypeError, match="a model cannot hold a bytes"):
        redact(Odd(SECRET.encode()), REDACTOR)


RENDERERS = {
    "terminal": terminal.lines,
    "page": page.page,
    "json": json.text,
    "summary": summary.summary,
    "badge": badge.badge,
    "annotations": annotations.annotations,
    "drawing": drawing.draw,
}


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
def test_a_renderer_takes_a_redacted_model_and_nothing_else(render: Any) -> None:
    """No renderer can be given a model that was not redacted, nor a redactor to forget."""
    first = next(iter(inspect.signature(render).parameters))
    kinds = typing.get_type_hints(render)
    assert typing.get_origin(kinds[first]) is Redacted
    assert Redactor not in kinds.values()


def texts_of(kind: Any) -> set[str]:
    """Every member of a model, and of what it holds, that is shown as it stands."""
    found = set()
    for member in fields(kind):
        hint = typing.get_type_hints(kind, include_extras=True)[member.name]
        if str in get_args(hint) and hint == Public:
            found.add(f"{kind.__name__}.{member.name}")
        for part in (hint, *get_args(hint)):
            if isinstance(part, type) and is_dataclass(part) and part is not Header:
                found |= texts_of(part)
    return found


def test_few_members_of_the_report_are_shown_as_they_stand() -> None:
    """They are words of the document or of the suite itself; what a server or a client chose is never among them."""
    chosen = {"implementation", "name", "version", "reason", "expected", "actual", "url", "text", "probe", "answer", "failure"}
    public = texts_of(model.Report)
    assert len(public) > 10
    assert {name for name in public if name.partition(".")[2] in chosen} == {"RuleResult.text"}  # the rule's own sentence
