"""A run of the gate against a behaviour, over: what it did, and everything that no run may do."""

from __future__ import annotations

import base64
import html
import json
import re
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from tests.hostile.kit import NEXT, SESSION, TOKEN, Behaviour, Listener, listening
from tests.hostile.tls import PLAIN, contexts
from tests.kit.forge import forge, order
from tests.kit.gates import environment

MOST_WORK = 100.0  # seconds of a processor that a run may use; the hardest needs a tenth of it
MOST_MEGABYTES = 300
MOST_SECONDS = 600.0  # of one run; then it is killed
MOST_ADDRESSED = 2048  # megabytes of address space: a run that goes wild must not take the machine with it
_LAST = re.compile(r"conformant|(?:non-conformant|incomplete): .+")
_NAME = re.compile(r"127\.0\.0\.1:\d+: ")  # it differs from run to run
_COMMANDS = ("::error", "::set-output", "::add-mask", "::stop-commands", "##vso[", "##[", "##teamcity[")
# What changes how text is shown: C0 but for LF, DEL, C1, the bidirectional controls, line and paragraph separators.
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Ran:
    """`work`: seconds of a processor that it used; `outstayed`: connections that it left for the server to end.

    `foreign`: where else it went; `left`: what it wrote, by place.
    """

    behaviour: Behaviour
    code: int
    work: float
    megabytes: int
    foreign: tuple[str, ...]
    connections: int
    outstayed: int
    mistakes: tuple[str, ...]
    left: dict[str, bytes]

    @property
    def shown(self) -> str:
        """What was printed."""
        return (self.left["stdout"] + self.left["stderr"]).decode("utf-8", "backslashreplace")

    @property
    def last(self) -> str:
        """The last line on the terminal."""
        return self.left["stdout"].decode("utf-8", "backslashreplace").rstrip("\n").rpartition("\n")[2]

    @property
    def row(self) -> str:
        """A line of the table."""
        b = self.behaviour
        numbers = f"{self.code:>4} {self.connections:>8} {self.work:>5.1f} {self.megabytes:>4}"
        return f"{b.group:18} {b.name:22} {numbers}  {_NAME.sub('', self.last)[:60]}"


HEADING = f"{'group':18} {'behaviour':22} {'exit':>4} {'requests':>8} {'work':>5} {'MB':>4}  last line"


def faults(ran: Ran) -> Iterator[str]:
    """Everything that is wrong with a run, in words; a run that stood its behaviour yields nothing."""
    b = ran.behaviour
    if ran.mistakes:
        yield f"the behaviour itself failed: {ran.mistakes[0]}"
    if not ran.connections:
        yield "nothing was asked"
    if ran.code not in b.exits:
        yield f"exit {ran.code}, not {' or '.join(map(str, sorted(b.exits)))}: {ran.last[:200]}"
    if not _LAST.fullmatch(ran.last):
        yield f"no verdict in the last line: {ran.last[:200]!r}"
    if b.word not in ran.last:
        yield f"no {b.word!r} in the last line: {ran.last[:200]}"
    if b.shown not in ran.shown:
        yield f"no {b.shown!r} in the output"
    if ran.outstayed:
        yield f"{ran.outstayed} exchanges that it did not end"
    if ran.code < 0:
        yield "it did not end and was killed"
    if ran.work > MOST_WORK:
        yield f"{ran.work:.0f} s of work"
    if ran.megabytes >= MOST_MEGABYTES:
        yield f"{ran.megabytes} MB of memory"
    if ran.foreign:
        yield f"it went elsewhere: {', '.join(ran.foreign)}"
    yield from said_wrongly(ran.shown)
    yield from leaks(ran.left)
    yield from unreadable(ran.left)


def said_wrongly(shown: str) -> Iterator[str]:
    """What must not be printed, whatever a server said."""
    yield from (f"{word} in the output" for word in ("Traceback", "INTERNALERROR") if word in shown)
    yield from (f"a command in the output: {word}" for word in _COMMANDS if word in shown)
    if found := _CONTROLS.search(shown):
        yield f"a control character in the output: {shown[max(0, found.start() - 40) : found.end() + 20]!r}"


def forms(secret: str) -> Iterator[str]:
    """The forms in which a secret could be printed: none may be found, whether in capitals or not."""
    raw = secret.encode()
    yield from (secret, raw.hex(), raw.hex(" "), raw.hex(":"), html.escape(secret), secret.replace("/", "\\/"))
    coded = quote(secret, safe="")
    yield from (coded, quote(coded, safe=""), quote(quote(coded, safe=""), safe=""), "".join(f"%{byte:02x}" for byte in raw))
    for width in ("\\u{:04x}", "\\\\u{:04x}", "\\x{:02x}", "&#{};", "&#x{:x};"):
        yield "".join(width.format(ord(c)) for c in secret)
    yield "".join(f"&#{ord(c)};" if n % 2 else f"&#x{ord(c):x};" for n, c in enumerate(secret))
    for before in range(3):
        # The inner part: what stands around the secret decides the characters at its ends.
        packed = base64.b64encode(b"x" * before + raw)[4:-6].decode()
        yield from (packed, packed.replace("+", "-").replace("/", "_"))


HALVES = (SESSION[: len(SESSION) // 2], SESSION[len(SESSION) // 2 :])
SPELLED = [form.lower().encode() for secret in (SESSION, TOKEN, NEXT) for form in forms(secret)]
SPELLED += [half.lower().encode() for half in HALVES]


def leaks(left: dict[str, bytes]) -> Iterator[str]:
    """Where a secret was left behind, in whatever form."""
    for place, content in left.items():
        content = content.lower()
        for form in SPELLED:
            if (at := content.find(form)) >= 0:
                yield f"a secret in {place}: …{content[max(0, at - 30) : at + len(form) + 10]!r}"
                break


def unreadable(left: dict[str, bytes]) -> Iterator[str]:
    """Files for machines that no machine can read."""
    readers: dict[str, Any] = {".json": json.loads, ".xml": ElementTree.fromstring}
    for place, content in left.items():
        if reader := readers.get(Path(place).suffix):
            try:
                reader(content)
            except Exception as error:
                yield f"{place} cannot be read: {error}"


# --- running ----------------------------------------------------------------------------------------------------------


def words_for(listener: Listener) -> list[str]:
    """The command line of a run."""
    usual = ["--pyargs", "contracts", "-m", "provider", "--base-url", listener.url, "-vv", "--showlocals"]
    return [
        *usual,
        "--refresh-max-requests",
        "30",
        "--refresh-deadline",
        f"{listener.behaviour.deadline:g}",
        *listener.behaviour.options,
    ]


def run_all(behaviours: Iterable[Behaviour], folder: Path) -> dict[str, Ran]:
    """Run the gate against each behaviour, some at a time; by id."""
    with ExitStack() as stack:
        elsewhere = stack.enter_context(closing(_Elsewhere()))
        known = contexts(folder)
        listeners = {
            b.id: stack.enter_context(listening(b, elsewhere.address, known.get(b.tls) if b.tls != PLAIN else None))
            for b in behaviours
        }
        orders = []
        for number, (id, listener) in enumerate(listeners.items()):
            own = folder / str(number)
            own.mkdir()
            (own / "ca.pem").write_bytes((folder / "ca.pem").read_bytes())
            home = own / "home"
            home.mkdir()
            environ = environment(REFRESH_COOKIE=f"session={SESSION}")
            limits = {"most": MOST_SECONDS, "megabytes": MOST_ADDRESSED, "origin": ["127.0.0.1", listener.port]}
            orders.append(order(id, home, own, words_for(listener), environ, **limits))
        done = forge(orders)
        folders = {one["name"]: Path(one["left"]) for one in orders}
        visits = elsewhere.visits
        found = {}
        for id, listener in listeners.items():
            listener.close()
            found[id] = _ran(listener, folders[id], done[id], visits)
    return found


def _ran(listener: Listener, folder: Path, told: dict[str, Any], visits: list[str]) -> Ran:
    left = {name: (folder / name).read_bytes() for name in ("stdout", "stderr")}
    home = folder / "home"
    left |= {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return Ran(
        listener.behaviour,
        told["code"],
        told["work"],
        told["megabytes"],
        (*told["foreign"], *visits),
        listener.connections,
        listener.outstayed,
        tuple(listener.mistakes),
        left,
    )


class _Elsewhere:
    """Another origin: it listens, and remembers who came."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.visits: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            line.close()
            self.visits.append(f"a visit to {self.address}")

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
