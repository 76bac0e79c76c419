"""Nothing that a run leaves behind, whatever pytest is asked to print, holds a secret in any spelling."""

from __future__ import annotations

import base64
import html
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from tests.kit.gates import Gate, Ran

SESSION = "q8Zt/c4nary+Session=="
EXPIRED = "exp1red-c4nary-xK27Lm"
OTHER = "0ther-c4nary+Session-hZ83Nq"
AUTHORIZATION = "auth0rized-c4nary-Wd93Rb"
SET = "n3xt-c4nary-vT61Hq"
TOKENS = "t0ken-c4nary-Gf52Yp-", "an0ther-c4nary-Jc84Ns-"
CANARIES = (SESSION, EXPIRED, OTHER, AUTHORIZATION, SET, *TOKENS)
LOUD = (
    *("-m", "provider", "--refresh-max-requests", "30", "-vv", "--showlocals", "--tb=long", "-rA", "--junitxml=junit.xml"),
    *("--log-level=DEBUG", "-o", "log_cli=true", "--log-file=run.log", "--setup-show", "--durations=0"),
)


def spelled(secret: str) -> dict[str, str]:
    """The spellings that a server echoes, and that are searched for."""
    raw = secret.encode()
    packed = {f"base64-{n}": base64.b64encode(b"x" * n + raw).decode()[4:-6] for n in range(3)}
    return {
        "plain": secret,
        "percent": quote(secret, safe=""),
        "percent-twice": quote(quote(secret, safe=""), safe=""),
        "json": "".join(f"\\u{ord(c):04x}" for c in secret),
        "slashes": secret.replace("/", "\\/"),
        "hex": raw.hex(),
        "entities": html.escape("".join(f"&#{byte};" for byte in raw)),
        "cut": secret[:14],
        **packed,
        **{f"{name}-url": text.translate(str.maketrans("+/", "-_")) for name, text in packed.items()},
    }


def echoes(request: bytes, number: int) -> bytes:
    """An answer that tells all that its server ever saw: in its reason, headers and body; every fourth is malformed."""
    known = [secret for secret in CANARIES if secret in TOKENS or secret == SET or secret.encode() in request] + [SESSION]
    spellings = [text for secret in known for text in spelled(secret).values()]
    told = {"status": 200, "success": False, SESSION: spellings, "data": {"token": TOKENS[0] + str(number)}}
    body = json.dumps({**told, "access_token": TOKENS[1] + str(number)}).encode()
    head = [f"HTTP/1.1 200 {known[number % len(known)]}", "Content-Type: application/json; charset=" + spellings[number % 40]]
    head += [f"X-Echo-{n}: {text}" for n, text in enumerate(spellings)]
    head += [
        f"Set-Cookie: session={SESSION}; Path=/{SET}",
        f"Set-Cookie: other={SET}",
        "X-Tell: ##vso[x] ##teamcity[x] ::error::x",
    ]
    if number % 4 == 3:
        head.append(f"no header at all but {spellings[number % len(spellings)]}")
    if number % 4 == 2:
        body = SESSION.encode() + b" \x1b[31m\n::error::" + body
    head += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(head).encode() + (b"" if request.startswith(b"HEAD") else body)


@pytest.fixture
def gossip() -> Iterator[str]:
    """The address of a server that echoes, on a plain socket."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        for number in range(10_000):
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                line.settimeout(60)
                try:
                    line.sendall(echoes(line.recv(65_536), number))
                except OSError:
                    continue

    with closing(listener):
        threading.Thread(target=run, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def left_behind(ran: Ran) -> dict[str, bytes]:
    """Every byte that a run leaves: what it printed, files, and their names. The test's own modules were there before."""
    files = [path for path in ran.folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert {"report.json", "junit.xml", "run.log", "lastfailed"} <= {path.name for path in files}
    ElementTree.parse(ran.folder / "junit.xml")
    left = {str(path.relative_to(ran.folder)): path.read_bytes() for path in files}
    return {**left, "names": "\n".join(left).encode(), "stdout": ran.out.encode(), "stderr": ran.err.encode()}


def found(left: dict[str, bytes]) -> list[str]:
    """Where which canary is, in which spelling."""
    return [
        f"{place}: {secret[:9]}, {how}"
        for place, content in left.items()
        for secret in CANARIES
        for how, text in spelled(secret).items()
        if text.lower().encode() in content.lower()
    ]


def test_the_session_of_the_environment_stays_inside(gate: Gate, gossip: str, tmp_path: Path) -> None:
    """The session, an expired one and a header's credentials are given in variables; a test beside the suite fails."""
    (tmp_path / "test_own.py").write_text("import pytest\n\n@pytest.mark.provider\ndef test_own():\n    assert not 'ours'\n")
    ran = gate(
        *LOUD,
        "test_own.py",
        *("--base-url", gossip),
        cookie=f"session={SESSION}",
        REFRESH_EXPIRED_COOKIE=f"session={EXPIRED}",
        REFRESH_OTHER_COOKIE=f"session={OTHER}",
        REFRESH_HEADERS=json.dumps({"authorization": f"Bearer {AUTHORIZATION}"}),
    )
    left = left_behind(ran)
    assert not found(left)
    assert ran.code == 1, ran.out
    assert "[secret]" in ran.out
    assert "::error" not in ran.out
    assert "##" not in ran.out
    assert "\x1b" not in ran.out


def test_the_session_of_a_projects_fixture_stays_inside(gate: Gate, gossip: str, tmp_path: Path) -> None:
    """The project logs in by a fixture of its own, and a test of its own fails beside the suite's."""
    (tmp_path / "login.txt").with_suffix(".py").write_text(f"SESSION = 'session={SESSION}'\n")
    (tmp_path / "test_ours.py").write_text(
        "import pytest\nfrom contracts.suite.test_provider import *\n\n"
        "@pytest.fixture(scope='session')\ndef refresh_session():\n"
        "    from pathlib import Path\n    return Path('login.py').read_text().split(\"'\")[1]\n\n"
        "@pytest.mark.provider\ndef test_own(refresh_run):\n    assert not 'ours'\n"
    )
    ran = gate(*LOUD, "--base-url", gossip, what=("test_ours.py",))
    left = left_behind(ran)
    assert not found(left)
    assert ran.code == 1, ran.out
    assert "[secret]" in ran.out
