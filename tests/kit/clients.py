"""Judges clients in Python."""

from __future__ import annotations

import math
from functools import partial

import pytest

from contracts.consumer import player
from contracts.consumer import script as script_module
from contracts.consumer.httpx_stage import intercepted
from contracts.consumer.player import Player
from contracts.consumer.protocol import RefreshConsumer
from contracts.consumer.script import Script
from contracts.judge import judge_consumer
from contracts.rules.judgement import ConsumerJudgement
from tests.clients.clock import QuickLoop

AT_PAGE_LOAD = {"restore-refreshes-once", "transient-failure-keeps-login"}  # a client in this process loads no page
NEEDS_REAL_TIME = ("uses-threads", "tells-from-a-thread")


def judged(
    consumer: RefreshConsumer, monkeypatch: pytest.MonkeyPatch, *, quick: bool = True, only: tuple[str, ...] = ("scenarios",)
) -> ConsumerJudgement:
    """The judgement of a client. Its waits are skipped, unless it needs real time."""
    script = Script()
    loop = QuickLoop() if quick else None
    if loop:
        monkeypatch.setattr(player, "time", loop)
        monkeypatch.setattr(script_module, "time", loop)
        monkeypatch.setattr(player, "LONGEST_STALL", math.inf)  # the machine cannot stall a made-up clock
    played = Player(lambda: consumer, script, name="client", kind="real", stage=partial(intercepted, script), loop=loop)
    try:
        return judge_consumer(played, patience=1.5, only=only)
    finally:
        played.close()
