"""The gate and servers that mean harm: each run ends in time, in bounds, with a plain verdict, and keeps its secrets."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import HOSTILE
from tests.hostile import BEHAVIOURS
from tests.hostile.kit import NEXT, SESSION, TOKEN, Behave, Behaviour, Listener, flooding, honestly, listening, then_silent
from tests.hostile.ran import MOST_WORK, Ran, faults, forms, leaks, run_all
from tests.kit.forge import forge, order
from tests.kit.gates import environment

GROUPS = ["timing", "volume", "bombs", "framing", "redirects", "cookies", "JSON", "injection", "secrets", "TLS"]


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """The runs against the behaviours of all tests that were chosen, by id; some run at the same time."""
    chosen = [item.callspec.params.get("behaviour") for item in request.session.items if hasattr(item, "callspec")]
    return run_all([b for b in chosen if isinstance(b, Behaviour)], tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.id)
def test_hostile_server(runs: dict[str, Ran], behaviour: Behaviour, request: pytest.FixtureRequest) -> None:
    """The run ends by itself, in time and memory, with the right verdict; nothing leaks and nothing goes elsewhere."""
    ran = runs[behaviour.id]
    request.config.stash[HOSTILE].append(ran.row)
    if found := list(faults(ran)):
        pytest.fail("\n".join([behaviour.sentence, *found]), pytrace=False)


def test_there_are_enough_of_them() -> None:
    """Every group is there, no two behaviours share a name, and there are many."""
    assert {b.group for b in BEHAVIOURS} == {*GROUPS, "everything at once"}
    assert len({b.id for b in BEHAVIOURS}) == len(BEHAVIOURS) >= 60


# --- what judges the runs is not blind --------------------------------------------------------------------------------

REPORT = "refresh-report/report.json"
GOOD = Ran(
    Behaviour("group", "name", "It does nothing.", honestly(), frozenset({0, 10}), word="conf", shown="passed"),
    code=0,
    work=1.0,
    megabytes=90,
    foreign=(),
    connections=30,
    outstayed=0,
    mistakes=(),
    left={"stdout": b"30 passed\nconformant\n", "stderr": b"", REPORT: b"{}", "junit.xml": b"<a/>"},
)


def printed(text: bytes, last: bytes = b"conformant") -> dict[str, bytes]:
    """The same run with something else on the terminal."""
    return {**GOOD.left, "stdout": b"30 passed " + text + b"\n" + last + b"\n"}


FAULTY: dict[str, tuple[dict[str, Any], str]] = {
    "the wrong exit": ({"code": 1}, "exit 1"),
    "killed": ({"code": -9}, "killed"),
    "no request": ({"connections": 0}, "nothing was asked"),
    "an exchange without an end": ({"outstayed": 1}, "1 exchanges that it did not end"),
    "much work": ({"work": MOST_WORK + 1}, f"{MOST_WORK + 1:.0f} s of work"),
    "much memory": ({"megabytes": 300}, "300 MB"),
    "a visit elsewhere": ({"foreign": ("socket.connect: ['10.0.0.1', 80]",)}, "elsewhere"),
    "a broken behaviour": ({"mistakes": ("KeyError()",)}, "KeyError"),
    "a traceback": ({"left": printed(b"Traceback (most recent call last)")}, "Traceback"),
    "an internal error": ({"left": {**GOOD.left, "stderr": b"INTERNALERROR>"}}, "INTERNALERROR"),
    "no verdict": ({"left": printed(b"", b"conformant!")}, "no verdict"),
    "another last line": ({"left": printed(b"", b"incomplete: x")}, "in the last line"),
    "a word too few": ({"left": {**GOOD.left, "stdout": b"conformant\n"}}, "in the output"),
    "a workflow command": ({"left": printed(b"x ::error::y")}, "a command"),
    "an escape": ({"left": printed(b"\x1b[31m")}, "control character"),
    "a carriage return": ({"left": printed(b"\r")}, "control character"),
    "C1": ({"left": printed("\x9b".encode())}, "control character"),
    "right to left": ({"left": printed("\u202e".encode())}, "control character"),
    "XML that is none": ({"left": {**GOOD.left, "junit.xml": b"<a>\x01</a>"}}, "junit.xml cannot be read"),
    "JSON that is none": ({"left": {**GOOD.left, REPORT: b"{"}}, "report.json cannot be read"),
    "a secret in a file": ({"left": {**GOOD.left, "deep/file": SESSION.upper().encode()}}, "deep/file"),
}


def test_a_good_run_has_no_faults() -> None:
    """What the next test spoils is whole."""
    assert not list(faults(GOOD))


@pytest.mark.parametrize(("change", "said"), FAULTY.values(), ids=FAULTY)
def test_a_fault_of_a_run_is_seen(change: dict[str, Any], said: str) -> None:
    """Whatever no run may do is found, and named."""
    assert [fault for fault in faults(replace(GOOD, **change)) if said in fault]


@pytest.mark.parametrize("secret", [SESSION, TOKEN, NEXT], ids=["session", "token", "next session"])
def test_a_planted_leak_is_seen(secret: str) -> None:
    """A secret is found in every form, whatever stands around it."""
    for form in forms(secret):
        assert list(leaks({"stdout": f"x{form}y".encode()})), form


OUTSTAYING = {"silence": then_silent(), "an answer": honestly(), "a flood": flooding(b"", b"a")}


@pytest.mark.parametrize("behave", OUTSTAYING.values(), ids=OUTSTAYING)
def test_a_client_that_stays_is_seen(behave: Behave) -> None:
    """A server notes the client that neither reads to the end nor hangs up, and ends the connection itself."""
    with listening(Behaviour("group", "name", "It waits.", behave), "", patience=0.2) as listener, dialled(listener) as line:
        line.sendall(b"POST / HTTP/1.1\r\n\r\n")
        listener.settle(1)
    assert (listener.connections, listener.outstayed, listener.mistakes) == (1, 1, [])


@pytest.mark.parametrize("behave", OUTSTAYING.values(), ids=OUTSTAYING)
def test_a_client_that_hangs_up_is_seen_to(behave: Behave) -> None:
    """A client that hangs up at once has not outstayed, whatever the server was about to say."""
    with listening(Behaviour("group", "name", "It waits.", behave), "") as listener:
        with dialled(listener) as line:
            line.sendall(b"POST / HTTP/1.1\r\n\r\n")
        listener.settle(1)
    assert (listener.connections, listener.outstayed, listener.mistakes) == (1, 0, [])


def dialled(listener: Listener) -> socket.socket:
    """A connection to a server."""
    return socket.create_connection(("127.0.0.1", listener.port))


def test_a_behaviour_that_fails_is_seen() -> None:
    """An error of the server's own is not taken for hostility."""
    failing = Behaviour("group", "name", "It fails.", lambda peer, asked: peer.send(None))  # type: ignore[arg-type]
    with listening(failing, "") as listener, socket.create_connection(("127.0.0.1", listener.port), 5) as line:
        line.sendall(b"POST / HTTP/1.1\r\n\r\n")
        line.recv(1)
    assert "TypeError" in listener.mistakes[0]


TRAITOR = """
import socket, subprocess, sys, time

def test_own():
    socket.create_connection(("127.0.0.1", {port})).close()

def test_abroad():
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.connect(("127.0.0.2", 9))
    line.close()
    socket.getaddrinfo("localhost", 80)
    subprocess.run([sys.executable, "-c", ""])
"""


def test_the_forge_sees_what_a_run_does(tmp_path: Path) -> None:
    """Connections, look-ups and programs are told, but for the run's own target; memory is measured; what goes on is killed."""
    with socket.create_server(("127.0.0.1", 0)) as target:
        port = target.getsockname()[1]
        (tmp_path / "test_traitor.py").write_text(TRAITOR.replace("{port}", str(port)))
        (tmp_path / "test_endless.py").write_text("import time\n\ndef test_endless():\n    time.sleep(60)\n")
        (tmp_path / "test_large.py").write_text("def test_large():\n    large = bytes([120]) * int('200000000')\n")
        orders = []
        for name in ("traitor", "endless", "large"):
            (tmp_path / name).mkdir()
            argv = ["-p", "no:cacheprovider", str(tmp_path / f"test_{name}.py")]
            most = 2.0 if name == "endless" else 600.0
            home = tmp_path / name
            orders.append(order(name, home, home, argv, environment(), most=most, origin=["127.0.0.1", port]))
        told = forge(orders)
    abroad = told["traitor"]["foreign"]
    assert [line.partition(":")[0] for line in abroad] == ["socket.connect", "socket.getaddrinfo", "subprocess.Popen"], abroad
    assert "127.0.0.2" in abroad[0]
    assert "localhost" in abroad[1]
    assert told["traitor"]["code"] == 0
    assert told["endless"]["code"] < 0
    assert told["large"]["code"] == 0
    assert told["large"]["megabytes"] > told["traitor"]["megabytes"] + 150
