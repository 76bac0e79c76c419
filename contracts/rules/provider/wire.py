"""How an answer stands on the wire: it is whole, in time, labelled and strict JSON."""

from __future__ import annotations

from contracts.model.exchange import JSON, UTF8, Exchange
from contracts.rules.engine import OK, Breach
from contracts.rules.provider.base import Memory, rule, with_body


@rule("one-answer-in-time")
def one_answer_in_time(exchange: Exchange, memory: Memory) -> Breach | None:
    """Every transport failure is a breach. An unavailable target is recognized elsewhere (`target_health`)."""
    r = exchange.response
    actual = getattr(exchange.answer, "message", "") if r is None else f"an answer, and {r.trailing_bytes:,} bytes behind it"
    return OK if r is not None and not r.trailing_bytes else Breach("one well-formed HTTP response within the deadline", actual)


@rule("content-type-is-json")
def content_type_is_json(exchange: Exchange, memory: Memory) -> Breach | None:
    """Type and subtype are compared without case; parameters are ignored. Where the header stands twice, each line counts."""
    if r := with_body(exchange):
        content_type = r.single("content-type")
        actual = f"Content-Type: {content_type}" if content_type else "no Content-Type"
        return OK if r.media_type == JSON else Breach(f"Content-Type: {JSON}", actual)
    return None


@rule("body-is-utf8")
def body_is_utf8(exchange: Exchange, memory: Memory) -> Breach | None:
    """Both the bytes and the charset label must be UTF-8."""
    if r := with_body(exchange):
        faults = list(r.reading.encoding_faults)
        if r.charset not in UTF8:
            # The header is quoted as it was sent, since the redactor would not know a secret in lower case.
            faults.append(f"labelled {r.single('content-type')}")
        return OK if not faults else Breach("UTF-8 without a byte order mark", "; ".join(faults))
    return None


@rule("body-is-strict-json")
def body_is_strict_json(exchange: Exchange, memory: Memory) -> Breach | None:
    """Only body-is-utf8 judges bytes that are not UTF-8."""
    r = with_body(exchange)
    if r and (r.reading.readable or not r.reading.encoding_faults):
        return OK if not r.reading.faults else Breach("strict JSON", "; ".join(r.reading.faults))
    return None
