"""What a green run proves: how rare a fault may be and would still have been seen."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.judge import judge_provider
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.provider.target import Target
from contracts.rules.confidence import needed, percent, would_see
from contracts.settings import Mistake, read

EACH_ANSWER = ("status-mirrors-http", "success-flag-is-truthful", "status-is-number", "success-is-boolean")


@pytest.mark.parametrize(("exercised", "share"), [(1, 0.95), (10, 0.2589), (59, 0.0495), (149, 0.0199), (299, 0.00997)])
def test_shares_are_those_of_the_binomial(exercised: int, share: float) -> None:
    """The share is near three by the number of exchanges, and exact for few."""
    assert would_see(exercised) == pytest.approx(share, rel=1e-2)


def test_nothing_shows_nothing() -> None:
    """A rule that was not exercised proves nothing."""
    assert would_see(0) is None


@given(st.integers(1, 100_000))
def test_both_directions_agree(exercised: int) -> None:
    """The number of exchanges for a share is enough for it, and one less would not do."""
    share = would_see(exercised)
    assert share
    assert needed(share) == exercised


def test_the_promise_holds_by_trial() -> None:
    """Of a thousand runs of 149 exchanges with a fault in one of fifty, about fifty see none."""
    chance = random.Random(7)
    blind = sum(all(chance.random() >= 0.02 for _ in range(needed(0.02))) for _ in range(1000))
    assert 30 <= blind <= 70


@pytest.mark.parametrize(
    ("share", "words"), [(0.95, "95 %"), (0.2589, "26 %"), (0.05, "5.0 %"), (0.01991, "2.0 %"), (0.000299, "0.030 %")]
)
def test_words_promise_no_more_than_the_number(share: float, words: str) -> None:
    """The share is rounded up, so that the words promise no more than the number."""
    assert percent(share) == words


def test_power_chooses_the_number_of_requests() -> None:
    """A power of 0.02 has each answer to a refresh asked for often enough."""
    settings = read({"power": "0.02"}, {})
    for expired in (True, False):
        store = Store()
        over = store.log_in() if expired else None
        if over:
            store.expire(over)
        with serve(store.app) as url:
            judgement = judge_provider(Target.at(url, store.log_in(), expired_cookie=over), budget=settings.max_requests)
        assert [id for id in EACH_ANSWER if judgement.tallies[id].exercised < needed(0.02)] == []


@pytest.mark.parametrize("power", ["0", "1", "x", "nan", "-0.1", "0.00001"])
def test_a_power_that_is_none_is_a_mistake(power: str) -> None:
    """A power is a share, and not so small that a run would never end."""
    with pytest.raises(Mistake, match=r"--refresh-power must be a number from 0\.0001 to 0\.1"):
        read({"power": power}, {})


def test_two_numbers_of_requests_are_a_mistake() -> None:
    """A run is given a power or a number of requests, not both."""
    with pytest.raises(Mistake, match="do not give --refresh-max-requests too"):
        read({"power": "0.02", "max_requests": "50"}, {})
