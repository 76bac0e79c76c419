"""Reads a HAR file of this suite, or of another program, into tracks that can be judged."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from contracts.har import BadEvidence, Track, foreign, own
from contracts.model.part import Part

LARGEST: Final = 200_000_000  # bytes; refreshes never need as many


def read(path: Path, *, base_url: str | None, endpoint: str) -> dict[Part, Track]:
    """The tracks of a file by part. If another program wrote it, this is one track: the calls of `endpoint` at `base_url`, or at
    the only host that it shows.

    BadEvidence: the file cannot be judged; the message says why.
    """
    log = _log(path)
    if own.is_own(log):
        found = own.tracks(log)
    else:
        found = [foreign.track(log, base_url=base_url, endpoint=endpoint, folder=path.parent)]
    if not found:
        raise BadEvidence("holds nothing that was judged")
    return {track.part: track for track in found}


def _log(path: Path) -> dict[str, Any]:
    try:
        if os.path.getsize(path) > LARGEST:
            raise BadEvidence(f"is larger than {LARGEST // 1_000_000} MB; save a HAR of fewer requests")
        data = path.read_bytes()
    except OSError as error:
        raise BadEvidence(f"cannot be read: {error.strerror}") from None
    if not data.strip():
        raise BadEvidence("is empty; save the HAR again")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadEvidence("is no text; give the HAR itself, not an archive that holds it") from None
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip()) - 1
        how = "ends in the middle" if cut else f"is no JSON at character {error.pos:,}"
        raise BadEvidence(f"{how}; save the HAR again") from None
    except (ValueError, RecursionError):
        raise BadEvidence("is no JSON that can be read; save the HAR again") from None
    log = found.get("log") if isinstance(found, dict) else None
    if not isinstance(log, dict) or not isinstance(log.get("entries"), list):
        raise BadEvidence("is no HAR: it has no log.entries")
    return log
