"""Draws a timeline as SVG: the page on the left, the endpoint on the right, the messages between them, and the results."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from contracts.redaction.redacted import Redacted
from contracts.report.timeline import Step, Story

WIDTH: Final = 900
PAGE, ENDPOINT = 130, 820  # where the two lifelines are
TOP, ROW = 78, 40
LONGEST: Final = 80  # characters of a label
STYLE: Final = """
text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328}
.title{font-weight:600;font-size:14px}.time,.quiet{fill:#656d76}.bad{fill:#b3261e;font-weight:600}
.life{stroke:#8c959f;stroke-dasharray:3 4}.line{stroke:#1f2328;stroke-width:1.4;fill:none}
.dot{fill:#1f2328}.none{fill:none;stroke:#8c959f}
.ground{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.time,.quiet{fill:#9198a1}.bad{fill:#ff8a80}.line{stroke:#e6edf3}.dot{fill:#e6edf3}
.ground{fill:#0d1117}}
"""


def draw(story: Redacted[Story], broken: Sequence[str], *, client: str) -> str:
    """The story as SVG. `broken` are the rules that it breaks. The picture loads nothing and runs no script."""
    scenario, steps = story.model.scenario, story.model.steps
    verdict = f"breaks {', '.join(broken)}" if broken else "keeps every rule"
    lines = textwrap.wrap(verdict, 105)
    height = TOP + ROW * len(steps) + 20 + 20 * len(lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" direction="ltr">',
        f"<title>{escape(f'{client}, {scenario}: {verdict}')}</title><style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}" rx="6"/>',
        _text(16, 26, f"{client} · {scenario}", "title"),
        _text(PAGE, 54, "the page", "quiet", "middle") + _text(ENDPOINT, 54, "the endpoint", "quiet", "middle"),
        *(f'<line class="life" x1="{x}" y1="62" x2="{x}" y2="{TOP + ROW * len(steps) - 14}"/>' for x in (PAGE, ENDPOINT)),
        *(part for row, step in enumerate(steps) for part in _step(step, TOP + ROW * row)),
        *(_text(16, height - 18 - 20 * (len(lines) - 1 - n), line, "bad" if broken else "quiet") for n, line in enumerate(lines)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _step(step: Step, y: int) -> Iterator[str]:
    text = step.text
    if step.at is not None:
        yield _text(16, y + 4, f"{step.at * 1000:.0f} ms", "time")
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    if step.who in ("request", "answer"):
        start, end, back = (PAGE, ENDPOINT, -7) if step.who == "request" else (ENDPOINT, PAGE, 7)
        yield f'<path class="line" d="M{start} {y}H{end}m{back} -4L{end} {y}l{back} 4"/>'
        yield _text((PAGE + ENDPOINT) // 2, y - 7, text, anchor="middle")
        return
    shape = {
        "event": f"M{PAGE} {y - 6}l6 6l-6 6l-6 -6z",
        "token": f"M{PAGE - 6} {y - 5}h12v10h-12z",
    }.get(step.who, f"M{PAGE - 6} {y}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z")
    nothing = step.at is None and step.who in ("event", "promise")
    yield f'<path class="{"none" if nothing else "dot"}" d="{shape}"/>'
    label = {"event": "event", "promise": "promise", "token": "token"}.get(step.who, "")
    yield _text(PAGE + 16, y + 4, f"{label}: {text}" if label else text)


def _text(x: int, y: int, text: str, kind: str = "", anchor: str = "") -> str:
    attributes = f' class="{kind}"' if kind else ""
    attributes += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x}" y="{y}"{attributes}>{escape(text)}</text>'
