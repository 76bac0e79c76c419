"""Hypothesis strategies: answers to POST that each break one MUST. Others may break along with it.

There is one function for each rule: it draws the status and body of an answer that keeps the contract, and breaks it. Redirects
are missing here, because they would lead clients to other servers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Final

from hypothesis import strategies as st

from contracts.consumer.bodies import ARABIC, Body, error_bodies, success_bodies, tokens
from contracts.model.answers import Answer, documented_headers

CONTENT_TYPE: Final = ("Content-Type", "application/json")
MISSING: Final = object()


@st.composite
def violations(draw: st.DrawFn) -> Answer:
    """Answers that break one rule, each rule as often as every other."""
    return draw(st.one_of([breaker() for breaker in BREAKERS.values()]))


def labelled_json(status: int, body: object) -> Answer:
    """`body` as JSON that is labelled as such, with the headers that the contract documents for `status`."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    return Answer(status, (CONTENT_TYPE, *documented_headers(status)), raw)


def _bodies() -> st.SearchStrategy[tuple[int, Body]]:
    return st.one_of(success_bodies(), error_bodies())


@st.composite
def _mislabelled(draw: st.DrawFn) -> Answer:
    status, body = draw(_bodies())
    answer = labelled_json(status, body)
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
    plain = labelled_json(status, body)
    how = draw(st.sampled_from(["bom", "utf-16", "utf-32-le", "cp1256", "label"]))
    if how == "label":
        headers = (("Content-Type", "application/json; charset=iso-8859-1"), *plain.headers[1:])
        return Answer(status, headers, plain.body)
    # cp1256 has no emoji, so that this body holds nothing but the note.
    short = json.dumps({"status": body["status"], "success": body["success"], "note": ARABIC[0]}, ensure_ascii=False)
    raw = {
        "bom": lambda: b"\xef\xbb\xbf" + text.encode(),
        "utf-16": lambda: text.encode("utf-16"),
        "utf-32-le": lambda: text.encode("utf-32-le"),
        "cp1256": lambda: short.encode("cp1256"),
    }[how]()
    return Answer(status, plain.headers, raw)


@st.composite
def _not_json(draw: st.DrawFn) -> Answer:
    status, body = draw(_bodies())
    plain = labelled_json(status, body)
    text = plain.body.decode()
    inside = text[1:-1]
    broken = [
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
    return Answer(status, plain.headers, draw(st.sampled_from(broken)).encode())


@st.composite
def _member_of_wrong_type(draw: st.DrawFn, name: str, wrong: tuple[object, ...]) -> Answer:
    status, body = draw(_bodies())
    if name == "success" and draw(st.integers(0, 4)) == 0:
        return labelled_json(status, draw(st.sampled_from([[], [body], None, status, "ok", True])))
    value = draw(st.sampled_from([*wrong, MISSING]))
    if value is MISSING:
        del body[name]
    else:
        body[name] = str(status) if value == "status" else value
    return labelled_json(status, body)


@st.composite
def _status_outside_enum(draw: st.DrawFn) -> Answer:
    status, body = draw(success_bodies())
    outside = draw(st.sampled_from([203, 206, 207, 226, 299]))
    where = draw(st.sampled_from(["both", "http", "body", "fraction"]))
    if where == "fraction":
        return labelled_json(status, {**body, "status": status + 0.5})
    in_body = outside if where in ("both", "body") else status
    return labelled_json(outside if where in ("both", "http") else status, {**body, "status": in_body})


@st.composite
def _status_not_mirrored(draw: st.DrawFn) -> Answer:
    status, body = draw(_bodies())
    others = [other for other in (200, 201, 202, 400, 401, 404, 422, 500, 503) if other != status]
    same_range = [other for other in others if (other < 400) == (status < 400)]
    return labelled_json(status, {**body, "status": draw(st.sampled_from(same_range))})


@st.composite
def _flag_reversed(draw: st.DrawFn) -> Answer:
    status, body = draw(_bodies())
    body["success"] = not body["success"]
    if status < 400 and draw(st.booleans()):
        body["error"] = {"code": "unauthorized"}
    elif status >= 400 and draw(st.booleans()):
        body["data"] = {"token": draw(tokens())}
    return labelled_json(status, body)


@st.composite
def _without_error_object(draw: st.DrawFn) -> Answer:
    status, body = draw(error_bodies())
    del body["error"]
    wrong = draw(st.sampled_from([{}, *({"error": value} for value in (None, [], "gone", 7, True, [{"code": "x"}]))]))
    return labelled_json(status, {**body, **wrong})


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
}
