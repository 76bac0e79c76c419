"""What is said of each rule: its examples are judged by the rule itself, and its page is what the document says."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from contracts.__main__ import main
from contracts.document import RuleText, load
from contracts.explain import example, terminal
from contracts.rules import Judging, consumer, provider

from .examples import exchanges, outcomes
from .gates import environment

RULES = load().rules
ROOT = Path(__file__).parent.parent


def judged(rule: RuleText, value: Any) -> dict[str, int]:
    """The rules that an example breaks, and how often this rule was exercised, under its own id with a star."""
    judging: Judging[Any, Any] = Judging(provider.BOOK if rule.role == "provider" else consumer.BOOK)
    for case in exchanges(value) if rule.role == "provider" else outcomes(value):
        judging.add(case)
    broken = {id: tally.broken for id, tally in judging.tallies.items() if tally.broken}
    return {**broken, f"{rule.id}*": judging.tallies[rule.id].exercised}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_example_that_keeps_a_rule_keeps_it(rule: RuleText) -> None:
    """It exercises the rule, and breaks no MUST at all."""
    found = judged(rule, rule.conforming)
    assert found.pop(f"{rule.id}*") > 0
    assert rule.id not in found
    assert not [id for id in found if RULES[id].level == "MUST"]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_example_that_breaks_a_rule_breaks_it(rule: RuleText) -> None:
    """That rule, and no other MUST."""
    found = judged(rule, rule.breaking)
    assert found[rule.id] == 1
    assert {id for id in found if id in RULES and RULES[id].level == "MUST"} <= {rule.id}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_rule_says_why(rule: RuleText) -> None:
    """In sentences; what exercises it is a phrase that can stand behind 'exercised by'."""
    assert rule.why.endswith(".")
    assert not rule.exercised.endswith(".")
    assert rule.exercised[0].islower()
    assert example(rule.conforming) != example(rule.breaking)


def test_a_rule_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Sentence, level, source, why, and both examples."""
    assert main(["explain", "status-mirrors-http", "failure-fires-once"]) == 0
    said = capsys.readouterr().out
    rule = RULES["status-mirrors-http"]
    for part in ("status-mirrors-http (MUST, binds the endpoint)", rule.text, "<https://docs.salla.dev/>", "Why it matters"):
        assert part in said
    assert '  {"status": 201, "success": true, "data": {"token": "a-new-token"}}' in said
    assert "  onRefreshFailed fires: not at all" in said
    assert "pytest --pyargs contracts -m provider -k status-mirrors-http" in said
    assert max(map(len, terminal(RULES["body-is-strict-json"]).split("\n"))) <= 130


def test_all_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without an id, each in short."""
    assert main(["explain"]) == 0
    said = capsys.readouterr().out
    assert [id for id in RULES if f"  {id} (" not in said] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain", "status-mirors-http"], "there is no rule 'status-mirors-http'; did you mean status-mirrors-http"),
        (["explain", "xyzzy"], "`python -m contracts explain` lists them"),
        (["expain"], "invalid choice"),
    ],
    ids=["a slip", "unknown", "no command"],
)
def test_a_mistake_is_one_sentence(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the exit code of a mistake."""
    assert main(words) == 4
    assert said in capsys.readouterr().err


def test_help_names_the_other_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asks, and whoever asks for nothing."""
    for words in ([], ["--help"]):
        assert main(words) == 0
        said = capsys.readouterr().out
        assert "pytest --pyargs contracts" in said
        assert "python -m contracts.providers.store" in said


def test_explaining_starts_quickly() -> None:
    """It loads nothing that it does not need."""
    code = (
        "import sys; from contracts.__main__ import main; main(['explain', 'no-redirect']);"
        "print([m for m in ('pytest', 'httpx', 'hypothesis', 'schemathesis', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=600, check=True
    )
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize("words", [["explain"], ["explain", "no-redirect"], []], ids=["all", "one", "help"])
def test_a_reader_may_stop_early(words: list[str]) -> None:
    """As `head` does: there is nothing to complain about."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "contracts", *words]
    done = subprocess.run(command, env=environment(), stdout=writing, stderr=subprocess.PIPE, text=True, timeout=600, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_may_know_few_characters() -> None:
    """What it cannot show is a question mark, not an error."""
    command = [sys.executable, "-m", "contracts", "explain", "token-is-new"]
    done = subprocess.run(
        command, env={**environment(), "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True, timeout=600, check=True
    )
    assert "Cookie: session=?" in done.stdout


def script() -> ModuleType:
    """The script that writes the pages."""
    spec = importlib.util.spec_from_file_location("rule_pages", ROOT / "docs" / "rules.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_those_of_the_document() -> None:
    """`make rule-pages` would change nothing."""
    pages = {path.name: path.read_text("utf-8") for path in (ROOT / "docs" / "rules").glob("*.md")}
    assert pages == script().made()
