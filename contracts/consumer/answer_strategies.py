"""Hypothesis strategies: answers that keep the contract, and answers that break one rule of it.

    conforming_answers()
    ├── successes()            200, 201, 202; with and without a token, in every allowed spelling
    └── documented_errors()    400 to 599
    violating_answers()        each with the id of the rule that it was made to break

"Keeps the contract" means every MUST; what a SHOULD asks may be missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from contracts.model.answers import Answer, documented_headers
from contracts.model.document import load
from contracts.model.tokens import unsigned

FAR_FUTURE: Final = 4_000_000_000  # the year 2096
LARGEST_INTEGER: Final = 2**53 - 1  # what JavaScript holds exactly
OWN_MEMBERS: Final = frozenset({"status", "success", "data", "error"})
CONTENT_TYPE: Final = ("Content-Type", "application/json")

Body = dict[str, Any]


class Violation(NamedTuple):
    """An answer and the id of the rule it was made to break; others may break along with it."""

    answer: Answer
    rule: str


ARABIC: Final = ("تم تحديث الجلسة", "سجّل الدخول للمتابعة", "عذراً، حدث خطأ", "متجر ١٢٣")


def texts() -> st.SearchStrategy[str]:
    """What people read: Arabic, emoji, controls that JSON must escape; no lone surrogates."""
    return st.one_of(st.sampled_from(ARABIC), st.text(max_size=30))


def tokens() -> st.SearchStrategy[str]:
    """Usable tokens: JWTs that expire far in the future, or opaque ones."""
    # jti is drawn too, or a failing example could not be run again.
    jwts = st.builds(
        lambda customer, jti: unsigned(str(customer), now=FAR_FUTURE, ttl=900, jti=str(jti)),
        st.integers(1, LARGEST_INTEGER),
        st.uuids(),
    )
    return st.one_of(jwts, st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True))


def json_values() -> st.SearchStrategy[Any]:
    """Any strict JSON value, not too large."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-LARGEST_INTEGER, LARGEST_INTEGER),
        st.floats(allow_nan=False, allow_infinity=False, width=32),
        texts(),
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    )


def conforming_answers() -> st.SearchStrategy[Answer]:
    """Answers to POST that keep every MUST."""
    return st.one_of(successes(), documented_errors())


@st.composite
def successes(draw: st.DrawFn, *, token: bool | None = None) -> Answer:
    """Documented successes. `token`: True with a usable one, False without one, None either way."""
    return draw(_spelled(*draw(_success_bodies(token))))


@st.composite
def documented_errors(draw: st.DrawFn) -> Answer:
    """Documented errors: the statuses the contract names, and others of 4XX and 5XX."""
    return draw(_spelled(*draw(_error_bodies())))


@st.composite
def _success_bodies(draw: st.DrawFn, token: bool | None = None) -> tuple[int, Body]:
    status = draw(st.sampled_from(sorted(load().success_statuses)))
    body: Body = {**draw(_extras()), "success": True, "status": draw(_number(status))}
    if token is None:
        token = draw(st.booleans())
    if token or draw(st.booleans()):
        optional = {"case": texts(), "redirect_url": st.none() | texts(), "message": st.none() | texts()}
        body["data"] = draw(st.fixed_dictionaries({"token": tokens()} if token else {}, optional=optional))
    return status, body


@st.composite
def _error_bodies(draw: st.DrawFn) -> tuple[int, Body]:
    named = sorted({example.status for example in load().examples.values() if example.status >= 400})
    status = draw(st.one_of(st.sampled_from(named), st.integers(400, 599)))
    codes = st.one_of(st.sampled_from(["unauthorized", "gone", "E-7"]), st.integers(0, 9999))
    by_name = st.dictionaries(st.text(max_size=8), st.lists(texts(), max_size=2), max_size=2)
    fields: st.SearchStrategy[Any] = st.one_of(st.none(), st.just([]), by_name)
    optional = {"code": codes, "message": st.none() | texts(), "case": st.none() | texts(), "fields": fields}
    error = draw(st.fixed_dictionaries({}, optional=optional))
    return status, {**draw(_extras()), "success": False, "status": draw(_number(status)), "error": error}


def _extras() -> st.SearchStrategy[Body]:
    names = st.text(max_size=8).filter(lambda name: name not in OWN_MEMBERS)
    return st.one_of(st.just({}), st.dictionaries(names, json_values(), max_size=3))


def _number(status: int) -> st.SearchStrategy[int | float]:
    return st.sampled_from([status, float(status)])


@st.composite
def _spelled(draw: st.DrawFn, status: int, body: Body) -> Answer:
    """One of the many spellings in JSON and HTTP that all say the same."""
    members = dict(draw(st.permutations(list(body.items()))))
    indent, spaced = draw(st.sampled_from([None, 2])), draw(st.booleans())
    text = json.dumps(
        members,
        ensure_ascii=draw(st.booleans()),
        indent=indent,
        separators=(", ", ": ") if spaced else (",", ":"),
        allow_nan=False,
    )
    padding = draw(st.sampled_from(["", "\n", " \r\n\t"]))
    return Answer(status, draw(_headers(status)), (padding + text + padding).encode())


@st.composite
def _headers(draw: st.DrawFn, status: int) -> tuple[tuple[str, str], ...]:
    labels = ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
    name = draw(st.sampled_from(["Content-Type", "content-type", "CONTENT-TYPE"]))
    strange = draw(st.lists(st.sampled_from([("X-Request-Id", "7"), ("Vary", "Cookie"), ("Server", "x")]), unique=True))
    pairs = [(name, draw(st.sampled_from(labels))), *documented_headers(status), *strange]
    return tuple(draw(st.permutations(pairs)))


# Violations, one function a rule: each takes a conforming answer's status and body and breaks it.


def violating_answers(*rules: str) -> st.SearchStrategy[Violation]:
    """Answers to POST that each break a MUST, with the rule's id; only the given `rules`, when any is given."""
    unknown = set(rules) - set(BREAKERS)
    if unknown:
        raise ValueError(f"no answer breaks {', '.join(sorted(unknown))}; there are: {', '.join(BREAKERS)}")
    return st.one_of([BREAKERS[rule]().map(partial(_violation, rule)) for rule in rules or BREAKERS])


def _violation(rule: str, answer: Answer) -> Violation:
    return Violation(answer, rule)


def _plain(status: int, body: object) -> Answer:
    raw = json.dumps(body, ensure_ascii=False).encode()
    return Answer(status, (CONTENT_TYPE, *documented_headers(status)), raw)


def _bodies() -> st.SearchStrategy[tuple[int, Body]]:
    return st.one_of(_success_bodies(), _error_bodies())


@st.composite
def _mislabelled(draw: st.DrawFn) -> Answer:
    status, body = draw(_bodies())
    answer = _plain(status, body)
    labels = [
        "text/html",
        "text/plain; charset=utf-8",
        "application/problem+json",
        "application/jsonp",
        "json",
        None,
    ]
    label = draw(st.sampled_from(labels))
    headers = tuple(pair for pair in answer.headers if pair != CONTENT_TYPE)
    raw = b"<!doctype html><title>Store</title>" if label == "text/html" and draw(st.booleans()) else answer.body
    return Answer(status, ((("Content-Type", label),) if label else ()) + headers, raw)


@st.composite
def _not_utf8(draw: st.DrawFn) -> Answer:
    status, body = draw(_bodies())
    text = json.dumps({**body, "note": ARABIC[0]}, ensure_ascii=False)
    plain = _plain(status, body)
    how = draw(st.sampled_from(["bom", "utf-16", "utf-32-le", "cp1256", "label"]))
    if how == "label":
        headers = (("Content-Type", "application/json; charset=iso-8859-1"), *plain.headers[1:])
        return Answer(status, headers, plain.body)
    # cp1256 knows no emoji: whatever else the body says, the note alone is enough.
    told = json.dumps({"status": body["status"], "success": body["success"], "note": ARABIC[0]}, ensure_ascii=False)
    raw = {
        "bom": lambda: b"\xef\xbb\xbf" + text.encode(),
        "utf-16": lambda: text.encode("utf-16"),
        "utf-32-le": lambda: text.encode("utf-32-le"),
        "cp1256": lambda: told.encode("cp1256"),
    }[how]()
    return Answer(status, plain.headers, raw)


@st.composite
def _not_json(draw: st.DrawFn) -> Answer:
    status, body = draw(_bodies())
    plain = _plain(status, body)
    text = plain.body.decode()
    inside = text[1:-1]
    spoilt = [
        "",
        "<!doctype html><title>Store</title><h1>عذراً</h1>",
        text[: draw(st.integers(1, len(text) - 1))],
        f"{{{inside},}}",
        f'{{{inside},"status":{body["status"]}}}',
        f'{{"success":{json.dumps(not body["success"])},{inside}}}',
        *(f'{{{inside},"number":{number}}}' for number in ("NaN", "Infinity", "-Infinity", "1e999", "01", "0x1F")),
        f'{{{inside},"lone":"\\ud83d"}}',
        f'{{{inside},"deep":{"[" * 20_000}{"]" * 20_000}}}',
        f"{{{inside}}} /* ok */",
        text.replace('"', "'"),
        text + text,
        f")]}}',\n{text}",
        f"callback({text})",
    ]
    return Answer(status, plain.headers, draw(st.sampled_from(spoilt)).encode())


@st.composite
def _member_of_wrong_type(draw: st.DrawFn, name: str, wrong: tuple[object, ...]) -> Answer:
    status, body = draw(_bodies())
    if name == "success" and draw(st.integers(0, 4)) == 0:
        return _plain(status, draw(st.sampled_from([[], [body], None, status, "ok", True])))
    value = draw(st.sampled_from([*wrong, MISSING]))
    if value is MISSING:
        del body[name]
    else:
        body[name] = str(status) if value == "status" else value
    return _plain(status, body)


@st.composite
def _status_outside_enum(draw: st.DrawFn) -> Answer:
    status, body = draw(_success_bodies())
    outside = draw(st.sampled_from([203, 206, 207, 226, 299]))
    where = draw(st.sampled_from(["both", "http", "body", "fraction"]))
    if where == "fraction":
        return _plain(status, {**body, "status": status + 0.5})
    said = outside if where in ("both", "body") else status
    return _plain(outside if where in ("both", "http") else status, {**body, "status": said})


@st.composite
def _status_not_mirrored(draw: st.DrawFn) -> Answer:
    status, body = draw(_bodies())
    others = [other for other in (200, 201, 202, 400, 401, 404, 422, 500, 503) if other != status]
    same_range = [other for other in others if (other < 400) == (status < 400)]
    return _plain(status, {**body, "status": draw(st.sampled_from(same_range))})


@st.composite
def _flag_reversed(draw: st.DrawFn) -> Answer:
    status, body = draw(_bodies())
    body["success"] = not body["success"]
    if status < 400 and draw(st.booleans()):
        body["error"] = {"code": "unauthorized"}
    elif status >= 400 and draw(st.booleans()):
        body["data"] = {"token": draw(tokens())}
    return _plain(status, body)


@st.composite
def _without_error_object(draw: st.DrawFn) -> Answer:
    status, body = draw(_error_bodies())
    del body["error"]
    wrong = draw(st.sampled_from([{}, *({"error": value} for value in (None, [], "gone", 7, True, [{"code": "x"}]))]))
    return _plain(status, {**body, **wrong})


@st.composite
def _redirected(draw: st.DrawFn) -> Answer:
    status = draw(st.sampled_from([300, 301, 302, 303, 307, 308]))
    to = draw(st.sampled_from(["/login", "https://store.example/login", "", "//store.example/auth/refresh"]))
    said = draw(st.sampled_from([{"status": status, "success": False, "error": {}}, {"status": 200, "success": True}]))
    plain = _plain(status, said)
    return Answer(status, (*plain.headers, ("Location", to)), draw(st.sampled_from([plain.body, b""])))


MISSING: Final = object()

BREAKERS: Final[dict[str, Callable[[], st.SearchStrategy[Answer]]]] = {
    "content-type-is-json": _mislabelled,
    "body-is-utf8": _not_utf8,
    "body-is-strict-json": _not_json,
    "success-is-boolean": partial(_member_of_wrong_type, "success", (None, 0, 1, "true", "false", "", [], {})),
    "status-is-number": partial(_member_of_wrong_type, "status", (None, True, "status", "OK", [], {})),
    "status-in-enum": _status_outside_enum,
    "status-mirrors-http": _status_not_mirrored,
    "success-flag-is-truthful": _flag_reversed,
    "error-has-object": _without_error_object,
    "no-redirect": _redirected,
}
