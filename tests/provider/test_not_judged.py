"""Targets that cannot be judged: whoever answers in their place gets a sentence of its own, with the option that helps."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from contracts.judge import judge_provider
from contracts.provider.target import Target
from contracts.redaction.redactor import Redactor
from tests.kit.fake_target import FakeClock
from tests.kit.slow_targets import UNAVAILABLE, always, judged, page
from tests.liars.build import Layer, altering
from tests.liars.conditions import posted
from tests.liars.kit import PATH, Answer, Asked, written


def redirect(status: int, to: str) -> Layer:
    """Every request is redirected, with an HTML page as servers write it; `HOST` stands for the host that was asked."""

    def answer(asked: Asked) -> Answer:
        return page(status, f"{status} Redirect", location=to.replace("HOST", asked.headers["host"]))

    return always(answer)


def refusal(status: int, value: object) -> Layer:
    """Every POST is refused so, whoever sends it."""
    return altering(posted, lambda answer: Answer(status, (("content-type", "application/json"),), written(value)))


REFUSED = {"status": 401, "success": False, "error": {}}
CHALLENGE = page(403, "Just a moment...", cf_mitigated="challenge", server="cloudflare")
CASES: dict[str, tuple[Layer, tuple[str, ...]]] = {
    "nginx's 502": (always(lambda asked: page(502, "502 Bad Gateway")), ("502", "behind the gateway", "start")),
    "a maintenance page": (always(lambda asked: UNAVAILABLE), ("503", "maintenance", "--refresh-rate")),
    "to https": (
        redirect(301, "https://HOST/auth/refresh"),
        ("redirect to https://127.0.0.1:", "give --base-url https://127.0.0.1:"),
    ),
    "to a slash": (redirect(308, "/auth/refresh/"), ("redirect to http://127.0.0.1:", "--refresh-path /auth/refresh/")),
    "to a slash, with a query": (redirect(307, "HOST/auth/refresh/?a=secret"[4:]), ("--refresh-path /auth/refresh/",)),
    "to another host": (redirect(302, "https://www.store.example/auth/refresh"), ("--base-url https://www.store.example",)),
    "to another host and a slash": (
        redirect(302, "https://www.store.example/ar/auth/refresh/"),
        ("--base-url https://www.store.example/ar and --refresh-path /auth/refresh/",),
    ),
    "to a page": (redirect(302, "/login"), ("HTML page", "--refresh-path")),
    "a challenge": (always(lambda asked: CHALLENGE), ("firewall's challenge (cf-mitigated: challenge)", "REFRESH_HEADERS")),
    "no endpoint": (always(lambda asked: page(404, "404 Not Found")), ("404", PATH, "--refresh-path")),
    "a wiki": (always(lambda asked: page(200, "Welcome")), ("HTML page", "--base-url")),
    "a missing CSRF token": (
        refusal(403, {"status": 403, "success": False, "error": {"code": "forbidden", "message": "Missing CSRF token"}}),
        ('HTTP 403) every time, the last time with "Missing CSRF token"', "XSRF-TOKEN", "REFRESH_HEADERS"),
    ),
    "Laravel's 419": (refusal(419, {**REFUSED, "status": 419, "message": ""}), ("HTTP 419", "XSRF-TOKEN")),
    "Django's page": (
        always(lambda asked: page(403, "CSRF verification failed. Request aborted.")),
        ('HTML page ("CSRF verification failed. Request aborted.")', "XSRF-TOKEN", "REFRESH_HEADERS"),
    ),
    "logged out": (
        refusal(401, {**REFUSED, "detail": "Signature has expired"}),
        ('"Signature has expired"', "log in again", "REFRESH_COOKIE"),
    ),
    "logged out, no word": (refusal(401, REFUSED), ("HTTP 401) every time; log in again",)),
}


@pytest.mark.parametrize(("layer", "words"), CASES.values(), ids=CASES)
def test_a_target_that_cannot_be_judged_has_a_sentence(layer: Layer, words: tuple[str, ...]) -> None:
    """It names what answers and what to do, nobody is called non-conformant, and little is sent."""
    judgement = judged([layer], FakeClock())
    assert judgement.verdict == "incomplete", judgement.reason
    said = judgement.reason or ""
    for word in words:
        assert word in said
    assert "secret" not in said
    assert judgement.requests <= 10


@pytest.mark.parametrize("text", ["\x1b[31mred\x07", "::error::boo", "session=hush-hush-canary and more", "x" * 5000])
def test_what_a_server_said_is_quoted_without_harm(text: str) -> None:
    """The message of a refusal is redacted, cut, and made safe for a terminal and a log before anyone sees it."""
    body = {"status": 401, "success": False, "error": {"message": text}}
    home = altering(posted, lambda answer: Answer(401, (("content-type", "application/json"),), written(body)))
    judgement = judged([home], FakeClock())
    redactor = Redactor()
    redactor.learn_cookies("session=hush-hush-canary")
    shown = redactor.show(judgement.reason or "", 2000)
    assert shown.startswith("the session was refused (HTTP 401) every time")
    assert shown.isprintable()
    assert "::" not in shown
    assert "hush-hush-canary" not in shown
    assert len(shown) < 500


def test_a_refusal_that_breaks_the_contract_is_blamed_and_explained() -> None:
    """The envelope of a refusal is wrong whoever asks; the reason says too that the session was refused, and in what words."""
    judgement = judged([refusal(401, {"message": "Unauthenticated."})], FakeClock())
    assert judgement.verdict == "non-conformant"
    assert 'the session was refused (HTTP 401) every time, the last time with "Unauthenticated."' in (judgement.reason or "")


# --- HTTP/2 -----------------------------------------------------------------------------------------------------------

SETTINGS = bytes.fromhex("000012 04 00 00000000 000300000064 000400010000 000500004000")
GOAWAY = bytes.fromhex("000008 07 00 00000000 00000000 00000001")


@contextmanager
def speaking(*pieces: bytes, hangs_up: bool = True) -> Iterator[str]:
    """A server that answers each request with these bytes, as a base URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:  # the test is over
                return
            with peer, contextlib.suppress(OSError):
                peer.recv(65_536)
                for piece in pieces:
                    peer.sendall(piece)
                while not hangs_up and peer.recv(65_536):
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize("pieces", [(SETTINGS, GOAWAY), (GOAWAY,)], ids=["both", "GOAWAY"])
@pytest.mark.parametrize("hangs_up", [True, False], ids=["hangs up", "stays"])
def test_a_server_that_speaks_http_2_only_is_told_so(pieces: tuple[bytes, ...], hangs_up: bool) -> None:
    """Whether it hangs up or waits for the client's frames: one request is enough, and nobody is blamed."""
    with speaking(*pieces, hangs_up=hangs_up) as url:
        judgement = judge_provider(Target.at(url, "session=first", deadline=10.0 if hangs_up else 0.3))
    assert judgement.verdict == "incomplete"
    assert "speaks HTTP/2 only; give an address that speaks HTTP/1.1" in (judgement.reason or "")
    assert judgement.requests == 1


def test_bytes_that_are_no_frame_are_a_malformed_answer() -> None:
    """Rubbish of nine bytes is no HTTP/2: it breaks the rule that wants a well-formed answer."""
    with speaking(bytes(8) + b"\x01\r\n\r\n") as url:
        judgement = judge_provider(Target.at(url, "session=first"))
    assert judgement.verdict == "non-conformant"
    assert judgement.verdicts["one-answer-in-time"] == "fail"
