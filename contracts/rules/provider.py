"""The provider rules: which answers are allowed in which situation.

    the wire        one-answer-in-time, content-type-is-json, body-is-utf8, body-is-strict-json
    the answer      success-is-boolean … error-has-object, no-redirect
    the promise     no-input-needed, extras-change-nothing, repeats-hold, concurrent-calls-hold
    the guard       refuses-without-session, other-methods-never-refresh
    good manners    all that is SHOULD

Rules about bodies judge only answers to POST. If a fault keeps a rule from reading an answer, only the rule about that fault
reports it: one fault gives one finding, as far as the evidence allows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.model.document import load
from contracts.model.exchange import JSON, UTF8, Exchange, Kind, Response, Situation, described
from contracts.model.tokens import JWT, claims_of
from contracts.rules.engine import OK, Breach, RuleSet


@dataclass
class Memory:
    """What the rules remember of earlier exchanges of the same run. Its size is bounded."""

    last_token: str | None = None
    tokens: set[int] = field(default_factory=set)
    plain_success: bool = False  # a bare POST with the logged-in session succeeded once
    innocent: set[tuple[str, str]] = field(default_factory=set)  # conditions that a successful logged-in refresh had
    explained: list[frozenset[tuple[str, str]]] = field(default_factory=list)  # suspects of refreshes that failed, smallest first


RULE_SET: Final = RuleSet[Exchange, Memory](Memory)
rule = RULE_SET.rule
Conditions = frozenset[tuple[str, str]]

SLOW_SECONDS: Final = 5.0
MANY: Final = 1000  # how many conditions are remembered; a run has a few dozen, the rest is random text
_NO_BODY: Final = (204, 205)
_MISSING: Final = object()
_ENUM: Final = load().success_statuses
_ENUM_TEXT: Final = ", ".join(map(str, sorted(_ENUM)))
_POST: Final = load().method


def _posted(exchange: Exchange) -> Response | None:
    """The answer to a POST; None if there is none or it is a redirect."""
    r = exchange.response
    return r if r is not None and exchange.request.method == _POST and not 300 <= r.status < 400 else None


def _with_body(exchange: Exchange) -> Response | None:
    r = _posted(exchange)
    return r if r is not None and r.status not in _NO_BODY else None


def _readable(exchange: Exchange) -> Response | None:
    """The answer to a POST whose body can be read as JSON; None otherwise."""
    r = _with_body(exchange)
    return r if r is not None and r.reading.readable else None


def shown(value: Any, most: int = 80) -> str:
    """A value from a body as JSON, cut to `most` characters."""
    try:
        text = json.dumps(value, ensure_ascii=True)
    except (ValueError, TypeError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= most else text[:most] + "…"


# --- the wire ---------------------------------------------------------------------------------------------------------


@rule("one-answer-in-time")
def one_answer_in_time(exchange: Exchange, memory: Memory) -> Breach | None:
    """Every transport failure is a breach. An unavailable target is recognized elsewhere (`target_health`)."""
    r = exchange.response
    actual = getattr(exchange.answer, "message", "") if r is None else f"an answer, and {r.trailing_bytes:,} bytes behind it"
    return OK if r is not None and not r.trailing_bytes else Breach("one well-formed HTTP response within the deadline", actual)


@rule("content-type-is-json")
def content_type_is_json(exchange: Exchange, memory: Memory) -> Breach | None:
    """Type and subtype are compared without case; parameters are ignored."""
    if r := _with_body(exchange):
        content_type = r.header("content-type")
        actual = f"Content-Type: {content_type}" if content_type else "no Content-Type"
        return OK if r.media_type == JSON else Breach(f"Content-Type: {JSON}", actual)
    return None


@rule("body-is-utf8")
def body_is_utf8(exchange: Exchange, memory: Memory) -> Breach | None:
    """Both the bytes and the charset label must be UTF-8."""
    if r := _with_body(exchange):
        faults = list(r.reading.encoding_faults)
        if r.charset not in UTF8:
            # The header is quoted as it was sent, since the redactor would not know a secret in lower case.
            faults.append(f"labelled {r.header('content-type')}")
        return OK if not faults else Breach("UTF-8 without a byte order mark", "; ".join(faults))
    return None


@rule("body-is-strict-json")
def body_is_strict_json(exchange: Exchange, memory: Memory) -> Breach | None:
    """Only body-is-utf8 judges bytes that are not UTF-8."""
    r = _with_body(exchange)
    if r and (r.reading.readable or not r.reading.encoding_faults):
        return OK if not r.reading.faults else Breach("strict JSON", "; ".join(r.reading.faults))
    return None


# --- the answer -------------------------------------------------------------------------------------------------------


def _member(r: Response, name: str) -> Any:
    value = r.reading.value
    return value.get(name, _MISSING) if isinstance(value, dict) else _MISSING


def _member_text(r: Response, name: str) -> str:
    value = _member(r, name)
    if not isinstance(r.reading.value, dict):
        return f"the body is {shown(r.reading.value)}, no object"
    return f"no member {name}" if value is _MISSING else f"{name} is {shown(value)}"


@rule("success-is-boolean")
def success_is_boolean(exchange: Exchange, memory: Memory) -> Breach | None:
    if r := _readable(exchange):
        return OK if r.success is not None else Breach("success: true or false", _member_text(r, "success"))
    return None


@rule("status-is-number")
def status_is_number(exchange: Exchange, memory: Memory) -> Breach | None:
    if r := _readable(exchange):
        return OK if r.body_status is not None else Breach("status: a number", _member_text(r, "status"))
    return None


@rule("status-in-enum")
def status_in_enum(exchange: Exchange, memory: Memory) -> Breach | None:
    r = _posted(exchange)
    if r is None or r.status >= 400:
        return None
    body_status = r.body_status
    if r.status not in _ENUM:
        return Breach(f"a success with an HTTP status out of {_ENUM_TEXT}", f"HTTP {r.status}")
    if r.success is not False and body_status is not None:
        actual = f"HTTP {r.status} with {_member_text(r, 'status')}"
        return OK if body_status in _ENUM else Breach(f"status out of {_ENUM_TEXT}", actual)
    return None


@rule("status-mirrors-http")
def status_mirrors_http(exchange: Exchange, memory: Memory) -> Breach | None:
    """Ignores what status-in-enum reports."""
    r = _readable(exchange)
    if r is None or r.body_status is None:
        return None
    if r.status < 400 and r.success is not False and (r.status not in _ENUM or r.body_status not in _ENUM):
        return None
    return OK if r.body_status == r.status else Breach(f"status: {r.status}, as HTTP says", _member_text(r, "status"))


@rule("success-flag-is-truthful")
def success_flag_is_truthful(exchange: Exchange, memory: Memory) -> Breach | None:
    r = _readable(exchange)
    if r is None or r.success is None:
        return None
    truth = r.status < 400
    return OK if r.success is truth else Breach(f"success: {shown(truth)} with HTTP {r.status}", _member_text(r, "success"))


@rule("error-has-object")
def error_has_object(exchange: Exchange, memory: Memory) -> Breach | None:
    r = _readable(exchange)
    if r and r.status >= 400 and isinstance(r.reading.value, dict):
        return OK if isinstance(_member(r, "error"), dict) else Breach("error: an object", _member_text(r, "error"))
    return None


@rule("no-redirect")
def no_redirect(exchange: Exchange, memory: Memory) -> Breach | None:
    if exchange.request.method == _POST and (r := exchange.response):
        actual = f"HTTP {r.status} to {r.header('location')}"
        return OK if not 300 <= r.status < 400 else Breach("an answer, not a redirect", actual)
    return None


# --- the promise ------------------------------------------------------------------------------------------------------

_EXTRAS: Final = ("header", "query", "body")
# For each rule of the promise: the situations in which a success exercises it.
_PROMISED: Final[dict[str, Callable[[Situation], bool]]] = {
    "no-input-needed": lambda s: not s.conditions,
    "extras-change-nothing": lambda s: any(name.partition(":")[0] in _EXTRAS for name, _ in s.conditions),
    "repeats-hold": lambda s: s.after != "start",
    "concurrent-calls-hold": lambda s: s.overlaps,
}


def _blames(conditions: Conditions, memory: Memory) -> tuple[str, ...]:
    """Which rules a refused refresh of a logged-in session breaks, given the unusual conditions of the request.

    Conditions that a successful refresh also had are ruled out, unless that rules out all of them. Conditions that are known to
    fail explain every larger set of conditions that contains them.
    """
    known = [smaller for smaller in memory.explained if smaller <= conditions]
    conditions = known[0] if known else _suspects(conditions, memory)
    names = {name.partition(":")[0] for name, _ in conditions}
    if ("after", "after a 429") in conditions:  # cannot be probed alone, since nobody knows when the next 429 comes
        return ("repeats-hold",)
    blamed = []
    if names.intersection(_EXTRAS):
        blamed.append("extras-change-nothing")
    if "overlap" in names:
        blamed.append("concurrent-calls-hold")
    return tuple(blamed) or ("repeats-hold" if memory.plain_success else "no-input-needed",)


def _suspects(conditions: Conditions, memory: Memory) -> Conditions:
    if rest := conditions - memory.innocent:
        return rest
    # An overlap is not ruled out by a success, since one of two overlapping requests may succeed.
    overlap = frozenset(c for c in conditions if c[0] == "overlap")
    extras = any(name.partition(":")[0] in _EXTRAS for name, _ in conditions)
    return overlap if overlap and not extras else conditions


def _asked_for_xsrf(exchange: Exchange, r: Response) -> bool:
    """Whether the refusal asks for an XSRF header whose value the client first learns from this answer."""
    return exchange.request.header("x-xsrf-token") is None and any(c.startswith("XSRF-TOKEN=") for c in r.cookies())


def _promise(exchange: Exchange, memory: Memory, rule_id: str) -> Breach | None:
    r = _posted(exchange)
    situation = exchange.situation
    if r is None or situation.session != "valid" or r.status == 429:
        return None
    conditions = situation.conditions
    if r.claims_success:
        if len(memory.innocent) < MANY:
            memory.innocent |= conditions
        return OK if _PROMISED[rule_id](situation) else None
    if r.status < 400 or rule_id not in _blames(conditions, memory) or _asked_for_xsrf(exchange, r):
        return None
    may_refuse = (situation.overlaps and situation.session_replaced) or any(name == "body" for name, _ in conditions)
    if may_refuse and r.status < 500:
        return OK
    if not any(known <= conditions for known in memory.explained) and len(memory.explained) < MANY:
        memory.explained.append(_suspects(conditions, memory))
        memory.explained.sort(key=len)
    return Breach("the refresh completes", f"HTTP {r.status}{_circumstances(exchange)}")


def _circumstances(exchange: Exchange) -> str:
    words = described(exchange.situation.conditions)
    return f", the request: {words}" if words else ""


@rule("no-input-needed")
def no_input_needed(exchange: Exchange, memory: Memory) -> Breach | None:
    return _promise(exchange, memory, "no-input-needed")


@rule("extras-change-nothing")
def extras_change_nothing(exchange: Exchange, memory: Memory) -> Breach | None:
    return _promise(exchange, memory, "extras-change-nothing")


@rule("repeats-hold")
def repeats_hold(exchange: Exchange, memory: Memory) -> Breach | None:
    result = _promise(exchange, memory, "repeats-hold")
    r = _posted(exchange)
    if r and exchange.situation.session == "valid" and r.claims_success and not exchange.situation.conditions:
        memory.plain_success = True
    return result


@rule("concurrent-calls-hold")
def concurrent_calls_hold(exchange: Exchange, memory: Memory) -> Breach | None:
    return _promise(exchange, memory, "concurrent-calls-hold")


# --- the guard --------------------------------------------------------------------------------------------------------

_TOKEN_NAMES: Final = frozenset({"token", "access_token", "accesstoken"})
_ERRORS: Final = frozenset({"error", "errors"})
# Inside an error, a member with such a name may only mention a token, in a sentence or with a code such as token_expired.
_GIVEN: Final = re.compile(r"\s*(?:bearer\s+)?(?![a-z]{1,20}(?:[._:-][a-z]{1,20})*\s*\Z)[!-~]+\s*", re.IGNORECASE)


def _token_in(value: Any, in_error: bool = False, depth: int = 0) -> str | None:
    """The name of the member in which a body gives a token; None if it gives none."""
    if depth > 8:
        return None
    if isinstance(value, dict):
        for key, inner in value.items():
            name = key.lower()
            if name in _TOKEN_NAMES and isinstance(inner, str) and (_GIVEN.fullmatch(inner) if in_error else inner.strip()):
                return str(key)
            if found := _token_in(inner, in_error or name in _ERRORS, depth + 1):
                return found
    elif isinstance(value, list):
        for inner in value[:100]:
            if found := _token_in(inner, in_error, depth + 1):
                return found
    elif isinstance(value, str) and JWT.search(value):
        return "a JWT"
    return None


@rule("refuses-without-session")
def refuses_without_session(exchange: Exchange, memory: Memory) -> Breach | None:
    r = _posted(exchange)
    session = exchange.situation.session
    if r is None or session in ("valid", "unknown"):
        return None
    whose = "without a session" if session == "none" else f"to {'an' if session[0] == 'e' else 'a'} {session} session"
    expected = "a refusal (4xx) without a token"
    if r.claims_success and r.status < 400:
        return Breach(expected, f"HTTP {r.status} with {_member_text(r, 'success')}, {whose}")
    if where := _token_in(r.reading.value):
        return Breach(expected, f"HTTP {r.status} that gives a token ({where}), {whose}")
    if r.status >= 500:
        # A failure that a logged-in customer gets too does not break this rule.
        mine = {name for name, _ in exchange.situation.conditions}
        if not any({name for name, _ in known} <= mine for known in memory.explained):
            return Breach(expected, f"HTTP {r.status}, {whose}{_circumstances(exchange)}")
    elif r.status >= 400 and r.status != 429:
        return OK
    return None


def _replaces_session(exchange: Exchange, r: Response) -> bool:
    """Whether the answer gives a new value to a cookie that was sent."""
    sent = dict(part.strip().partition("=")[::2] for part in (exchange.request.header("cookie") or "").split(";"))
    given = dict(line.partition(";")[0].strip().partition("=")[::2] for line in r.cookies())
    return any(value and sent.get(name, value) != value for name, value in given.items())


@rule("other-methods-never-refresh")
def other_methods_never_refresh(exchange: Exchange, memory: Memory) -> Breach | None:
    """The answer to OPTIONS may be any JSON; it is a refresh only if it gives a token. The answer to HEAD has no body; it is a
    refresh if it is a success that replaces the session.
    """
    r = exchange.response
    method = exchange.request.method
    if r is None or method == _POST:
        return None
    refreshed = _token_in(r.reading.value) is not None or (method != "OPTIONS" and exchange.kind is not Kind.FAILED)
    if method == "HEAD":
        refreshed = r.status in _ENUM and r.media_type == JSON and _replaces_session(exchange, r)
    return OK if not refreshed else Breach(f"no refresh by {method}", f"{method} is answered like a refresh: HTTP {r.status}")


# --- good manners -----------------------------------------------------------------------------------------------------


def _refreshed(exchange: Exchange) -> Response | None:
    """The answer to a POST, if it is a completed or unspecified success."""
    r = _readable(exchange)
    return r if exchange.kind is not Kind.FAILED else None


@rule("success-carries-token")
def success_carries_token(exchange: Exchange, memory: Memory) -> Breach | None:
    if r := _refreshed(exchange):
        if r.token is not None:
            return OK
        data = r.member("data")
        actual = f"data.token is {shown(data.get('token'))}" if isinstance(data, dict) else _member_text(r, "data")
        return Breach("data.token: a non-empty string", actual)
    return None


@rule("token-is-not-expired")
def token_is_not_expired(exchange: Exchange, memory: Memory) -> Breach | None:
    r = _refreshed(exchange)
    claims = claims_of(r.token) if r and r.token else None
    if claims is None or not exchange.started:
        return None
    exp = claims.get("exp")
    if isinstance(exp, bool) or not isinstance(exp, (int, float)):
        return Breach("exp: a time in the future", f"exp is {shown(exp)}")
    return OK if exp > exchange.started else Breach("exp in the future", f"exp is {shown(exp)}, not after the request")


@rule("token-is-new")
def token_is_new(exchange: Exchange, memory: Memory) -> Breach | None:
    r = _refreshed(exchange)
    if r is None or r.token is None:
        return None
    mark = hash(r.token)
    known = mark in memory.tokens
    if len(memory.tokens) < 10_000:  # enough to see a repetition, and bounded
        memory.tokens.add(mark)
    if known or len(memory.tokens) > 1:
        return OK if not known else Breach("a token not given before", "a token that an earlier answer gave already")
    return None


@rule("success-is-not-cached")
def success_is_not_cached(exchange: Exchange, memory: Memory) -> Breach | None:
    if r := _refreshed(exchange):
        header = r.listed("cache-control")
        actual = f"Cache-Control: {header}" if header else "no Cache-Control"
        directives = {part.strip().lower() for part in header.split(",")}
        return OK if "no-store" in directives else Breach("Cache-Control: no-store", actual)
    return None


@rule("error-says-why")
def error_says_why(exchange: Exchange, memory: Memory) -> Breach | None:
    r = _readable(exchange)
    error = r.member("error") if r and r.status >= 400 else None
    if isinstance(error, dict):
        lacking = [
            name
            for name, fits in (("code", (str, int, float)), ("message", (str,)))
            if isinstance(error.get(name), bool) or not isinstance(error.get(name), fits) or not str(error[name]).strip()
        ]
        return OK if not lacking else Breach("error.code and error.message", f"no {' and no '.join(lacking)}")
    return None


@rule("other-methods-get-405")
def other_methods_get_405(exchange: Exchange, memory: Memory) -> Breach | None:
    """OPTIONS has other uses, and a 429 says nothing about the method."""
    r = exchange.response
    method = exchange.request.method
    if r is None or method in (_POST, "OPTIONS") or r.status == 429:
        return None
    allow = r.listed("allow")
    holds = r.status == 405 and _POST in [m.strip().upper() for m in allow.split(",")]
    shown_allow = f"Allow: {allow}" if allow else "no Allow"
    return OK if holds else Breach(f"405 with Allow: {_POST}", f"HTTP {r.status} to {method}, {shown_allow}")


@rule("other-methods-keep-the-shape")
def other_methods_keep_the_shape(exchange: Exchange, memory: Memory) -> Breach | None:
    r = exchange.response
    method = exchange.request.method
    if r is None or method == _POST or not r.body or (method == "OPTIONS" and r.status < 400):
        return None
    faults = [*r.reading.encoding_faults, *r.reading.faults]
    if method == "HEAD":
        faults = ["a body"]
    elif r.media_type != JSON:
        faults = [f"Content-Type: {r.header('content-type')}"]
    elif not faults:
        faults = [
            fault
            for broken, fault in (
                (r.status < 400, f"HTTP {r.status}"),
                (r.success is not False, _member_text(r, "success")),
                (r.body_status != r.status, _member_text(r, "status")),
                (not isinstance(_member(r, "error"), dict), _member_text(r, "error")),
            )
            if broken
        ]
    expected = "no body" if method == "HEAD" else "an error by the contract"
    return OK if not faults else Breach(expected, f"{method}: " + "; ".join(faults))


_RETRY_AFTER: Final = re.compile(r"\d{1,9}|[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")


@rule("too-many-says-when")
def too_many_says_when(exchange: Exchange, memory: Memory) -> Breach | None:
    r = exchange.response
    if r and r.status == 429:
        header = r.header("retry-after")
        holds = bool(_RETRY_AFTER.fullmatch((header or "").strip()))
        return OK if holds else Breach("Retry-After: seconds or a date", f"Retry-After: {header}" if header else "no Retry-After")
    return None


@rule("token-only-in-body")
def token_only_in_body(exchange: Exchange, memory: Memory) -> Breach | None:
    r = exchange.response
    if r is None:
        return None
    data = r.member("data")
    places = [(k, v) for k, v in r.headers if k.lower() != "set-cookie"]
    if isinstance(data, dict) and isinstance(url := data.get("redirect_url"), str):
        places.append(("data.redirect_url", url))
    where = [name for name, value in places if (r.token and r.token in value) or JWT.search(value)]
    if r.token or where:
        return OK if not where else Breach("a token in the body alone", f"a token in {', '.join(sorted(set(where)))}")
    return None


_TRACE: Final = re.compile(
    rb"Traceback \(most recent call last\)|[Ss]tack[ _]?[Tt]race(\"\s*:\s*(\[\s*[^\s\]]|\{\s*[^\s}]|\"[^\"])|:\s*(\\n|#))"
    rb"|\bat [\w.$<>]+\s?\([^()\n\"]{1,200}:\d+(:\d+)?\)|\.(php|py|rb|js|java|go)(:| on line |\", line )\d+"
    rb"|#\d+ [/\\][^\s]{1,200}\(\d+\)|\"trace\"\s*:\s*\[\s*[^\s\]]|goroutine \d+ \["
)


@rule("error-hides-internals")
def error_hides_internals(exchange: Exchange, memory: Memory) -> Breach | None:
    r = exchange.response
    if r and r.status >= 400:
        found = _TRACE.search(r.body[:262_144])
        trace = found[0].decode("latin-1") if found else ""
        return OK if found is None else Breach("no stack trace", f"the body shows {shown(trace)}")
    return None


@rule("answers-within-5-seconds")
def answers_within_5_seconds(exchange: Exchange, memory: Memory) -> Breach | None:
    if r := exchange.response:
        return OK if r.seconds < SLOW_SECONDS else Breach(f"the whole answer in under {SLOW_SECONDS:g} s", f"{r.seconds:.1f} s")
    return None
