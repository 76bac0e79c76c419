"""Redacts a whole model at once, by the types of its members, so that no text can be forgotten.

Code that writes or prints takes a `Redacted` model, and only `redact` makes one. Every `str` in it passes the redactor; a member
that needs another treatment says so in its type.
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
    """Marks a text that is shown redacted, cut to `most` characters."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, redactor: Redactor, text: str) -> str:
        return redactor.show(text, self.most)


def _as_it_stands(redactor: Redactor, text: str) -> str:
    return text


def _as_command(redactor: Redactor, text: str) -> str:
    return redactor.command(text)


Public: TypeAlias = Annotated[str, _as_it_stands]
"""A word of the document or of the suite, such as a rule id or a verdict. It is shown unchanged."""
Command: TypeAlias = Annotated[str, _as_command]
"""A command that a person may run. Only its secrets are removed."""
_DEFAULT: Final = Shown(300)


@dataclass(frozen=True)
class Header:
    """An HTTP header. Its name decides how it is masked, even if the redactor does not know its value."""

    name: str
    value: str

    def redacted(self, redactor: Redactor) -> Header:
        """The header without secrets, in printable text."""
        name, _, value = redactor.header(self.name, self.value).partition(": ")
        return Header(name, value)


@dataclass(frozen=True)
class Redacted(Generic[T]):
    """A model without secrets and without text that could control a terminal or a log."""

    model: T

    def part(self, of: U) -> Redacted[U]:
        """A part of the model, which is redacted like the model."""
        return Redacted(of)


def redact(model: T, redactor: Redactor) -> Redacted[T]:
    """The model without secrets. TypeError: the model holds a value of a type that has no redaction."""
    return Redacted(_shown(model, type(model), redactor))


def _shown(value: Any, kind: Any, redactor: Redactor) -> Any:
    """The value, redacted as its declared type (`kind`) says."""
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
        return tuple(_shown(item, of, redactor) for item, of in zip(value, each, strict=True))
    if isinstance(value, Mapping):
        key, of = _members(kind)
        return {_shown(k, key, redactor): _shown(v, of, redactor) for k, v in value.items()}
    raise TypeError(f"a model cannot hold a {type(value).__name__}")


def _members(kind: Any) -> tuple[Any, ...]:
    """The arguments of a declared type. `X | None` counts as X, and `Annotated[str, how]` gives `how`."""
    if get_origin(kind) is Annotated:
        return tuple(kind.__metadata__)
    if type(None) in (parts := get_args(kind)):
        return _members(next(part for part in parts if part is not type(None)))
    return parts


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)
