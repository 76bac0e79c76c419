"""One request and what came back, and how that exchange is classified.

    Exchange
    ├── Request
    ├── Response | Failure
    └── Situation        what the observer knew: the session, what came just before, whether requests overlapped

Provider rules and consumer rules share one classification: `Exchange.kind`.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from contracts.model import strict_json
from contracts.model.document import load

JSON: Final = "application/json"
UTF8: Final = (None, "utf-8", "utf8", "us-ascii")  # charset labels that agree with UTF-8, which JSON must be anyway


class Kind(enum.Enum):
    """How an exchange ended for the client that made it."""

    COMPLETED = "completed"  # a documented success with a usable token
    UNSPECIFIED = "unspecified"  # reads as a success, but has no usable token or differs from the document on the wire
    FAILED = "failed"  # anything else, transport failures included


@dataclass(frozen=True)
class Request:
    """The request that was sent. Headers keep their order and repetitions; `url` is absolute.

    If it is not `sized`, no Content-Length is sent: the body is chunked if a header says so, else there is none.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # no repr shows cookies or tokens
    body: bytes = field(default=b"", repr=False)
    sized: bool = True

    def header(self, name: str) -> str | None:
        """The first value of a header, by its lower-case name."""
        return next((v for k, v in self.headers if k.lower() == name), None)


@dataclass(frozen=True)
class Response:
    """A whole HTTP answer. `body` is what remains after transfer and content decoding.

    `seconds` is the time from connect to the last byte. `trailing_bytes` counts the bytes that came after the answer, which a
    client may take for the answer to its next request.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    seconds: float = 0.0
    trailing_bytes: int = 0

    def header(self, name: str) -> str | None:
        """The first value of a header, by its lower-case name."""
        return self._first.get(name)

    def listed(self, name: str) -> str:
        """All values of a list header, by its lower-case name. Several lines are joined by commas (RFC 9110, 5.3)."""
        return ", ".join(v for k, v in self.headers if k.lower() == name)

    @cached_property
    def _first(self) -> dict[str, str]:
        return {k.lower(): v for k, v in reversed(self.headers)}

    def single(self, name: str) -> str | None:
        """The value of a header that may stand once, by its lower-case name. Different values of several lines are joined."""
        values = dict.fromkeys(v for k, v in self.headers if k.lower() == name)
        return ", ".join(values) if values else None

    @cached_property
    def media_type(self) -> str:
        """The content type in lower case, without parameters; empty if there is none. Where it differs by line, all of them."""
        types = (v.partition(";")[0].strip().lower() for k, v in self.headers if k.lower() == "content-type")
        return ", ".join(dict.fromkeys(types))

    @cached_property
    def charset(self) -> str | None:
        """The charset parameter of the content type in lower case, without quotes; None if there is none.

        Where there are several, it is one that is not UTF-8, if there is such a one.
        """
        labels = [v.split(";")[1:] for k, v in self.headers if k.lower() == "content-type"]
        pairs = [part.partition("=") for parts in labels for part in parts]
        found = [value.strip().strip('"').lower() for key, _, value in pairs if key.strip().lower() == "charset"]
        return next((charset for charset in found if charset not in UTF8), found[0] if found else None)

    @cached_property
    def reading(self) -> strict_json.Reading:
        """The body read strictly as JSON."""
        return strict_json.read(self.body)

    def member(self, name: str) -> Any:
        """A top-level member of the body; None if it is absent or `null`."""
        value = self.reading.value
        return value.get(name) if isinstance(value, dict) else None

    @cached_property
    def success(self) -> bool | None:
        """The member `success` of the body, if it is a boolean."""
        value = self.member("success")
        return value if isinstance(value, bool) else None

    @cached_property
    def body_status(self) -> float | None:
        """The member `status` of the body, if it is a finite number (200.0 equals 200)."""
        value = self.member("status")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return value if math.isfinite(value) else None

    @cached_property
    def token(self) -> str | None:
        """`data.token`, if it is a string that is not blank."""
        data = self.member("data")
        token = data.get("token") if isinstance(data, dict) else None
        return token if isinstance(token, str) and token.strip() else None

    @property
    def claims_success(self) -> bool:
        """Whether a client could take this for a success: `success: true`, or HTTP 2xx without `success: false`."""
        return self.success is True or (200 <= self.status < 300 and self.success is not False)

    def cookies(self) -> tuple[str, ...]:
        """The values of the Set-Cookie headers, in order."""
        return tuple(v for k, v in self.headers if k.lower() == "set-cookie")


@dataclass(frozen=True)
class Failure:
    """No whole answer came.

    `kind` is unreachable, reset, timeout, tls, http2, malformed or too-large; `message` explains it in plain words.
    """

    kind: str
    message: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Situation:
    """What the observer knew when it sent the request. Judgements about sessions and order need it.

    `session` is valid, none, empty, made-up, expired, token alone (the last token without
    a session), or unknown (in evidence that somebody else recorded).
    `customer` is first, or other for the second customer of the environment.
    `after` is what came just before: start, success, refusal, method, 429 or failure (5xx or no whole answer).
    `conditions` are (name, value) pairs for everything that differs from a bare POST with a logged-in session, `after` and
    overlap included. A fault may show only under some of them.
    """

    probe: str = ""
    session: str = "unknown"
    after: str = "start"
    overlaps: bool = False
    conditions: frozenset[tuple[str, str]] = frozenset()
    session_replaced: bool = False  # another exchange replaced the session during this one
    lost: str = ""  # what took the session from this request, in words; shown by other requests, of which one got it back
    lost_by: int = 0  # the number of the exchange whose answer took it; 0 if two that overlapped did
    customer: str = "first"


def readable(text: str) -> str:
    """A text of the wire, which holds one character for each byte, as its sender meant it: read as UTF-8 if it is that."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def described(conditions: frozenset[tuple[str, str]], most: int = 4) -> str:
    """Conditions in words. At most `most` are named, and the rest are counted."""
    words = [
        v if name in ("after", "overlap", "customer") else f"{name.partition(':')[2] or name} {readable(v)}"
        for name, v in sorted(conditions)
    ]
    return ", ".join([*words[:most], f"{len(words) - most} more"] if len(words) > most else words)


@dataclass(frozen=True)
class Exchange:
    """One request and what came back."""

    request: Request
    answer: Response | Failure
    situation: Situation = field(default_factory=Situation)
    index: int = 0
    started: float = 0.0  # seconds since the epoch; 0 if unknown

    @cached_property
    def response(self) -> Response | None:
        """The answer; None if the transport failed."""
        return self.answer if isinstance(self.answer, Response) else None

    @property
    def conditions(self) -> frozenset[tuple[str, str]]:
        """What was unusual about the request (see `Situation.conditions`)."""
        return self.situation.conditions

    @property
    def size(self) -> int:
        """How many conditions the request had."""
        return len(self.situation.conditions)

    @cached_property
    def kind(self) -> Kind:
        """The class of the exchange, for providers and consumers alike."""
        r = self.response
        if r is None or r.success is not True:
            return Kind.FAILED
        allowed = load().success_statuses
        if r.status not in allowed:
            return Kind.FAILED
        body_status = r.body_status
        if body_status is None or not 200 <= body_status < 300:
            return Kind.FAILED
        clean = r.media_type == JSON and self._as_labelled(r) and not r.reading.faults and not r.reading.encoding_faults
        return Kind.COMPLETED if clean and body_status == r.status and r.token else Kind.UNSPECIFIED

    @staticmethod
    def _as_labelled(r: Response) -> bool:
        """Whether the charset label misleads no reader: browsers read a body labelled us-ascii as windows-1252."""
        return r.charset in UTF8 and (r.charset != "us-ascii" or r.body.isascii())

    @property
    def as_predecessor(self) -> str:
        """What this exchange is for the request that comes next (see `Situation.after`)."""
        if self.request.method != load().method:
            return "method"
        r = self.response
        if r is not None and r.claims_success:
            return "success"
        if r is None or r.status >= 500:
            return "failure"
        return "429" if r.status == 429 else "refusal"
