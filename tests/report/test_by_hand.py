"""The curl commands of a report run as they stand, and show what the report says."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from contracts.model.exchange import Exchange, Request, Response, Situation
from contracts.redaction.redacted import redact
from contracts.redaction.redactor import Redactor
from contracts.report import curl, shell, wire
from contracts.rules.judgement import ProviderJudgement
from tests.kit.endpoints import judged
from tests.liars import LIARS

needs_curl = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("sh")), reason="curl and sh are not installed, so no command of a report was tried"
)
SHOWN = ("xhr-is-500", "long-header", "json-body-is-500", "form-body-is-500")


def ran(command: str, **env: str) -> str:
    """What a shell prints for a command."""
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, env={**os.environ, **env}, timeout=30, check=False
    )
    return done.stdout


@needs_curl
@pytest.mark.parametrize("liar", [liar for liar in LIARS if liar.name in SHOWN], ids=lambda liar: liar.name)
def test_each_command_shows_the_answer_of_its_card(liar: object) -> None:
    """Pasted into a shell, the command of an exchange that broke a rule gets the status that the card shows."""
    from tests.liars import Liar

    assert isinstance(liar, Liar)
    with liar.make() as running:
        judgement = judged(running)
        assert isinstance(judgement, ProviderJudgement)
        broken = {finding.exchange for finding in judgement.findings}
        assert broken
        redactor = Redactor()
        redactor.learn_cookies(running.cookie)
        session = judgement.observation.target.customer.cookie_header("valid", running.base_url + "/auth/refresh")  # type: ignore[attr-defined]
        for number in broken:
            shown = redact(wire.wire(judgement.observation.evidence[number]), redactor).model
            output = ran(curl.line(shown), REFRESH_COOKIE=session, REFRESH_EXPIRED_COOKIE=running.expired_cookie)
            assert output.startswith(f"HTTP/1.1 {shown.status}"), curl.line(shown)


@pytest.mark.skipif(not shutil.which("sh"), reason="sh is not installed, so no word of a shell was tried")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b'it\'s $HOME `x` \\ "!"',
        b"x" * 4000,
        b"a" + b" " * 60 + b"b",
        "اختبار".encode(),
        b"\xff\x00\x01"[:1] + b"\x01",
        b"a=" * 9,
    ],
)
def test_a_shell_puts_every_text_together_again(raw: bytes) -> None:
    """Quotes, long runs, letters of any language and bytes that are no text come out as they went in."""
    done = subprocess.run(["sh", "-c", f"printf %s {shell.word(shell.pieces(raw)) or repr('')}"], capture_output=True, check=True)
    assert done.stdout == raw
    assert len(shell.word(shell.pieces(raw))) < 100


def test_whose_session_was_sent_is_told_and_its_value_is_not() -> None:
    """The card names the kind of session, and the command reads the secret from a variable."""
    for kind, whose, variable in (
        ("valid", "[the customer's]", '"cookie: $REFRESH_COOKIE"'),
        ("expired", "[expired]", '"cookie: $REFRESH_EXPIRED_COOKIE"'),
        ("made-up", "[made-up]", "'cookie: session=made-up'"),
    ):
        request = Request("POST", "https://store.example/auth/refresh", (("cookie", "session=s3cr3t-of-june"),))
        shown = redact(wire.wire(Exchange(request, Response(401), Situation("mixed 33", kind, "method"), 4)), Redactor()).model
        text = "\n".join(wire.lines(shown)) + curl.line(shown)
        assert f"> cookie: session={whose}" in text
        assert variable in text
        assert "s3cr3t" not in text
        assert "mixed" not in text
        assert "right after a call with another method" in text


def test_a_token_and_other_secrets_are_variables_with_a_value_to_fall_back_on() -> None:
    """A command whose variables are not set still runs."""
    headers = (("authorization", "Bearer s3cr3t-of-june"), ("x-api-key", "k3y-of-june"), ("x-empty", ""))
    request = Request("POST", "https://store.example/auth/refresh", headers)
    line = curl.line(redact(wire.wire(Exchange(request, Response(200), Situation("p", "none"), 1)), Redactor()).model)
    assert '"authorization: Bearer ${TOKEN:-made-up}"' in line
    assert '"x-api-key: ${X_API_KEY:-made-up}"' in line
    assert "'x-empty;'" in line
