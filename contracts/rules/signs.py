"""What an answer tells of a target that cannot be judged: who answered instead, where it sends us, in what words. Pure."""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import urljoin

from contracts.model.exchange import Response

LONGEST: Final = 160  # characters that are quoted of an answer
_READ: Final = 4_000  # characters of a page in which its title is looked for
_MEMBERS: Final = ("message", "detail", "error_description", "title", "error")
_TITLE: Final = re.compile(r"<(title|h1)\b[^>]{0,200}>([^<]{1,400})", re.IGNORECASE)
_REDIRECTS: Final = (301, 302, 307, 308)
# What firewalls say of themselves when they ask a browser to prove that it is one: Cloudflare and AWS.
_CHALLENGES: Final = ("cf-mitigated", "x-amzn-waf-action")
_CSRF: Final = re.compile(r"csrf|xsrf|forgery", re.IGNORECASE)


def challenge(response: Response) -> str:
    """The header with which a firewall says that it answered in the target's place; empty if none did."""
    return next((f"{name}: {response.header(name)}"[:LONGEST] for name in _CHALLENGES if response.header(name)), "")


def moved_to(response: Response, asked: str) -> str:
    """The address that a redirect names, if it is the one that was asked, elsewhere or with another slash; else empty."""
    location = response.header("location")
    if response.status not in _REDIRECTS or not location:
        return ""
    asked = asked.partition("?")[0]
    try:
        found = urljoin(asked, location).partition("?")[0].partition("#")[0]
    except ValueError:
        return ""
    same_path = _path(found).rstrip("/").endswith(_path(asked).rstrip("/"))
    return found[:LONGEST] if same_path and found != asked and found.startswith("http") else ""


def how_to_follow(found: str, path: str) -> str:
    """The options with which a run asks at the address to which it was sent. `path` is that of the endpoint."""
    bare = path.rstrip("/")
    base, at, rest = found.rpartition(bare)
    if not at or rest not in ("", "/"):
        return f"give {found} as --base-url and --refresh-path"
    moved = [] if bare + rest == path else [f"--refresh-path {bare + rest}"]
    return f"give {' and '.join([f'--base-url {base}', *moved])}"


def said_by(response: Response) -> str:
    """What an answer says in words: the message of its error, or the title of its page; empty if there is neither."""
    value = response.reading.value if response.reading.readable else None
    if isinstance(value, dict):
        for place in (value.get("error"), value):
            if isinstance(place, dict):
                texts = [text for name in _MEMBERS if isinstance(text := place.get(name), str) and text.strip()]
                if texts:
                    return texts[0].strip()[:LONGEST]
        return ""
    found = _TITLE.search(response.body[:_READ].decode("utf-8", "replace"))
    return html.unescape(" ".join(found[2].split()))[:LONGEST] if found else ""


def wants_csrf(status: int, said: str) -> bool:
    """Whether a refusal is about a token against forged requests. 419 is Laravel's status for it."""
    return status == 419 or _CSRF.search(said) is not None


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2].partition("?")[0]
