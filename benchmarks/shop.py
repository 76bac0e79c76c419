"""A healthy shop on a real socket for both sides of a benchmark. It records when each request arrived."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from contracts.provider.serving import serve
from contracts.provider.store import Store

BIN: Final = Path(sys.executable).parent


@dataclass
class Shop:
    """The address, the Cookie header of a customer, and the times at which requests arrived since the last `forget`."""

    url: str = ""
    cookie: str = field(default="", repr=False)
    came: list[float] = field(default_factory=list)

    def forget(self) -> None:
        """Start to count again."""
        self.came.clear()


@contextlib.contextmanager
def shop() -> Iterator[Shop]:
    """The built-in store without rotation, so that both sides can use one session without limit."""
    store, open_for = Store(rotate=False, session_ttl=1e9), Shop()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        open_for.came.append(time.perf_counter())
        await store.app(scope, receive, send)

    with serve(app) as url:
        open_for.url, open_for.cookie = url, store.log_in()
        yield open_for


@dataclass(frozen=True)
class Ran:
    """A finished command: seconds in all, seconds to its first request, and seconds from its first request to its last."""

    seconds: float
    to_first: float
    under_way: float
    requests: int
    megabytes: float
    out: str


def run(words: Sequence[str], at: Shop, folder: Path) -> Ran:
    """Run a command against the shop, in a folder of its own. RuntimeError: the command failed or sent nothing."""
    at.forget()
    # Bytecode is kept, as it is where nobody says otherwise: pip has compiled the other side, but no package installed with -e.
    left_out = ("REFRESH_", "PYTEST_", "GITHUB_", "CI", "PYTHONDONTWRITEBYTECODE")
    env = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    env |= {"REFRESH_COOKIE": at.cookie}
    with (folder / "out.txt").open("w+", encoding="utf-8") as out:
        begun = time.perf_counter()
        process = subprocess.Popen(list(words), cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read()
    if process.returncode or not at.came:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode} after {len(at.came)} requests:\n{said[-2000:]}")
    first, last = at.came[0], at.came[-1]
    return Ran(seconds, first - begun, last - first, len(at.came), used.ru_maxrss / 1024, said)


def gate(at: Shop, *words: str) -> list[str]:
    """The command line of the gate, for the shop's endpoint alone."""
    return [str(BIN / "pytest"), "--pyargs", "contracts", "-m", "provider", "--base-url", at.url, *words]
