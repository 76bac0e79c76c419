"""The one sink for text that leaves the suite: secrets out first, then whatever a server could do to a terminal or a log.

Secrets are taken out by value, in every form in which they are known to travel, before anything is cut short.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from contracts.exchange import Exchange, Response
from contracts.providers.live import parse_cookies

MARK: Final = "[secret]"
SHORTEST: Final = 6  # shorter values are not unlike everyday words; taking them out would hide the evidence
_JWT: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")


class Redactor:
    """Knows the secrets of a run and takes them out of text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember one more secret, in all its forms."""
        if len(secret) < SHORTEST:
            return
        raw = secret.encode("utf-8", "surrogatepass")
        packed = base64.b64encode(raw).decode()
        self._forms |= {
            secret,
            quote(secret, safe=""),
            packed.rstrip("="),
            base64.urlsafe_b64encode(raw).decode().rstrip("="),
            raw.hex(),
            raw.hex().upper(),
            json.dumps(secret)[1:-1],
            "".join(f"\\u{ord(c):04x}" for c in secret),
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

    def clean(self, text: str) -> str:
        """The text without secrets; whatever looks like a JWT goes too."""
        if self._pattern is None and self._forms:
            self._pattern = re.compile("|".join(map(re.escape, sorted(self._forms, key=len, reverse=True))), re.IGNORECASE)
        if self._pattern is not None:
            text = self._pattern.sub(MARK, text)
        return _JWT.sub(MARK, text)

    def show(self, text: str, most: int = 300) -> str:
        """The text as one harmless line: cleaned, non-printables escaped, workflow commands defused, cut short."""
        line = escape(self.clean(text))
        return line if len(line) <= most else f"{line[:most]}… ({len(line):,} characters)"


def escape(text: str) -> str:
    """One line that no terminal and no CI log obeys."""
    line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}" for c in text)
    return line.replace("::", ":\u200b:").replace("##vso", "##\u200bvso").replace("##[", "##\u200b[")
