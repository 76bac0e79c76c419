"""The gate as its users run it: it ends in time, says how far it came, and quotes a server without harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contracts.provider.serving import serve
from tests.kit.fake_target import FakeClock
from tests.kit.gates import Gate
from tests.kit.slow_targets import Limiter
from tests.liars.build import built
from tests.liars.home import new_home

COOKIE = "s3cr3t/Session+Value=="


def test_a_wait_that_is_too_long_ends_with_what_was_seen(gate: Gate, tmp_path: Path) -> None:
    """The last line, the terminal, report.json and the page say how far it came; what was not reached is skipped."""
    home = built(new_home(), [Limiter(FakeClock(), 70, 3600.0).layer()])
    with serve(home.app) as url:
        ran = gate("-m", "provider", "-rs", "--base-url", url, "--refresh-max-seconds", "60", cookie=home.cookie)
    assert ran.code == 0, ran.out
    sent = ran.report["requests"]
    assert 70 < sent <= 72
    said = f"{sent} of 100 requests were sent; the target asks to wait 3600 s (429), longer than --refresh-max-seconds 60 allows"
    assert ran.last == f"conformant: it ended early: {said}; try again later"
    assert ran.report["reason"] in ran.last
    assert said in ran.report["implementations"][0]["notes"][0]
    assert f"  {said}" in ran.out
    assert "the observation had ended in the phase named" in ran.out
    assert said in (tmp_path / "refresh-report" / "report.html").read_text("utf-8")


def test_what_a_server_says_of_a_session_holds_no_secret(gate: Gate, tmp_path: Path) -> None:
    """A refusal that quotes the session and wants to control the terminal is quoted without both, everywhere."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        cookie = dict(scope["headers"]).get(b"cookie", b"").decode()
        error = {"code": "unauthorized", "message": f"\x1b[31mno {cookie}\n::error::boo"}
        body = json.dumps({"status": 401, "success": False, "error": error}).encode()
        await send({"type": "http.response.start", "status": 401, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    with serve(app) as url:
        ran = gate("-m", "provider", "--base-url", url, cookie=f"session={COOKIE}")
    assert ran.code == 10, ran.out
    assert ran.last.startswith("incomplete: 127.0.0.1")
    assert 'the session was refused (HTTP 401) every time, the last time with "' in ran.last
    assert "no session=[secret]" in ran.last
    assert ran.last.endswith("; log in again and set REFRESH_COOKIE anew")
    left = [path.read_text("utf-8") for path in (tmp_path / "refresh-report").iterdir()] + [ran.out, ran.err]
    for text in left:
        assert COOKIE not in text
        assert "\x1b[31m" not in text
        assert "\n::error::boo" not in text
