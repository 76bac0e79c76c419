"""A line tells a person who waits how far a slow run has come, and nobody else."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.report.progress import Progress
from tests.kit.gates import Gate, environment
from tests.liars.build import altering, built
from tests.liars.changes import busy
from tests.liars.conditions import every, succeeded
from tests.liars.home import new_home

SLOW = ("-m", "provider", "--refresh-max-requests", "30", "--refresh-rate", "12")


class Shown:
    """A line that remembers what was on it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def show(self, text: str) -> None:
        self.texts.append(text)

    def clear(self) -> None:
        self.texts.append("")


def test_a_slow_run_tells_how_far_it_has_come() -> None:
    """Requests of the budget, what is sent, and the time left at the pace so far; a few times a second, and first after one."""
    clock, line = [0.0], Shown()
    progress = Progress(line, lambda: clock[0])
    for sent in range(1, 42):
        progress.tell("store", sent, 100, "bare")
        clock[0] += 0.05
    progress.end()
    assert line.texts[0] == "store: 21 of 100 requests, bare; about 4 s left"
    assert len(line.texts) == 1 + 5 + 1 - 1
    assert line.texts[-1] == ""


def test_a_quick_run_tells_nothing() -> None:
    """Nor does one that nobody watches."""
    line = Shown()
    progress = Progress(line, lambda: 0.0)
    for sent in range(1, 100):
        progress.tell("store", sent, 100, "bare")
    assert line.texts == []
    Progress(None).tell("store", 1, 100, "bare")
    Progress(None).say("something")
    Progress(None).end()


def on_a_terminal(folder: Path, *words: str, cookie: str) -> tuple[int, str]:
    """The exit code of a run in front of a terminal, and all that it wrote there."""
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "--pyargs", "contracts", *words],
        cwd=folder,
        env=environment(REFRESH_COOKIE=cookie, TERM="xterm", COLUMNS="120"),
        stdin=subprocess.DEVNULL,
        stdout=there,
        stderr=there,
    )
    os.close(there)
    said = b""
    with contextlib.suppress(OSError):  # the end of a terminal whose other side is closed
        while data := os.read(here, 65_536):
            said += data
    os.close(here)
    return process.wait(300), said.decode()


def screen(said: str) -> list[str]:
    """The lines as a terminal shows them in the end."""
    lines = []
    for raw in said.replace("\r\n", "\n").split("\n"):
        line = raw.rpartition("\r")[2]
        lines.append(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line))
    return lines


def test_a_person_sees_the_line_while_it_lasts(tmp_path: Path) -> None:
    """It is overwritten, and the line that pytest was writing is there again."""
    store = Store()
    with serve(store.app) as url:
        code, said = on_a_terminal(tmp_path, *SLOW, "--base-url", url, cookie=store.log_in())
    assert code == 0, said
    told = re.findall(r"\r\x1b\[2K127\.0\.0\.1:\d+: (\d+) of 30 requests, [^;]+; about \d+ s left", said)
    assert len(told) > 3
    assert told == sorted(told, key=int)
    shown = screen(said)
    assert not [line for line in shown if "of 30 requests" in line]
    assert next(line for line in shown if "test_provider.py" in line).count(".") > 10


def test_a_person_sees_why_nothing_happens(tmp_path: Path) -> None:
    """While the run waits for a limiter, the line says so."""
    home = built(new_home(), [altering(every(8, succeeded), busy(Retry_After="1"))])
    with serve(home.app) as url:
        code, said = on_a_terminal(tmp_path, *SLOW[:4], "--base-url", url, cookie=home.cookie)
    assert code == 0, said
    assert re.search(r"\r\x1b\[2K127\.0\.0\.1:\d+: waiting 1 s \(429\)", said)
    assert not [line for line in screen(said) if "waiting 1 s" in line]


def test_a_log_has_no_such_line(gate: Gate) -> None:
    """Where nobody sits in front of it, nothing is overwritten."""
    store = Store()
    with serve(store.app) as url:
        ran = gate(*SLOW, "--base-url", url, cookie=store.log_in())
    assert ran.code == 0
    assert "of 30 requests" not in ran.out + ran.err
    assert "\r" not in ran.out + ran.err
