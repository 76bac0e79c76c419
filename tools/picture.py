"""Draws `failing.svg` and `report.png`: what a real run prints about a store that answers one currency wrongly, and its report.

`python tools/picture.py` draws them again, from any folder. The second picture needs a Chromium. The first shows the verdict and
the card; "…" stands for the lines that are left out, so that the picture fits into the first screen of the README.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from contracts.consumer.browser import Chromium
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.report import files

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
WIDTH = 110
SCREEN = {"width": 1280, "height": 800}
COMMAND = "pytest --pyargs contracts -q -m provider --base-url {}"
PORT = "8123"  # the port of the run was a free one; the picture should not change with it


def wrong_in_dollars(app: Any) -> Any:
    """The store, but a refresh in dollars is called no success."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        async def altered(message: Any) -> None:
            if message["type"] == "http.response.body":
                message["body"] = message["body"].replace(b'"success": true', b'"success":false')  # as long as before
            await send(message)

        dollars = (b"currency", b"USD") in scope["headers"]
        await app(scope, receive, altered if dollars else send)

    return wrapped


def run() -> tuple[str, str, str]:
    """The command that was run, what it printed, colours included, and the report page."""
    store = Store()
    cookie, expired = store.log_in("7"), store.log_in("8")
    store.expire(expired)
    with serve(wrong_in_dollars(store.app)) as url, tempfile.TemporaryDirectory() as folder:
        secrets = {"REFRESH_COOKIE": cookie, "REFRESH_EXPIRED_COOKIE": expired}
        done = subprocess.run(  # noqa: S603 - it is our own command
            [sys.executable, "-m", *COMMAND.format(url).split(), f"--refresh-report={folder}", "--color=yes"],
            cwd=ROOT,
            env={**os.environ, **secrets, "COLUMNS": str(WIDTH)},
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
        page = (Path(folder) / files.PAGE).read_text("utf-8").replace(folder, "refresh-report")
    port = url.rpartition(":")[2]
    printed = done.stdout.replace(folder, "refresh-report").replace(f":{port}", f":{PORT}")
    page = page.replace(f":{port}", f":{PORT}")
    printed = re.sub(r"in \d+\.\d+s", "in 2.00s", printed)
    return "REFRESH_COOKIE=… REFRESH_EXPIRED_COOKIE=… " + COMMAND.format(f"http://127.0.0.1:{PORT}"), printed, page


def shortened(printed: str) -> str:
    """The lines of the verdict and of the card, without the exchange and what pytest prints around them."""
    lines = printed.rstrip().splitlines()
    plain = [Text.from_ansi(line).plain for line in lines]
    card, end = (
        next(number for number, line in enumerate(plain) if line.strip("= ") == title)
        for title in ("refresh contract", "short test summary info")
    )
    exchange, shared = (
        next(number for number, line in enumerate(plain) if line.startswith(f"  {label}")) for label in ("Exchange", "Seen")
    )
    return "\n".join(["…", *lines[card + 1 : exchange], "  …", *lines[shared:end], "…", *lines[-2:]])


def draw(command: str, printed: str) -> str:
    """The picture as SVG."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True, highlight=False)
        console.print(Text(f"$ {command}", style="bold"))
        console.print(Text.from_ansi(printed.rstrip()))
        svg = console.export_svg(title="", unique_id="refresh")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # the viewer's own monospace font does; no download


def screenshot(page: str, path: Path) -> None:
    """The first screen of the report."""

    async def look() -> None:
        tab = await (await chromium.browser()).new_page(viewport=SCREEN)
        await tab.set_content(page)
        await tab.screenshot(path=path)

    chromium = Chromium()
    try:
        chromium.run(look())
    finally:
        chromium.close()


if __name__ == "__main__":
    command, printed, page = run()
    screenshot(page, DOCS / "report.png")
    (DOCS / "failing.svg").write_text(draw(command, shortened(printed)), encoding="utf-8")
    print(Text.from_ansi(printed).plain)
