"""Session loss: a session that was replaced by an answer that never arrived is nobody's fault."""

from __future__ import annotations

import httpx
import pytest

from contracts.provider.session_loss import MAX_REFUSALS
from tests.kit.fake_target import (
    OK,
    REFUSED,
    RESET,
    UNREACHABLE,
    Answer,
    FakeTarget,
    broken_rules,
    observing,
    probe_until_halted,
)

BAD_GATEWAY: Answer = (502, {})
BY_A_LOST_SESSION = {"no-input-needed", "repeats-hold"}


@pytest.mark.parametrize("lost", [RESET, BAD_GATEWAY, httpx.ReadTimeout("")], ids=["reset", "502", "no answer"])
def test_a_session_lost_with_an_answer_is_nobodys_fault(lost: Answer | Exception) -> None:
    """A lost answer may have replaced the session: refusals of the old one break no rule, and end the run."""
    observer, _ = observing(FakeTarget(OK, lost, REFUSED))
    reason = probe_until_halted(observer, 20)
    assert "the answer to request 2 did not come, and the session was lost with it" in reason
    assert observer.requests == 2 + MAX_REFUSALS
    assert observer.evaluator.tallies["no-input-needed"].broken == 0
    assert observer.evaluator.tallies["repeats-hold"].broken == (lost == BAD_GATEWAY)  # by the 502 itself


@pytest.mark.parametrize("answers", [(OK, RESET, OK), (OK, UNREACHABLE)], ids=["success after it", "request not sent"])
def test_a_session_that_cannot_be_lost_is_not_doubted(answers: tuple[Answer | Exception, ...]) -> None:
    """After a success, or where no request was sent, a refusal is the provider's own."""
    observer, _ = observing(FakeTarget(*answers, REFUSED))
    assert probe_until_halted(observer, 5) == ""
    assert broken_rules(observer) & BY_A_LOST_SESSION


def test_a_lost_session_is_replaced_where_the_suite_can_log_in() -> None:
    """The suite logs in again where it can, and goes on."""
    target = FakeTarget(OK, RESET, REFUSED, OK)
    observer, _ = observing(target)
    observer.target.log_in = lambda: "session=fresh"
    assert probe_until_halted(observer, 5) == ""
    assert target.header("cookie")[-1] == "session=fresh"
    assert not broken_rules(observer) & BY_A_LOST_SESSION


def test_a_session_that_is_lost_again_and_again_ends_the_run() -> None:
    """Logging in again has an end too, and the reason names the last answer that was lost."""
    observer, _ = observing(FakeTarget(OK, *((RESET, REFUSED) * MAX_REFUSALS)))
    observer.target.log_in = lambda: "session=fresh"
    assert f"the answer to request {2 * MAX_REFUSALS} did not come" in probe_until_halted(observer, 20)
