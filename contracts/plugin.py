"""The pytest plugin `refresh_contract`: options, markers, fixtures and the exit code.

Every pytest run loads it once the package is installed, so it imports the rest of the package only if the suite runs.
"""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contracts import workers
from contracts.lean import spare
from contracts.model.part import Part
from contracts.workers import Controller

if TYPE_CHECKING:
    from contracts.consumer.protocol import RefreshConsumer
    from contracts.har import Track
    from contracts.provider.mock import RefreshMock
    from contracts.report.publish import Ending
    from contracts.run import Run
    from contracts.settings import Settings

MARKERS = {
    Part.PROVIDER: "judges the real endpoint: --base-url, or the built-in store over a socket",
    Part.MOCK: "judges the mocked endpoint (the fixture refresh_mock)",
    Part.CONSUMER: "judges a client in this process: the reference client, or the one that the fixture refresh_consumer returns",
    Part.SDK: "judges the Twilight SDK in a browser",
}
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")
_OPTIONS: tuple[tuple[str, dict[str, object]], ...] = (
    ("path", {"metavar": "PATH", "help": "path of the endpoint (default: the path in the document)"}),
    ("report", {"metavar": "DIR", "help": "folder for the report (default: refresh-report)"}),
    ("max-requests", {"metavar": "N", "help": "maximum number of requests to one environment (default: 100)"}),
    (
        "power",
        {
            "metavar": "SHARE",
            "help": "send enough requests to catch, with 95 %% probability, a fault in this share of answers (0.02: one in 50)",
        },
    ),
    (
        "rate",
        {
            "metavar": "R",
            "help": "maximum number of requests per second; 0 means no limit (default: 5; loopback: 0)",
        },
    ),
    (
        "max-seconds",
        {"metavar": "S", "help": "time limit for the whole observation of one environment, in seconds (default: 300)"},
    ),
    ("deadline", {"metavar": "S", "help": "time limit for one exchange, in seconds (default: 10)"}),
    ("ca", {"metavar": "FILE", "help": "CA bundle to trust as well"}),
    ("replay", {"metavar": "HAR", "help": "judge recorded evidence and send nothing"}),
    ("sdk", {"metavar": "PATH", "help": "SDK bundle to judge, a twilight.min.js (default: the installed npm package)"}),
    ("known", {"metavar": "FILE", "help": "TOML file of known deviations"}),
    ("strict", {"action": "store_true", "help": "judge without any list of known deviations"}),
    ("allow-production", {"action": "store_true", "help": "judge a host that looks like production"}),
    ("anonymous", {"action": "store_true", "help": "judge the refusals only, without a session"}),
)
NO_SESSION = "--base-url needs a session: set REFRESH_COOKIE (session=…), or give --refresh-anonymous to judge the refusals only"
_RUN: pytest.StashKey[Run] = pytest.StashKey()
_NEEDS: pytest.StashKey[Needs] = pytest.StashKey()
_MISTAKE: pytest.StashKey[str] = pytest.StashKey()
_END: pytest.StashKey[Ending] = pytest.StashKey()
_OTHERS: pytest.StashKey[Others] = pytest.StashKey()
_CONTROLLER: pytest.StashKey[Controller] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options of the suite. `--base-url` is an option of pytest-base-url."""
    group = parser.getgroup("refresh contract")
    for name, how in _OPTIONS:
        group.addoption(f"--refresh-{name}", dest=f"refresh_{name.replace('-', '_')}", **how)
    parser.addini("refresh_production", "regular expression for the hosts that need --refresh-allow-production")
    if config := pluginmanager.get_plugin("pytestconfig"):
        spare(parser, config)


@dataclass(frozen=True)
class Needs:
    """What the run needs for a verdict: without it, the run is refused or incomplete."""

    session: bool = False
    sdk: bool = False


class Others:
    """Remembers whether a test outside the suite failed. Then pytest's exit code stays, and the verdict does not replace it."""

    failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The set-up, call or tear-down of a test has ended."""
        self.failed |= report.failed and not getattr(report, "_refresh_suite", False)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_OTHERS] = Others()
    config.pluginmanager.register(config.stash[_OTHERS])
    if workers.spreads(config):
        config.stash[_CONTROLLER] = workers.Controller()
        config.pluginmanager.register(config.stash[_CONTROLLER])
    for name, text in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {text}")


@pytest.hookimpl(wrapper=True)
def pytest_report_header() -> Generator[None, list[str | list[str]], list[str | list[str]]]:
    """Remove credentials from the headers of other plugins, which print the base URL before it is checked."""
    headers = yield
    return [[_CREDENTIALS.sub("…@", line) for line in ([header] if isinstance(header, str) else header)] for header in headers]


def _is_suite(item: pytest.Item) -> bool:
    return "refresh_run" in getattr(item, "fixturenames", ())


def _logs_in(item: pytest.Item) -> bool:
    """Whether a project overrides the fixture `refresh_session`."""
    info = getattr(item, "_fixtureinfo", None)
    return info is not None and len(info.name2fixturedefs.get("refresh_session", ())) > 1


def _part(item: pytest.Item) -> Part:
    """The part of the suite to which an item belongs."""
    return next((Part(mark.name) for mark in item.iter_markers() if mark.name in MARKERS), Part.PROVIDER)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check all settings before anything is sent. UsageError: an option or environment variable is invalid."""
    if not any(map(_is_suite, items)):
        return
    try:
        _begin(config, items)
    except pytest.UsageError as mistake:
        if not workers.is_worker(config):
            raise
        config.stash[_MISTAKE] = str(mistake)  # a worker cannot end the run, so the controller will


def _begin(config: pytest.Config, items: list[pytest.Item]) -> None:
    from contracts.report.files import prepare
    from contracts.report.line import line
    from contracts.report.progress import Progress
    from contracts.run import Run
    from contracts.settings import Mistake, read

    options = {name.replace("-", "_"): config.getoption(f"refresh_{name.replace('-', '_')}") for name, _ in _OPTIONS}
    options |= {
        "base_url": config.getoption("base_url"),
        "seed": _seed(config),
        "production": config.getini("refresh_production"),
    }
    try:
        settings = read(options, os.environ)
        tracks = _recorded(settings)
        if not config.option.collectonly:
            prepare(settings.report, replay=settings.replay is not None)
    except Mistake as mistake:
        raise pytest.UsageError(str(mistake)) from None
    progress = Progress(line(config))
    asked = _asked(items)
    config.stash[_RUN] = Run(settings, config.invocation_params.args, tracks, progress, _suite_args(config), asked)
    if tracks is not None:
        _select(config, items, set(tracks))
    places = [place for place, item in enumerate(items) if _is_suite(item)]
    # The endpoint is judged first, since its answers are then played to clients.
    suite = sorted((items[place] for place in places), key=lambda item: list(Part).index(_part(item)))
    for place, item in zip(places, suite, strict=True):
        items[place] = item
    parts = {_part(item) for item in suite}
    if tracks is not None:
        return
    config.stash[_NEEDS] = needs = Needs(
        session=bool(settings.base_url) and not settings.anonymous and Part.PROVIDER in parts,
        sdk=settings.sdk is not None or parts == {Part.SDK},
    )
    if needs.session and not settings.cookie and not any(map(_logs_in, items)):
        raise pytest.UsageError(NO_SESSION)


def _asked(items: list[pytest.Item]) -> dict[Part, frozenset[str]]:
    """The rules that are asked for, of each part of which nothing else is: it is observed only until they are all broken."""
    rules: dict[Part, set[str]] = {}
    for item in filter(_is_suite, items):
        spec = getattr(item, "callspec", None)
        rules.setdefault(_part(item), set()).add(spec.params.get("rule", "") if spec else "")
    return {part: frozenset(asked) for part, asked in rules.items() if "" not in asked}


def _recorded(settings: Settings) -> dict[Part, Track] | None:
    """The tracks of the recording to judge, by part; None without `--refresh-replay`. Mistake: the file cannot be judged."""
    if settings.replay is None:
        return None
    from contracts.har import BadEvidence
    from contracts.har.reading import read
    from contracts.settings import Mistake

    try:
        return read(settings.replay, base_url=settings.base_url, endpoint=settings.path)
    except BadEvidence as error:
        raise Mistake(f"--refresh-replay {settings.replay} {error}") from None


def _suite_args(config: pytest.Config) -> list[str]:
    """The arguments that name the suite: modules of the project, or the package."""
    named = list(dict.fromkeys(word.partition("::")[0] for word in config.option.file_or_dir))
    return [*(["--pyargs"] if config.option.pyargs else []), *named] if named else ["--pyargs", "contracts"]


def _select(config: pytest.Config, items: list[pytest.Item], parts: set[Part]) -> None:
    """Deselect tests of parts that the recording does not hold. UsageError: no test is left."""
    unseen = [item for item in items if _is_suite(item) and _part(item) not in parts]
    if len(unseen) == sum(map(_is_suite, items)):
        there = ", ".join(part for part in Part if part in parts)
        raise pytest.UsageError(f"--refresh-replay holds nothing of what was asked for; it can be judged with -m {there}")
    items[:] = [item for item in items if item not in unseen]
    if unseen:
        config.hook.pytest_deselected(items=unseen)


def _seed(config: pytest.Config) -> int:
    value = config.getoption("--hypothesis-seed", None)
    return int(value) if str(value).isdigit() else 0


@pytest.fixture(scope="session")
def refresh_session() -> str | None:
    """The Cookie header of a logged-in customer. Override this fixture to log in yourself."""
    return os.environ.get("REFRESH_COOKIE", "").strip(" ") or None


@pytest.fixture(scope="session")
def refresh_other_session() -> str | None:
    """The Cookie header of a second customer; None if there is none. Override this fixture to log in yourself."""
    return os.environ.get("REFRESH_OTHER_COOKIE", "").strip(" ") or None


@pytest.fixture(scope="session")
def refresh_run(pytestconfig: pytest.Config, refresh_session: str | None, refresh_other_session: str | None) -> Run:
    """The current run, which gives judgements to the tests of the suite."""
    if mistake := pytestconfig.stash.get(_MISTAKE, None):
        workers.tell(pytestconfig, {"mistake": mistake})
        pytest.skip(mistake)
    run = pytestconfig.stash[_RUN]
    from contracts.settings import Mistake, cookie

    try:
        usable = cookie("refresh_session", {"refresh_session": refresh_session or ""})
        cookie("refresh_other_session", {"refresh_other_session": refresh_other_session or ""})
        mistake = NO_SESSION if pytestconfig.stash.get(_NEEDS, Needs()).session and not usable else None
    except Mistake as error:
        mistake = str(error)
    if mistake and workers.is_worker(pytestconfig):
        workers.tell(pytestconfig, {"mistake": mistake})
        pytest.skip(mistake)
    if mistake:
        pytest.exit(mistake, returncode=4)
    run.session, run.other_session = refresh_session, refresh_other_session
    for session in (refresh_session, refresh_other_session):
        run.redactor.learn_cookies(session or "")
    return run


@pytest.fixture(scope="session")
def refresh_endpoint(pytestconfig: pytest.Config) -> str:
    """The base URL of a real socket on which the scenarios are played. Give it to a client of your own."""
    return pytestconfig.stash[_RUN].endpoint


@pytest.fixture
def refresh_consumer() -> RefreshConsumer:
    """The client under test: the reference client. Override this fixture to test your own, which must be a `RefreshConsumer`."""
    from contracts.consumer.reference import RefreshClient

    return RefreshClient("https://store.example", timeout=1.0)


@pytest.fixture(scope="session")
def refresh_sdk(pytestconfig: pytest.Config, refresh_run: Run) -> None:
    """Skip if something that the SDK needs is missing. If the user asked for the SDK, the run is then incomplete."""
    from contracts.consumer.sdk import available

    if refresh_run.tracks is not None:
        return
    if reason := available(refresh_run.settings.sdk):
        if pytestconfig.stash[_NEEDS].sdk:
            refresh_run.missing["twilight"] = reason
        pytest.skip(reason)


@pytest.fixture
def refresh_mock() -> Iterator[RefreshMock]:
    """A mock of the endpoint, built from the document, which answers the httpx calls of the test."""
    from contracts.provider.mock import RefreshMock

    with RefreshMock() as mock:
        yield mock


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the report. The verdict decides the exit code, unless something else went wrong too."""
    config = session.config
    run, controller = config.stash.get(_RUN, None), config.stash.get(_CONTROLLER, None)
    result = run.finish(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED) if run else None
    if controller and controller.mistake:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR
    if not result and not (controller and (controller.told or controller.died)):
        return
    from contracts.report.publish import account, end  # only now: other people's runs end here too

    if run and result and workers.is_worker(config):
        workers.tell(config, {"account": pickle.dumps(account(result, run.learned()))})
        return
    accounts = [account(result, run.learned())] if run and result else []
    if controller and not result:  # unpickling is safe here, since its own workers made these
        accounts = [pickle.loads(told["account"]) for told in controller.told]  # noqa: S301
    summary = Path(os.environ["GITHUB_STEP_SUMMARY"]) if os.environ.get("GITHUB_STEP_SUMMARY") else None
    config.stash[_END] = ending = end(accounts, died=controller.died if controller else None, summary=summary)
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not config.stash[_OTHERS].failed:
        session.exitstatus = int(ending.conclusion.exit)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    if _is_suite(item):
        outcome.get_result()._refresh_suite = True  # type: ignore[attr-defined]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if ending := config.stash.get(_END, None):
        terminalreporter.section("refresh contract")
        for text, colour in ending.lines:
            terminalreporter.write_line(text, **({colour: True} if colour else {}))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the verdict as the last line of the run, after pytest's own."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    ending, controller = config.stash.get(_END, None), config.stash.get(_CONTROLLER, None)
    last = ending.last if ending else f"ERROR: {controller.mistake}" if controller and controller.mistake else None
    if reporter and ending and ending.report and os.environ.get("GITHUB_ACTIONS") == "true":
        from contracts.report.annotations import annotations

        for line in annotations(ending.report):
            reporter.write_line(line)
    if reporter and last:
        reporter.write_line(last)
