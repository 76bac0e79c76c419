"""What the documents tell people to do works: each command is run, each example is tried, each link leads somewhere."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from contracts.model.hosts import looks_like_production
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.rules.known_deviations import read
from tests.kit.gates import environment
from tests.kit.recordings import call

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.glob("*.md"))
LOCAL = ("https://store.example", "http://127.0.0.1:8123")
AT_ONCE = 2  # commands that run at the same time; most of them wait more than they work
MAKES_EVIDENCE = "pytest --pyargs contracts -m mock"  # for the command that judges it again
CLIENT = "pytest tests/test_my_client.py -m consumer"

# What no test runs, and why not.
NOT_RUN = {
    "make check": "the tests of the gate run what it runs",
    "make test": "it is what runs this",
    "make rule-pages": "tests/model/test_explain.py compares the pages with what it would write",
    "pip install .": "CI installs the package",
    "python -m contracts.provider.store --port 8123": "it does not end by itself; tests/provider/test_store.py runs it",
    "pytest --pyargs contracts -m sdk": "tests/run/test_consumer_gate.py runs it",
    "pytest --pyargs contracts -m sdk --refresh-sdk dist/twilight.min.js": "tests/run/test_consumer_gate.py runs it",
}


@dataclass(frozen=True)
class Command:
    """A command of a page, and the exit code that the page says it has."""

    page: str
    text: str
    code: int


def commands() -> Iterator[Command]:
    """Every command of the blocks of `sh`."""
    for page in (ROOT / "README.md", *PAGES):
        text = page.read_text("utf-8")
        lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
        for line in lines:
            command, _, said = line.partition(" #")
            code = re.search(r"exits with (\d+)", said)
            yield Command(page.name, command.strip(), int(code[1]) if code else 0)


def different() -> list[Command]:
    """Those that are run: one that stands twice, or at two addresses that are the same store here, is run once."""
    found = [c for c in commands() if c.text not in NOT_RUN]
    return list({(c.text.replace(*LOCAL), c.code): c for c in found}.values())


COMMANDS = different()
Done = subprocess.CompletedProcess[str]


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a language in a page."""
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def store() -> Iterator[tuple[Store, str]]:
    """A store, and its address."""
    made = Store()
    with serve(made.app) as url:
        yield made, url


@pytest.fixture(scope="module")
def folder(store: tuple[Store, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the pages speak of."""
    made = tmp_path_factory.mktemp("reader")
    (made / "tests").mkdir()
    for page in PAGES:
        for language in ("python", "toml"):
            for block in blocks(page.name, language):
                if named := re.match(r"# (\S+\.(?:py|toml))\n", block):
                    text = block.replace(LOCAL[1].removeprefix("http://"), store[1].removeprefix("http://"))
                    (made / named[1]).write_text(text, "utf-8")
    (made / "saved.har").write_text(json.dumps({"log": {"entries": [call()]}}))
    return made


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a reader does, with this interpreter's own programs."""
    own = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(**own),
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )


@pytest.fixture(scope="module")
def ran(
    store: tuple[Store, str], folder: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[Command, Future[Done]]]:
    """What becomes of the commands that the selected tests ask for, each run in a folder of its own."""
    asked = {item.callspec.params["command"] for item in request.session.items if "ran" in getattr(item, "fixturenames", ())}

    def start(command: Command) -> Done:
        text = command.text
        for address in LOCAL:
            text = text.replace(address, store[1])
        text = text.replace("'session=…'", f"'{store[0].log_in()}'")
        assert "…" not in text
        own = tmp_path_factory.mktemp("reader") / "own"
        shutil.copytree(folder, own)
        done = run(own, text)
        if command.text == MAKES_EVIDENCE:
            shutil.copytree(own / "refresh-report", folder / "refresh-report")
        return done

    def urgency(command: Command) -> tuple[bool, bool]:
        """First what another command needs, then what takes longest: clients wait for answers that never come."""
        return command.text != MAKES_EVIDENCE, "consumer" not in command.text

    found: dict[Command, Future[Done]] = {}
    needed = {c for c in COMMANDS if c.text == MAKES_EVIDENCE and any("evidence.har" in a.text for a in asked)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for command in sorted(asked | needed, key=urgency):
            found[command] = pool.submit(start, command)
            if command in needed:
                found[command].result()
        yield found
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: f"{c.page}: {c.text}")
def test_a_command_does_what_the_page_says(command: Command, ran: dict[Command, Future[Done]]) -> None:
    """It ends with the exit code of the page, against a real store in the place of the reader's."""
    done = ran[command].result()
    assert done.returncode == command.code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.text == CLIENT], ids=lambda c: f"{c.page}: {c.text}")
def test_the_client_of_the_example_is_found_out(command: Command, ran: dict[Command, Future[Done]]) -> None:
    """A client of one's own, by urllib over a real socket, breaks what the page says, and can be judged again."""
    lines = pytest.LineMatcher(ran[command].result().stdout.splitlines())
    said = ["FAIL failure-fires-once (MUST), MyClient", "*Actual*no event for one call", f"*Again*{CLIENT} -k failure-fires-once"]
    lines.fnmatch_lines([*said, "non-conformant: *"])


def test_nothing_is_left_out_without_a_reason() -> None:
    """The table names commands that are there."""
    assert not set(NOT_RUN) - {command.text for command in commands()}
    assert len(COMMANDS) > 12


def test_commands_stand_where_they_are_run() -> None:
    """No command hides in a block that is not of `sh`."""
    program = re.compile(r"(\$ |\w+=\S+ )*(pytest|make|python3?|pip|npm|npx|apt-get|playwright|curl) ")
    for page in (ROOT / "README.md", *PAGES):
        rest = re.sub(r"```sh\n.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
        fenced = "".join(re.findall(r"^```\w*\n(.*?)^```", rest, re.DOTALL | re.MULTILINE))
        lines = [*fenced.splitlines(), *re.findall(r"^ {4,}(\S.*)", rest, re.MULTILINE)]
        assert [line for line in lines if program.match(line)] == [], page


def test_the_example_of_a_pattern_asks_before_production(tmp_path: Path) -> None:
    """With the page's configuration, its host is not judged without the option, and one that is called `www` may be."""
    (example,) = (block for block in blocks("staging.md", "toml") if "refresh_production" in block)
    (tmp_path / "pyproject.toml").write_text(example, "utf-8")
    asked = run(tmp_path, "pytest --pyargs contracts -m provider --base-url https://shop.brand.com")
    assert (asked.returncode, "shop.brand.com looks like production" in asked.stderr) == (4, True)
    pattern = tomllib.loads(example)["tool"]["pytest"]["ini_options"]["refresh_production"]
    assert not looks_like_production("https://www.other.com", pattern)


def test_the_list_of_the_example_is_read(tmp_path: Path) -> None:
    """The list of known deviations that the page shows can be given as it stands."""
    path = tmp_path / "known.toml"
    path.write_text(blocks("clients.md", "toml")[0], "utf-8")
    found = read(path, "known.toml")
    assert [d.rule for d in found] == ["failure-rejects", "failure-fires-once"]
    assert found[0].implementation == "MyClient"


def test_the_example_of_a_rule_is_one() -> None:
    """The entry of the worked example has what an entry has, and its judgement keeps and breaks its examples."""
    import yaml

    from contracts.model.document import RuleText
    from contracts.model.exchange import Exchange
    from contracts.rules.engine import Evaluator, RuleSet
    from contracts.rules.provider import Memory, answer
    from tests.kit.examples import exchanges

    (entry,) = yaml.safe_load(blocks("writing-a-rule.md", "yaml")[0])
    rule = RuleText(**{**entry, "source": tuple(entry["source"])})
    rule_set = RuleSet[Exchange, Memory](Memory)
    exec(blocks("writing-a-rule.md", "python")[0], {**vars(answer), "rule": rule_set.rule})
    for text, broken in ((rule.conforming, 0), (rule.breaking, 1)):
        evaluator = Evaluator(rule_set)
        for exchange in exchanges(text):
            evaluator.add(exchange)
        assert (evaluator.tallies[rule.id].exercised, evaluator.tallies[rule.id].broken) == (1, broken)


# --- the site ---------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page loads by itself, where its links lead, and the ids that a link may name."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        self.loaded += [given[name] for name in ("src", "srcset", "poster", "data") if name in given and tag != "a"]
        if tag == "link":
            self.loaded.append(given.get("href", ""))
        elif "href" in given:
            self.links.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """The pages of the site, built from what is here: --strict makes a link that leads nowhere an error."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "zensical.toml", folder)
    shutil.copytree(DOCS, folder / "docs")
    program = Path(sys.executable).with_name("zensical")
    done = subprocess.run(
        [program, "build", "--strict"], cwd=folder, env=environment(), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {path: Page(path) for path in (folder / "site").rglob("*.html") if path.name != "404.html"}


def test_the_site_has_all_pages_and_no_programs(site: dict[Path, Page]) -> None:
    """The programs that make pictures and pages are no part of it."""
    top = min(site, key=lambda path: len(path.parts)).parent
    assert {path.with_suffix(".md").name for path in site if path.parent == top} == {page.name for page in PAGES}
    assert list(top.rglob("*.py")) == []


def test_the_site_asks_nobody_else(site: dict[Path, Page]) -> None:
    """What a page or its style needs comes with it."""
    for path, page in site.items():
        assert [address for address in page.loaded if "//" in address] == [], path
        for style in (path.parent / address for address in page.loaded if address.endswith(".css")):
            assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.read_text("utf-8")), style


def test_every_link_of_the_site_leads_somewhere(site: dict[Path, Page]) -> None:
    """Zensical itself does not look at links to files that are no pages, such as those outside the folder of the documents."""
    for path, page in site.items():
        for address in [*page.links, *page.loaded]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{path.name}: {address}"
            assert not parts.fragment or target not in site or unquote(parts.fragment) in site[target].ids, (
                f"{path.name}: {address}"
            )


def test_the_templates_of_pipelines_are_shown_as_they_are(site: dict[Path, Page]) -> None:
    """The page includes the files themselves."""
    (path,) = (path for path in site if path.name == "pipeline.html")
    shown = html.unescape(re.sub(r"<[^>]+>", "", path.read_text("utf-8")))
    for template in ("github.yml", "gitlab.yml"):
        assert (DOCS / "pipeline" / template).read_text("utf-8").strip() in shown
