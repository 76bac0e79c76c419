"""Evidence: bounded in number and in bytes, whatever a server sends."""

from __future__ import annotations

from contracts.model.exchange import Exchange, Failure, Request, Response
from contracts.rules.evidence import BODY, IN_ALL, KEPT, Evidence, is_whole

POST = Request("POST", "https://store.example/auth/refresh")


def held(evidence: Evidence) -> int:
    """Bytes of bodies and headers that are kept."""
    answers = [x.answer for x in evidence.values() if isinstance(x.answer, Response)]
    return sum(len(r.body) + sum(len(k) + len(v) for k, v in r.headers) for r in answers)


def test_a_long_run_keeps_its_beginning_and_what_broke_a_rule() -> None:
    """The first ones are kept, then as many more as broke a rule, and then no more."""
    evidence = Evidence()
    for index in range(1, 5 * KEPT):
        evidence.keep(Exchange(POST, Response(200), index=index), broke=index > 2 * KEPT)
    assert list(evidence) == [*range(1, KEPT + 1), *range(2 * KEPT + 1, 3 * KEPT + 1)]


def test_large_answers_do_not_fill_the_memory() -> None:
    """What is kept of all bodies and headers together has a limit, and what breaks a rule late still has room."""
    large = Response(200, tuple((f"x-{n}", "y" * 900) for n in range(1000)), b" " * 1_000_000)
    evidence = Evidence()
    for index in range(1, 2 * KEPT):
        evidence.keep(Exchange(POST, large, index=index), broke=False)
    assert len(evidence) < KEPT
    assert held(evidence) < IN_ALL + 2 * BODY
    evidence.keep(Exchange(POST, large, index=9999), broke=True)
    assert 9999 in evidence


def test_what_is_kept_is_a_copy_without_what_was_read_from_it() -> None:
    """An exchange is kept without its parsed body, which can be much larger than its bytes."""
    x = Exchange(POST, Response(200, body=b'{"status": 200}'), index=1)
    assert x.response
    assert x.response.body_status == 200
    evidence = Evidence()
    evidence.keep(x, broke=False)
    kept = evidence[1]
    assert kept == x
    assert kept.response is not x.response
    assert "reading" not in vars(kept.answer)


def test_failures_are_kept_and_cut_answers_are_known_as_such() -> None:
    """A failure has no size; an answer that was cut is not taken for the whole one."""
    evidence = Evidence()
    evidence.keep(Exchange(POST, Failure("reset", "the connection broke"), index=1), broke=True)
    evidence.keep(Exchange(POST, Response(200, body=b" " * (BODY + 1)), index=2), broke=True)
    assert evidence[1].answer == Failure("reset", "the connection broke")
    cut = evidence[2].response
    assert cut
    assert not is_whole(cut)
    assert is_whole(Response(200, body=b"{}"))
