"""What a limiter says: every spelling of a quota is read, and what is left is not spent before there is more."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from contracts.model.exchange import Response
from contracts.provider.limiter import ROUNDED, WINDOW, Quota, Window, quota

NOW = 1_800_000_000
DATE = ("Date", formatdate(NOW, usegmt=True))


def answer(*headers: tuple[str, str], status: int = 200) -> Response:
    """An answer that was given at `NOW`."""
    return Response(status, (DATE, *headers))


def left(remaining: object, reset: object = None, status: int = 200) -> Response:
    """An answer with the headers of the first drafts."""
    headers = [("RateLimit-Remaining", str(remaining))]
    return answer(*headers, *([("RateLimit-Reset", str(reset))] if reset is not None else []), status=status)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([("RateLimit", '"default";r=5;t=30')], Quota(5, 30)),
        ([("RateLimit", "default; R=0; T=7")], Quota(0, 7)),
        ([("RateLimit", '"burst";r=9;t=1, "day";r=2;t=800')], Quota(2, 800)),
        ([("RateLimit", '"burst";r=9;t=1'), ("RateLimit", '"day";r=2;t=800')], Quota(2, 800)),
        ([("RateLimit", '"default";r=5')], Quota(5)),
        ([("RateLimit", "limit=100, remaining=50, reset=30")], Quota(50, 30)),
        ([("RateLimit", '"default";q=100;w=60')], None),
        ([("RateLimit", "r=1.5;t=3")], None),
        ([("RateLimit-Remaining", "7"), ("RateLimit-Reset", "12")], Quota(7, 12)),
        ([("X-RateLimit-Remaining", "29"), ("X-RateLimit-Limit", "30")], Quota(29)),
        ([("X-RateLimit-Remaining", "3"), ("X-RateLimit-Reset", str(NOW + 20))], Quota(3, 20)),
        ([("X-RateLimit-Remaining", "3"), ("X-RateLimit-Reset", str((NOW + 20) * 1000))], Quota(3, 20)),
        ([("X-RateLimit-Remaining", "3"), ("X-RateLimit-Reset", str(NOW - 20))], Quota(3, 0)),
        ([("X-Rate-Limit-Remaining", "1"), ("X-Rate-Limit-Reset", "soon")], Quota(1)),
        ([("X-RateLimit-Remaining", "-1")], None),
        ([("X-RateLimit-Remaining", "²")], None),
        ([("X-RateLimit-Remaining", "9" * 400)], Quota(10**15 - 1)),
        ([("X-RateLimit-Remaining", "many")], None),
        ([], None),
    ],
    ids=str,
)
def test_a_quota_is_read(headers: list[tuple[str, str]], found: Quota | None) -> None:
    """The drafts of the IETF and the headers that came before them; what cannot be read says nothing."""
    assert quota(answer(*headers)) == found


def test_what_is_left_is_used_up_first() -> None:
    """As long as there is one for each request, nobody waits; then until the reset, and what it may have been rounded down by."""
    window = Window()
    assert window.wait(2, 0.0) == 0
    window.heard([left(2, 30)], 10.0)
    assert window.wait(2, 11.0) == 0
    window.heard([left(1, 29)], 11.0)
    assert window.wait(1, 12.0) == 0
    assert window.wait(2, 12.0) == 28 + ROUNDED
    assert window.wait(2, 99.0) == 0


def test_of_answers_that_overlapped_the_lowest_counts() -> None:
    """The one that was sent last need not be the one that arrives last."""
    window = Window()
    window.heard([left(0, 30), left(1, 30)], 10.0)
    assert window.wait(1, 10.0) == 30 + ROUNDED


def test_a_window_whose_end_is_not_told_is_a_minute() -> None:
    """It began when more was left than before."""
    window = Window()
    window.heard([left(1)], 10.0)
    window.heard([left(0)], 11.0)
    assert window.wait(1, 12.0) == WINDOW - 2
    window.renewed()
    assert window.wait(1, 12.0) == 0
    window.heard([left(1)], 71.0)
    window.heard([left(0)], 72.0)
    assert window.wait(1, 72.0) == WINDOW - 1


def test_a_count_that_is_no_quota_is_not_waited_for_again() -> None:
    """Who says that none is left after a whole minute, and answers all the same, counts something else."""
    window = Window()
    window.heard([left(0)], 10.0)
    assert window.wait(1, 10.0) == WINDOW
    window.renewed()
    window.heard([left(0)], 70.0)
    assert window.wait(1, 70.0) == 0


def test_a_429_after_a_minute_is_believed() -> None:
    """A limiter whose window is longer than a minute refuses: it is no other count."""
    window = Window()
    window.heard([left(0)], 10.0)
    window.renewed()
    window.heard([left(0, status=429)], 70.0)
    assert window.wait(1, 70.0) == WINDOW
