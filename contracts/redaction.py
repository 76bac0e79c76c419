"""The one sink for text that leaves the suite: secrets out first, then whatever a server could do to a terminal or a log.

Secrets are taken out by value, in every form in which they are known to travel, before anything is cut short.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final
from urllib.parse import unquote

from contracts.document import load
from contracts.exchange import JWT, Exchange, Response
from contracts.providers.live import parse_cookies

MARK: Final = "[secret]"
LONGEST: Final = 16_384  # characters that are looked at before a text is cut short
LONGEST_SECRET: Final = 4_096
SHORTEST: Final = 6  # shorter values are not unlike everyday words; taking them out would hide the evidence
_MEMBER: Final = re.compile(r'"[\w-]{0,30}token"\s{0,9}:\s{0,9}"([^"\\]{1,4096})"', re.IGNORECASE)
BODY_READ: Final = 65_536  # where a body is searched for tokens beside the documented one


@cache
def _public() -> frozenset[str]:
    """Values that the document itself makes up: taking them out would hide the evidence."""
    values = {value for examples in load().headers.values() for value in examples}
    return frozenset(values | {value.removeprefix("Bearer ") for value in values})


def _spelled(c: str) -> str:
    """A pattern for one character: as it is, or as URLs, JSON and HTML write it."""
    if c.isascii() and c.isalnum():
        return c
    plain = re.escape(c)
    in_url = "".join(f"%(?:25)?{byte:02x}" for byte in c.encode("utf-8", "surrogatepass"))
    return rf"(?:{plain}|{in_url}|\\{plain}|\\u{ord(c):04x}|&#?\w{{1,7}};)"


def _packed(raw: bytes) -> Iterator[str]:
    """The part of the Base64 that is the same whatever stands before and after the secret, for each alignment."""
    for before, head in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(raw)) * 8 // 6  # characters that hold no bit of what comes after
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + raw).decode()[head:whole]


class Redactor:
    """Knows the secrets of a run and takes them out of text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember one more secret, in all its forms."""
        if secret in self._known or len(secret) < SHORTEST or secret in _public():
            return
        self._known.add(secret)
        secret = secret[:LONGEST_SECRET]
        for plain in {secret, unquote(secret)}:
            if len(plain) < SHORTEST:
                continue
            raw = plain.encode("utf-8", "surrogatepass")
            self._forms |= {
                "".join(map(_spelled, plain)),
                "".join(f"\\\\u{ord(c):04x}" for c in plain),
                *map(re.escape, (raw.hex(), *_packed(raw))),
            }
        self._pattern = None

    def learn_cookies(self, header: str) -> None:
        """Remember the values of a Cookie header."""
        for value in parse_cookies(header).values():
            self.learn(value)

    def learn_exchange(self, x: Exchange) -> None:
        """Remember what an exchange carried: cookies sent and set, tokens sent and given."""
        for name, value in x.request.headers:
            if name.lower() == "cookie":
                self.learn_cookies(value)
            elif name.lower() in ("authorization", "x-xsrf-token"):
                self.learn(value.removeprefix("Bearer "))
        if isinstance(x.answer, Response):
            for line in x.answer.cookies():
                self.learn(line.partition(";")[0].partition("=")[2])
            if x.answer.token:
                self.learn(x.answer.token)
            for found in _MEMBER.finditer(x.answer.body[:BODY_READ].decode("utf-8", "replace")):
                self.learn(found[1])

    def clean(self, text: str) -> str:
        """The text without secrets; whatever looks like a JWT goes too."""
        if self._pattern is None and self._forms:
            self._pattern = re.compile("|".join(sorted(self._forms, key=len, reverse=True)), re.IGNORECASE)
        if self._pattern is not None:
            text = self._pattern.sub(MARK, text)
        return JWT.sub(MARK, text)

    def show(self, text: str, most: int = 300) -> str:
        """The text as one harmless line: cleaned, non-printables escaped, workflow commands defused, cut short."""
        cut = len(text) > LONGEST
        line = escape(self.clean(text[:LONGEST]))
        if cut:
            line = line[:-LONGEST_SECRET]  # a secret may have been cut in two, and so not been known
        return line if len(line) <= most else f"{line[:most]}… ({len(text):,} characters)"


def escape(text: str) -> str:
    """One line that no terminal and no CI log obeys."""
    line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}" for c in text)
    return line.replace("::", ":\u200b:").replace("##vso", "##\u200bvso").replace("##[", "##\u200b[")
