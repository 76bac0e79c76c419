"""Answers whose parts do not fit together, and what is no HTTP at all."""

from __future__ import annotations

from functools import partial

from tests.hostile.kit import FAULTLESS, Asked, Behave, Behaviour, Peer, always, honest, honestly, http, written
from tests.hostile.timing import CHUNKED, HEAD, reset

framing = partial(Behaviour, "framing")
BODY = b'{"status": 200, "success": true, "data": {"token": "t"}}'
SIZE = str(len(BODY)).encode()
BROKEN = "one-answer-in-time"


def lengths(*values: bytes) -> Behave:
    """A body with these lengths stated."""
    return always(http(BODY, *(b"Content-Length: " + value for value in values), sized=False))


def chunks(raw: bytes) -> Behave:
    """A chunked body as given."""
    return always(CHUNKED + raw)


def status(line: bytes) -> Behave:
    """An answer with this status line."""
    return always(http(BODY).replace(b"HTTP/1.1 200 OK", line, 1))


def header(*lines: bytes) -> Behave:
    """An answer with these lines in its head."""
    return always(http(BODY, *lines))


def spelled(old: bytes, new: bytes) -> Behave:
    """The honest answer, its bytes changed."""
    return lambda peer, asked: peer.send(written(asked, honest(asked)).replace(old, new))


def twice(peer: Peer, asked: Asked) -> None:
    """The honest answer, and a forged one behind it."""
    peer.send(written(asked, honest(asked)), http(b'{"status": 500, "success": false}', status=b"500 No"))


FRAMING = (
    framing("both-lengths", "Content-Length and chunked.", always(http(b"2\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"))),
    framing("two-lengths", "Two lengths that differ.", lengths(SIZE, b"5"), word=BROKEN),
    framing("length-negative", "A negative length.", lengths(b"-5"), word=BROKEN),
    framing("length-hex", "A length in hex.", lengths(b"0x10"), word=BROKEN),
    framing("length-arabic", "A length in digits that are no ASCII.", lengths("٥".encode()), word=BROKEN),
    framing("length-of-5000-digits", "A length that no integer is read from.", lengths(b"9" * 5000), word=BROKEN),
    framing("length-too-long", "Less of a body than was said.", lengths(b"5000"), word=BROKEN),
    framing("length-too-short", "More of a body than was said.", lengths(b"5"), word="body-is-strict-json"),
    framing("chunk-overflow", "A chunk size beyond 64 bits.", chunks(b"1" + b"0" * 16 + b"\r\n{}\r\n0\r\n\r\n"), word=BROKEN),
    framing("chunk-no-hex", "A chunk size that is no number.", chunks(b"zz\r\n{}\r\n0\r\n\r\n"), word=BROKEN),
    framing("chunk-cut", "A chunk that ends too early.", chunks(b"ff\r\n{}"), word=BROKEN),
    framing("coding-unknown", "An unknown transfer coding.", always(http(BODY, b"Transfer-Encoding: cow", sized=False))),
    framing("bare-lf", "An honest answer with bare LF as line ends.", spelled(b"\r\n", b"\n"), frozenset({0, 1})),
    framing("bare-cr", "CR alone as line ends.", always(http(BODY).replace(b"\r\n", b"\r")), word=BROKEN),
    framing("folded", "A header folded over lines.", header(b"X-Folded: a\r\n\tb\r\n c")),
    framing("nul-in-header", "A NUL in a header.", header(b"X-Nul: a\0b"), word=BROKEN),
    framing("blank-before-colon", "A blank before a colon.", header(b"X-Blank : 1"), word=BROKEN),
    framing("no-colon", "A header without a colon.", header(b"X-None"), word=BROKEN),
    framing("latin-header", "Header values in bytes of no encoding.", honestly(b"X-Bytes: \xff\xfe\x80\xc3"), FAULTLESS),
    framing("http-0.9", "A body without a head.", always(BODY), word=BROKEN),
    framing("http-2", "The preface of HTTP/2.", always(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0"), word=BROKEN),
    framing("status-000", "Status 000.", status(b"HTTP/1.1 000 OK"), word=BROKEN),
    framing("status-99", "Status 99.", status(b"HTTP/1.1 99 OK"), word=BROKEN),
    framing("status-1000", "Status 1000.", status(b"HTTP/1.1 1000 OK"), word=BROKEN),
    framing("status-abc", "Status abc.", status(b"HTTP/1.1 abc OK"), word=BROKEN),
    framing(
        "upgrade-101",
        "101, and another protocol.",
        always(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello"),
    ),
    framing("second-answer", "A forged answer behind an honest one.", twice, word=BROKEN),
    framing("body-for-204", "204 with a body.", always(http(BODY, status=b"204 No Content"))),
    framing(
        "head-with-body",
        "A body for HEAD too.",
        lambda peer, asked: peer.send(
            written(
                asked if asked.method != "HEAD" else Asked(asked.number, asked.elsewhere, "GET", asked.headers), honest(asked)
            )
        ),
        FAULTLESS,
    ),
    framing("icy", "A radio station.", always(b"ICY 200 OK\r\nicy-name: noise\r\n\r\n"), word=BROKEN),
    framing("ssh", "An SSH server.", always(b"SSH-2.0-OpenSSH_9.9\r\n"), raw=True, word=BROKEN),
    framing("reset-mid-body", "RST in the middle of the body.", reset(HEAD + b"Content-Length: 500\r\n\r\n{"), word=BROKEN),
    framing(
        "reset-after-all",
        "RST right behind an honest answer.",
        lambda peer, asked: reset(written(asked, honest(asked)))(peer, asked),
        frozenset({0, 1}),
    ),
)
