"""The gate as its users meet it: `pytest --pyargs contracts` in a process of its own: exit code, last line, report."""

from __future__ import annotations

import base64
import json
import re
import shlex
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import trustme

from contracts.judge import judge_provider
from contracts.model.document import load
from contracts.model.part import Part
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.provider.target import Target
from contracts.redaction.redacted import Redacted, redact
from contracts.redaction.redactor import Redactor
from contracts.report import files
from contracts.report import json as json_report
from contracts.report.model import report
from contracts.result import RunResult
from contracts.settings import Settings
from tests.kit.gates import Gate
from tests.liars.kit import Answer, Asked, altered

RULE = "success-flag-is-truthful"
QUICK = ("-m", "provider", "--refresh-max-requests", "30")


@pytest.fixture
def store() -> Store:
    """An honest store."""
    return Store()


@pytest.fixture
def honest(store: Store) -> Iterator[str]:
    """The address of the honest store."""
    with serve(store.app) as url:
        yield url


def untruthful(store: Store) -> Callable[..., Any]:
    """The store, but to customers who pay in dollars it says that the refresh failed."""

    def dollars(asked: Asked, answer: Answer) -> bool:
        return asked.headers.get("currency") == "USD" and answer.status == 200

    def lie(a: Answer) -> Answer:
        return Answer(a.status, a.headers, a.body.replace(b'"success": true', b'"success": false'))

    return altered(store.app, dollars, lie)


@pytest.fixture
def faulty(store: Store) -> Iterator[str]:
    """The address of the store with one fault."""
    with serve(untruthful(store)) as url:
        yield url


def always(status: int, media_type: str, body: bytes) -> Callable[..., Any]:
    """An app that answers everything alike."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return app


# --- green ------------------------------------------------------------------------------------------------------------


def test_the_default_run_judges_all_that_is_built_in_and_is_green(gate: Gate) -> None:
    """By default the store, the mock and the reference keep every MUST, the report says so by its own schema, nothing warns."""
    ran = gate("-W", "error", fresh=True)
    assert ran.code == 0, ran.out
    assert ran.last == "conformant"
    report = ran.report
    jsonschema_rs.Draft202012Validator(json_report.schema()).validate(report)
    kinds = {i["name"]: i["kind"] for i in report["implementations"]}
    kinds.pop("twilight", None)  # where there are a bundle and a browser
    assert kinds == {"store": "real", "mock": "mock", "python": "mock"}
    providers = [i for i in report["implementations"] if i["role"] == "provider"]
    assert all(i["requests"] == sum(i["phases"].values()) <= 100 for i in providers)
    assert all(i["phases"][phase] >= 10 for i in providers for phase in ("generated", "properties"))
    assert re.search(r"requests: \d+ named, 10 generated, 10 properties, 0 sessions, \d causes", ran.out)
    for rule in report["rules"]:
        if rule["role"] == "provider" and rule["level"] == "MUST":
            assert rule["verdicts"] == {"store": "pass", "mock": "pass"}, rule["id"]


def test_a_healthy_target_is_conformant(gate: Gate, store: Store, honest: str) -> None:
    """A target that is given by its address and a session is judged like the built-in store, and named by its host."""
    ran = gate(*QUICK, "--base-url", honest, cookie=store.log_in())
    assert (ran.code, ran.last) == (0, "conformant"), ran.out
    assert ran.report["implementations"][0]["name"] == honest.removeprefix("http://")


def test_thirty_requests_exercise_every_must(gate: Gate) -> None:
    """A budget of thirty is enough for a verdict, and is kept."""
    ran = gate(*QUICK)
    assert (ran.code, ran.last) == (0, "conformant"), ran.out
    assert ran.report["requests"] <= 30


# --- bad input --------------------------------------------------------------------------------------------------------

BAD_OPTIONS = {
    "no scheme": ["--base-url=store.example"],
    "credentials": ["--base-url=https://me:hunter22@store.example"],
    "no URL": ["--base-url=http://[::1"],
    "a query": ["--base-url=https://store.example/?a=1"],
    "no number": ["--refresh-max-requests=many"],
    "NaN": ["--refresh-deadline=nan"],
    "a rate below nought": ["--refresh-rate=-1"],
    "a path with a query": ["--refresh-path=/auth?x"],
    "a CA that is no file": ["--refresh-ca=nowhere.pem"],
    "a report below a file": ["--refresh-report=plain-file/report"],
    "a list that is not there": ["--refresh-known=nowhere.toml"],
    "a list with an unknown rule": ["--refresh-known=unknown-rule.toml"],
    "a list with an unknown verdict": ["--refresh-known=unknown-verdict.toml"],
}
BAD_ENVIRONMENT = {
    "a cookie with a line break": {"REFRESH_COOKIE": "session=abc\r\nx-evil: 1"},
    "a cookie with an escape": {"REFRESH_COOKIE": "session=\x1b[31m"},
    "an expired cookie with a line break": {"REFRESH_EXPIRED_COOKIE": "session=abc\nx"},
    "headers that are no JSON": {"REFRESH_HEADERS": "x-env: staging"},
    "headers that are no object": {"REFRESH_HEADERS": '["x-env"]'},
    "no session": {"REFRESH_COOKIE": ""},
}


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that would notice any request."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.setblocking(False)
        yield listener


def refused(pytester: pytest.Pytester, listening: socket.socket, *words: str) -> str:
    """Run with bad input; the sentence that refuses it."""
    pytester.makefile("", **{"plain-file": "no folder"})
    for what, text in (
        ("unknown-rule", 'rule = "no-such-rule"\nverdict = "fail"'),
        ("unknown-verdict", 'rule = "no-redirect"\nverdict = "sad"'),
    ):
        pytester.makefile(".toml", **{what: f'[[deviation]]\n{text}\nwhy = "x"\n'})
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    ran = pytester.runpytest_inprocess("--pyargs", "contracts", f"--base-url={url}", *words)
    assert ran.ret == 4, ran.stdout.str()
    said = [line for line in ran.errlines if line.strip()]
    assert len(said) == 1
    assert said[0].startswith("ERROR: ")
    assert "Traceback" not in ran.stdout.str() + ran.stderr.str()
    with pytest.raises(BlockingIOError):
        listening.accept()
    return said[0]


@pytest.mark.parametrize("words", BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_a_bad_option_is_refused_before_any_request(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, listening: socket.socket, words: list[str]
) -> None:
    """One sentence that names the option, exit 4, and nothing sent."""
    monkeypatch.setenv("REFRESH_COOKIE", "session=abcdefgh")
    said = refused(pytester, listening, *words)
    assert words[0].partition("=")[0] in said
    assert "hunter22" not in said


@pytest.mark.parametrize("given", BAD_ENVIRONMENT.values(), ids=BAD_ENVIRONMENT)
def test_a_bad_environment_is_refused_before_any_request(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, listening: socket.socket, given: dict[str, str]
) -> None:
    """One sentence that names the variable and not its value, exit 4, and nothing sent."""
    monkeypatch.setenv("REFRESH_COOKIE", "session=abcdefgh")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    said = refused(pytester, listening)
    assert next(iter(given)) in said
    assert "abc" not in said


def test_bad_input_ends_a_whole_process_with_4(gate: Gate) -> None:
    """As a process too: one line on stderr, exit 4, no report."""
    ran = gate("--base-url", "store.example")
    assert ran.code == 4
    assert ran.err.strip() == "ERROR: --base-url must start with http:// or https://; give it as https://store.example"
    assert not (ran.folder / "refresh-report").exists()


# --- incomplete -------------------------------------------------------------------------------------------------------


def test_nothing_listening_is_incomplete(gate: Gate) -> None:
    """Nobody is blamed where nobody answers: exit 10, and the last line says what to do."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    ran = gate("-m", "provider", "--base-url", f"http://127.0.0.1:{port}", cookie="session=abcdefgh")
    assert ran.code == 10, ran.out
    assert re.fullmatch(r"incomplete: .* cannot be reached: .*check --base-url.*", ran.last)
    assert not [r for r in ran.report["rules"] if r["findings"]]


def test_a_refused_session_is_incomplete(gate: Gate, honest: str) -> None:
    """A session that the target does not know proves nothing about the target."""
    ran = gate("-m", "provider", "--base-url", honest, cookie="session=never-was-one-of-ours")
    assert ran.code == 10, ran.out
    assert "the session was refused" in ran.last
    assert "REFRESH_COOKIE" in ran.last
    assert ran.report["requests"] <= 9  # two at once are not torn apart


@pytest.mark.parametrize("trusting", [False, True], ids=["untrusted", "with its CA"])
def test_tls_is_verified(gate: Gate, store: Store, tmp_path: Path, trusting: bool) -> None:
    """A certificate of an unknown CA ends incomplete; with --refresh-ca the same target is judged."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serve(store.app, tls=context) as url:
        trust = ("--refresh-ca", "ca.pem") if trusting else ()
        ran = gate(*QUICK, "--base-url", url, *trust, cookie=store.log_in())
    if trusting:
        assert (ran.code, ran.last) == (0, "conformant"), ran.out
    else:
        assert ran.code == 10, ran.out
        assert "certificate is not trusted" in ran.last
        assert "--refresh-ca" in ran.last


NO_ENDPOINTS = {
    "a 404 in JSON": (404, "application/json", json.dumps(load().examples["not_found"].body).encode(), "404"),
    "a page": (200, "text/html", b"<!doctype html><title>Store</title>", "HTML page"),
}


@pytest.mark.parametrize(("status", "media_type", "body", "word"), NO_ENDPOINTS.values(), ids=NO_ENDPOINTS)
def test_what_is_no_endpoint_is_incomplete(gate: Gate, status: int, media_type: str, body: bytes, word: str) -> None:
    """A target that answers everything alike is no refresh endpoint; it is not called a bad one."""
    with serve(always(status, media_type, body)) as url:
        ran = gate("-m", "provider", "--base-url", url, cookie="session=abcdefgh")
    assert ran.code == 10, ran.out
    assert word in ran.last
    assert "--refresh-path" in ran.last


def test_a_budget_too_small_is_incomplete(gate: Gate) -> None:
    """Five requests are sent, no more, and the last line names a MUST that they did not exercise."""
    ran = gate("-m", "provider", "--refresh-max-requests", "5")
    assert ran.code == 10, ran.out
    assert ran.report["requests"] == 5
    assert "not exercised: " in ran.last
    assert "concurrent-calls-hold" in ran.last


def test_a_part_of_the_rules_is_incomplete_when_green(gate: Gate) -> None:
    """Who deselects rules gets no green verdict for those that are left."""
    ran = gate(*QUICK, "-k", "no-redirect")
    assert ran.code == 10, ran.out
    assert ran.last == "no-redirect holds; the other rules were not asked for (incomplete)"
    assert ran.verdicts("no-redirect") == {"pass"}


def test_a_fault_of_the_suite_is_neither_green_nor_a_traceback(gate: Gate, tmp_path: Path) -> None:
    """A crash of our own ends incomplete and says where, without the locals that hold secrets."""
    (tmp_path / "conftest.py").write_text(
        "import contracts.provider.phases.generated as phase\n\n"
        "def observe(observer, share):\n    raise RuntimeError(observer.target.customer.jar.pairs('https://store.example'))\n\n"
        "phase.observe = observe\n"
    )
    ran = gate(*QUICK, "--showlocals", "--refresh-max-requests", "60")
    assert ran.code == 10, ran.out
    assert "the suite itself failed (RuntimeError at conftest.py:4)" in ran.last


def test_without_a_session_only_the_refusals_are_judged(gate: Gate, honest: str) -> None:
    """--refresh-anonymous is green on the refusals, and says that this is all it judged."""
    ran = gate(*QUICK, "--base-url", honest, "--refresh-anonymous")
    assert ran.code == 0, ran.out
    assert ran.last == "conformant: only the refusals were judged (--refresh-anonymous)"
    assert ran.verdicts("refuses-without-session") == {"pass"}
    assert ran.verdicts("no-input-needed") == {"blocked"}


# --- red --------------------------------------------------------------------------------------------------------------


def test_a_fault_is_named_shown_and_run_again(gate: Gate, store: Store, faulty: str) -> None:
    """A broken MUST ends with 1 and a card; the line on the card, filled in, finds the same."""
    ran = gate(*QUICK, "--base-url", faulty, cookie=store.log_in())
    assert ran.code == 1, ran.out
    assert re.fullmatch(rf"non-conformant: .*{RULE}.*", ran.last)
    assert ran.verdicts(RULE) == {"fail"}
    card = ran.out.partition(f"FAIL {RULE} (MUST)")[2]
    for wanted in (
        f"  Rule      {load().rules[RULE].text}",
        "  Source    Salla documentation",
        "  Expected  success: true with HTTP 200",
        "  Actual    success is false",
        "> POST http",
        "> currency: USD",
        "< HTTP 200",
    ):
        assert wanted in card
    again = card.partition("  Again     ")[2].partition("\n")[0]
    assert again.startswith("REFRESH_COOKIE=… pytest --pyargs contracts ")
    words = shlex.split(again.partition(" pytest ")[2])
    second = gate(*words, what=(), cookie=store.log_in())
    assert second.code == 1, second.out
    assert f"FAIL {RULE} (MUST)" in second.out
    assert second.verdicts(RULE) == {"fail"}


def test_the_first_failure_is_red_even_if_the_run_stops_there(gate: Gate, store: Store, faulty: str) -> None:
    """With -x no test of the rule is reached; what was seen still decides."""
    ran = gate(*QUICK, "-x", "--base-url", faulty, cookie=store.log_in())
    assert ran.code == 1, ran.out
    assert RULE in ran.last


def known(folder: Path, rule: str = RULE) -> tuple[str, str]:
    """The option that names a list with one deviation."""
    (folder / "known.toml").write_text(f'[[deviation]]\nrule = "{rule}"\nverdict = "fail"\nwhy = "agreed until spring"\n')
    return "--refresh-known", "known.toml"


def test_a_listed_deviation_is_known(gate: Gate, store: Store, faulty: str, tmp_path: Path) -> None:
    """What is listed and seen as listed is green; the mock, which nobody listed, stays out of it."""
    roles = ("-m", "provider or mock", "--refresh-max-requests", "30")
    ran = gate(*roles, "--base-url", faulty, *known(tmp_path), cookie=store.log_in())
    assert ran.code == 0, ran.out
    assert ran.verdicts(RULE) == {"known", "pass"}
    assert f"KNOWN {RULE}" in ran.out


def test_strict_judges_without_the_list(gate: Gate, store: Store, faulty: str, tmp_path: Path) -> None:
    """--refresh-strict makes a listed deviation red again."""
    ran = gate(*QUICK, "--base-url", faulty, *known(tmp_path), "--refresh-strict", cookie=store.log_in())
    assert ran.code == 1, ran.out
    assert ran.verdicts(RULE) == {"fail"}


def test_a_listed_deviation_that_is_gone_is_red(gate: Gate, store: Store, honest: str, tmp_path: Path) -> None:
    """A list that is out of date must be mended: the verdict is `fixed`, the exit 1."""
    ran = gate(*QUICK, "--base-url", honest, *known(tmp_path), cookie=store.log_in())
    assert ran.code == 1, ran.out
    assert ran.verdicts(RULE) == {"fixed"}
    assert f"FIXED {RULE}" in ran.out


def test_a_failing_test_beside_the_suite_stays_red(gate: Gate, tmp_path: Path) -> None:
    """The verdict never makes a run green in which something else failed."""
    (tmp_path / "test_own.py").write_text("def test_own():\n    assert not 'ours'\n")
    ran = gate("--refresh-max-requests", "30", "-m", "not mock and not consumer and not sdk", "test_own.py")
    assert ran.code == 1, ran.out
    assert ran.last == "conformant"


# --- in the user's project --------------------------------------------------------------------------------------------


def test_the_mock_is_a_fixture_of_other_projects(gate: Gate, tmp_path: Path) -> None:
    """`refresh_mock` answers a project's own httpx calls by the contract, and as told; no verdict is spoken."""
    (tmp_path / "test_shop.py").write_text(
        "import httpx\n\n"
        "URL = 'https://shop.example/auth/refresh'\n\n"
        "def test_shop(refresh_mock):\n"
        "    assert httpx.post(URL, headers={'cookie': refresh_mock.session}).json()['data']['token']\n"
        "    assert httpx.post(URL).status_code == 401\n"
        "    refresh_mock.answer('too_many_requests')\n"
        "    answer = httpx.post(URL)\n"
        "    assert answer.status_code == 429 and answer.headers['retry-after'] == '1'\n"
        "    assert len(refresh_mock.calls) == 3\n"
    )
    ran = gate(what=("test_shop.py",))
    assert ran.code == 0, ran.out
    assert "conformant" not in ran.out
    assert not (tmp_path / "refresh-report").exists()


def test_a_project_logs_in_by_itself(gate: Gate, store: Store, honest: str, tmp_path: Path) -> None:
    """A module that imports the suite's tests may override `refresh_session`; no variable is needed then."""
    (tmp_path / "test_ours.py").write_text(
        "import json\nimport urllib.request\nimport pytest\n"
        "from contracts.suite.test_provider import *\n\n"
        "@pytest.fixture(scope='session')\n"
        "def refresh_session(base_url):\n"
        "    asked = urllib.request.Request(base_url + '/login', json.dumps({'customer': '7'}).encode())\n"
        "    with urllib.request.urlopen(asked) as answer:\n"
        "        return answer.headers['set-cookie'].partition(';')[0]\n"
    )
    ran = gate(*QUICK, "--base-url", honest, what=("test_ours.py",))
    assert (ran.code, ran.last) == (0, "conformant"), ran.out


def test_a_project_logs_two_customers_in_by_itself(gate: Gate, store: Store, honest: str, tmp_path: Path) -> None:
    """A module may override `refresh_other_session` too; the report says that there was a second customer."""
    (tmp_path / "test_ours.py").write_text(
        "import pytest\nfrom contracts.suite.test_provider import *\n\n"
        f"@pytest.fixture(scope='session')\ndef refresh_session():\n    return {store.log_in('7')!r}\n\n"
        f"@pytest.fixture(scope='session')\ndef refresh_other_session():\n    return {store.log_in('8')!r}\n"
    )
    ran = gate(*QUICK, "--base-url", honest, what=("test_ours.py",))
    assert (ran.code, ran.last) == (0, "conformant"), ran.out
    page = (ran.folder / "refresh-report" / "report.html").read_text("utf-8")
    assert re.search(r"Second customer<.*\bgiven\b", page)


def test_a_second_customer_who_is_refused_makes_the_run_incomplete(gate: Gate, store: Store, honest: str) -> None:
    """Nobody knows whether that session was ever good, so the endpoint is not blamed; the last line says what to do."""
    ran = gate(*QUICK, "--base-url", honest, cookie=store.log_in(), REFRESH_OTHER_COOKIE="session=never-was-one")
    assert ran.code == 10, ran.out
    assert ran.last.endswith("log in again and set REFRESH_OTHER_COOKIE anew")


def test_a_session_that_no_header_can_hold_is_a_mistake(gate: Gate, honest: str, tmp_path: Path) -> None:
    """What a project's own `refresh_session` returns is checked like REFRESH_COOKIE."""
    (tmp_path / "test_ours.py").write_text(
        "import pytest\nfrom contracts.suite.test_provider import *\n\n"
        "@pytest.fixture(scope='session')\ndef refresh_session():\n    return 'session=hush-hush\\r\\nx-evil: 1'\n"
    )
    ran = gate(*QUICK, "--base-url", honest, what=("test_ours.py",))
    assert ran.code == 4, ran.out
    assert "refresh_session has line breaks" in ran.out
    assert "hush-hush" not in ran.out + ran.err


def test_production_is_judged_only_by_who_says_so(gate: Gate, honest: str, store: Store) -> None:
    """The project's configuration says what looks like production; the option overrules it."""
    ours = ("-o", r"refresh_production=^127\.", "--base-url", honest)
    ran = gate(*QUICK, *ours, cookie=store.log_in())
    assert ran.code == 4, ran.out
    assert "127.0.0.1 looks like production" in ran.out + ran.err
    assert gate(*QUICK, *ours, "--refresh-allow-production", cookie=store.log_in()).code == 0


def test_credentials_in_the_address_are_refused_and_not_printed(gate: Gate) -> None:
    """Not even by other plugins, which show the address at the top."""
    ran = gate(*QUICK, "--base-url", "https://me:hunter-22-canary@store.example/a", cookie="session=abcdefgh")
    assert ran.code == 4
    assert "https://…@store.example/a" in ran.out
    assert "must not carry credentials" in ran.out + ran.err
    assert "hunter" not in ran.out + ran.err


# --- what must never happen -------------------------------------------------------------------------------------------

COOKIE_VALUE = "s3cr3t/Session+Value=="
TOKEN = "0paque-t0ken-in-data"
OTHER_TOKEN = "0paque-t0ken-elsewhere"
NEXT_VALUE = "n3xt-Session-value"


def gossip(prefix: bytes) -> Callable[..., Any]:
    """An app that tells all it knows, in every spelling, with escapes for terminals and for CI logs."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        sent = dict(scope["headers"]).get(b"cookie", b"")
        told = {
            "status": 200,
            "success": False,
            "you": sent.decode(),
            "packed": base64.b64encode(sent).decode(),
            "shifted": base64.b64encode(b"x" + sent).decode(),
            "hex": sent.hex(),
            "url": sent.decode().replace("/", "%2F").replace("+", "%2B"),
            "data": {"token": TOKEN},
            "access_token": OTHER_TOKEN,
        }
        body = json.dumps(told).replace("/", "\\/").encode() + prefix
        headers = [
            (b"content-type", b"application/json"),
            (b"set-cookie", f"session={NEXT_VALUE}; Path=/".encode()),
            (b"x-echo", base64.urlsafe_b64encode(sent)),
            (b"x-more", b"##[error] boo ::error::boo"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return app


@pytest.mark.parametrize("prefix", [b"", b"\n::error::boo\x1b[31m\x1b]0;boo\x07\x9b31m"], ids=["JSON", "escapes behind it"])
def test_secrets_and_escapes_stay_inside(gate: Gate, tmp_path: Path, prefix: bytes) -> None:
    """What a gossiping server echoes, in whatever coding, reaches neither the terminal nor a file."""
    with serve(gossip(prefix)) as url:
        ran = gate(*QUICK, "-vv", "--showlocals", "--base-url", url, cookie=f"session={COOKIE_VALUE}")
    assert ran.code == 1, ran.out
    assert "[secret]" in ran.out
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert tmp_path / "refresh-report" / files.DATA in found
    left = {str(path): path.read_bytes() for path in found}
    left |= {"stdout": ran.out.encode(), "stderr": ran.err.encode()}
    for place, content in left.items():
        for secret in (COOKIE_VALUE, TOKEN, OTHER_TOKEN, NEXT_VALUE):
            raw = secret.encode()
            spelled = {raw, raw.hex().encode(), raw.replace(b"/", b"\\/"), raw.replace(b"/", b"%2F").replace(b"+", b"%2B")}
            for before in range(3):
                # The inner part: what stands around the secret decides the characters at its ends.
                packed = base64.b64encode(b"x" * before + raw)[4:-6]
                spelled |= {packed, packed.translate(bytes.maketrans(b"+/", b"-_"))}
            assert not [form for form in spelled if form.lower() in content.lower()], place
    shown = ran.out + ran.err
    assert not set(shown) & {"\x1b", "\x07", "\x9b"}
    assert "::error" not in shown
    assert "##[" not in shown


def test_a_session_found_in_an_error_is_not_hidden_with_the_words_around_it(gate: Gate) -> None:
    """The document's own made-up values are no secrets: `made-up` stays readable in a finding."""

    async def open_door(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["method"] != "POST":
            await always(405, "application/json", b"{}")(scope, receive, send)
            return
        await always(200, "application/json", json.dumps(load().examples["refreshed"].body).encode())(scope, receive, send)

    with serve(open_door) as url:
        ran = gate(*QUICK, "--base-url", url, cookie="session=abcdefgh")
    assert ran.code == 1
    findings = next(r["findings"] for r in ran.report["rules"] if r["id"] == "refuses-without-session")
    assert any("a made-up session" in f["actual"] for f in findings), findings


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """A crash on the way leaves the files as they were, and none half-written; one between two of them leaves none."""
    files.write(tmp_path, {"a": "first", "b": "first"})
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    with pytest.raises(UnicodeEncodeError):
        files.write(tmp_path, {"a": "second", "b": "\ud800"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before == {"a": "first", "b": "first"}
    (tmp_path / "c").mkdir()
    with pytest.raises(OSError, match="directory"):
        files.write(tmp_path, {"a": "third", "c": "third"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c"]


def test_a_report_that_breaks_its_schema_is_not_written() -> None:
    """Who reads the report may rely on the schema."""
    judgement = judge_provider(Target.at("http://127.0.0.1:9", "session=abcdefgh"))
    made = redact(report(RunResult(Settings(), {Part.PROVIDER: judgement})), Redactor())
    assert json.loads(json_report.text(made)) == json_report.data(made)
    with pytest.raises(ValueError, match="does not fit its schema"):
        json_report.text(Redacted(replace(made.model, verdict="green")))
