"""What the documents tell people to do works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contracts.known import read

DOCS = Path(__file__).parent.parent / "docs"


def block(document: str, language: str) -> str:
    """The first code block of a language in a document."""
    found = re.search(rf"```{language}\n(.*?)```", (DOCS / document).read_text("utf-8"), re.DOTALL)
    assert found, f"{document} has no {language}"
    return found[1]


def test_the_client_of_the_example_is_judged(pytester: pytest.Pytester) -> None:
    """A client of one's own, by urllib over a real socket, is found out as the page says."""
    pytester.makepyfile(test_my_client=block("clients.md", "python"))
    result = pytester.runpytest_subprocess("-m", "consumer", "-k", "failure-fires-once", "--refresh-deadline", "2")
    assert result.ret == 1
    said = ["FAIL failure-fires-once (MUST), MyClient", "*Actual*no event for one call", "non-conformant: *"]
    result.stdout.fnmatch_lines(said)


def test_the_list_of_the_example_is_read(tmp_path: Path) -> None:
    """The list of known deviations that the page shows can be given as it stands."""
    path = tmp_path / "known.toml"
    path.write_text(block("clients.md", "toml"), "utf-8")
    found = read(path, "known.toml")
    assert [d.rule for d in found] == ["failure-rejects", "failure-fires-once"]
    assert found[0].implementation == "MyClient"
