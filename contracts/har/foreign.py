"""Reads the refresh calls of a HAR file that a person saved, from a browser's network panel or with Playwright.

Such a file shows less than an observation: the session is unknown, the browser has already decoded the text, and bytes after an
answer are missing. Rules that need these are not exercised.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from contracts.har import BadEvidence, Track
from contracts.har.entries import body_bytes, pairs, started
from contracts.model.exchange import Exchange, Request, Response
from contracts.model.part import Part
from contracts.model.scenario import NO_BODY
from contracts.rules.engine import Carried

MOST: Final = 10_000  # most calls of the endpoint that are judged
LARGEST_BODY: Final = 10_000_000  # characters
# No HAR shows whether bytes followed the answer, or whether it is missing because the user left the page.
UNSEEN: Final = ("one-answer-in-time",)
# A browser that saves a body as text has already decoded it.
DECODED: Final = ("body-is-utf8",)
Entry = dict[str, Any]


class _LeftOut(Exception):
    """A call cannot be judged; the message says why in a few words."""


def track(log: Mapping[str, Any], *, base_url: str | None, endpoint: str, folder: Path) -> Track:
    """The refresh calls of one host. BadEvidence: there are none, none can be judged, or there are calls to several hosts."""
    host_asked = urlsplit(base_url or "").netloc
    calls = [(host, found) for host, found in _calls(log["entries"], endpoint) if host_asked in ("", host)]
    hosts = sorted({host for host, _ in calls})
    if not calls:
        where = f" of {host_asked}" if host_asked else ""
        raise BadEvidence(
            f"holds no call{where} of {endpoint} among {_count(log['entries'], 'request')}; "
            "save it while the page refreshes, or give --refresh-path"
        )
    if len(hosts) > 1:
        raise BadEvidence(f"holds calls of several hosts ({', '.join(hosts[:5])}); say which with --base-url")
    exchanges: list[Exchange] = []
    carried: dict[int, Carried] = {}
    without: Counter[str] = Counter()
    for _, found in calls[:MOST]:
        number = len(exchanges) + 1
        try:
            exchange, is_text = _exchange(found, number, folder)
        except _LeftOut as reason:
            without[str(reason)] += 1
            continue
        exchanges.append(exchange)
        carried[number] = dict.fromkeys((*UNSEEN, *(DECODED if is_text else ())))
    without.update({"beyond the first 10,000": len(calls) - MOST} if len(calls) > MOST else {})
    why = ", ".join(f"{count} {reason}" for reason, count in without.items())
    if not exchanges:
        raise BadEvidence(f"holds {_count(calls)}, and none that can be judged: {why}")
    remark = f"{_count(calls)} found" + (f", of which not judged: {why}" if why else "")
    facts = {"role": "provider", "name": hosts[0], "kind": "real", "requests": len(calls)}
    numbers = frozenset(exchange.index for exchange in exchanges)
    return Track(Part.PROVIDER, facts, tuple(exchanges), judged=numbers, carried=carried, remark=remark)


def _count(things: list[Any], what: str = "call") -> str:
    return f"1 {what}" if len(things) == 1 else f"{len(things)} {what}s"


def _calls(entries: list[Any], endpoint: str) -> Iterator[tuple[str, Entry]]:
    """The entries that call the endpoint, each with its host. A shop may be served below a path."""
    for found in entries:
        request = found.get("request") if isinstance(found, dict) else None
        url = request.get("url") if isinstance(request, dict) else None
        try:
            parts = urlsplit(url) if isinstance(url, str) else None
        except ValueError:
            continue
        if parts and parts.scheme in ("http", "https") and parts.netloc and parts.path.endswith(endpoint):
            yield parts.netloc.rpartition("@")[2], found


def _exchange(found: Entry, number: int, folder: Path) -> tuple[Exchange, bool]:
    """The call as an exchange, and whether its body was saved as text. _LeftOut: it cannot be judged."""
    try:
        r, answer = found["request"], found["response"]
        status = int(answer["status"])
        if not status or answer.get("_error") or found.get("_error"):
            raise _LeftOut("without an answer")
        if found.get("_fromCache") or answer.get("_fromServiceWorker") or answer.get("_fetchedViaServiceWorker"):
            raise _LeftOut("not from the network")
        body, text = _body(str(r["method"]), status, answer, folder)
        headers = pairs(answer["headers"])
        kind = answer["content"].get("mimeType")
        if kind and not any(name.lower() == "content-type" for name, _ in headers):
            headers = (*headers, ("content-type", str(kind)))
        request = Request(str(r["method"]).upper(), str(r["url"]), pairs(r["headers"]))
        x = Exchange(request, Response(status, headers, body, _seconds(found)), index=number, started=started(found))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise _LeftOut("not as HAR 1.2 says") from None
    return x, text


def _body(method: str, status: int, answer: Entry, folder: Path) -> tuple[bytes, bool]:
    content = answer["content"]
    if isinstance(content.get("text"), str):
        if len(content["text"]) > LARGEST_BODY:
            raise _LeftOut("with a body that is too long")
        return body_bytes(content["text"], content.get("encoding") or None), not content.get("encoding")
    if isinstance(name := content.get("_file"), str):  # Playwright may save bodies in files beside the HAR
        return _attached(name, folder), False
    bodiless = method == "HEAD" or status in NO_BODY or 300 <= status < 400
    if not bodiless and (
        content.get("size", 0) != 0 or any(k.lower() == "content-length" and v != "0" for k, v in pairs(answer["headers"]))
    ):
        raise _LeftOut("saved without its body")
    return b"", False


def _attached(name: str, folder: Path) -> bytes:
    if Path(name).name != name or not (folder / name).is_file() or (folder / name).is_symlink():
        raise _LeftOut("whose body is in a file that is not there")
    if (folder / name).stat().st_size > LARGEST_BODY:
        raise _LeftOut("with a body that is too long")
    return (folder / name).read_bytes()


def _seconds(found: Entry) -> float:
    """The duration of the exchange, without its time in the browser's queue. ValueError: the entry has no valid time."""
    whole, blocked = float(found["time"]), float((found.get("timings") or {}).get("blocked") or 0)
    if not math.isfinite(whole - blocked):
        raise ValueError("no time")
    return max(0.0, whole - max(0.0, blocked)) / 1000
