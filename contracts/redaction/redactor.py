"""All text that leaves the suite passes here. First secrets are removed, then everything that could control a terminal or a log.

    text ──► opened    one level of escapes removed: %2F, \\u002f, \\/, &#47;, …
         └─► packed    everything that could be Base64 or hex, decoded
                       (and each of these opened and packed again, ROUNDS deep)

Wherever eight consecutive bytes of these are eight consecutive bytes of a secret, the characters that they came from are removed.
So a part of a secret is found too, and a search takes as long for thousands of secrets as for one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Final

from contracts.model.cookies import XSRF, parse_cookies
from contracts.model.exchange import Exchange, Response
from contracts.redaction.decoding import ROUNDS, SHORTEST, Span, from_base64
from contracts.redaction.search import merged, spans
from contracts.redaction.secrets import Memory, public

MARK: Final = "[secret]"
LONGEST: Final = 16_384  # characters of a text that are searched; the rest is never shown
LONGEST_SECRET: Final = 4_096  # characters kept of a value from an exchange; the user's own secrets are kept whole
KEPT, KEPT_CHARACTERS = 4_000, 1 << 19  # limits for values from exchanges; the oldest are forgotten first
COOKIES_LEARNED, COOKIE_CHARACTERS = 64, 16_384  # limits for one answer: more would drive out older values
BODY_READ: Final = 65_536  # bytes of a body that are searched for tokens other than the documented one

_MEMBER: Final = re.compile(r'"[\w-]{0,30}token"\s{0,9}:\s{0,9}"((?>[^"\\]|\\.){1,4096})', re.IGNORECASE)
_NESTED: Final = re.compile(rb'tokens?"\s*:\s*[\[{]', re.IGNORECASE)
_SCHEME: Final = re.compile(r"(bearer|basic|token) +", re.IGNORECASE)
SECRET_HEADER: Final = re.compile(r"(?:.*-)?(?:set-cookie2?|cookie2?|authorization|token|api-?key|secret)", re.IGNORECASE)


class Redactor:
    """Knows the secrets of a run and removes them from text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._own, self._young, self._old = Memory(), Memory(), Memory()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember a secret for the whole run. It may begin with its scheme; of `Basic …` the password is learned too."""
        if scheme := _SCHEME.match(secret):
            secret = secret[scheme.end() :]
            if scheme[1].lower() == "basic":
                self.learn(from_base64(secret.encode("utf-8", "replace")).decode("utf-8", "replace").partition(":")[2])
        if len(secret) >= SHORTEST and secret not in public():
            self._own.add(secret)

    def learn_cookies(self, header: str) -> None:
        """Remember the values of a Cookie header for the whole run."""
        for _, value in parse_cookies(header):
            self.learn(value)

    def learn_exchange(self, exchange: Exchange) -> None:
        """Remember the cookies and tokens that an exchange sent and received, until many newer values displace them."""
        sent: list[tuple[str, str]] = [(XSRF, "")]
        for name, value in exchange.request.headers:
            lowered = name.lower()
            if lowered == "cookie":
                sent += parse_cookies(value)
            elif lowered in ("authorization", "x-xsrf-token"):
                self._keep(_SCHEME.sub("", value, count=1))
        for _, value in sent:
            self._keep(value)
        if isinstance(exchange.answer, Response):
            self._learn_set(exchange.answer, {name for name, _ in sent})
            if exchange.answer.token:
                self._keep(exchange.answer.token)
            for found in _MEMBER.finditer(exchange.answer.body[:BODY_READ].decode("utf-8", "replace")):
                self._keep(found[1])
            if _NESTED.search(exchange.answer.body, 0, BODY_READ):
                for token in itertools.islice(_tokens(exchange.answer.reading.value), COOKIES_LEARNED):
                    self._keep(token)

    def _learn_set(self, r: Response, sent: set[str]) -> None:
        """Remember the cookies that an answer sets. Cookies that were sent come first, since one of them may be the session."""
        pairs = [line.partition(";")[0].partition("=") for line in r.cookies()]
        room = COOKIE_CHARACTERS
        for _, _, value in itertools.islice(sorted(pairs, key=lambda pair: pair[0].strip() not in sent), COOKIES_LEARNED):
            value = value.strip()[:LONGEST_SECRET]
            room -= len(value)
            if room < 0:
                break
            self._keep(value)

    def _keep(self, value: str) -> None:
        value = value[:LONGEST_SECRET]
        if len(value) < SHORTEST or any(value in m.values for m in (self._young, self._old, self._own)) or value in public():
            return
        if len(self._young.values) >= KEPT // 2 or self._young.size + len(value) > KEPT_CHARACTERS // 2:
            self._old, self._young = self._young, Memory()
        self._young.add(value)

    def clean(self, text: str) -> str:
        """The text without secrets and without anything that looks like a JWT."""
        raw = text.encode("utf-8", "surrogatepass")
        found = self._found(raw)
        if not found:
            return text
        pieces: list[bytes] = []
        mark, at = MARK.encode(), 0
        # Marks of an earlier pass stay whole.
        marks = [m.span() for m in re.finditer(re.escape(mark), raw)] if mark in raw else []
        for start, end in merged([*found, *marks]):
            while start > at and raw[start] & 0xC0 == 0x80:
                start -= 1
            while end < len(raw) and raw[end] & 0xC0 == 0x80:
                end += 1
            if start > at or not pieces:  # otherwise a character lay in two spans
                pieces += [raw[at:start], mark]
            at = end
        return b"".join([*pieces, raw[at:]]).decode("utf-8", "surrogatepass")

    def spans(self, raw: bytes) -> list[Span]:
        """The (start, end) of every secret in the bytes, in order. Spans that touch are one."""
        return list(merged(self._found(raw)))

    def _found(self, raw: bytes) -> list[Span]:
        known = [m.ready() for m in (self._own, self._young, self._old) if m.values]
        return list(spans(raw, known, ROUNDS))

    def show(self, text: str, most: int = 300) -> str:
        """The text as one harmless line: without secrets, with non-printables escaped and CI commands defused, cut to `most`."""
        whole = self.clean(text[:LONGEST])
        line = escape(whole[:most])
        if len(text) <= LONGEST and len(whole) <= most and len(line) <= most:
            return line
        return f"{line[:most]}… ({len(text) if len(text) > LONGEST else len(whole):,} characters)"

    def command(self, text: str) -> str:
        """A command without secrets, on one line. Otherwise only non-printable characters are replaced, so that it still runs."""
        return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in self.clean(text[:LONGEST]))

    def header(self, name: str, value: str, most: int = 100) -> str:
        """A header as one harmless line. If its name makes it secret, the value is masked, even if it is not a known secret.

        Set-Cookie keeps the name and the attributes, Cookie keeps the names, and values that the document publishes stay.
        """
        if not SECRET_HEADER.fullmatch(name):
            return self.show(f"{name}: {value}", most)
        if name.lower().startswith("set-cookie"):
            pair, semicolon, attributes = value[:LONGEST].partition(";")
            masked = _masked(pair) + semicolon + attributes
        elif "cookie" in name.lower():
            masked = ";".join(_masked(pair) for pair in value[:LONGEST].split(";"))
        else:
            masked = value if value in public() else MARK
        return self.show(f"{name}: {masked}", most)


def escape(text: str) -> str:
    """The text as one line that cannot control a terminal or a CI log. Spaces break up `::` and `##`, which begin CI commands."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}" for c in text)
    return re.sub(r":(?=:)|#(?=#)", r"\g<0> ", text)


def _tokens(value: object, named: bool = False, depth: int = 8) -> Iterator[str]:
    """The strings under a member whose name ends in `token` or `tokens`, at most `depth` levels deep."""
    if isinstance(value, str):
        if named:
            yield value
    elif isinstance(value, (dict, list)) and depth:
        pairs = value.items() if isinstance(value, dict) else ((("", inner)) for inner in value)
        for key, inner in pairs:
            yield from _tokens(inner, named or key.lower().endswith(("token", "tokens")), depth - 1)


def _masked(pair: str) -> str:
    """The `name=value` of a cookie without the value. Text without `=` is masked whole, since it may be a value."""
    name, equals, value = pair.partition("=")
    if not equals:
        return MARK if pair.strip() else pair
    return pair if not value.strip() or value.strip() in public() else f"{name}={MARK}"
