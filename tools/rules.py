"""Writes a page for each rule, and their table, from the document: `make rule-pages`."""

from __future__ import annotations

from pathlib import Path

from contracts.model.document import load
from contracts.model.explain import index, page

PAGES = Path(__file__).resolve().parents[1] / "docs" / "rules"


def made() -> dict[str, str]:
    """Every page by its file's name."""
    rules = load().rules
    return {"index.md": index(rules.values()), **{f"{id}.md": page(rule) for id, rule in rules.items()}}


if __name__ == "__main__":
    PAGES.mkdir(exist_ok=True)
    for path in PAGES.glob("*.md"):
        path.unlink()
    for name, text in made().items():
        (PAGES / name).write_text(text, "utf-8")
