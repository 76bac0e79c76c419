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
from contracts.model.document import RuleText, load
from contracts.model.explain import example, terminal
from contracts.rules import consumer, provider
from contracts.rules.engine import Evaluator
from tests.kit.examples import exchanges, outcomes
from tests.kit.gates import environment

RULES = load().rules
ROOT = Path(__file__).parents[2]


def judged(rule: RuleText, value: Any) -> dict[str, int]:
    """The rules that an example breaks, and how often this rule was exercised, under its own id with a star."""
    evaluator: Evaluator[Any, Any] = Evaluator(provider.RULE_SET if rule.role == "provider" else consumer.RULE_SET)
    for case in exchanges(value) if rule.role == "provider" else outcomes(value):
        evaluator.add(case)
    broken = {id: tally.broken for id, tally in evaluator.tallies.items() if tally.broken}
    return {**broken, f"{rule.id}*": evaluator.tallies[rule.id].exercised}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_example_that_keeps_a_rule_keeps_it(rule: RuleText) -> None:
    """The conforming example of a rule exercises it, and breaks no MUST at all."""
    found = judged(rule, rule.conforming)
    assert found.pop(f"{rule.id}*") > 0
    assert rule.id not in found
    assert not [id for id in found if RULES[id].level == "MUST"]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_example_that_breaks_a_rule_breaks_it(rule: RuleText) -> None:
    """The breaking example of a rule breaks it once, and no other MUST."""
    found = judged(rule, rule.breaking)
    assert found[rule.id] == 1
    assert {id for id in found if id in RULES and RULES[id].level == "MUST"} <= {rule.id}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_rule_says_why(rule: RuleText) -> None:
    """Each rule has a reason in sentences, and a phrase that can stand behind 'exercised by'."""
    assert rule.why.endswith(".")
    assert not rule.exercised.endswith(".")
    assert rule.exercised[0].islower()
    assert example(rule.conforming) != example(rule.breaking)


def test_a_rule_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """An explanation has the sentence, the level, the source and the reason of a rule, and both of its examples."""
    assert main(["explain", "status-mirrors-http", "failure-fires-once"]) == 0
    said = capsys.readouterr().out
    rule = RULES["status-mirrors-http"]
    address = "<https://docs.salla.dev/421123m0>"
    for part in ("status-mirrors-http (MUST, binds the endpoint)", rule.text, address, "Why it matters"):
        assert part in said
    assert '  {"status": 201, "success": true, "data": {"token": "a-new-token"}}' in said
    assert "  onRefreshFailed fires: not at all" in said
    assert "pytest --pyargs contracts -m provider -k status-mirrors-http" in said
    assert max(map(len, terminal(RULES["body-is-strict-json"]).split("\n"))) <= 130


def test_all_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without an id, `explain` lists every rule in short."""
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
    """A mistake on the command line ends with exit code 4 and one sentence."""
    assert main(words) == 4
    assert said in capsys.readouterr().err


def test_help_names_the_other_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Help, asked for or not, names the other commands."""
    for words in ([], ["--help"]):
        assert main(words) == 0
        said = capsys.readouterr().out
        assert "pytest --pyargs contracts" in said
        assert "python -m contracts.provider.store" in said


def test_explaining_starts_quickly() -> None:
    """Explaining a rule loads no library that it does not need."""
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
    """A reader that closes the pipe, as `head` does, causes no complaint."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "contracts", *words]
    done = subprocess.run(command, env=environment(), stdout=writing, stderr=subprocess.PIPE, text=True, timeout=600, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_may_know_few_characters() -> None:
    """A character that the terminal cannot show becomes a question mark, not an error."""
    command = [sys.executable, "-m", "contracts", "explain", "token-is-new"]
    done = subprocess.run(
        command, env={**environment(), "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True, timeout=600, check=True
    )
    assert "Cookie: session=?" in done.stdout


def script() -> ModuleType:
    """The script that writes the pages."""
    spec = importlib.util.spec_from_file_location("rule_pages", ROOT / "tools" / "rules.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_those_of_the_document() -> None:
    """The pages of the rules are what `make rule-pages` would write."""
    pages = {path.name: path.read_text("utf-8") for path in (ROOT / "docs" / "rules").glob("*.md")}
    assert pages == script().made()
