"""Pseudonyms for secrets in evidence that will be judged again. Equal secrets get equal pseudonyms, different ones do not.

`[secret]` only tells a reader that something was removed. Rules compare tokens and read when they expire, so the pseudonym of a
JWT is a JWT too and keeps the claims that are times; of a `jti` it keeps that there is one.
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

TIMES: Final = ("exp", "nbf", "iat")
_HEAD: Final = {"alg": "none", "typ": "JWT"}


class Pseudonyms:
    """Replaces the secrets in evidence. They are found by the redactor that cleans all other text."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._given: dict[bytes, str] = {}

    def learn(self, exchange: Exchange) -> None:
        """Remember the secrets of an exchange before it is written."""
        self._redactor.learn_exchange(exchange)

    def text(self, text: str) -> str:
        """The text with pseudonyms for its secrets."""
        return self.raw(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def raw(self, data: bytes) -> bytes:
        """The same for bytes, which need not be text."""
        if len(data) < SHORTEST:
            return data
        pieces, at = [], 0
        for start, end in self._redactor.spans(data):
            pieces += [data[at:start], self.value(data[start:end]).encode("utf-8", "surrogatepass")]
            at = end
        return b"".join([*pieces, data[at:]])

    def header(self, name: str, value: str) -> str:
        """The value of a header. If the name makes it secret, it is replaced, even if the redactor does not know the value."""
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
        """The pseudonym of a secret. White space around it stays, and so do values that the document publishes."""
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
        for name in (name for name in TIMES if name in claims):
            kept[name] = claims[name] if isinstance(claims[name], (int, float)) else MARK
        if "jti" in claims:
            kept["jti"] = str(number)
        return f"{_part(_HEAD)}.{_part(kept)}."


def _part(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims, separators=(",", ":")).encode()).decode().rstrip("=")
