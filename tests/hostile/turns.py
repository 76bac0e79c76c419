"""Everything at once: servers that drip, bomb and echo by turns, so that no single guard is met alone."""

from __future__ import annotations

from functools import partial

from tests.hostile.bodies import says
from tests.hostile.bombs import bomb_of, packed
from tests.hostile.cookies import many_new
from tests.hostile.echoes import in_body, in_line, in_text, instead, percent
from tests.hostile.injection import in_error, in_page
from tests.hostile.kit import Asked, Behaviour, Peer, by_turns, dripping, flooding, honest, honestly, written
from tests.hostile.redirects import other, to
from tests.hostile.timing import CHUNKED, SIZED, reset

everything = partial(Behaviour, "everything at once", stalls=True, options=("--junitxml=junit.xml",))


def drip_with_session(peer: Peer, asked: Asked) -> None:
    """The session in a head that never ends."""
    peer.send(b"HTTP/1.1 200 OK\r\nX-Echo: " + asked.cookie.encode("latin-1") + b"\r\n")
    peer.drip(b"X-More: 1\r\n", every=0.05)


def bomb_behind_session(peer: Peer, asked: Asked) -> None:
    """The session in a header, a bomb as body."""
    packed(bomb_of(1000), b"gzip", b"X-Echo: " + asked.cookie.encode("latin-1"))(peer, asked)


def nasty_to_strangers(peer: Peer, asked: Asked) -> None:
    """Honest to the customer; strangers are dripped at."""
    if asked.logged_in:
        peer.send(written(asked, honest(asked)))
    else:
        dripping(SIZED, b" ", every=0.05)(peer, asked)


EVERYTHING = (
    everything(
        "drip-bomb-echo",
        "Drips, bombs and echoes the session, by turns.",
        by_turns(drip_with_session, bomb_behind_session, in_body(str)),
        word="one-answer-in-time",
    ),
    everything(
        "drip-bomb-echo-honest",
        "The same with honest answers between, so that nothing stops the run early.",
        by_turns(honestly(), drip_with_session, honestly(), bomb_behind_session, honestly(), in_line("X-Echo: {}")),
        word="one-answer-in-time",
        shown="[secret]",
    ),
    everything(
        "of-each-group",
        "One behaviour of each group, one after the other.",
        by_turns(
            in_text(percent),
            says("[" * 999_999),
            to(other),
            honestly(saying=many_new),
            in_page(b"\x1b[2J::error::x"),
            flooding(CHUNKED, b"1\r\na\r\n"),
            in_error("##teamcity[x]"),
            reset(b"HTTP/1.1 200"),
            instead("HTTP/1.1 {} OK\r\n\r\n"),
        ),
    ),
    everything(
        "nasty-to-strangers", "Honest to the customer, a tar pit for strangers.", nasty_to_strangers, word="one-answer-in-time"
    ),
)
