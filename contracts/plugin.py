"""The pytest plugin `refresh_contract`: options, markers, fixtures, the exit code. It is loaded in every pytest run of whoever
installs the package, so it imports what it needs only where the suite is really run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contracts.consumers import RefreshConsumer
    from contracts.providers.mock import RefreshMock
    from contracts.run import Run

MARKERS = {
    "provider": "judges the real endpoint: --base-url, or the built-in store over a socket",
    "mock": "judges the mocked endpoint (the fixture refresh_mock)",
    "consumer": "judges a client in this process: the reference in Python, or what the fixture refresh_consumer gives",
    "sdk": "judges the Twilight SDK in a browser",
}
_PARTS = tuple(MARKERS)
_OPTIONS: tuple[tuple[str, dict[str, object]], ...] = (
    ("path", {"metavar": "PATH", "help": "endpoint path (default: the document's)"}),
    ("report", {"metavar": "DIR", "help": "where the report goes (default: refresh-report)"}),
    ("max-requests", {"metavar": "N", "help": "most requests to one environment (default: 100)"}),
    ("rate", {"metavar": "R", "help": "most requests a second; 0 = no limit (default: 5, loopback 0)"}),
    ("deadline", {"metavar": "S", "help": "hard limit in seconds for one exchange (default: 10)"}),
    ("ca", {"metavar": "FILE", "help": "trust this CA bundle too"}),
    ("sdk", {"metavar": "PATH", "help": "SDK bundle (a twilight.min.js) to judge (default: the installed npm package)"}),
    ("known", {"metavar": "FILE", "help": "known deviations of what is judged (TOML)"}),
    ("strict", {"action": "store_true", "help": "judge without any list of known deviations"}),
    ("anonymous", {"action": "store_true", "help": "no session: judge the refusals only"}),
)
NO_SESSION = "--base-url needs a session: set REFRESH_COOKIE (session=…), or give --refresh-anonymous to judge the refusals only"
_RUN: pytest.StashKey[Run] = pytest.StashKey()
_LAST: pytest.StashKey[str] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--base-url` is pytest-base-url's."""
    group = parser.getgroup("refresh contract")
    for name, how in _OPTIONS:
        group.addoption(f"--refresh-{name}", dest=f"refresh_{name.replace('-', '_')}", **how)


def pytest_configure(config: pytest.Config) -> None:
    for name, text in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {text}")


def _is_suite(item: pytest.Item) -> bool:
    return "refresh_run" in getattr(item, "fixturenames", ())


def _logs_in(item: pytest.Item) -> bool:
    """Whether a project's own `refresh_session` goes before this plugin's."""
    info = getattr(item, "_fixtureinfo", None)
    return info is not None and len(info.name2fixturedefs.get("refresh_session", ())) > 1


def _part(item: pytest.Item) -> int:
    """Which part of the suite an item belongs to."""
    return next((_PARTS.index(mark.name) for mark in item.iter_markers() if mark.name in _PARTS), 0)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check all that the user gave before anything is sent. UsageError: something cannot be meant."""
    if not any(map(_is_suite, items)):
        return
    from contracts.run import Run
    from contracts.settings import Mistake, read, writable

    options = {name.replace("-", "_"): config.getoption(f"refresh_{name.replace('-', '_')}") for name, _ in _OPTIONS}
    options |= {"base_url": config.getoption("base_url"), "seed": _seed(config)}
    try:
        settings = read(options, os.environ)
        writable(settings.report)
    except Mistake as mistake:
        raise pytest.UsageError(str(mistake)) from None
    config.stash[_RUN] = run = Run(settings)
    places = [place for place, item in enumerate(items) if _is_suite(item)]
    suite = sorted((items[place] for place in places), key=_part)  # clients meet what the endpoint answered, so it goes first
    for place, item in zip(places, suite, strict=True):
        items[place] = item
    parts = {_part(item) for item in suite}
    run.needs_session = bool(settings.base_url) and not settings.anonymous and _PARTS.index("provider") in parts
    if run.needs_session and not settings.cookie and not any(map(_logs_in, items)):
        raise pytest.UsageError(NO_SESSION)
    run.needs_sdk = settings.sdk is not None or parts == {_PARTS.index("sdk")}


def _seed(config: pytest.Config) -> int:
    value = config.getoption("--hypothesis-seed", None)
    return int(value) if str(value).isdigit() else 0


@pytest.fixture(scope="session")
def refresh_session() -> str | None:
    """The Cookie header of a logged-in customer. Override it to log in by yourself."""
    return os.environ.get("REFRESH_COOKIE", "").strip(" ") or None


@pytest.fixture(scope="session")
def refresh_run(pytestconfig: pytest.Config, refresh_session: str | None) -> Run:
    """The run in hand; the suite's tests ask it for judgements."""
    run = pytestconfig.stash[_RUN]
    from contracts.settings import Mistake, cookie

    try:
        usable = cookie("refresh_session", {"refresh_session": refresh_session or ""})
    except Mistake as mistake:
        pytest.exit(str(mistake), returncode=4)
    if run.needs_session and not usable:
        pytest.exit(NO_SESSION, returncode=4)
    run.redactor.learn_cookies(refresh_session or "")
    return run


@pytest.fixture(scope="session")
def refresh_endpoint(pytestconfig: pytest.Config) -> str:
    """Base URL of a real socket on which the scenarios are played: give it to a client of your own."""
    return pytestconfig.stash[_RUN].endpoint


@pytest.fixture
def refresh_consumer() -> RefreshConsumer:
    """The client under test: the reference. Override it to put your own under test; it needs what `RefreshConsumer` says."""
    from contracts.consumers.python import RefreshClient

    return RefreshClient("https://store.example", timeout=1.0)


@pytest.fixture(scope="session")
def refresh_sdk(refresh_run: Run) -> None:
    """Skips where something is not there that the SDK needs; where it was asked for, the run is incomplete then."""
    from contracts.consumers.twilight import available

    if reason := available(refresh_run.settings.sdk):
        if refresh_run.needs_sdk:
            refresh_run.missing["twilight"] = reason
        pytest.skip(reason)


@pytest.fixture
def refresh_mock() -> Iterator[RefreshMock]:
    """A mock of the endpoint, made from the document, that answers the httpx calls of the test."""
    from contracts.providers.mock import RefreshMock

    with RefreshMock() as mock:
        yield mock


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the report and let the verdict decide the exit code, unless something else went wrong too."""
    config = session.config
    run = config.stash.get(_RUN, None)
    if run is None:
        return
    run.close()
    if not run.judgements and not run.missing:
        return
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        for judgement in run.judgements.values():
            judgement.note("the run was interrupted")
    try:
        written = f"report: {run.write()}"
    except OSError as error:
        written = f"no report: {run.settings.report} cannot be written ({error.strerror})"
    conclusion = run.conclusion
    reason = f": {run.redactor.show(conclusion.reason, 1000)}" if conclusion.reason else ""
    config.stash[_LAST] = f"{written}\n{conclusion.verdict}{reason}"
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not _others_failed(config):
        session.exitstatus = int(conclusion.exit)


def _others_failed(config: pytest.Config) -> bool:
    """Whether a test outside the suite failed."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    stats = reporter.stats if reporter else {}
    failed = [*stats.get("failed", ()), *stats.get("error", ())]
    return any(not getattr(report, "_refresh_suite", False) for report in failed)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    if _is_suite(item):
        outcome.get_result()._refresh_suite = True  # type: ignore[attr-defined]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    run = config.stash.get(_RUN, None)
    if run is None or not (run.judgements or run.missing):
        return
    from contracts.report.terminal import lines

    terminalreporter.section("refresh contract")
    for text, colour in lines(run):
        terminalreporter.write_line(text, **({colour: True} if colour else {}))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The verdict is the last line of the run, after pytest's own."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter and (last := config.stash.get(_LAST, None)):
        reporter.write_line(last)
