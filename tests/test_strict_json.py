"""JSON read strictly: every fault is named, no bytes raise or hang, healthy bodies read as with json."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.strict_json import MAX_DEPTH, QUOTED, SHOWN, read

FAULTS = {
    "empty": (b"", "the body is empty"),
    "white space only": (b" \r\n\t", "the body is nothing but white space"),
    "truncated": (b'{"a": 1', "syntax error at character 7: expecting ',' delimiter"),
    "html": (b"<html>", "syntax error at character 0: expecting value"),
    "single quotes": (b"{'a': 1}", "syntax error at character 1"),
    "trailing comma": (b'{"a": 1,}', "syntax error at character"),
    "leading zero": (b"01", "trailing data at character 1: '1'"),
    "control character": (b'{"a": "\x01"}', "syntax error at character 7: invalid control character at"),
    "zero byte": (b'{"a":\x00 1}', "syntax error at character 5: expecting value"),
    "NaN": (b'{"a": NaN}', "NaN is no JSON number"),
    "Infinity": (b"[Infinity]", "Infinity is no JSON number"),
    "minus Infinity": (b"[-Infinity]", "-Infinity is no JSON number"),
    "duplicate key": (b'{"a": 1, "b": 2, "a": 3}', "duplicate key 'a'"),
    "duplicate key, nested": (b'{"x": [{"y": {"a": 1, "a": 1}}]}', "duplicate key 'a'"),
    "duplicate key, spelled twice": (rb'{"a": 1, "\u0061": 2}', "duplicate key 'a'"),
    "lone surrogate, value": (rb'{"a": "\ud800"}', r"lone surrogate \ud800 at character 7"),
    "lone surrogate, key": (rb'{"\uDC00": 1}', r"lone surrogate \uDC00 at character 2"),
    "lone surrogate, reversed pair": (rb'["\udc00\ud800"]', r"lone surrogate \udc00 at character 2"),
    "lone surrogate, after a pair": (rb'["\ud83d\ude00\ud83d"]', r"lone surrogate \ud83d at character 14"),
    "lone surrogate, key that is overruled": (rb'{"a": "\ud800", "a": 1}', r"lone surrogate \ud800"),
    "deep arrays": (b"[" * 101 + b"]" * 101, f"nested deeper than {MAX_DEPTH} levels"),
    "deep objects": (b'{"a":' * 101 + b"1" + b"}" * 101, f"nested deeper than {MAX_DEPTH} levels"),
    "huge float": (b"[1e400]", "number beyond a double: '1e400'"),
    "huge negative float": (b"[-1e400]", "number beyond a double: '-1e400'"),
    "huge integer": (b"9" * 400, "number beyond a double: '999"),
    "integer of 309 digits": (b"9" * 309, "number beyond a double: '999"),
    "trailing data": (b'{"a": 1} x', "trailing data at character 9: 'x'"),
    "two values": (b"{}{}", "trailing data at character 2: '{}'"),
}
ENCODING_FAULTS = {
    "byte order mark": ('\ufeff{"a": "م"}'.encode(), "the body begins with a byte order mark"),
    "latin-1": ('{"a": "é"}'.encode("latin-1"), "the body is not UTF-8: byte 0xe9 at offset 7"),
    "byte order mark and latin-1": (b'\xef\xbb\xbf["\xe9"]', "the body is not UTF-8: byte 0xe9 at offset 5"),
    "surrogate as bytes": (b'["\xed\xa0\x80"]', "the body is not UTF-8: byte 0xed at offset 2"),
    "overlong": (b'["\xc0\x80"]', "the body is not UTF-8: byte 0xc0 at offset 2"),
    "cut within a character": ('["م'.encode()[:-1], "the body is not UTF-8: byte 0xd9 at offset 2"),
    **{
        f"{name}{mark and ' with a mark'}": (
            (mark + '{"a": "م"}').encode(name),
            f"the body is {name.upper()}{mark and ' with a byte order mark'}, not UTF-8",
        )
        for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
        for mark in ("", "\ufeff")
    },
}
HEALTHY = {
    "minimal": b'{"success":true,"status":200}',
    "float status": b'{"status": 200.0}',
    "white space": b' \r\n\t{ "a" : [ ] }\n',
    "scalar": b"null",
    "arabic": '{"message": "تم تحديث الجلسة"}'.encode(),
    "escaped arabic": rb'["\u062a\u0645"]',
    "escaped pair": rb'["\ud83d\ude00"]',
    "raw emoji": '["😀"]'.encode(),
    "escaped backslash before ud800": rb'["\\ud800"]',
    "escaped zero": rb'["\u0000"]',
    "brackets in a string": json.dumps("[{" * 200).encode(),
    "brackets after a quote in a string": json.dumps('\\"[' * 200).encode(),
    "many shallow containers": b"[" + b"[],{}," * 100 + b"1]",
    "as deep as allowed": b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
    "same key in sister objects": b'[{"a": 1}, {"a": 1}, {"a": {"a": 1}}]',
    "largest double": b"[1.7976931348623157e308, -1.7976931348623157e308]",
    "too small a number": b"[1e-400]",
    "integer of 309 digits that fits": b"1" * 309,
    "negative integer of 308 digits": b"-" + b"9" * 308,
    "NaN in a string": b'["NaN", "Infinity"]',
}
# (bytes, whether there is a value): each can cost a careless reader seconds, its stack or a ValueError.
HOSTILE = {
    "5,000-digit integer": (b'{"status": ' + b"1" * 5_000 + b"}", True),
    "1 MB integer": (b"-" + b"7" * 1_000_000, True),
    "1 MB fraction": (b"0." + b"1" * 1_000_000, True),
    "1 MB exponent": (b"1e" + b"9" * 1_000_000, True),
    "200,000 deep arrays": (b"[" * 200_000 + b"]" * 200_000, True),
    "200,000 deep objects": (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, True),
    "1 MB of open brackets": (b"[" * 1_000_000, False),
    "1 MB of closing brackets": (b"]" * 1_000_000, False),
    "1 MB of quotes": (b'"' * 1_000_000, False),
    "1 MB unterminated string": (b'"' + b"a" * 1_000_000, False),
    "1 MB of quoted backslashes": (b'"\\' * 500_000, False),
    "1 MB of duplicates": (b"{" + b'"a":1,' * 150_000 + b'"a":1}', True),
    "1 MB of lone surrogates": (b'["' + rb"\ud800" * 150_000 + b'"]', True),
    "1 MB of NaN": (b"[" + b"NaN," * 250_000 + b"1]", True),
    "1 MB of zeros": (b"\x00" * 1_000_000, False),
    "1 MB of 0xff": (b"\xff" * 1_000_000, False),
    "1 MB key, twice": (b'{"' + b"k" * 500_000 + b'":1,"' + b"k" * 500_000 + b'":2}', True),
    "300,000 containers that lie too deep": (b"[" * 100 + b"[]," * 300_000 + b"[]" + b"]" * 100, True),
}
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def named(cases: dict[str, Any]) -> Any:
    """The cases as parameters, their names as ids."""
    return [pytest.param(*(v if isinstance(v, tuple) else (v,)), id=k) for k, v in cases.items()]


@pytest.mark.parametrize(("raw", "sentence"), named(FAULTS))
def test_a_fault_is_named(raw: bytes, sentence: str) -> None:
    """A body in UTF-8 that is no strict JSON has a fault that says what and where, none of encoding."""
    reading = read(raw)
    assert any(fault.startswith(sentence) for fault in reading.faults)
    assert reading.encoding_faults == ()


@pytest.mark.parametrize(("raw", "sentence"), named(ENCODING_FAULTS))
def test_an_encoding_fault_is_named(raw: bytes, sentence: str) -> None:
    """A body that is not plain UTF-8 has a fault of encoding that says what it is instead."""
    assert read(raw).encoding_faults[-1].startswith(sentence)


@pytest.mark.parametrize("raw", named(HEALTHY))
def test_a_healthy_body_has_no_fault(raw: bytes) -> None:
    """What looks odd and is strict JSON all the same reads without a fault, as the json module reads it."""
    reading = read(raw)
    assert (reading.faults, reading.encoding_faults, reading.readable) == ((), (), True)
    assert reading.value == json.loads(raw)


@pytest.mark.parametrize("raw", [b"\0[1]\0", b"[\0\0\0\x00\xd8"])
def test_stray_zero_bytes_are_no_other_encoding(raw: bytes) -> None:
    """What looks like UTF-16 or UTF-32 by its first bytes and is not is read as UTF-8."""
    reading = read(raw)
    assert not any("UTF-16" in fault or "UTF-32" in fault for fault in reading.encoding_faults)
    assert reading.faults
    assert not reading.readable


@pytest.mark.parametrize(("raw", "readable"), named(HOSTILE))
def test_a_hostile_body_costs_little(raw: bytes, readable: bool) -> None:
    """A body made to crash or stall its reader is read with at most five seconds of work and told in short sentences."""
    started = time.thread_time()
    reading = read(raw)
    assert time.thread_time() - started < 5
    assert reading.readable is readable
    assert len(reading.faults) <= SHOWN + 2
    assert all(len(sentence) < 80 + QUOTED for sentence in reading.faults)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param('\ufeff{"a": 1}'.encode(), {"a": 1}, id="byte order mark is skipped"),
        pytest.param(b'{"a": 1, "a": 2}', {"a": 2}, id="last duplicate wins"),
        pytest.param('{"a": "م"}'.encode("utf-16"), {"a": "م"}, id="utf-16 is decoded"),
        pytest.param('{"a": "é"}'.encode("latin-1"), {"a": "\ufffd"}, id="stray byte is replaced"),
        pytest.param(b"[1e400, -1e400]", [math.inf, -math.inf], id="huge floats are infinities"),
        pytest.param(b"9" * 400, math.inf, id="huge integer is an infinity"),
        pytest.param(rb'["\ud800"]', ["\ud800"], id="lone surrogate stays"),
        pytest.param(b"{} {}", None, id="trailing data leaves nothing"),
        pytest.param(b'{"a":', None, id="syntax error leaves nothing"),
    ],
)
def test_the_value_is_the_best_effort(raw: bytes, value: object) -> None:
    """A faulty body means what a lenient reader takes from it, and is unreadable where that is nothing."""
    reading = read(raw)
    assert reading.value == value
    assert reading.readable is (value is not None)


def test_nan_is_read_as_a_float() -> None:
    """NaN is a fault, and reads as the float of that name."""
    value = read(b"NaN").value
    assert isinstance(value, float)
    assert math.isnan(value)


def test_null_is_a_value() -> None:
    """A body that says null has a value, which is None; an empty body has none."""
    assert (read(b"null").readable, read(b"").readable) == (True, False)


def test_what_lies_too_deep_reads_as_null() -> None:
    """A body that nests too deeply is read down to the limit, its other members as they stand."""
    value = read(b'{"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b', "status": 200}').value
    assert isinstance(value, dict)
    assert value["status"] == 200
    inner, depth = value["deep"], 1
    while inner is not None:
        (inner,), depth = inner, depth + 1
    assert depth == MAX_DEPTH


def test_faults_stand_together() -> None:
    """Faults of several kinds are all told, those of encoding apart."""
    reading = read(b'\xef\xbb\xbf{"a": NaN, "a": 1e999, "b": "\\ud800"}')
    assert reading.encoding_faults == ("the body begins with a byte order mark",)
    assert [fault.split()[0] for fault in reading.faults] == ["NaN", "number", "duplicate", "lone"]


def test_faults_of_a_kind_are_counted() -> None:
    """Of many faults of one kind a few are spelled out and the rest is counted."""
    raw = "{" + ",".join(f'"k{i}": 1, "k{i}": 2' for i in range(SHOWN + 7)) + "}"
    faults = read(raw.encode()).faults
    assert faults == (*(f"duplicate key 'k{i}'" for i in range(SHOWN)), "and 7 more duplicate keys")


def test_quoted_text_is_harmless() -> None:
    """What a sentence quotes is short and holds no control character."""
    (fault,) = read(
        b'{"\x7f\xe2\x80\xae\\u001b[31m' + b"a" * 99 + b'": 1, "\x7f\xe2\x80\xae\\u001b[31m' + b"a" * 99 + b'": 2}'
    ).faults
    assert fault.isprintable()
    assert len(fault) == len("duplicate key ") + QUOTED


def test_a_stack_that_is_nearly_full_does_no_harm() -> None:
    """A caller deep in its own recursion gets a reading too, not a RecursionError."""
    raw = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH

    def dig(reads: list[bool]) -> list[bool]:
        """Reads from the bottom of the stack on; one that did not fit says so, and has no value."""
        try:
            dig(reads)
        except RecursionError:
            return reads
        if len(reads) < 3 * MAX_DEPTH:  # on the way back there is a little more room at every step
            try:
                reading = read(raw)
                reads.append(reading.readable)
                assert reading.readable == (reading.value is not None) == (not reading.faults)
            except RecursionError:  # the call itself did not fit
                reads.append(False)
        return reads

    assert dig([])[-1] is True


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\ud8019eE+-.NaInfity \x00\ufeff').map(str.encode))
def test_no_bytes_raise(raw: bytes) -> None:
    """Whatever the bytes are there is a reading, and it has a value or a fault."""
    reading = read(raw)
    assert reading.readable or reading.faults
    assert reading.readable or reading.value is None


@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_made_json_reads_as_it_was(value: object, ascii_only: bool, indent: int | None) -> None:
    """What json writes is read back equal and without a fault."""
    raw = json.dumps(value, allow_nan=False, ensure_ascii=ascii_only, indent=indent).encode()
    reading = read(raw)
    assert (reading.value, reading.faults, reading.encoding_faults, reading.readable) == (value, (), (), True)


@given(JSON_VALUES, st.lists(st.sampled_from("[{"), max_size=MAX_DEPTH - 1), st.text())
def test_a_duplicate_is_found_wherever_it_lies(value: object, around: list[str], key: str) -> None:
    """Two members of one name are found however deep their object lies."""
    name, inner = json.dumps(key), json.dumps(value)
    text = f"{{{name}: {inner}, {name}: {inner}}}"
    for bracket in around:
        text = f"[0, {text}]" if bracket == "[" else f'{{"x": {text}}}'
    assert any(fault.startswith("duplicate key ") for fault in read(text.encode()).faults)


@given(JSON_VALUES)
def test_strict_reading_agrees_with_the_json_module(value: object) -> None:
    """Where a body is cut short anywhere, it has a fault exactly if the json module refuses it."""
    raw = json.dumps(value, allow_nan=False).encode()
    for end in range(0, len(raw), max(1, len(raw) // 8)):
        try:
            expected: tuple[bool, object] = (True, json.loads(raw[:end]))
        except json.JSONDecodeError:
            expected = (False, None)
        reading = read(raw[:end])
        assert (not reading.faults, reading.value) == expected


def test_bounds() -> None:
    """A hundred levels, forty characters of a quotation, five faults of a kind."""
    assert (MAX_DEPTH, QUOTED, SHOWN) == (100, 40, 5)
    assert read(b"[" * 100 + b"]" * 100).faults == ()
    assert read(b"[" * 101 + b"]" * 101).faults == ("nested deeper than 100 levels",)
    assert read(b"[[]," * 101 + b"1" + b"]" * 101).faults == ("nested deeper than 100 levels",)


@pytest.mark.parametrize(
    ("size", "quoted"),
    [(37, f"'{'k' * 37}'"), (38, f"'{'k' * 38}'"), (39, f"'{'k' * 38}…"), (40, f"'{'k' * 38}…"), (41, f"'{'k' * 38}…")],
)
def test_a_quotation_is_cut(size: int, quoted: str) -> None:
    """With its sign it is forty characters."""
    key = b'"' + b"k" * size + b'"'
    assert read(b"{%s: 1, %s: 2}" % (key, key)).faults == (f"duplicate key {quoted}",)


def test_a_quotation_of_control_characters_is_cut_as_it_is_shown() -> None:
    """Each takes four characters then."""
    shown = "'" + r"\x7f" * 9 + r"\x"
    assert read(b"{} " + b"\x7f" * 10).faults == (f"trailing data at character 3: {shown}…",)


def test_five_faults_of_a_kind_are_spelled_out() -> None:
    """The same sentence counts once; a sixth is counted."""
    assert read(b"[NaN, NaN, Infinity, -Infinity]").faults == (
        *("NaN is no JSON number", "Infinity is no JSON number", "-Infinity is no JSON number"),
    )
    five = "[" + ", ".join(f"1e{n}" for n in range(400, 405)) + "]"
    assert len(read(five.encode()).faults) == 5
    six = "[" + ", ".join(f"1e{n}" for n in range(400, 406)) + "]"
    assert read(six.encode()).faults[-1] == "and 1 more numbers"


def test_a_bracket_in_a_string_is_no_container() -> None:
    """Nor is one in a string that never ends."""
    assert read(b"[" * 100 + b'"]["' + b"]" * 100).faults == ()
    assert not any("nested" in fault for fault in read(b"[" * 100 + b'"[').faults)
    assert not any("nested" in fault for fault in read(b"[" * 100 + b'"\\"[').faults)


@pytest.mark.parametrize("digits", [308, 309])
def test_a_number_beyond_a_double(digits: int) -> None:
    """Has 309 digits or more, unless it is just below the largest."""
    reading = read(b"9" * digits)
    assert reading.faults == (() if digits == 308 else (f"number beyond a double: '{'9' * 38}…",))
    assert read(b"1" + b"0" * 308).value == 10**308
    assert read(b"1" + b"0" * 308).faults == ()
    assert read(b"-1" + b"0" * 308).value == -(10**308)
    assert read(b"1" + b"0" * 309).value == math.inf


def test_zero_bytes_that_are_no_utf_16() -> None:
    """Are stray ones."""
    reading = read(b"\x001\x00")
    assert reading.encoding_faults == ()
    assert not reading.readable
    assert reading.faults[0].startswith("syntax error at character 0")


def test_a_reading_is_not_changed() -> None:
    """It is evidence."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        read(b"{}").value = 1  # type: ignore[misc]
