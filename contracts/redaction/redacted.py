"""Redacts a whole model at once, by the types of its members, so that nobody can forget a text.

Whatever writes or prints takes a `Redacted` model, and only `redact` makes one. Every `str` in it is shown through the redactor;
a member that needs something else says so in its type.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar, get_args, get_origin

from contracts.redaction.redactor import Redactor

T = TypeVar("T")
U = TypeVar("U")


class Shown:
    """How a text is shown: at most so long."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, redactor: Redactor, text: str) -> str:
        return redactor.show(text, self.most)


def _as_it_stands(redactor: Redactor, text: str) -> str:
    return text


def _as_command(redactor: Redactor, text: str) -> str:
    return redactor.command(text)


Public: TypeAlias = Annotated[str, _as_it_stands]
"""A word of the document or of the suite itself, such as a rule id or a verdict: it is shown as it stands."""
Command: TypeAlias = Annotated[str, _as_command]
"""A command that a person may run: without secrets, and otherwise to the letter."""
_DEFAULT: Final = Shown(300)


@dataclass(frozen=True)
class Header:
    """A header of HTTP. It is masked by its name, whatever is known of its value."""

    name: str
    value: str

    def redacted(self, redactor: Redactor) -> Header:
        """The same, harmless."""
        name, _, value = redactor.header(self.name, self.value).partition(": ")
        return Header(name, value)


@dataclass(frozen=True)
class Redacted(Generic[T]):
    """A model that holds no secret, and no text that a terminal or a log would obey."""

    model: T

    def part(self, of: U) -> Redacted[U]:
        """Something that the model holds, which is as harmless."""
        return Redacted(of)


def redact(model: T, redactor: Redactor) -> Redacted[T]:
    """The model without secrets. TypeError: it holds something that nobody knows how to show."""
    return Redacted(_shown(model, type(model), redactor))


def _shown(value: Any, kind: Any, redactor: Redactor) -> Any:
    """The value as its declared type says."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        how = next((a for a in _members(kind) if callable(a) and not isinstance(a, type)), _DEFAULT)
        return how(redactor, value)
    if isinstance(value, Header):
        return value.redacted(redactor)
    if is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        return replace(value, **{f.name: _shown(getattr(value, f.name), hints[f.name], redactor) for f in fields(value)})
    if isinstance(value, tuple):
        kinds = [k for k in _members(kind) if k is not Ellipsis] or [str]
        each = kinds * len(value) if len(kinds) == 1 else kinds
        return tuple(_shown(one, of, redactor) for one, of in zip(value, each, strict=True))
    if isinstance(value, Mapping):
        key, of = _members(kind)
        return {_shown(k, key, redactor): _shown(v, of, redactor) for k, v in value.items()}
    raise TypeError(f"a model cannot hold a {type(value).__name__}")


def _members(kind: Any) -> tuple[Any, ...]:
    """What a declared type is made of: of `X | None` what X is made of, of `Annotated[str, how]` how it is shown."""
    if get_origin(kind) is Annotated:
        return tuple(kind.__metadata__)
    if type(None) in (parts := get_args(kind)):
        return _members(next(part for part in parts if part is not type(None)))
    return parts


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)
