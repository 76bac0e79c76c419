"""Entries of a HAR file as a browser writes them."""

from __future__ import annotations

import json
from typing import Any

from contracts.model.document import load

PATH = load().path
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE4OTM0NTYwMDAsInN1YiI6Imp1bmUifQ.c2lnbmF0dXJlLW9mLWp1bmU"


def call(status: int = 200, text: str | None = None, **more: Any) -> dict[str, Any]:
    """A refresh call as a browser writes it."""
    body = text if text is not None else json.dumps({"success": True, "status": 200, "data": {"token": JWT}})
    entry: dict[str, Any] = {
        "startedDateTime": "2026-11-25T08:00:00.000Z",
        "time": 120.5,
        "request": {
            "method": "POST",
            "url": f"https://store.example/ar{PATH}",
            "httpVersion": "h2",
            "headers": [{"name": ":authority", "value": "store.example"}, {"name": "s-source", "value": "twilight"}],
        },
        "response": {
            "status": status,
            "headers": [{"name": "content-type", "value": "application/json"}, {"name": "cache-control", "value": "no-store"}],
            "content": {"size": len(body), "mimeType": "application/json", "text": body},
        },
        "timings": {"blocked": 20.5},
    }
    for path, value in more.items():
        *way, last = path.split("__")
        place = entry
        for name in way:
            place = place[name]
        if value is ...:
            place.pop(last)
        else:
            place[last] = value
    return entry
