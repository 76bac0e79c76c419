"""What is good manners: every rule here is SHOULD."""

from __future__ import annotations

import html
import re
from typing import Final

from contracts.model.exchange import JSON, Exchange
from contracts.model.tokens import JWT
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import POST, Memory, member, member_text, readable, refreshed, rule, shown

SLOW_SECONDS: Final = 5.0
LOOKED_THROUGH: Final = 262_144  # bytes of a body that are looked through for a trace


@rule("success-is-not-cached")
def success_is_not_cached(exchange: Exchange, memory: Memory) -> Breach | None:
    if r := refreshed(exchange):
        header = r.listed("cache-control")
        actual = f"Cache-Control: {header}" if header else "no Cache-Control"
        directives = {part.strip().lower() for part in header.split(",")}
        return OK if "no-store" in directives else Breach("Cache-Control: no-store", actual)
    return None


@rule("error-says-why")
def error_says_why(exchange: Exchange, memory: Memory) -> Breach | None:
    r = readable(exchange)
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
    """OPTIONS has other uses, a 429 says nothing about the method, and a stranger may be asked to log in first."""
    r = exchange.response
    method = exchange.request.method
    if r is None or method in (POST, "OPTIONS") or r.status == 429:
        return None
    if r.status in (401, 403) and exchange.situation.session != "valid":
        return None
    allow = r.listed("allow")
    holds = r.status == 405 and POST in [m.strip().upper() for m in allow.split(",")]
    shown_allow = f"Allow: {allow}" if allow else "no Allow"
    return OK if holds else Breach(f"405 with Allow: {POST}", f"HTTP {r.status} to {method}, {shown_allow}")


@rule("other-methods-keep-the-shape")
def other_methods_keep_the_shape(exchange: Exchange, memory: Memory) -> Breach | None:
    """OPTIONS has other uses, and a preflight may be refused in any shape, for no page ever reads the answer."""
    r = exchange.response
    method = exchange.request.method
    if r is None or method == POST or not r.body or (method == "OPTIONS" and r.status < 400):
        return None
    if method == "OPTIONS" and exchange.request.header("access-control-request-method"):
        return None
    faults = [*r.reading.encoding_faults, *r.reading.faults]
    if method == "HEAD":
        faults = ["a body"]
    elif r.media_type != JSON:
        faults = [f"Content-Type: {r.single('content-type')}"]
    elif not faults:
        faults = [
            fault
            for broken, fault in (
                (r.status < 400, f"HTTP {r.status}"),
                (r.success is not False, member_text(r, "success")),
                (r.body_status != r.status, member_text(r, "status")),
                (not isinstance(member(r, "error"), dict), member_text(r, "error")),
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
        header = r.single("retry-after")
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


_TAGS: Final = re.compile(rb"<[^<>]{0,200}>")
_TRACE: Final = re.compile(
    rb"Traceback \(most recent call last\)|[Ss]tack[ _]?[Tt]race(\"\s*:\s*(\[\s*[^\s\]]|\{\s*[^\s}]|\"[^\"])|:\s*(\\n|#))"
    rb"|\bat [\w.$<>]+\s?\([^()\n\"]{1,200}:\d+(:\d+)?\)|\.(php|py|rb|js|ts|java|cs|go)(:| on line |\", line |:line )\d+"
    rb"|#\d+ [/\\][^\s]{1,200}\(\d+\)|\"trace\"\s*:\s*\[\s*[^\s\]]|goroutine \d+ \["
)


@rule("error-hides-internals")
def error_hides_internals(exchange: Exchange, memory: Memory) -> Breach | None:
    r = exchange.response
    if r and r.status >= 400:
        body = r.body[:LOOKED_THROUGH]
        found = _TRACE.search(body)
        if found is None and "html" in r.media_type:  # a page may have marks within a line, and quotes as entities
            found = _TRACE.search(html.unescape(_TAGS.sub(b"", body).decode("latin-1")).encode("latin-1", "ignore"))
        trace = found[0].decode("latin-1") if found else ""
        return OK if found is None else Breach("no stack trace", f"the body shows {shown(trace)}")
    return None


@rule("answers-within-5-seconds")
def answers_within_5_seconds(exchange: Exchange, memory: Memory) -> Breach | None:
    if r := exchange.response:
        return OK if r.seconds < SLOW_SECONDS else Breach(f"the whole answer in under {SLOW_SECONDS:g} s", f"{r.seconds:.1f} s")
    return None
