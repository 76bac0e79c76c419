"""Servers whose TLS is untrusted, broken or a trap. Each certificate has a name here; `TRUSTED` are given to --refresh-ca."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import trustme

from tests.hostile.bombs import bomb_of
from tests.hostile.kit import (
    FAULTLESS,
    INCOMPLETE,
    Asked,
    Behave,
    Behaviour,
    Peer,
    always,
    dripping,
    honestly,
    http,
    then_silent,
)
from tests.hostile.timing import HEAD, SIZED

tls = partial(Behaviour, "TLS")
CA_FILE = "ca.pem"
TRUSTING = ("--refresh-ca", f"../{CA_FILE}")


def contexts(folder: Path) -> dict[str, ssl.SSLContext]:
    """A server's context for each name; the CA that is to be trusted is written to a folder."""
    known, unknown = trustme.CA(), trustme.CA()
    known.cert_pem.write_to_path(folder / CA_FILE)
    made = {
        "good": known.issue_cert("127.0.0.1"),
        "untrusted": unknown.issue_cert("127.0.0.1"),
        "expired": known.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)),
        "other-name": known.issue_cert("store.example"),
    }
    found = {}
    for name, certificate in made.items():
        found[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(found[name])
    found["self-signed"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with unknown.cert_pem.tempfile() as cert, unknown.private_key_pem.tempfile() as key:
        found["self-signed"].load_cert_chain(cert, key)
    found["old"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made["good"].configure_cert(found["old"])
    found["old"].maximum_version = ssl.TLSVersion.TLSv1_2
    found["old"].set_ciphers("AES128-SHA")  # no forward secrecy: a client of today refuses it
    return found


def hello(then: Behave) -> Behave:
    """Read the client's hello, then do something that is no TLS."""

    def behave(peer: Peer, asked: Asked) -> None:
        peer.line.recv(4096)
        then(peer, asked)

    return behave


def cut(peer: Peer, asked: Asked) -> None:
    """Half an answer, then the end of the connection without a word of TLS."""
    peer.send(SIZED, b"{")
    peer.reset()


RECORD = b"\x16\x03\x03"
ALERT = b"\x15\x03\x03\x00\x02\x02"
# A behaviour without a certificate speaks to the bare socket though its address is https.
PLAIN = "none"
TLS = (
    tls("untrusted", "A certificate of an unknown CA.", honestly(), INCOMPLETE, "--refresh-ca", tls="untrusted"),
    tls(
        "untrusted-with-ca",
        "The same while another CA is trusted.",
        honestly(),
        INCOMPLETE,
        "not trusted",
        tls="untrusted",
        options=TRUSTING,
    ),
    tls("self-signed", "A certificate that signed itself.", honestly(), INCOMPLETE, "not trusted", tls="self-signed"),
    tls("expired", "A certificate of 2020.", honestly(), INCOMPLETE, "expired", tls="expired", options=TRUSTING),
    tls("other-name", "A certificate for another name.", honestly(), INCOMPLETE, "127.0.0.1", tls="other-name", options=TRUSTING),
    tls("hello-silence", "Nothing after the hello.", then_silent(), INCOMPLETE, stalls=True, tls=PLAIN, raw=True),
    tls(
        "hello-drip",
        "A server hello byte by byte.",
        dripping(RECORD + b"\x40\x00", b"\x02", every=0.05),
        INCOMPLETE,
        stalls=True,
        tls=PLAIN,
        raw=True,
    ),
    tls(
        "hello-flood",
        "Handshake records without end.",
        hello(lambda peer, asked: peer.flood(RECORD + b"\x40\x00" + b"\0" * 0x4000)),
        INCOMPLETE,
        tls=PLAIN,
        raw=True,
    ),
    tls("hello-close", "Closes after the hello.", hello(always()), INCOMPLETE, tls=PLAIN, raw=True),
    tls("plain-http", "Plain HTTP where TLS is expected.", hello(always(http(b"{}"))), INCOMPLETE, tls=PLAIN, raw=True),
    tls(
        "plain-https",
        "An error page of a plain HTTP port.",
        hello(always(http(b"<p>Bad", status=b"400 Bad"))),
        INCOMPLETE,
        tls=PLAIN,
        raw=True,
    ),
    tls("alert", "An alert.", hello(always(ALERT + b"\x28")), INCOMPLETE, tls=PLAIN, raw=True),
    tls("https-on-http", "TLS records on a plain port.", always(RECORD + b"\0\x02\x01\0"), word="one-answer-in-time", raw=True),
    tls(
        "trusted",
        "A trusted certificate and an honest answer.",
        honestly(),
        FAULTLESS,
        "conformant",
        tls="good",
        options=TRUSTING,
    ),
    tls(
        "trusted-silence",
        "Trusted, then silent.",
        then_silent(),
        word="one-answer-in-time",
        stalls=True,
        tls="good",
        options=TRUSTING,
    ),
    tls(
        "trusted-drip-head",
        "Trusted, then a head that drips.",
        dripping(HEAD, b"X-More: 1\r\n", every=0.05),
        stalls=True,
        tls="good",
        options=TRUSTING,
    ),
    tls(
        "trusted-drip-body",
        "Trusted, then a body that drips.",
        dripping(SIZED, b" ", every=0.05),
        stalls=True,
        tls="good",
        options=TRUSTING,
    ),
    tls(
        "trusted-bomb",
        "Trusted, then a bomb.",
        always(http(bomb_of(1000), b"Content-Encoding: gzip")),
        tls="good",
        options=TRUSTING,
    ),
    tls("trusted-cut", "Trusted, then RST in the body.", cut, tls="good", options=TRUSTING),
    tls(
        "trusted-once",
        "Trusted and honest once, then only broken connections.",
        lambda peer, asked: honestly()(peer, asked) if asked.number == 1 else peer.reset(),
        tls="good",
        options=TRUSTING,
    ),
)
