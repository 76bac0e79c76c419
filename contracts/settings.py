"""The settings of a run. They are read from options and the environment, and checked before anything is sent."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contracts.model import limits
from contracts.model.document import load
from contracts.model.hosts import host_of, is_loopback, looks_like_production
from contracts.rules import known_deviations
from contracts.rules.confidence import needed
from contracts.rules.known_deviations import Deviation


class Mistake(ValueError):
    """An option or environment variable is invalid. The message is one sentence that says which and what to do."""


@dataclass(frozen=True)
class Settings:
    """The settings of one run.

    `base_url` is None for the built-in store. `rate` is in requests a second (0: no limit), `deadline` in seconds for one
    exchange, `max_seconds` in seconds for the whole observation of one environment. The repr shows no secrets.
    """

    base_url: str | None = None
    path: str = field(default_factory=lambda: load().path)
    report: Path = Path("refresh-report")
    max_requests: int = limits.MAX_REQUESTS
    max_seconds: float = field(default=limits.MAX_SECONDS, kw_only=True)
    rate: float = 0.0
    deadline: float = limits.DEADLINE
    ca: str | None = None
    anonymous: bool = False
    strict: bool = False
    sdk: Path | None = None
    replay: Path | None = None
    known: tuple[Deviation, ...] = ()
    cookie: str | None = field(default=None, repr=False)
    expired_cookie: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    seed: int = 0
    other_cookie: str | None = field(default=None, repr=False)


def read(options: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Read and check all settings. Mistake: an option or environment variable is invalid."""

    def given(name: str) -> object:
        return getattr(Settings, name) if options.get(name) is None else options[name]

    base_url = _base_url(options.get("base_url"))
    if base_url and not options.get("allow_production") and not options.get("replay"):
        _no_production(base_url, options.get("production"))
    rate = options.get("rate")
    path = options.get("path") or load().path
    if not path.startswith("/") or any(c in path for c in "?# \r\n") or not path.isprintable() or not path.isascii():
        raise Mistake(f"--refresh-path must be a path such as {load().path}, without query or spaces")
    own_cookie, other_cookie = (cookie(name, environ) for name in ("REFRESH_COOKIE", "REFRESH_OTHER_COOKIE"))
    if own_cookie and own_cookie == other_cookie:
        raise Mistake("REFRESH_OTHER_COOKIE is the session in REFRESH_COOKIE; give that of another customer, or none")
    return Settings(
        base_url=base_url,
        path=path,
        report=Path(options.get("report") or Settings.report),
        max_requests=_budget(options.get("power"), given("max_requests"), options.get("max_requests")),
        max_seconds=_number("--refresh-max-seconds", given("max_seconds"), 1, 86_400),
        rate=(0.0 if base_url is None or is_loopback(base_url) else limits.POLITE_RATE)
        if rate is None
        else _number("--refresh-rate", rate, 0, 10_000),
        deadline=_number("--refresh-deadline", given("deadline"), 0.1, 600),
        ca=_ca(options.get("ca")),
        anonymous=bool(options.get("anonymous")),
        strict=bool(options.get("strict")),
        sdk=_sdk(options.get("sdk")),
        replay=Path(options["replay"]) if options.get("replay") else None,
        known=() if options.get("strict") else _known(options.get("known")),
        cookie=own_cookie,
        other_cookie=other_cookie,
        expired_cookie=cookie("REFRESH_EXPIRED_COOKIE", environ),
        headers=_headers(environ.get("REFRESH_HEADERS")),
        seed=int(options.get("seed") or 0),
    )


def _base_url(url: str | None) -> str | None:
    if not url:
        return None
    if not url.isprintable() or " " in url:
        raise Mistake("--base-url has spaces or control characters in it")
    if "@" in url:  # checked before any message could quote it
        raise Mistake("--base-url must not carry credentials; give the session in REFRESH_COOKIE")
    example = "give it as https://store.example"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Mistake(f"--base-url is no URL ({error}); {example}") from None
    if parts.scheme not in ("http", "https") or "://" not in url:
        raise Mistake(f"--base-url must start with http:// or https://; {example}")
    if not parts.hostname or port == 0:
        raise Mistake(f"--base-url has no host; {example}")
    try:
        parts.hostname.encode("idna")
    except UnicodeError:
        raise Mistake(f"--base-url has a host that cannot be one; {example}") from None
    if "?" in url or "#" in url:
        raise Mistake("--base-url must not have a query or a fragment")
    return url.rstrip("/")


def _no_production(url: str, pattern: str | None) -> None:
    try:
        is_production = looks_like_production(url, pattern or None)
    except re.error as error:
        raise Mistake(f"refresh_production is no regular expression: {error}") from None
    if is_production:
        raise Mistake(
            f"{host_of(url)} looks like production, where a run uses up a customer's session and sends wrong requests "
            "on purpose; give --refresh-allow-production if you mean it, or set refresh_production in your pytest configuration"
        )


def _number(option: str, value: object, least: float, most: float, *, whole: bool = False) -> float:
    kind = "a whole number" if whole else "a number"
    mistake = Mistake(f"{option} must be {kind} from {least:g} to {most:,.10g}")
    try:
        number = int(str(value)) if whole else float(str(value))
    except ValueError:
        raise mistake from None
    if not math.isfinite(number) or not least <= number <= most:
        raise mistake
    return number


def _budget(power: object, max_requests: object, given: object) -> int:
    """The budget of requests: as given, or as many as show a fault in the share `power` of answers to refreshes."""
    if power is None:
        return int(_number("--refresh-max-requests", max_requests, 1, limits.MOST_REQUESTS, whole=True))
    if given is not None:
        raise Mistake("--refresh-power chooses the number of requests; do not give --refresh-max-requests too")
    return math.ceil(needed(_number("--refresh-power", power, 0.0001, 0.1)) / limits.POSTED) + limits.OTHER_REQUESTS


def _ca(path: str | None) -> str | None:
    if path is None:
        return None
    import ssl

    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError):
        raise Mistake("--refresh-ca is no readable file of PEM certificates") from None
    return path


def cookie(name: str, environ: Mapping[str, str]) -> str | None:
    """The Cookie header in the environment variable `name`; None if it is not set. Mistake: it is no valid Cookie header."""
    value = environ.get(name, "").strip(" ")
    if not value:
        return None
    if any(not c.isprintable() or ord(c) > 255 for c in value):
        raise Mistake(f"{name} has line breaks, control or non-Latin characters in it; copy the Cookie header's value alone")
    if "=" not in value or value.lower().startswith("cookie:"):
        raise Mistake(f"{name} must be the value of a Cookie header, such as session=…")
    return value


def _headers(text: str | None) -> dict[str, str]:
    if not text:
        return {}
    mistake = Mistake('REFRESH_HEADERS must be a JSON object of strings, such as {"x-env": "staging"}')
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise mistake from None
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise mistake
    token = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
    for name, value in found.items():
        if not name or not set(name.lower()) <= token or any(not c.isprintable() or ord(c) > 255 for c in value):
            raise Mistake("REFRESH_HEADERS has a name or a value that no header can have")
        if name.lower() in ("cookie", "host", "content-length", "transfer-encoding"):
            raise Mistake(f"REFRESH_HEADERS must not set {name}; the suite sets it (the session goes into REFRESH_COOKIE)")
    return {str(k): str(v) for k, v in found.items()}


def _known(path: str | None) -> tuple[Deviation, ...]:
    try:
        return known_deviations.read(Path(path), "--refresh-known") if path is not None else ()
    except known_deviations.BadList as error:
        raise Mistake(str(error)) from None


def _sdk(path: str | None) -> Path | None:
    if path is not None and not Path(path).is_file():
        raise Mistake(f"--refresh-sdk {path} is no file; give the path of a twilight.min.js")
    return None if path is None else Path(path)
