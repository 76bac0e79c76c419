"""What the documents tell people to do works: each command is run, each example is tried, each link leads somewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest

from contracts.known import read
from contracts.providers.serving import serve
from contracts.providers.store import Store

from .gates import environment
from .test_har import call

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.glob("*.md"))
LOCAL = ("https://store.example", "http://127.0.0.1:8123")

# What no test runs, and why not.
NOT_RUN = {
    "make check": "the tests of the gate run what it runs",
    "make test": "it is what runs this",
    "pytest tests/test_my_client.py -m consumer": "the test of that example runs it",
    "make rule-pages": "tests/test_explain.py compares the pages with what it would write",
    "pip install .": "CI installs the package",
    "python -m contracts.providers.store --port 8123": "it does not end by itself; tests/test_store.py runs it",
    "pytest --pyargs contracts -m sdk": "tests/test_client_gate.py runs it",
    "pytest --pyargs contracts -m sdk --refresh-sdk dist/twilight.min.js": "tests/test_client_gate.py runs it",
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


COMMANDS = list({(c.text, c.code): c for c in commands() if c.text not in NOT_RUN}.values())  # one that stands twice is run once


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
    assert run(made, "pytest --pyargs contracts -m mock").returncode == 0  # for the evidence
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
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: f"{c.page}: {c.text}")
def test_a_command_does_what_the_page_says(command: Command, store: tuple[Store, str], folder: Path) -> None:
    """It ends with the exit code of the page, against a real store in the place of the reader's."""
    text = command.text
    for address in LOCAL:
        text = text.replace(address, store[1])
    text = text.replace("'session=…'", f"'{store[0].log_in()}'")
    assert "…" not in text
    done = run(folder, text)
    assert done.returncode == command.code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_nothing_is_left_out_without_a_reason() -> None:
    """The table names commands that are there."""
    assert not set(NOT_RUN) - {command.text for command in commands()}
    assert len(COMMANDS) > 12


def test_the_client_of_the_example_is_judged(pytester: pytest.Pytester) -> None:
    """A client of one's own, by urllib over a real socket, is found out as the page says, and can be judged again."""
    pytester.makepyfile(test_my_client=blocks("clients.md", "python")[0])
    result = pytester.runpytest_subprocess(
        "test_my_client.py", "-m", "consumer", "-k", "failure-fires-once", "--refresh-deadline", "2"
    )
    assert result.ret == 1
    said = [
        "FAIL failure-fires-once (MUST), MyClient",
        "*Actual*no event for one call",
        "*Again*pytest test_my_client.py -m consumer*",
    ]
    result.stdout.fnmatch_lines([*said, "non-conformant: *"])


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

    from contracts.document import RuleText
    from contracts.rules import Book, Judging, provider

    from .examples import exchanges

    (entry,) = yaml.safe_load(blocks("writing-a-rule.md", "yaml")[0])
    rule = RuleText(**{**entry, "source": tuple(entry["source"])})
    book = Book[provider.Exchange, provider.Memory](provider.Memory)
    exec(blocks("writing-a-rule.md", "python")[0], {**vars(provider), "rule": book.rule})
    for text, broken in ((rule.conforming, 0), (rule.breaking, 1)):
        judging = Judging(book)
        for x in exchanges(text):
            judging.add(x)
        assert (judging.tallies[rule.id].exercised, judging.tallies[rule.id].broken) == (1, broken)


# --- the site ---------------------------------------------------------------------------------------------------------


class Loaded(HTMLParser):
    """What a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "iframe") and given.get("src"):
            self.addresses.append(str(given["src"]))
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload", "preconnect", "modulepreload"):
            self.addresses.append(str(given.get("href")))


def test_the_site_is_whole_and_asks_nobody_else(tmp_path: Path) -> None:
    """Every link between pages leads somewhere, and what a page needs comes with it."""
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    shutil.copytree(DOCS, tmp_path / "docs")
    program = Path(sys.executable).with_name("zensical")
    done = subprocess.run(
        [program, "build", "--strict"], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        loaded = Loaded()
        loaded.feed(page.read_text("utf-8"))
        assert [a for a in loaded.addresses if "//" in a] == [], page
    shown = re.sub(r"<[^>]+>", "", (tmp_path / "site" / "pipeline.html").read_text("utf-8"))
    assert "resource_group: refresh-contract" in shown  # the templates are shown as they are
    assert "workflow_dispatch" in shown
