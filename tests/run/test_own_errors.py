"""Faults on the way: connections that break, a worker that is killed, a full disk, an interrupt. The verdict stays honest."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.redaction.redacted import Redacted
from contracts.report import files, publish
from contracts.report.model import Report
from contracts.rules.verdict import Conclusion
from tests.kit.gates import Gate, environment
from tests.liars.kit import Answer, Asked, altered

QUICK = ("-m", "provider", "--refresh-max-requests", "30")
REPORT = Path("refresh-report") / files.DATA


@contextlib.contextmanager
def between(target: str, breaks: Callable[[int], str]) -> Iterator[str]:
    """A network in front of `target`. `breaks` says of the n-th connection what becomes of it: through, reset, or lost.

    `lost` passes the request on and drops the answer.
    """
    to = ("127.0.0.1", int(target.rpartition(":")[2]))
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def carry(peer: socket.socket, fate: str) -> None:
        with contextlib.suppress(OSError), peer, socket.create_connection(to) as far, selectors.DefaultSelector() as ready:
            if fate == "reset":
                peer.recv(1)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return
            ready.register(peer, selectors.EVENT_READ, far)
            ready.register(far, selectors.EVENT_READ, peer)
            while not stop.is_set():
                for key, _ in ready.select(0.2):
                    data = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                    if not data or (fate == "lost" and key.fileobj is far):
                        return
                    key.data.sendall(data)

    def accept() -> None:
        number = 0
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                number += 1
                threading.Thread(target=carry, args=(peer, breaks(number)), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.close()


def one_in_twenty(fate: str) -> Callable[[int], str]:
    """The tenth connection breaks, then every twentieth."""
    return lambda number: fate if number % 20 == 10 else "through"


def failed(report: dict[str, Any]) -> set[str]:
    """The rules that the report calls broken."""
    return {rule["id"] for rule in report["rules"] if "fail" in rule["verdicts"].values()}


# --- the network ------------------------------------------------------------------------------------------------------


def test_one_connection_in_twenty_that_is_reset_is_all_that_is_blamed(gate: Gate) -> None:
    """Customers would meet the resets too, so they are a finding, with its number; no other rule is blamed for them."""
    store = Store()
    with serve(store.app) as url, between(url, one_in_twenty("reset")) as shaky:
        ran = gate("-m", "provider", "--base-url", shaky, cookie=store.log_in())
    assert ran.code == 1
    assert failed(ran.report) == {"one-answer-in-time"}
    assert "in 5 of " in ran.out
    assert "first in number 10" in ran.out
    assert "the connection broke, nothing came" in ran.out


def test_an_answer_that_is_lost_with_a_new_session_is_not_held_against_the_store(gate: Gate) -> None:
    """The store replaced the session and the answer got lost: it may refuse the old one."""
    store = Store(grace=0)
    with serve(store.app) as url, between(url, one_in_twenty("lost")) as shaky:
        ran = gate("-m", "provider", "--base-url", shaky, cookie=store.log_in())
    assert ran.code == 1
    assert failed(ran.report) == {"one-answer-in-time"}
    assert "the session was lost with it; log in again" in ran.last


def test_a_fault_of_the_store_is_seen_through_a_network_that_breaks(gate: Gate) -> None:
    """What the provider does wrong is named beside what the network does."""
    store = Store()

    def dollars(asked: Asked, answer: Answer) -> bool:
        return asked.headers.get("currency") == "USD" and answer.status == 200

    def lie(a: Answer) -> Answer:
        return Answer(a.status, a.headers, a.body.replace(b'"success": true', b'"success": false'))

    with serve(altered(store.app, dollars, lie)) as url, between(url, one_in_twenty("reset")) as shaky:
        ran = gate("-m", "provider", "--base-url", shaky, cookie=store.log_in())
    assert ran.code == 1
    assert failed(ran.report) == {"one-answer-in-time", "success-flag-is-truthful"}


def test_connections_that_die_when_they_are_kept_do_no_harm(gate: Gate) -> None:
    """A server that promises to keep a connection and drops it breaks nothing: none is used twice."""
    store, seen = Store(), [0]

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen[0] += 1
        await store.app(scope, receive, send)

    with serve(app) as url, between(url, lambda number: "through") as network:
        ran = gate(*QUICK, "--base-url", network, cookie=store.log_in())
    assert ran.code == 0
    assert ran.report["requests"] == seen[0]


# --- the run ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def slow_store(seconds: float) -> Iterator[tuple[str, str, threading.Event]]:
    """A store that takes its time: address, session, and a flag that is up once it was asked ten times."""
    store, asked, number = Store(), threading.Event(), [0]

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        number[0] += 1
        if number[0] == 10:
            asked.set()
        await asyncio.sleep(seconds)
        await store.app(scope, receive, send)

    with serve(app) as url:
        yield url, store.log_in(), asked


def begun(folder: Path, *words: str, cookie: str) -> subprocess.Popen[str]:
    """The gate, started and not waited for."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "--pyargs", "contracts", "-m", "provider", *words],
        cwd=folder,
        env=environment(REFRESH_COOKIE=cookie),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_an_interrupted_run_says_that_it_is_incomplete(tmp_path: Path) -> None:
    """Ctrl-C ends the run with pytest's own exit code, and with a whole report that says so."""
    with slow_store(0.1) as (url, cookie, asked):
        process = begun(tmp_path, "--base-url", url, "--full-trace", "--showlocals", cookie=cookie)
        assert asked.wait(300)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=300)
    assert process.returncode == 2, out
    report = json.loads((tmp_path / REPORT).read_text("utf-8"))
    assert report["verdict"] == "incomplete"
    assert "the run was interrupted" in report["reason"]
    assert out.rstrip().rpartition("\n")[2].startswith("incomplete: ")
    assert cookie.partition("=")[2] not in out


def test_a_run_that_is_killed_leaves_no_report_of_another(tmp_path: Path) -> None:
    """The report of an earlier run is gone as soon as the next begins: nobody takes it for this one's."""
    (tmp_path / REPORT).parent.mkdir()
    (tmp_path / REPORT).write_text('{"verdict": "conformant"}')
    with slow_store(0.1) as (url, cookie, asked):
        process = begun(tmp_path, "--base-url", url, cookie=cookie)
        assert asked.wait(300)
        process.kill()
        process.communicate(timeout=300)
    assert list((tmp_path / REPORT).parent.iterdir()) == []


def test_looking_at_the_tests_leaves_the_report_alone(gate: Gate, tmp_path: Path) -> None:
    """--collect-only judges nothing and removes nothing."""
    (tmp_path / REPORT).parent.mkdir()
    (tmp_path / REPORT).write_text("of before")
    assert gate("-m", "provider", "--collect-only", "-q").code == 0
    assert (tmp_path / REPORT).read_text() == "of before"


def test_a_full_disk_costs_the_report_and_the_green_verdict(tmp_path: Path) -> None:
    """Where the report cannot be written whole, none is left, and a run that has nothing to show is not conformant."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--pyargs", "contracts", *QUICK, "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 10, done.stdout
    assert "no report: refresh-report cannot be written (File too large)" in done.stdout
    assert done.stdout.rstrip().endswith("incomplete: every rule holds, but the report cannot be written (File too large)")
    assert list((tmp_path / "refresh-report").iterdir()) == []


def test_a_broken_verdict_stays_one_without_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Non-conformant is said even where it cannot be written down."""
    taken = tmp_path / "taken"
    taken.write_text("")
    report = Redacted(Report("non-conformant", "a rule is broken"))
    monkeypatch.setattr(publish.json_report, "text", lambda report: {}["plum"])
    said = publish.end([publish.Account(report, tmp_path / "elsewhere")])
    assert said.conclusion == Conclusion("non-conformant", "a rule is broken")
    assert said.written.startswith("no report: it could not be made (KeyError at ")
    assert not (tmp_path / "elsewhere").exists()
    monkeypatch.undo()
    said = publish.end([publish.Account(report, taken)])
    assert said.conclusion == Conclusion("non-conformant", "a rule is broken")
    assert said.written == f"no report: {taken} cannot be written (File exists)"


def test_a_failing_test_beside_the_suite_is_not_hidden_without_a_terminal(gate: Gate, tmp_path: Path) -> None:
    """The exit code of a run with other tests in it does not depend on who prints."""
    (tmp_path / "test_other.py").write_text("def test_other(): assert False\n")
    other = ("-m", "not mock and not consumer and not sdk", "--refresh-max-requests", "30")
    ran = gate(*other, "-p", "no:terminal", what=("--pyargs", "contracts", "test_other.py"))
    assert ran.code == 1
    assert ran.report["verdict"] == "conformant"


def test_a_report_that_cannot_be_made_is_incomplete(gate: Gate, tmp_path: Path) -> None:
    """A fault of the suite itself at the end of a run is one sentence, not a traceback and not green."""
    (tmp_path / "conftest.py").write_text(
        "import pytest\n"
        "@pytest.fixture(autouse=True, scope='session')\n"
        "def broken():\n"
        "    from contracts.report import publish\n"
        "    def report(run):\n"
        "        raise ValueError('plum')\n"
        "    publish.report = report\n"
    )
    ran = gate(*QUICK)
    assert ran.code == 10
    assert "the report could not be made (ValueError at conftest.py:6); please report it" in ran.last
    assert "plum" not in ran.out
    assert ran.report["verdict"] == "incomplete"


# --- pytest-xdist -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dist", ["load", "loadfile"])
def test_one_worker_judges_all_of_it(gate: Gate, tmp_path: Path, dist: str) -> None:
    """With -n 2 the endpoint is asked no more than without, by one session, and there is one report."""
    store, asked = Store(), [0]

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        asked[0] += 1
        await store.app(scope, receive, send)

    (tmp_path / "test_other.py").write_text("def test_one(): pass\ndef test_two(): pass\n")
    with serve(app) as url:
        what = ("--pyargs", "contracts", "test_other.py")
        ran = gate("-n", "2", "--dist", dist, "-k", "provider or other", "--base-url", url, what=what, cookie=store.log_in())
    assert ran.code == 0, ran.out
    assert ran.last == "conformant"
    assert ran.report["implementations"][0]["requests"] == asked[0] <= 100


KILLS = """
import os, pathlib, signal
def pytest_runtest_call(item):
    done = pathlib.Path(__file__).with_name("killed")
    if item.name == "test_provider_rule[no-redirect-provider]" and not done.exists():
        done.touch()
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_that_is_killed_makes_the_run_incomplete(gate: Gate, tmp_path: Path) -> None:
    """What the dead worker had seen is lost: nobody says that all rules hold, or that one is broken."""
    (tmp_path / "killer.py").write_text(KILLS)
    store = Store()
    with serve(store.app) as url:
        ran = gate("-n", "2", "-p", "killer", *QUICK, "--base-url", url, cookie=store.log_in())
    assert (tmp_path / "killed").exists()
    assert ran.code == 10, ran.out
    assert "of pytest-xdist died in the middle of the suite; run it again" in ran.last
    assert ran.report["verdict"] == "incomplete"


def test_a_mistake_is_one_sentence_with_workers_too(gate: Gate) -> None:
    """Nothing is sent, and the exit code is that of a mistake."""
    ran = gate("-n", "2", *QUICK, "--base-url", "http://127.0.0.1:9")
    assert ran.code == 4
    assert ran.last.startswith("ERROR: --base-url needs a session")


def test_a_run_with_workers_but_without_the_suite_loads_no_report(gate: Gate, tmp_path: Path) -> None:
    """Whoever only has the package installed does not pay for its report when a run with pytest-xdist ends."""
    (tmp_path / "test_other.py").write_text("def test_one(): pass\n")
    (tmp_path / "conftest.py").write_text(
        "import sys\n"
        "def pytest_unconfigure(config):\n"
        "    print('loaded:', [name for name in sys.modules if name.startswith('contracts.report')])\n"
    )
    ran = gate("-n", "1", "-s", what=("test_other.py",))
    assert ran.code == 0
    assert "loaded: []" in ran.out
