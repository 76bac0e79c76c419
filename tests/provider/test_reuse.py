"""A token that is given again: when the pass waits until a reuse interval is over, and asks once more."""

from __future__ import annotations

import httpx
import pytest

from contracts.judge import judge_provider
from contracts.provider.mock import RefreshMock
from contracts.provider.target import Target
from contracts.rules.provider.reuse import REUSE_SECONDS

WAIT = REUSE_SECONDS + 1


def slept(again: int, *, open_to_all: bool = False) -> list[float]:
    """How long the pass waited for a target that gives each token so often."""
    mock, given = RefreshMock(), 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal given
        if open_to_all and request.method == "POST":
            request.headers["cookie"] = mock.session
        answer = mock.handler(request)
        if answer.status_code == 200:
            given += 1
            return httpx.Response(
                200, headers={"cache-control": "no-store"}, json={**answer.json(), "data": {"token": f"token-{given // again}"}}
            )
        return answer

    waited: list[float] = []
    judge_provider(Target.in_process(handler, mock.session), budget=60, sleep=waited.append)
    return waited


@pytest.mark.parametrize(("again", "waits"), [(1, []), (2, []), (10**6, [WAIT])], ids=["never", "twice", "always"])
def test_the_pass_waits_once_and_only_where_nothing_else_tells(again: int, waits: list[float]) -> None:
    """Where new tokens come at once there is no interval; where one token is all that came, one wait tells."""
    assert slept(again) == waits


def test_nobody_waits_for_a_target_that_is_broken() -> None:
    """A broken MUST decides the run, so a warning is not worth ten seconds."""
    assert slept(10**6, open_to_all=True) == []
