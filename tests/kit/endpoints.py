"""Judges endpoints that liars and odd providers serve."""

from __future__ import annotations

from typing import Any

from contracts.judge import judge_provider
from contracts.provider.target import Target
from contracts.rules.judgement import Judgement
from contracts.settings import Settings
from tests.liars import Running

FEW = 30  # requests that are enough for a fault that is always there


def judged(running: Running, *, deadline: float = 10.0, budget: int = Settings.max_requests, **how: Any) -> Judgement:
    """What the gate says of a server; `how` as `judge_provider` takes it."""
    target = Target.at(
        running.base_url,
        running.cookie,
        expired_cookie=running.expired_cookie,
        other_cookie=running.other_cookie,
        deadline=deadline,
        headers=running.headers,
    )
    return judge_provider(target, budget=budget, **how)
