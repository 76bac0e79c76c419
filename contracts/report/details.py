"""What the page tells beyond `report.json`: how the run was made, whether it could judge at all, and what it did not verify.

Plain data, so that it can be sent from one process to another; every text in it is redacted and harmless.
"""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from contracts import __version__
from contracts.judge import ProviderJudgement
from contracts.model.document import load
from contracts.report import files
from contracts.report.cards import Card
from contracts.report.cases import NEEDS_SESSION
from contracts.run import Run


def details(run: Run, cards: Iterable[Card]) -> dict[str, Any]:
    """`cards`, `command`, `configuration`, `checks`, `unverified` and `evidence`, each ready to be shown."""
    started = datetime.datetime.fromtimestamp(run.started, datetime.UTC)
    return {
        "cards": [asdict(card) for card in cards],
        "command": command(run),
        "configuration": list(map(list, configuration(run))),
        "checks": list(checks(run)),
        "unverified": list(unverified(run)),
        "evidence": evidence(run),
        "started": started.isoformat(timespec="seconds"),
        "suite": __version__,
    }


def evidence(run: Run) -> str | None:
    """Where this run writes its evidence, as a word of a command; None where it writes none, as when it judged a recording."""
    wrote = run.tracks is None and run.judgements
    return run.learn().show(shlex.quote(str(run.settings.report / files.EVIDENCE))) if wrote else None


def command(run: Run) -> str:
    """The command as it was given, with the names of the secrets that came by the environment."""
    s = run.settings
    given = (("REFRESH_COOKIE", s.cookie), ("REFRESH_EXPIRED_COOKIE", s.expired_cookie), ("REFRESH_HEADERS", s.headers))
    secrets = [f"{name}=…" for name, value in given if value]
    return run.learn().show(" ".join([*secrets, "pytest", *map(shlex.quote, run.words)]), 1000)


def configuration(run: Run) -> Iterator[tuple[str, str]]:
    """What was asked for, in words."""
    s, redactor = run.settings, run.learn()
    yield "target", redactor.show(f"{s.base_url}{s.path}") if s.base_url else "the built-in implementations"
    if s.replay:
        yield "evidence", redactor.show(f"{s.replay}; nothing was sent")
    else:
        yield "session", "none: only the refusals" if s.anonymous else "given" if run.session else "the built-in store's own"
        yield "expired session", "given" if s.expired_cookie else "not given" if s.base_url else "the built-in store's own"
        if s.headers:
            yield "headers added", redactor.show(", ".join(s.headers))
        yield "most requests", f"{s.max_requests:,} to each implementation"
        yield "rate", f"{s.rate:g} a second" if s.rate else "no limit"
        yield "deadline", f"{s.deadline:g} s for each exchange"
    if s.ca:
        yield "CA", redactor.show(s.ca)
    if s.sdk:
        yield "SDK", redactor.show(str(s.sdk))
    if s.known:
        yield "known deviations", f"{len(s.known)} listed by the user"
    if s.strict:
        yield "known deviations", "judged without any list"


def checks(run: Run) -> Iterator[dict[str, Any]]:
    """Whether there was anything to judge, apart from how it was judged: `ok` is None where that was not asked."""
    redactor = run.learn()
    for j in run.judgements.values():
        if isinstance(j, ProviderJudgement) and not run.settings.replay:
            yield from _target(j)
        said = redactor.show(j.halted, 500) if j.halted else j.remark or f"{len(j.observer.results)} {j.cases} judged"
        yield _check(j.name, "observed to the end", j.halted is None, said)
    for name, sentence in run.missing.items():
        yield _check(name, "there to be judged", False, redactor.show(sentence, 500))


def _target(j: ProviderJudgement) -> Iterator[dict[str, Any]]:
    target_health, target = j.observer.target_health, j.observer.target
    yield _check(j.name, "reached", target_health.answers > 0, f"{target_health.answers} of {j.requests} requests were answered")
    if target_health.answers:
        wrong = target_health.no_endpoint(target.path)
        yield _check(j.name, "a refresh endpoint", wrong is None, wrong or f"answers at {target.path}")
    if target.anonymous:
        yield _check(j.name, "session accepted", None, "none was given (--refresh-anonymous)")
    elif target_health.logged_in:
        refused = f"{target_health.refused} of {target_health.logged_in} logged-in requests were answered 401 or 403"
        yield _check(j.name, "session accepted", not j.session_refused, refused)


def _check(implementation: str, what: str, ok: bool | None, said: str) -> dict[str, Any]:
    return {"implementation": implementation, "what": what, "ok": ok, "said": said}


def unverified(run: Run) -> Iterator[dict[str, str]]:
    """The rules that nothing in the run exercised, and what would."""
    rules = load().rules
    for j in run.judgements.values():
        for id, verdict in j.verdicts.items():
            if verdict in ("not-exercised", "blocked"):
                why = NEEDS_SESSION if verdict == "blocked" else f"exercised by {rules[id].exercised}"
                if id not in j.rules:
                    why = "it was not asked for"
                yield {"rule": id, "level": rules[id].level, "implementation": j.name, "verdict": verdict, "why": why}
