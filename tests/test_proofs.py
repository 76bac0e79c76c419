"""The pages that show how sure the suite is are those of the code as it is now. What is in them comes from runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from contracts.model.document import load
from tests import liars
from tests.clients import javascript, python

ROOT = Path(__file__).parents[1]
DETECTION = ROOT / "docs" / "detection.md"
REASONS = ROOT / "docs" / "mutation.toml"
LIARS = [liar.name for liar in (*liars.LIARS, *python.LIARS, *javascript.LIARS)]


def test_every_liar_is_on_the_page() -> None:
    """And nobody who is gone; run `make detection` when this fails."""
    tables = DETECTION.read_text("utf-8").partition("\n### ")[2]
    rows = re.findall(r"(?m)^\| ([\w.-]+) \| .* \| \d+ \| .*\|$", tables)
    assert sorted(rows) == sorted(LIARS)


def test_every_rule_is_on_the_page() -> None:
    """With the liars that it has to see."""
    assert set(re.findall(r"(?m)^### (.*)$", DETECTION.read_text("utf-8"))) == set(load().rules)


def test_what_may_pass_still_stands_in_the_code() -> None:
    """A reason for a line that was changed since is out of date; run `make mutation` when this fails."""
    for entry in tomllib.loads(REASONS.read_text("utf-8"))["passes"]:
        assert entry["reason"].endswith(".")
        code = " ".join((ROOT / entry["module"]).read_text("utf-8").split())
        for before, after in entry["changes"]:
            assert " ".join(before.split()) in code
            assert before != after
