"""The one sink for text that leaves the suite: secrets out first, then whatever a server could do to a terminal or a log.

    text ──► opened    one escaping less: %2F, \\u002f, \\/, &#47;, …
         └─► packed    whatever could be Base64 or hex, read as such
                       (and each of these opened and packed again, ROUNDS deep)

Wherever in these any eight bytes in a row are eight bytes of a secret, the characters that they came from are taken out. So a
secret is found in part too: cut short, or begun in its middle; and looking takes as long for one secret as for thousands.
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
LONGEST: Final = 16_384  # characters of a text that are looked at; what lies behind is never shown
LONGEST_SECRET: Final = 4_096  # characters of a value that came with an exchange; the user's own are kept whole
KEPT, KEPT_CHARACTERS = 4_000, 1 << 19  # most values of exchanges that are known at a time; the oldest are forgotten first
COOKIES_LEARNED, COOKIE_CHARACTERS = 64, 16_384  # most of one answer: more would only drive out what was learned before
BODY_READ: Final = 65_536  # where a body is searched for tokens beside the documented one

_MEMBER: Final = re.compile(r'"[\w-]{0,30}token"\s{0,9}:\s{0,9}"((?>[^"\\]|\\.){1,4096})', re.IGNORECASE)
_NESTED: Final = re.compile(rb'tokens?"\s*:\s*[\[{]', re.IGNORECASE)
_SCHEME: Final = re.compile(r"(bearer|basic|token) +", re.IGNORECASE)
SECRET_HEADER: Final = re.compile(r"(?:.*-)?(?:set-cookie2?|cookie2?|authorization|token|api-?key|secret)", re.IGNORECASE)


class Redactor:
    """Knows the secrets of a run and takes them out of text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._own, self._young, self._old = Memory(), Memory(), Memory()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember one more secret for good. A header's value may begin with its scheme: `Basic …` holds a password too."""
        if scheme := _SCHEME.match(secret):
            secret = secret[scheme.end() :]
            if scheme[1].lower() == "basic":
                self.learn(from_base64(secret.encode("utf-8", "replace")).decode("utf-8", "replace").partition(":")[2])
        if len(secret) >= SHORTEST and secret not in public():
            self._own.add(secret)

    def learn_cookies(self, header: str) -> None:
        """Remember the values of a Cookie header for good."""
        for value in parse_cookies(header).values():
            self.learn(value)

    def learn_exchange(self, exchange: Exchange) -> None:
        """Remember what an exchange carried, until many others did: cookies sent and set, tokens sent and given."""
        sent: dict[str, str] = {XSRF: ""}
        for name, value in exchange.request.headers:
            lowered = name.lower()
            if lowered == "cookie":
                sent |= parse_cookies(value)
            elif lowered in ("authorization", "x-xsrf-token"):
                self._keep(_SCHEME.sub("", value, count=1))
        for value in sent.values():
            self._keep(value)
        if isinstance(exchange.answer, Response):
            self._learn_set(exchange.answer, sent)
            if exchange.answer.token:
                self._keep(exchange.answer.token)
            for found in _MEMBER.finditer(exchange.answer.body[:BODY_READ].decode("utf-8", "replace")):
                self._keep(found[1])
            if _NESTED.search(exchange.answer.body, 0, BODY_READ):
                for token in itertools.islice(_tokens(exchange.answer.reading.value), COOKIES_LEARNED):
                    self._keep(token)

    def _learn_set(self, r: Response, sent: dict[str, str]) -> None:
        """The cookies that an answer sets; those that a browser sends already, which may be the session, go first."""
        pairs = dict((line.partition(";")[0] + "=").split("=", 1) for line in r.cookies())
        left = COOKIE_CHARACTERS
        for name in itertools.islice(sorted(pairs, key=lambda name: name.strip() not in sent), COOKIES_LEARNED):
            value = pairs[name][:-1].strip()[:LONGEST_SECRET]
            left -= len(value)
            if left < 0:
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
        """The text without secrets; whatever looks like a JWT goes too."""
        raw = text.encode("utf-8", "surrogatepass")
        found = self._found(raw)
        if not found:
            return text
        pieces: list[bytes] = []
        mark, at = MARK.encode(), 0
        marks = [m.span() for m in re.finditer(re.escape(mark), raw)] if mark in raw else []  # to be left whole
        for start, end in merged([*found, *marks]):
            while start > at and raw[start] & 0xC0 == 0x80:
                start -= 1
            while end < len(raw) and raw[end] & 0xC0 == 0x80:
                end += 1
            if start > at or not pieces:  # else a character lay in two spans
                pieces += [raw[at:start], mark]
            at = end
        return b"".join([*pieces, raw[at:]]).decode("utf-8", "surrogatepass")

    def spans(self, raw: bytes) -> list[Span]:
        """Where secrets are in the bytes, from and to, in order; what touches is one."""
        return list(merged(self._found(raw)))

    def _found(self, raw: bytes) -> list[Span]:
        known = [m.ready() for m in (self._own, self._young, self._old) if m.values]
        return list(spans(raw, known, ROUNDS))

    def show(self, text: str, most: int = 300) -> str:
        """The text as one harmless line: cleaned, non-printables escaped, workflow commands defused, cut short."""
        whole = self.clean(text[:LONGEST])
        line = escape(whole[:most])
        if len(text) <= LONGEST and len(whole) <= most and len(line) <= most:
            return line
        return f"{line[:most]}… ({len(text) if len(text) > LONGEST else len(whole):,} characters)"

    def command(self, text: str) -> str:
        """A command as one line, without secrets. Nothing else in it changes but what cannot be printed, so it still runs."""
        return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in self.clean(text[:LONGEST]))

    def header(self, name: str, value: str, most: int = 100) -> str:
        """A header as one harmless line. What is secret by its name is masked whatever is known of its value; of Set-Cookie the
        name and the attributes stay, of Cookie the names, and values that the document makes up.
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
    """One line that no terminal and no CI log obeys: of `::` and `##`, which begin commands, the signs stand apart."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}" for c in text)
    return re.sub(r":(?=:)|#(?=#)", r"\g<0> ", text)


def _tokens(value: object, named: bool = False, depth: int = 8) -> Iterator[str]:
    """Strings under a member that is called a token, however deep."""
    if isinstance(value, str):
        if named:
            yield value
    elif isinstance(value, (dict, list)) and depth:
        pairs = value.items() if isinstance(value, dict) else ((("", inner)) for inner in value)
        for key, inner in pairs:
            yield from _tokens(inner, named or key.lower().endswith(("token", "tokens")), depth - 1)


def _masked(pair: str) -> str:
    """`name=value` of a cookie without the value; what has no name may be all value."""
    name, equals, value = pair.partition("=")
    if not equals:
        return MARK if pair.strip() else pair
    return pair if not value.strip() or value.strip() in public() else f"{name}={MARK}"
