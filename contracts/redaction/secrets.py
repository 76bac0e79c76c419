"""The secret values, and every eight consecutive bytes of them in each form that a text may hold."""

from __future__ import annotations

from functools import cache
from typing import Final

from contracts.model.document import load
from contracts.redaction.decoding import ROUNDS, SHORTEST, opened

GRAM: Final = 8


class Memory:
    """A set of secret values. `ready` indexes them: runs of eight bytes as numbers in `grams`, shorter values in `short`."""

    def __init__(self) -> None:
        self.values: dict[str, None] = {}
        self.size = 0
        self.grams: set[int] = set()
        self.short: set[bytes] = set()
        self._fresh: list[str] = []

    def add(self, value: str) -> None:
        if value not in self.values:
            self.values[value] = None
            self.size += len(value)
            self._fresh.append(value)

    def ready(self) -> Memory:
        """Index the values added since the last call. This is done late: most runs learn thousands of values and show little."""
        for form in (form for value in self._fresh for form in _forms(value)):
            if len(form) < GRAM:
                self.short.add(form)
            else:
                grams = grams_of(form)
                self.grams |= (grams - public_grams()) or grams
        self._fresh.clear()
        return self


def _forms(secret: str) -> set[bytes]:
    """The forms of a secret as lower-case bytes: with its own escapes and without them, in UTF-8 and in Latin-1."""
    raws = {secret.encode("utf-8", "surrogatepass")}
    if " " in secret:
        raws.add(secret.replace(" ", "+").encode("utf-8", "surrogatepass"))
    if not secret.isascii():
        utf8 = secret.encode("utf-8", "surrogatepass")
        raws |= {utf8.decode("latin-1").encode(), secret.encode("latin-1", "ignore")}  # UTF-8 read as Latin-1, and plain Latin-1
    forms = set()
    for raw in raws:
        form: bytes | None = raw
        for _ in range(ROUNDS + 1):
            if form is None:
                break
            forms.add(form.lower())
            form = next((opened for opened, _ in opened(form)), None)
    return {form for form in forms if len(form) >= SHORTEST}


def grams_of(data: bytes) -> set[int]:
    """Every eight consecutive bytes of the data, as numbers."""
    grams: set[int] = set()
    for first in range(GRAM):
        grams.update(memoryview(data[first : first + (len(data) - first) // GRAM * GRAM]).cast("Q"))
    return grams


@cache
def public() -> frozenset[str]:
    """Example values that the document publishes. They are not secret, and removing them would hide the evidence."""
    values = {value for examples in load().headers.values() for value in examples}
    return frozenset(values | {value.removeprefix("Bearer ") for value in values})


@cache
def public_grams() -> set[int]:
    """Grams of published values, rule ids and URLs. A cookie such as `my-session`, or one with a URL in it, cannot hide them."""
    return grams_of("\n".join([*public(), *load().rules, "https://", load().path]).lower().encode())
