"""What the user asked for: what cannot be meant is a Mistake of one sentence; what can be meant is read as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import trustme

from contracts.model.hosts import is_loopback
from contracts.report.files import prepare
from contracts.settings import Mistake, Settings, read

COOKIE = {"REFRESH_COOKIE": "session=abcdefgh"}
SHOP = "https://store.example"


def mistake(environ: dict[str, str] | None = None, **options: Any) -> str:
    """The sentence with which the input is refused."""
    with pytest.raises(Mistake) as caught:
        read(options, COOKIE if environ is None else environ)
    said = str(caught.value)
    assert said
    assert said.isprintable(), "one line"
    return said


BAD_URLS = {
    "no scheme": "store.example",
    "no scheme, with a port": "store.example:8080",
    "another scheme": "ftp://store.example",
    "no slashes": "http:store.example",
    "a name alone": "http://",
    "no host": "http:///auth/refresh",
    "a user": "https://me@store.example",
    "a user and a password": "https://me:hunter22@store.example",
    "an empty user": "https://@store.example",
    "no URL": "http://[::1",
    "a host that is too long": f"http://{'a' * 70}.example",
    "empty labels": "http://..",
    "a query": f"{SHOP}/?a=1",
    "an empty query": f"{SHOP}/?",
    "a fragment": f"{SHOP}/#top",
    "an empty fragment": f"{SHOP}/#",
    "a port that is no number": f"{SHOP}:http",
    "a port that is too large": f"{SHOP}:99999",
    "port 0": f"{SHOP}:0",
    "a space": f"{SHOP}/a b",
    "a space in front": f" {SHOP}",
    "a line break": f"{SHOP}\n",
    "an escape": f"{SHOP}/\x1b[31m",
}


@pytest.mark.parametrize("url", BAD_URLS.values(), ids=BAD_URLS)
def test_bad_base_url(url: str) -> None:
    """An address that cannot be one is refused, without showing a password."""
    said = mistake(base_url=url)
    assert "--base-url" in said
    assert "hunter22" not in said


GOOD_URLS = {
    "plain": (SHOP, SHOP),
    "slash at the end": (f"{SHOP}/", SHOP),
    "a port": (f"{SHOP}:8443", f"{SHOP}:8443"),
    "a folder": (f"{SHOP}/ar/", f"{SHOP}/ar"),
    "IPv6": ("http://[::1]:8000", "http://[::1]:8000"),
    "Arabic": ("https://متجر.example", "https://متجر.example"),
    "capitals": ("HTTP://LOCALHOST", "HTTP://LOCALHOST"),
}


@pytest.mark.parametrize(("url", "read_as"), GOOD_URLS.values(), ids=GOOD_URLS)
def test_good_base_url(url: str, read_as: str) -> None:
    """An address is taken as it is, but for slashes at its end."""
    assert read({"base_url": url}, COOKIE).base_url == read_as


@pytest.mark.parametrize("path", ["auth/refresh", "/a?b", "/a#b", "/a b", "/a\n", "/\x1b", "/متجر"])
def test_bad_path(path: str) -> None:
    """A path is a path alone."""
    assert "--refresh-path" in mistake(path=path)


BAD_COOKIES = {
    "CR": "session=a\rx: 1",
    "LF": "session=a\nx: 1",
    "LF at the end": "session=hushhush\n",
    "NUL": "session=a\x00",
    "tab": "session=a\tb",
    "escape": "session=\x1b[31m",
    "C1 control": "session=\x9b31m",
    "line separator": "session=\u2028",
    "not Latin": "session=جلسة",
    "no pair": "hushhush",
    "the whole header": "Cookie: session=hushhush",
}


@pytest.mark.parametrize("name", ["REFRESH_COOKIE", "REFRESH_OTHER_COOKIE", "REFRESH_EXPIRED_COOKIE"])
@pytest.mark.parametrize("value", BAD_COOKIES.values(), ids=BAD_COOKIES)
def test_bad_cookie(name: str, value: str) -> None:
    """What no Cookie header can hold is refused by its name, never with its value."""
    said = mistake({name: value})
    assert said.startswith(name)
    assert "hushhush" not in said


def test_one_session_is_not_that_of_two_customers() -> None:
    """The same session given twice is a mistake, which is told without its value."""
    said = mistake({"REFRESH_COOKIE": "session=hushhush", "REFRESH_OTHER_COOKIE": "session=hushhush "})
    assert said.startswith("REFRESH_OTHER_COOKIE")
    assert "hushhush" not in said


@pytest.mark.parametrize("value", ["", "   "], ids=["empty", "spaces"])
def test_no_cookie(value: str) -> None:
    """An empty variable is no session."""
    assert read({}, {"REFRESH_COOKIE": value}).cookie is None


BAD_HEADERS = {
    "no JSON": "x-env: staging",
    "a list": '["x-env"]',
    "a string": '"x-env"',
    "null": "null",
    "a number as a value": '{"x-env": 1}',
    "CRLF in a value": '{"x-env": "a\\r\\nx: hushhush"}',
    "CRLF in a name": '{"x-env\\r\\nx": "a"}',
    "an escape": '{"x-env": "\\u001b[31m"}',
    "not Latin": '{"x-env": "متجر"}',
    "an empty name": '{"": "a"}',
    "a space in a name": '{"x env": "a"}',
    "a colon in a name": '{":authority": "a"}',
    "a cookie": '{"Cookie": "session=hushhush"}',
    "a host": '{"HOST": "a"}',
    "a length": '{"Content-Length": "5"}',
    "chunks": '{"Transfer-Encoding": "chunked"}',
    "bottomless": "[" * 100_000,
}


@pytest.mark.parametrize("text", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_bad_headers(text: str) -> None:
    """Only a JSON object of strings that headers can have, none of them the suite's own."""
    said = mistake({"REFRESH_HEADERS": text})
    assert "REFRESH_HEADERS" in said
    assert "hushhush" not in said


BAD_NUMBERS = {
    "max_requests": ["0", "-1", "1.5", "1e2", "many", "", "nan", "1000001", "9" * 5000],
    "rate": ["-1", "-0.001", "nan", "inf", "fast", "10001", "1e400"],
    "max_seconds": ["0", "0.9", "-1", "nan", "inf", "soon", "86401"],
    "deadline": ["0", "0.05", "-1", "nan", "inf", "soon", "601", "0x10"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n, values in BAD_NUMBERS.items() for v in values], ids=lambda v: v[:12] or "empty"
)
def test_bad_number(name: str, value: str) -> None:
    """Numbers out of range, words, NaN and infinities are refused with the range."""
    said = mistake(**{name: value})
    assert said.startswith(f"--refresh-{name.replace('_', '-')} must be ")
    assert " from " in said


def test_good_values(tmp_path: Path) -> None:
    """What can be meant is read as it is."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "twilight.min.js").write_text("var salla;")
    given = {
        "base_url": SHOP,
        "path": "/api/refresh",
        "report": "out/report",
        "max_requests": "30",
        "max_seconds": "90.5",
        "rate": "0.5",
        "deadline": "2.5",
        "ca": str(tmp_path / "ca.pem"),
        "anonymous": True,
        "sdk": str(tmp_path / "twilight.min.js"),
        "seed": 7,
    }
    environ = {
        "REFRESH_COOKIE": " session=abc=; lang=ar ",
        "REFRESH_EXPIRED_COOKIE": "session=old",
        "REFRESH_OTHER_COOKIE": "session=other ",
        "REFRESH_HEADERS": '{"X-Env": "staging é"}',
    }
    found = read(given, environ)
    assert found == Settings(
        SHOP, "/api/refresh", Path("out/report"), 30, 0.5, 2.5, str(tmp_path / "ca.pem"), True, False,
        tmp_path / "twilight.min.js", None, (), "session=abc=; lang=ar", "session=old", {"X-Env": "staging é"}, 7,
        max_seconds=90.5, other_cookie="session=other",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "rate"),
    [(None, 0), ("http://127.0.0.1:1", 0), ("http://[::1]", 0), ("http://localhost", 0), ("http://a.localhost", 0), (SHOP, 5)],
)
def test_rate_unless_given(url: str | None, rate: float) -> None:
    """This machine is asked as fast as it answers, any other politely."""
    assert read({"base_url": url}, COOKIE).rate == rate
    assert url is None or is_loopback(url) is (rate == 0)


@pytest.mark.parametrize("text", [None, "no certificate"], ids=["missing", "no PEM"])
def test_bad_ca(tmp_path: Path, text: str | None) -> None:
    """A CA file that is none is refused."""
    if text:
        (tmp_path / "ca.pem").write_text(text)
    assert mistake(ca=str(tmp_path / "ca.pem")).startswith("--refresh-ca ")


# --- known deviations -------------------------------------------------------------------------------------------------

GOOD = '[[deviation]]\nrule = "no-redirect"\nverdict = "fail"\nwhy = "moves in May"\n'
BAD_LISTS = {
    "no TOML": "[[deviation",
    "no UTF-8": b"\xff\xfe",
    "a number beyond reach": f"{GOOD}\nseen = {'9' * 5000}",
    "bottomless": f"a = {'[' * 100_000}",
    "empty": "",
    "another table": f"{GOOD}[other]\na = 1",
    "a table, no list": GOOD.replace("[[deviation]]", "[deviation]"),
    "a list of no tables": "deviation = [1]",
    "an unknown key": f"{GOOD}rulle = 'x'",
    "an unknown rule": GOOD.replace("no-redirect", "no-such-rule"),
    "a rule that is no name": GOOD.replace('"no-redirect"', "7"),
    "no rule": GOOD.replace('rule = "no-redirect"', ""),
    "an unknown verdict": GOOD.replace('"fail"', '"sad"'),
    "a green verdict": GOOD.replace('"fail"', '"pass"'),
    "a verdict that is no name": GOOD.replace('"fail"', '["fail"]'),
    "no verdict": GOOD.replace('verdict = "fail"', ""),
    "no reason": GOOD.replace("moves in May", "  "),
    "an implementation that is no name": f"{GOOD}implementation = 7",
}


@pytest.mark.parametrize("text", BAD_LISTS.values(), ids=BAD_LISTS)
def test_bad_list_of_known_deviations(tmp_path: Path, text: str | bytes) -> None:
    """A list that says nothing, or something unknown, is refused rather than passed over."""
    path = tmp_path / "known.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert mistake(known=str(path)).startswith("--refresh-known")


@pytest.mark.parametrize("name", ["nowhere.toml", "."], ids=["missing", "a folder"])
def test_unreadable_list_of_known_deviations(tmp_path: Path, name: str) -> None:
    """A list that cannot be read is refused with the reason."""
    assert mistake(known=str(tmp_path / name)).startswith("--refresh-known cannot be read: ")


def test_good_list_of_known_deviations(tmp_path: Path) -> None:
    """A list is read in order; with --refresh-strict it is not even opened."""
    path = tmp_path / "known.toml"
    other = GOOD.replace("no-redirect", "token-is-new").replace("fail", "warn")
    path.write_text(f'{GOOD}{other}implementation = "store"\nseen = 2026-11-01\n')
    found = read({"known": str(path)}, COOKIE).known
    assert [(d.rule, d.verdict, d.implementation, d.why) for d in found] == [
        ("no-redirect", "fail", None, "moves in May"),
        ("token-is-new", "warn", "store", "moves in May"),
    ]
    assert read({"known": "nowhere.toml", "strict": True}, COOKIE).known == ()


# --- the report's folder ----------------------------------------------------------------------------------------------


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder below a file is refused with the reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Mistake, match=r"^--refresh-report .*cannot be written: Not a directory$"):
        prepare(tmp_path / "file" / "report")
    with pytest.raises(Mistake, match=r"^--refresh-report .*cannot be written: File exists$"):
        prepare(tmp_path / "file")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="no folder is closed to this user")
def test_folder_that_is_closed(tmp_path: Path) -> None:
    """A folder without the right to write is refused."""
    tmp_path.chmod(0o500)
    with pytest.raises(Mistake, match="cannot be written"):
        prepare(tmp_path)


def test_folder_is_made(tmp_path: Path) -> None:
    """Folders are made as needed, and nothing is left in them."""
    prepare(tmp_path / "a" / "b")
    assert not list((tmp_path / "a" / "b").iterdir())


def test_secrets_are_not_in_the_repr() -> None:
    """Who prints settings shows no secret."""
    found = read(
        {"base_url": SHOP},
        {
            "REFRESH_COOKIE": "session=hushhush",
            "REFRESH_OTHER_COOKIE": "session=hushhush-too",
            "REFRESH_EXPIRED_COOKIE": "session=hushhush",
            "REFRESH_HEADERS": '{"x-key": "hushhush"}',
        },
    )
    assert found.cookie == "session=hushhush"
    assert "hushhush" not in repr(found)
