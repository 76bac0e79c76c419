"""Stand-ins for secrets in evidence that is to be judged again: the same for the same, different for different.

`[secret]` tells a reader that something was taken out. A rule that compares tokens, or reads when one expires, needs more: of a
JWT the stand-in keeps `exp`, and that it is one.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from contracts.model.exchange import Exchange
from contracts.model.tokens import claims_of
from contracts.redaction.decoding import SHORTEST
from contracts.redaction.redactor import MARK, SECRET_HEADER, Redactor
from contracts.redaction.secrets import public

_HEAD: Final = {"alg": "none", "typ": "JWT"}


class Pseudonyms:
    """Takes secrets out of evidence, with the same redactor that takes them out of everything else."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._given: dict[bytes, str] = {}

    def learn(self, exchange: Exchange) -> None:
        """An exchange is about to be written."""
        self._redactor.learn_exchange(exchange)

    def text(self, text: str) -> str:
        """The text with stand-ins for its secrets."""
        return self.raw(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def raw(self, data: bytes) -> bytes:
        """The same for bytes that need not be text."""
        if len(data) < SHORTEST:
            return data
        pieces, at = [], 0
        for start, end in self._redactor.spans(data):
            pieces += [data[at:start], self.value(data[start:end]).encode("utf-8", "surrogatepass")]
            at = end
        return b"".join([*pieces, data[at:]])

    def header(self, name: str, value: str) -> str:
        """The value of a header. What is secret by its name goes whatever is known of it."""
        if not SECRET_HEADER.fullmatch(name):
            return self.text(value)
        if name.lower().startswith("set-cookie"):
            pair, semicolon, attributes = value.partition(";")
            return self._pair(pair) + semicolon + self.text(attributes)
        if "cookie" in name.lower():
            return ";".join(map(self._pair, value.split(";")))
        scheme, space, rest = value.partition(" ")
        return f"{scheme} {self._text_value(rest)}" if space and scheme.isalpha() else self._text_value(value)

    def _pair(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if not equals:
            return self._text_value(pair)
        return f"{name}={self._text_value(value)}"

    def _text_value(self, secret: str) -> str:
        return self.value(secret.encode("utf-8", "surrogatepass"))

    def value(self, secret: bytes) -> str:
        """What stands for a secret. White space around it, and what the document itself makes up, stay."""
        text = secret.decode("utf-8", "replace")
        bare = text.strip()
        if not bare or bare in public():
            return text
        key = bare.encode("utf-8", "surrogatepass")
        if key not in self._given:
            self._given[key] = self._new(bare, len(self._given) + 1)
        before, _, after = text.partition(bare)
        return f"{before}{self._given[key]}{after}"

    @staticmethod
    def _new(secret: str, number: int) -> str:
        claims = claims_of(secret)
        if claims is None:
            return f"redacted-{number}"
        kept: dict[str, Any] = {"redacted": number}
        if "exp" in claims:
            kept["exp"] = claims["exp"] if isinstance(claims["exp"], (int, float)) else MARK
        return f"{_part(_HEAD)}.{_part(kept)}."


def _part(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims, separators=(",", ":")).encode()).decode().rstrip("=")
