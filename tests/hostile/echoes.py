"""Answers that repeat the session, or a token, in every form in which it might slip through."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from tests.hostile.kit import FAULTLESS, SESSION, TOKEN, Asked, Behave, Behaviour, Peer, honest, honestly, http, written

secrets = partial(Behaviour, "secrets", options=("--junitxml=junit.xml",))
Spell = Callable[[str], str]


def percent(text: str) -> str:
    """Every byte percent-coded."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def escaped(text: str) -> str:
    """Every letter as JSON may write it."""
    return "".join(f"\\u{ord(c):04x}" for c in text)


def entities(text: str) -> str:
    """Every letter as HTML may write it."""
    return "".join(f"&#{ord(c)};" if n % 2 else f"&#x{ord(c):X};" for n, c in enumerate(text))


def base64_after(before: int) -> Spell:
    """Base64, with so many bytes before the secret."""
    return lambda text: base64.b64encode(b"-" * before + text.encode()).decode()


def in_body(spell: Spell) -> Behave:
    """The Cookie header, spelled somehow, as `error` of a refusal: the report quotes it in a finding and shows the body."""

    def behave(peer: Peer, asked: Asked) -> None:
        body = f'{{"status": 400, "success": false, "error": "{spell(asked.cookie)}"}}'
        peer.send(http(body.encode(), status=b"400 No"))

    return behave


def in_text(spell: Spell) -> Behave:
    """The same in what is no JSON."""
    return lambda peer, asked: peer.send(http(spell(asked.cookie).encode(), status=b"400 No"))


def in_line(line: str) -> Behave:
    """The Cookie header in a line of the head, of an answer that breaks a rule."""
    return lambda peer, asked: peer.send(http(b"{}", line.format(asked.cookie).encode("latin-1")))


def instead(raw: str) -> Behave:
    """Bytes with the Cookie header in them, instead of an answer."""
    return lambda peer, asked: peer.send(raw.format(asked.cookie).encode("latin-1"))


def jwt_like(text: str) -> str:
    """The secret as the payload of something signed."""
    packed = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in ('{"alg":"none"}', text, "signature")]
    return ".".join(packed)


def earlier_token(peer: Peer, asked: Asked) -> None:
    """Refuses strangers with the token that the customer got last."""
    answer = honest(asked)
    if answer.status == 401:
        body = json.loads(answer.body) | {"error": f"not {TOKEN}-{asked.number - 1}"}
        peer.send(http(json.dumps(body).encode(), status=b"401 No"))
    else:
        peer.send(written(asked, answer))


def token_in_head(asked: Asked) -> tuple[bytes, ...]:
    """The token of this very answer."""
    return (f"X-Token: {TOKEN}-{asked.number}".encode(),)


def cut_token(peer: Peer, asked: Asked) -> None:
    """An honest answer that ends within its token."""
    body = honest(asked).body
    at = body.find(TOKEN.encode()) + len(TOKEN) + 1
    peer.send(http(body[:at] if TOKEN.encode() in body else body))


def padded(before: int) -> Spell:
    """The secret behind so much text that the report is cut short within it."""
    return lambda text: "x" * before + text


SECRETS = (
    secrets("plain", "As it is.", in_body(str), shown="[secret]"),
    secrets("in-text", "As it is, in what is no JSON.", in_text(str), shown="[secret]"),
    *(
        secrets(f"base64-{n}", f"Base64, {n} bytes behind a boundary.", in_body(base64_after(n)), shown="[secret]")
        for n in range(3)
    ),
    secrets(
        "base64url",
        "Base64 for URLs.",
        in_body(lambda t: base64.urlsafe_b64encode(t.encode()).decode().rstrip("=")),
        shown="[secret]",
    ),
    secrets(
        "base64-in-lines",
        "Base64 in lines of 20.",
        in_text(lambda t: "\n".join(base64_after(0)(t)[at : at + 20] for at in range(0, 200, 20))),
    ),
    secrets("hex", "Hex.", in_body(lambda t: t.encode().hex()), shown="[secret]"),
    secrets("hex-with-blanks", "Hex, as a dump shows it.", in_body(lambda t: t.encode().hex(" "))),
    secrets("percent", "Percent-coded where a URL needs it.", in_body(partial(quote, safe="")), shown="[secret]"),
    secrets("percent-twice", "Percent-coded twice.", in_body(lambda t: quote(quote(t, safe=""), safe="")), shown="[secret]"),
    secrets("percent-thrice", "Percent-coded three times.", in_body(lambda t: quote(quote(quote(t, safe=""), safe=""), safe=""))),
    secrets("escapes", "Every letter as \\u.", in_body(escaped)),
    secrets("escaped-slashes", "Slashes with a backslash.", in_body(lambda t: t.replace("/", "\\/")), shown="[secret]"),
    secrets(
        "entities",
        "As HTML writes special characters.",
        in_body(lambda t: html.escape(t).replace("/", "&#x2F;").replace("=", "&equals;")),
        shown="[secret]",
    ),
    secrets("jwt-like", "As the payload of something like a JWT.", in_body(jwt_like)),
    secrets(
        "nested-json", "As JSON in a string in JSON.", in_body(lambda t: json.dumps(json.dumps({"c": t}))[1:-1]), shown="[secret]"
    ),
    secrets(
        "gzipped",
        "In a gzipped body.",
        lambda peer, asked: peer.send(http(gzip.compress(asked.cookie.encode()), b"Content-Encoding: gzip", status=b"400 No")),
        shown="[secret]",
    ),
    secrets("often", "A thousand times.", in_text(lambda t: t * 1000), shown="[secret]"),
    *(
        secrets(f"at-{n}", f"Behind {n:,} letters, where something is cut short.", in_text(padded(n)))
        for n in (70, 285, 385, 16_370, 65_520)
    ),
    secrets("header", "In a header.", in_line("X-Echo: {}"), shown="[secret]"),
    secrets(
        "content-type",
        "As content type.",
        lambda peer, asked: peer.send(http(b"{}").replace(b"application/json", asked.cookie.encode() or b"x")),
    ),
    secrets(
        "location",
        "In Location.",
        lambda peer, asked: peer.send(http(b"", b"Location: /x?" + asked.cookie.encode(), status=b"302 Go")),
        word="no-redirect",
        shown="[secret]",
    ),
    secrets("reason", "As reason phrase.", lambda peer, asked: peer.send(http(b"{}", status=b"200 " + asked.cookie.encode()))),
    secrets(
        "status-line", "In a status line that no parser takes.", instead("HTTP/1.1 {} OK\r\n\r\n"), word="one-answer-in-time"
    ),
    secrets("bad-header", "In a header that no parser takes.", in_line("no colon {}"), word="one-answer-in-time"),
    secrets(
        "bad-length", "As Content-Length.", instead("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n"), word="one-answer-in-time"
    ),
    secrets("bad-coding", "As Content-Encoding.", in_line("Content-Encoding: {}"), word="one-answer-in-time"),
    secrets(
        "retry-after",
        "As Retry-After.",
        lambda peer, asked: peer.send(
            http(b'{"status": 429, "success": false, "error": {}}', b"Retry-After: " + asked.cookie.encode(), status=b"429 No")
        ),
        frozenset({10}),
    ),
    secrets(
        "other-cookie",
        "As the value of another cookie.",
        honestly(saying=lambda asked: (b"Set-Cookie: copy=" + base64.b64encode(asked.cookie.encode()),)),
        FAULTLESS,
    ),
    secrets("earlier-token", "The token of an earlier answer, to strangers.", earlier_token),
    secrets("token-in-head", "The token in a header too.", honestly(saying=token_in_head), FAULTLESS, shown="token-only-in-body"),
    secrets("token-cut", "A body that ends within its token.", cut_token, word="body-is-strict-json"),
    secrets(
        "token-elsewhere",
        "A token under names that nobody documented.",
        honestly(
            change=lambda body, asked: {
                "status": 200,
                "success": False,
                "accessToken": f"{TOKEN}-a",
                "jwt": {"refresh_token": f"{TOKEN}-b"},
                "TOKEN": f"{TOKEN}-c",
            }
        ),
    ),
    secrets(
        "token-escaped",
        "A token in \\u escapes.",
        lambda peer, asked: peer.send(
            http(f'{{"status": 200, "success": "x", "data": {{"token": "{escaped(TOKEN)}"}}}}'.encode())
        ),
    ),
    secrets(
        "token-in-list",
        "Tokens in a list.",
        honestly(change=lambda body, asked: {"status": 200, "success": 0, "tokens": [f"{TOKEN}-a", {"token": [f"{TOKEN}-b"]}]}),
    ),
    secrets("half", "Half of the session.", in_text(lambda t: t[: len("session=") + len(SESSION) // 2])),
)
