"""What each condition of the classification, of the strict reading and of the redaction is there for: a case that it decides."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest

from contracts.model.exchange import Exchange, Kind, Request, Response
from contracts.model.strict_json import Reading, read
from contracts.redaction.decoding import opened
from contracts.redaction.pseudonyms import Pseudonyms
from contracts.redaction.redactor import MARK, Redactor
from tests.redaction.test_redactor_edges import knows, taught
from tests.rules.test_consumer import REFUSED, outcome, sent

# --- the classification -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"status": 200, "success": true, "data": {"token": "t"}}', Kind.COMPLETED),
        (b'{"status": 200, "success": true, "success": true, "data": {"token": "t"}}', Kind.UNSPECIFIED),
        (b'{"status": 200, "success": true, "data": {"token": "t"}, "n": NaN}', Kind.UNSPECIFIED),
        (b'\xef\xbb\xbf{"status": 200, "success": true, "data": {"token": "t"}}', Kind.UNSPECIFIED),
        (b'{"status": 200, "success": true, "data": {"token": "t"}, "m": "\xe9"}', Kind.UNSPECIFIED),
    ],
    ids=["healthy", "a name twice", "NaN", "a byte order mark", "bytes that are no UTF-8"],
)
def test_a_success_that_is_odd_on_the_wire_is_unspecified(body: bytes, kind: Kind) -> None:
    """However plain it reads."""
    response = Response(200, (("Content-Type", "application/json"),), body)
    assert Exchange(Request("POST", "https://store.example/auth/refresh"), response).kind is kind


def test_a_token_is_kept_where_the_next_request_carries_what_this_one_did() -> None:
    """Whatever that was: a failure changed nothing."""
    same = outcome(REFUSED, exchanges=(sent(REFUSED, token="Bearer odd"),), sent_after="Bearer odd")
    other = outcome(REFUSED, exchanges=(sent(REFUSED, token="Bearer odd"),), sent_after="Bearer another")
    assert (same.became, other.became) == ("kept", "bogus")


@pytest.mark.parametrize(("before", "after", "became"), [(5, 5, "kept"), (5, 6, "bogus"), (1, True, "bogus"), ("5", 5, "bogus")])
def test_what_is_no_text_is_kept_only_as_what_it_is(before: Any, after: Any, became: str) -> None:
    """A client may hold anything for its token."""
    assert outcome(REFUSED, token_before=before, token_after=after).became == became


# --- strict reading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "faults"),
    [
        (b"[" * 101, ("nested deeper than 100 levels", "syntax error somewhere: expecting ',' delimiter")),
        (rb'["\u12"]', (r"syntax error at character 3: invalid \uXXXX escape",)),
        (
            b"[1e400, 1e401, 1e402, 1e403, 1e404, 1e400, 1e401]",
            tuple(f"number beyond a double: '1e{n}'" for n in range(400, 405)),
        ),
    ],
    ids=["nested and never closed", "capitals of a reason", "the same again when there is no room for others"],
)
def test_faults(raw: bytes, faults: tuple[str, ...]) -> None:
    """All of them, in their words."""
    assert read(raw).faults == faults


def test_white_space_before_a_body_with_a_fault() -> None:
    """Is none itself."""
    reading = read(b" \n[1e400]")
    assert reading == Reading([math.inf], ("number beyond a double: '1e400'",), (), True)


def test_a_byte_order_mark_before_stray_bytes_is_skipped() -> None:
    """As it is before plain ones."""
    assert read(b'\xef\xbb\xbf["\xe9"]').value == ["\ufffd"]


def test_a_body_that_finds_no_room_on_the_stack_has_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, and nothing is raised."""

    def full(*args: object) -> None:
        raise RecursionError

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", full)
    assert read(b"[]") == Reading(None, ("nested too deeply to be read here",), (), False)


# --- redaction --------------------------------------------------------------------------------------------------------


def test_the_documented_token_is_known_wherever_it_stands() -> None:
    """Behind where other tokens are looked for, too."""
    body = b'{"pad": "' + b"x" * 70_000 + b'", "data": {"token": "opaque-4fd1c0"}}'
    assert knows(taught(body=body), "opaque-4fd1c0") == [True]


def test_values_that_hide_nothing_take_no_room() -> None:
    """Short ones, and those of the document."""
    known = taught(cookie="a=q7w8e; b=XMLHttpRequest; c=q7w8e9")
    assert list(known._young.values) == ["q7w8e9"]
    assert Redactor(["XMLHttpRequest"]).clean("XMLHttpRequest") == "XMLHttpRequest"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Cookie", "session=abc=def==; lang=ar", f"session={MARK}; lang=ar"),
        ("Set-Cookie", "session=abc=def; Path=/", f"session={MARK}; Path=/"),
        ("Set-Cookie2", "session=abc; Path=/", f"session={MARK}; Path=/"),
        ("X-Set-Cookie", "session=abc; theme=dark", f"session={MARK}; theme={MARK}"),
    ],
)
def test_a_cookies_value_is_masked_from_its_first_equals_sign_on(name: str, value: str, shown: str) -> None:
    """Of what is set, the attributes stay."""
    assert Redactor().header(name, value) == f"{name}: {shown}"


def test_a_header_is_secret_by_the_whole_of_its_name() -> None:
    """One that only begins as such a name does is shown."""
    assert Redactor().header("Cookie-Policy", "strict") == "Cookie-Policy: strict"
    assert Redactor().header("X-Csrf-Token", "strict") == f"X-Csrf-Token: {MARK}"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Cookie", "session=abc=def==; lang=ar", "session=redacted-1; lang=ar"),
        ("Set-Cookie2", "session=abc; Path=/", "session=redacted-1; Path=/"),
        ("Authorization", "Bearer abc def", "Bearer redacted-1"),
        ("Authorization", "abcdefgh", "redacted-1"),
        ("Cookie-Policy", "strict", "strict"),
    ],
)
def test_a_stand_in_takes_the_place_of_the_whole_value(name: str, value: str, shown: str) -> None:
    """Though it has an equals sign or a blank in it, or looks like a scheme."""
    assert Pseudonyms(Redactor()).header(name, value) == shown


def test_a_password_may_hold_a_colon() -> None:
    """It begins behind the first."""
    credentials = base64.b64encode(b"june:first:second-half").decode()
    assert knows(Redactor([f"Basic {credentials}"]), "first:second-half") == [True]


def test_a_secret_may_consist_of_public_parts_alone() -> None:
    """It is one all the same."""
    assert Redactor(["no-input-needed"]).clean("<no-input-needed>") == f"<{MARK}>"


def test_names_of_characters_are_read_as_they_are_written() -> None:
    """Where there is none in such letters, as in small ones."""
    assert [text for text, _ in opened(b"&Eacute;&eacute;&EACUTE;")] == ["Ééé".encode()]


def test_members_called_token_are_looked_for_at_the_beginning_of_a_body() -> None:
    """Of any body, JSON or not: in its first 65,536 bytes."""
    member = b'"token": "here-it-is"'
    for before, known in ((65_536 - len(member), True), (65_536, False)):
        assert knows(taught(body=b"x" * before + member), "here-it-is") == [known]
