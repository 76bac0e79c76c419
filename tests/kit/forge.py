"""Runs of the gate without the cost of starting one: this process imports everything once and forks for each.

    stdin    one JSON list of orders: {name, folder, words, environment, origin, most}
    stdout   one JSON line for each run that is over: {name, code, work, megabytes, foreign}

`work` is seconds of a processor. `foreign` is whatever the run did beyond talking to its own origin: connections, names looked
up, programs started. A run that takes longer than `most` seconds is killed; its code is then negative. Linux only, as `ru_maxrss`
is in KiB.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

AT_ONCE = 8  # most of them wait
MOST_MEMORY = 2 << 30  # bytes of address space: a run that goes wild must not take the machine with it
WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")


def prepare() -> None:
    """Import what every run needs. RuntimeError: a thread was started by it, and a fork would leave that behind."""
    import pytest

    import contracts.provider.phases.generated
    import contracts.provider.phases.named
    import contracts.provider.phases.properties
    import contracts.provider.phases.sessions
    import contracts.report.terminal
    import contracts.run  # noqa: F401

    # Collecting imports the plugins and the suite through pytest's own loader, which takes longer than all else.
    with tempfile.TemporaryDirectory() as empty, open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        before = os.getcwd()
        os.chdir(empty)
        code = pytest.main(["--pyargs", "contracts", "-m", "provider", "--collect-only", "-p", "no:cacheprovider"])
        os.chdir(before)
    if code:
        raise RuntimeError(f"the suite could not be collected: {code!r}")
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
    try:
        folder = Path(order["folder"])
        home = folder / "home"
        home.mkdir()
        os.chdir(home)
        os.environ.clear()
        os.environ.update(order["environment"])
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
        for number, path in ((0, os.devnull), (1, folder / "stdout"), (2, folder / "stderr")):
            os.dup2(os.open(path, os.O_RDONLY if number == 0 else flags, 0o600), number)

        def watch(event: str, args: tuple[Any, ...]) -> None:
            if event in WATCHED and (led := target(event, args)) not in (None, order["origin"]) and len(foreign) < 10:
                foreign.append(f"{event}: {led}")

        sys.addaudithook(watch)
        import pytest

        code = int(pytest.main(order["words"]))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:
        os.write(2, f"Traceback of the forge: {error!r}".encode())
    finally:
        try:
            (Path(order["folder"]) / "foreign.json").write_text(json.dumps(foreign))
        finally:
            os._exit(code)


def main() -> None:
    """Take the orders, keep `AT_ONCE` of them running, tell of each that is over."""
    orders = json.load(sys.stdin)
    prepare()
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
        seen = Path(order["folder"]) / "foreign.json"
        done = {
            "name": order["name"],
            "code": os.waitstatus_to_exitcode(status),
            "work": round(used.ru_utime + used.ru_stime, 2),
            "megabytes": round(used.ru_maxrss / 1024),
            "foreign": json.loads(seen.read_text()) if seen.exists() else [],
        }
        print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
