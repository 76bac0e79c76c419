"""Changes the core in one place after the other, runs its tests on each change, and writes to `docs/mutation.md` what they miss.

`make mutation` runs it, in copies of the project and not in the project itself; it takes about half an hour. Reasons why a change
may pass stand in `docs/mutation.toml`. It fails if one passes without a reason, or if fewer than `LEAST` are caught. With words
as arguments, only the parts with such a word in their names are changed, and no page is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "mutation.md"
REASONS: Final = ROOT / "docs" / "mutation.toml"
KEPT: Final = ROOT / "build" / "mutation"  # what was tried already
LEAST: Final = 0.95
SECONDS: Final = 40.0  # for the tests of one change; one that makes them hang is caught

# What is changed, and the tests that prove it: files, or folders with all that is in them.
EXPLAIN: Final = "tests/model/test_explain.py"
TESTS: Final[Mapping[str, Sequence[str]]] = {
    "contracts/rules/provider": ("tests/rules", EXPLAIN),
    "contracts/rules/consumer.py": ("tests/rules", EXPLAIN),
    "contracts/rules/engine.py": ("tests/rules",),
    "contracts/model/exchange.py": ("tests/model/test_exchange.py", "tests/model/test_outcome.py", "tests/rules"),
    "contracts/model/outcome.py": ("tests/model/test_outcome.py", "tests/rules", EXPLAIN),
    "contracts/model/tokens.py": ("tests/model/test_tokens.py", "tests/rules"),
    "contracts/model/strict_json.py": ("tests/model/test_strict_json.py",),
    "contracts/redaction": ("tests/redaction",),
}
# Tests that take more than a second, or start processes: what they alone would catch lacks a test of its own.
SLOW: Final = "raises or violating or conforming_answer or right_client or reader or quickly or terminal or cost or power_chooses"
# One change of each kind where the tool knows many: an operator for its opposite, a bound with its edge or without, one more or
# less, a condition negated, a loop that never runs.
CHANGES: Final = (
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "NumberReplacer"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer", "ZeroIterationForLoop"),
    *("ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub"),
    *(
        f"ReplaceComparisonOperator_{pair}"
        for pair in ("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")
    ),
    *(
        f"ReplaceBinaryOperator_{pair}"
        for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Add", "BitAnd_Add", "RShift_LShift")
    ),
)
CONFIG: Final = """[cosmic-ray]
module-path = ["{part}"]
timeout = {seconds}
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider -p no:xdist -p no:anyio {tests} -k 'not ({slow})'"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/(?!({changes})$)"]
"""


@dataclass(frozen=True)
class Change:
    """One change of one line, and whether the tests caught it."""

    module: str
    function: str
    line: int
    before: str
    after: str
    caught: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same when the line moves."""
        return self.module, self.before, self.after


def copied(folder: Path) -> Path:
    """A copy of the project to be changed."""
    left_out = (".git", ".venv", "node_modules", "refresh-report", "site", "build", ".mypy_cache", ".ruff_cache", ".hypothesis")
    copy = folder / "copy"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*left_out, "__pycache__"))
    return copy


def tried(part: str, tests: Sequence[str]) -> list[Change]:
    """Every change of a part; once, as long as neither it nor its tests change. SystemExit: its tests fail without any.

    What the part imports is not looked at; who changed that removes `build/mutation` first.
    """
    read = [path for name in (part, *tests) for path in files(ROOT / name)]
    mark = hashlib.sha256(b"".join([*(path.read_bytes() for path in read), repr((CHANGES, SLOW)).encode()])).hexdigest()
    kept = KEPT / f"{mark[:16]}.json"
    if kept.is_file():
        found = [Change(**fields) for fields in json.loads(kept.read_text("utf-8"))]
    else:
        found = _tried(part, tests)
        KEPT.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps([asdict(change) for change in found]), "utf-8")
    why = reasons()
    lines = [f"{part}: {sum(c.caught for c in found)} of {len(found)}"]
    for c in found:
        if not c.caught and c.key not in why:
            lines += [f"{c.module}, line {c.line}, {c.function}", f"- {c.before}", f"+ {c.after}"]
    print("\n".join(lines), flush=True)
    return found


def files(path: Path) -> list[Path]:
    """A file, or those of a folder."""
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _tried(part: str, tests: Sequence[str]) -> list[Change]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy, database, config = copied(folder), folder / "session.sqlite", folder / "config.toml"
        filled = {"seconds": SECONDS, "python": sys.executable, "slow": SLOW, "changes": "|".join(CHANGES)}
        config.write_text(CONFIG.format(part=part, tests=" ".join(tests), **filled), "utf-8")
        run(copy, "cosmic_ray.cli", "init", str(config), str(database))
        run(copy, "cosmic_ray.tools.filters.operators_filter", str(database), str(config))
        run(copy, "cosmic_ray.cli", "baseline", str(config))
        run(copy, "cosmic_ray.cli", "exec", str(config), str(database))
        with use_db(str(database)) as done:
            found = []
            for item, result in done.completed_work_items:
                if result.worker_outcome is WorkerOutcome.SKIPPED or result.test_outcome is TestOutcome.INCOMPETENT:
                    continue  # not one of ours, or one that broke the tool and not a test
                spec = item.mutations[0]
                removed, added = lines_of(result.diff or "")
                caught = result.test_outcome is not TestOutcome.SURVIVED
                found.append(Change(str(spec.module_path), spec.definition_name or "", spec.start_pos[0], removed, added, caught))
    return found


def run(folder: Path, *argv: str) -> None:
    """Run a part of the tool in a folder. SystemExit: it failed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("REFRESH_", "PYTEST_"))}
    env |= {"PYTHONPATH": str(folder), "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / ".hypothesis")}
    done = subprocess.run([sys.executable, "-m", *argv], cwd=folder, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"{argv[0]} {argv[1]} failed:\n{(done.stdout + done.stderr)[-2000:]}")


def lines_of(diff: str) -> tuple[str, str]:
    """The changed line before and after, from a unified diff; of several, as one."""
    body = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    sides = (" ".join(line[1:].strip() for line in body if line.startswith(sign)) for sign in "-+")
    before, after = sides
    return before, after


def reasons() -> dict[tuple[str, str, str], str]:
    """Why a change may pass, by its module and its line before and after."""
    found = tomllib.loads(REASONS.read_text("utf-8")) if REASONS.is_file() else {}
    return {
        (entry["module"], change[0], change[1]): entry["reason"]
        for entry in found.get("passes", ())
        for change in entry["changes"]
    }


def share(changes: Sequence[Change]) -> str:
    """How many of them were caught, in percent, rounded down."""
    return f"{int(1000 * sum(c.caught for c in changes) / len(changes)) / 10:.1f} %"


def page(changes: Sequence[Change], why: Mapping[tuple[str, str, str], str]) -> Iterator[str]:
    """The document, line by line."""
    passed = [c for c in changes if not c.caught]
    yield "# What the tests of the core would miss"
    yield ""
    yield "`make mutation` changes one thing in the rules, the classification, the strict reading of JSON and the redaction, runs"
    yield "the tests of that part, and puts it back: a comparison turned round, a bound moved by one, a condition negated, a loop"
    yield f"that never runs. A change that no test notices is one that could slip in. {len(changes) - len(passed)} of"
    yield f"{len(changes)} changes are caught, {share(changes)}; those that pass stand below, each with the reason why it may."
    yield ""
    yield "| part | changes | caught | share | tests |"
    yield "|---|---:|---:|---:|---|"
    for part, tests in TESTS.items():
        names = ", ".join(f"`{test}`" for test in tests)
        for module in sorted({c.module for c in changes if c.module.startswith(part)}):
            own = [c for c in changes if c.module == module]
            yield f"| `{module}` | {len(own)} | {sum(c.caught for c in own)} | {share(own)} | {names} |"
    yield ""
    yield "## What passes"
    for reason in dict.fromkeys(why.get(c.key, "") for c in passed):
        yield ""
        yield reason or "**Without a reason.**"
        yield ""
        yield "```diff"
        for (module, before, after), times in Counter(c.key for c in passed if why.get(c.key, "") == reason).items():
            yield f"  {module}{f' ({times} times)' if times > 1 else ''}"
            yield f"- {before}"
            yield f"+ {after}"
        yield "```"
    yield ""
    yield f"Made with cosmic-ray {version('cosmic-ray')}, one change of each kind that it knows."


def main() -> None:
    """Try all, write the page, and say what is wrong."""
    wanted = {part: t for part, t in TESTS.items() if not sys.argv[1:] or any(word in part for word in sys.argv[1:])}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        changes = [c for found in pool.map(lambda pair: tried(*pair), wanted.items()) for c in found]
    if len(wanted) < len(TESTS):
        return
    why = reasons()
    unexplained = [c for c in changes if not c.caught and c.key not in why]
    PAGE.write_text("\n".join(page(changes, why)) + "\n", encoding="utf-8")
    stale = set(why) - {c.key for c in changes if not c.caught}
    problems = [f"{len(unexplained)} changes pass without a reason in {REASONS.name}"] if unexplained else []
    problems += [f"{REASONS.name} has a reason for what does not pass: {before} → {after}" for _, before, after in sorted(stale)]
    if sum(c.caught for c in changes) < LEAST * len(changes):
        problems.append(f"only {share(changes)} of the changes are caught, less than {100 * LEAST:g} %")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
