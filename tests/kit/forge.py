"""Runs of the gate without the cost of starting one: a process imports everything once and forks for each.

    stdin    one JSON list of orders a line: {name, home, left, argv, environment, origin, megabytes, most}
    stdout   one JSON line for each run that is over: {name, code, work, megabytes, foreign}

A run works in the folder `home`; what it prints goes to the folder `left`. `work` is seconds of a processor. `foreign` is what
the run did beyond talking to its own origin: connections, names looked up, programs started; nothing is watched without an
origin. A run that takes longer than `most` seconds is killed; its code is then negative. Linux only, as `ru_maxrss` is in KiB.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

AT_ONCE = 8  # most of them wait
WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")


def prepare() -> None:
    """Import what every run needs. RuntimeError: a thread was started by it, and a fork would leave that behind."""
    import pytest

    # Collecting imports the plugins and the suite through pytest's own loader, which takes longer than all else.
    with tempfile.TemporaryDirectory() as empty, open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        before = os.getcwd()
        os.chdir(empty)
        code = pytest.main(["--pyargs", "contracts", "--collect-only", "-p", "no:cacheprovider"])
        os.chdir(before)
    if code:
        raise RuntimeError(f"the suite could not be collected: {code!r}")

    import contracts.provider.phases.generated
    import contracts.provider.phases.named
    import contracts.provider.phases.properties
    import contracts.provider.phases.sessions
    import contracts.report.terminal
    import contracts.run  # noqa: F401

    if threading.active_count() > 1:
        raise RuntimeError("an import started a thread")
    gc.collect()
    gc.freeze()


def target(event: str, args: tuple[Any, ...]) -> object:
    """Where an audited event leads: (host, port), or what was started; None for what stays within the machine."""
    if event == "socket.connect" or event == "socket.sendto":
        address = args[1]
        return list(address[:2]) if isinstance(address, tuple) else None  # a path or nothing: a socket of this machine
    if event == "socket.getaddrinfo":
        return [args[0], args[1]]
    return repr(args)[:200]


def run(order: dict[str, Any]) -> None:
    """What a fork does; never returns."""
    code = 99
    foreign: list[str] = []
    left = Path(order["left"])
    try:
        os.chdir(order["home"])
        sys.path[0] = order["home"]  # as with `python -m pytest`
        sys.argv = ["pytest", *order["argv"]]
        os.environ.clear()
        os.environ.update(order["environment"])
        if most := order["megabytes"]:
            resource.setrlimit(resource.RLIMIT_AS, (most << 20, most << 20))
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
        for number, path in ((0, os.devnull), (1, left / "stdout"), (2, left / "stderr")):
            os.dup2(os.open(path, os.O_RDONLY if number == 0 else flags, 0o600), number)

        def watch(event: str, args: tuple[Any, ...]) -> None:
            if event in WATCHED and (led := target(event, args)) not in (None, order["origin"]) and len(foreign) < 10:
                foreign.append(f"{event}: {led}")

        if order["origin"]:
            sys.addaudithook(watch)
        import pytest

        code = int(pytest.main(order["argv"]))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:
        os.write(2, f"Traceback of the forge: {error!r}".encode())
    finally:
        try:
            (left / "foreign.json").write_text(json.dumps(foreign))
        finally:
            os._exit(code)


def work(orders: list[dict[str, Any]]) -> None:
    """Keep `AT_ONCE` of the orders running, and tell of each that is over."""
    running: dict[int, tuple[dict[str, Any], float]] = {}
    while orders or running:
        while orders and len(running) < AT_ONCE:
            order = orders.pop(0)
            sys.stdout.flush()
            if (pid := os.fork()) == 0:
                run(order)
            running[pid] = order, time.monotonic()
        pid, status, used = os.wait4(-1, os.WNOHANG)
        if not pid:
            time.sleep(0.02)
            for late, (order, begun) in running.items():
                if time.monotonic() - begun > order["most"]:
                    os.kill(late, signal.SIGKILL)
            continue
        order, _ = running.pop(pid)
        seen = Path(order["left"]) / "foreign.json"
        done = {
            "name": order["name"],
            "code": os.waitstatus_to_exitcode(status),
            "work": round(used.ru_utime + used.ru_stime, 2),
            "megabytes": round(used.ru_maxrss / 1024),
            "foreign": json.loads(seen.read_text()) if seen.exists() else [],
        }
        print(json.dumps(done), flush=True)


# --- asking it --------------------------------------------------------------------------------------------------------


def order(
    name: str, home: Path, left: Path, argv: Sequence[str], environment: dict[str, str], *, most: float, **more: Any
) -> dict[str, Any]:
    """One run. More: `origin`, a host and a port; `megabytes`, the most address space, if there is a limit."""
    own = {"name": name, "home": str(home), "left": str(left), "argv": list(argv), "environment": environment, "most": most}
    return {**own, "origin": None, "megabytes": None, **more}


def forge(orders: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What became of each order, by name. The first call in a process starts the forge, which ends with it."""
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(orders) + "\n")
    process.stdin.flush()
    told = [json.loads(line) for line in (process.stdout.readline() for _ in orders) if line]
    assert len(told) == len(orders), "the forge has died; what it said stands above"
    return {one["name"]: one for one in told}


@cache
def _process() -> subprocess.Popen[str]:
    from tests.kit.gates import environment

    environ = environment()
    command = [sys.executable, "-m", "tests.kit.forge"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ, cwd=environ["PYTHONPATH"]
    )
    atexit.register(process.communicate)  # the end of its orders is the end of the forge
    return process


if __name__ == "__main__":
    prepare()
    for line in sys.stdin:
        work(json.loads(line))
