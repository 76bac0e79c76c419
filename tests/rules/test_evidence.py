"""Evidence is bounded in number and in bytes, whatever a server sends."""

from __future__ import annotations

from contracts.model.exchange import Exchange, Failure, Request, Response
from contracts.rules.evidence import MAX_BODY, MAX_BYTES, MAX_EXCHANGES, Evidence, is_whole

POST = Request("POST", "https://store.example/auth/refresh")


def kept_bytes(evidence: Evidence) -> int:
    """How many bytes of bodies and headers are kept."""
    answers = [exchange.answer for exchange in evidence.values() if isinstance(exchange.answer, Response)]
    return sum(len(r.body) + sum(len(k) + len(v) for k, v in r.headers) for r in answers)


def test_a_long_run_keeps_its_beginning_and_what_broke_a_rule() -> None:
    """The first exchanges are kept, then as many more of those that broke a rule, then none."""
    evidence = Evidence()
    for index in range(1, 5 * MAX_EXCHANGES):
        evidence.keep(Exchange(POST, Response(200), index=index), broke=index > 2 * MAX_EXCHANGES)
    assert list(evidence) == [*range(1, MAX_EXCHANGES + 1), *range(2 * MAX_EXCHANGES + 1, 3 * MAX_EXCHANGES + 1)]


def test_large_answers_do_not_fill_the_memory() -> None:
    """All bodies and headers that are kept have one limit, and an exchange that breaks a rule late still has room."""
    large = Response(200, tuple((f"x-{n}", "y" * 900) for n in range(1000)), b" " * 1_000_000)
    evidence = Evidence()
    for index in range(1, 2 * MAX_EXCHANGES):
        evidence.keep(Exchange(POST, large, index=index), broke=False)
    assert len(evidence) < MAX_EXCHANGES
    assert kept_bytes(evidence) < MAX_BYTES + 2 * MAX_BODY
    evidence.keep(Exchange(POST, large, index=9999), broke=True)
    assert 9999 in evidence


def test_what_is_kept_is_a_copy_without_what_was_read_from_it() -> None:
    """The parsed body of an answer, which can be much larger than its bytes, is not kept."""
    exchange = Exchange(POST, Response(200, body=b'{"status": 200}'), index=1)
    assert exchange.response
    assert exchange.response.body_status == 200
    evidence = Evidence()
    evidence.keep(exchange, broke=False)
    kept = evidence[1]
    assert kept == exchange
    assert kept.response is not exchange.response
    assert "reading" not in vars(kept.answer)


def test_failures_are_kept_and_cut_answers_are_known_as_such() -> None:
    """A failure has no size, and an answer that was cut is known not to be whole."""
    evidence = Evidence()
    evidence.keep(Exchange(POST, Failure("reset", "the connection broke"), index=1), broke=True)
    evidence.keep(Exchange(POST, Response(200, body=b" " * (MAX_BODY + 1)), index=2), broke=True)
    assert evidence[1].answer == Failure("reset", "the connection broke")
    cut = evidence[2].response
    assert cut
    assert not is_whole(cut)
    assert is_whole(Response(200, body=b"{}"))
