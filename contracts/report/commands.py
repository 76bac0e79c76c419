"""The commands and settings of a run for its reader: how it was started, and how to judge one rule again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from contracts.model.part import Part
from contracts.result import RunResult
from contracts.settings import Settings


def given(run: RunResult) -> str:
    """The command of the run, preceded by the names of the environment variables that hold secrets."""
    return " ".join([*_secrets(run.settings), "pytest", *map(shlex.quote, run.argv)])


def again(run: RunResult, part: Part, rule_id: str) -> str:
    """The command that judges one rule of an implementation again. Settings that are the default are left out."""
    s, defaults = run.settings, Settings()
    argv = ["pytest", *run.suite_args, "-m", part, "-k", rule_id]
    secrets: list[str] = []
    if s.replay:
        argv += ["--refresh-replay", str(s.replay)]
    elif s.base_url and part is Part.PROVIDER:
        secrets = _secrets(s)
        argv += ["--base-url", s.base_url]
        argv += ["--refresh-ca", s.ca] if s.ca else []
        argv += ["--refresh-anonymous"] if s.anonymous else []
    argv += ["--refresh-sdk", str(s.sdk)] if s.sdk and part is Part.SDK else []
    argv += ["--refresh-strict"] if s.strict else []
    for option, value, default in (
        ("--refresh-path", s.path, defaults.path),
        ("--refresh-max-requests", s.max_requests, defaults.max_requests),
        ("--refresh-max-seconds", s.max_seconds, defaults.max_seconds),
        ("--refresh-deadline", s.deadline, defaults.deadline),
        ("--hypothesis-seed", s.seed, defaults.seed),
    ):
        argv += [option, f"{value:g}" if isinstance(value, float) else str(value)] if value != default else []
    return " ".join([*secrets, shlex.join(argv)])


def _secrets(s: Settings) -> list[str]:
    """The environment variables with secrets that were set, without their values."""
    values = (
        ("REFRESH_COOKIE", s.cookie),
        ("REFRESH_OTHER_COOKIE", s.other_cookie),
        ("REFRESH_EXPIRED_COOKIE", s.expired_cookie),
        ("REFRESH_HEADERS", s.headers),
    )
    return [f"{name}=…" for name, value in values if value]


def configuration(run: RunResult) -> Iterator[tuple[str, str]]:
    """The settings of the run as (name, value) pairs."""
    s = run.settings
    yield "target", f"{s.base_url}{s.path}" if s.base_url else "the built-in implementations"
    if s.replay:
        yield "evidence", f"{s.replay}; nothing was sent"
    else:
        yield "session", "none: only the refusals" if s.anonymous else "given" if run.has_session else "the built-in store's own"
        yield "second customer", "given" if run.has_other else "not given" if s.base_url else "the built-in store's own"
        yield "expired session", "given" if s.expired_cookie else "not given" if s.base_url else "the built-in store's own"
        if s.headers:
            yield "headers added", ", ".join(s.headers)
        yield "most requests", f"{s.max_requests:,} to each implementation"
        yield "rate", f"{s.rate:g} a second" if s.rate else "no limit"
        yield "most time", f"{s.max_seconds:g} s for each implementation"
        yield "deadline", f"{s.deadline:g} s for each exchange"
    if s.ca:
        yield "CA", s.ca
    if s.sdk:
        yield "SDK", str(s.sdk)
    if s.known:
        yield "known deviations", f"{len(s.known)} listed by the user"
    if s.strict:
        yield "known deviations", "judged without any list"
