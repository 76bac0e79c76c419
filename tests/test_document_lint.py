"""The contract lints clean under two linters that people use, pinned and run with all their standard rules.

They are Node.js programs, installed first where they are not as pinned; nothing is skipped.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.kit.node import ENVIRONMENT

OPENAPI = Path(__file__).parent.parent / "openapi"
PINNED: dict[str, str] = json.loads((OPENAPI / "package.json").read_bytes())["devDependencies"]
Linter = Callable[[Path], list[str]]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program among the linters' files, its output kept."""
    return subprocess.run(
        command,
        cwd=OPENAPI,
        env=ENVIRONMENT,
        capture_output=True,
        encoding="utf-8",
        timeout=1500,
        check=False,
    )


def find_npm(path: str) -> str:
    """The npm to use; without one the test fails and says what to install."""
    npm = shutil.which("npm", path=path)
    if npm is None:
        pytest.fail("linting needs npm: install Node.js 20.19 or later, which brings it", pytrace=False)
    return npm


def installed(package: str) -> str | None:
    """The version of an installed package."""
    manifest = OPENAPI / "node_modules" / package / "package.json"
    return json.loads(manifest.read_bytes())["version"] if manifest.is_file() else None


@pytest.fixture(scope="module", autouse=True)
def linters() -> None:
    """Both linters, as pinned."""
    npm = find_npm(ENVIRONMENT["PATH"])
    if any(installed(package) != version for package, version in PINNED.items()):
        done = run(npm, "ci", "--ignore-scripts")
        if done.returncode:
            pytest.fail(f"npm ci could not install the linters: {done.stderr[-500:]}", pytrace=False)


def redocly(file: Path) -> list[str]:
    """The rules that Redocly CLI finds broken, warnings included."""
    done = run("node_modules/.bin/redocly", "lint", str(file), "--config=redocly.yaml", "--format=json")
    told = json.loads(done.stdout)
    assert told["totals"]["ignored"] == 0
    return [problem["ruleId"] for problem in told["problems"]]


def spectral(file: Path) -> list[str]:
    """The rules that Spectral finds broken, hints included."""
    command = ("lint", str(file), "--ruleset=.spectral.yaml", "--format=json", "--quiet")
    return [problem["code"] for problem in json.loads(run("node_modules/.bin/spectral", *command).stdout)]


@pytest.mark.parametrize("linter", [redocly, spectral])
def test_the_document_lints_clean(linter: Linter) -> None:
    """The linters find neither an error nor a warning in the document."""
    assert linter(OPENAPI / "refresh.yaml") == []


@pytest.mark.parametrize(
    ("linter", "good", "bad", "rule"),
    [
        pytest.param(redocly, "operationId: refreshToken", "", "operation-operationId", id="redocly, warning"),
        pytest.param(redocly, "operationId: refreshToken", "operationId: 7", "struct", id="redocly, error"),
        pytest.param(spectral, "operationId: refreshToken", "", "operation-operationId", id="spectral, warning"),
        pytest.param(spectral, "items: {}", "", "array-items", id="spectral, error"),
    ],
)
def test_the_linters_see_a_fault(tmp_path: Path, linter: Linter, good: str, bad: str, rule: str) -> None:
    """A document with one fault put in does not lint clean."""
    text = (OPENAPI / "refresh.yaml").read_text(encoding="utf-8")
    assert text.count(good) == 1
    file = tmp_path / "refresh.yaml"
    file.write_text(text.replace(good, bad), encoding="utf-8")
    assert rule in linter(file)


def test_the_linters_are_pinned() -> None:
    """Both linters have one exact version, the lock agrees, and it names no address to download from."""
    locked = json.loads((OPENAPI / "package-lock.json").read_bytes())["packages"]
    assert set(PINNED) == {"@redocly/cli", "@stoplight/spectral-cli"}
    for package, version in PINNED.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert locked[f"node_modules/{package}"]["version"] == version
    assert [path for path, entry in locked.items() if path and "integrity" not in entry] == []
    assert [path for path, entry in locked.items() if "resolved" in entry] == []


def test_no_lint_rule_is_off() -> None:
    """Both linters run their standard rules and no fewer, so that clean means clean."""
    configured = [yaml.safe_load((OPENAPI / name).read_bytes()) for name in ("redocly.yaml", ".spectral.yaml")]
    assert configured == [{"extends": ["recommended"]}, {"extends": "spectral:oas"}]


def test_a_missing_npm_is_told_in_a_sentence() -> None:
    """Without npm the lint fails, and says what to install."""
    with pytest.raises(pytest.fail.Exception, match="install Node"):
        find_npm("nowhere")
