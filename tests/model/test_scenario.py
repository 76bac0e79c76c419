"""The scenarios: the table that every client meets, what is said of answers, and what Hypothesis adds to the table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import Message
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from contracts.consumer import strategies
from contracts.consumer.strategies import LEFT_TO_BROWSERS, SLOWEST, answers, scenarios
from contracts.model.answers import Answer, error, json_answer, success
from contracts.model.document import load
from contracts.model.exchange import Exchange, Failure, Kind, Request, Response
from contracts.model.scenario import (
    AT_ONCE,
    LANDING,
    NO_BODY,
    Delivery,
    Scenario,
    at_page_load,
    interleaved,
    named,
    page,
    refreshed,
    success_body,
    traits,
)

PATIENCE = 7.5
TOKEN = "a-token-0123456789"
C, U, F = Kind.COMPLETED, Kind.UNSPECIFIED, Kind.FAILED


def tokens() -> Iterator[str]:
    """Tokens that are all different."""
    return (f"token-number-{n:04}" for n in range(1, 10_000))


TABLE = {s.name: s for s in named(tokens(), patience=PATIENCE)}
LOADS = {s.name: s for s in at_page_load(tokens())}


def body_of(scenario: Scenario) -> Any:
    """The JSON that a scenario says, its token called TOKEN; or the bytes, when they are none."""
    assert scenario.answer is not None
    try:
        body = json.loads(scenario.answer.body)
    except ValueError:
        return scenario.answer.body
    if (
        isinstance(body, dict)
        and isinstance(data := body.get("data"), dict)
        and str(data.get("token")).startswith("token-number")
    ):
        body["data"] = {**data, "token": TOKEN}
    return body


# --- the table --------------------------------------------------------------------------------------------------------


def test_names_are_unique() -> None:
    """A name means one scenario, in the table and among the page loads."""
    all_of_them = [*named(tokens(), patience=PATIENCE), *at_page_load(tokens())]
    assert len({s.name for s in all_of_them}) == len(all_of_them)
    assert all(s.named for s in all_of_them)


def test_every_delivery_is_in_the_table() -> None:
    """Each way in which an answer may get to a client, or not, is met."""
    assert {s.delivery for s in TABLE.values()} == set(Delivery)


def test_every_class_is_in_the_table_and_at_page_load() -> None:
    """Completed, unspecified and failed are met, by calls and by pages that load."""
    assert {s.kind for s in TABLE.values()} == {s.kind for s in LOADS.values()} == set(Kind)
    assert {s.calls for s in LOADS.values()} == {0}
    assert {s.calls for s in TABLE.values()} == {1, AT_ONCE}
    assert {s.kind for s in TABLE.values() if s.calls == AT_ONCE} >= {C, F}
    assert {s.kind for s in TABLE.values() if s.throwing} == {F}


def test_every_documented_error_is_in_the_table() -> None:
    """Each error of the document is met under its status, word for word."""
    documented = {e.status: e.body for e in load().examples.values() if e.status >= 400}
    assert len(documented) == 11
    for status, body in documented.items():
        scenario = TABLE[f"error-{status}"]
        assert (scenario.answer.status if scenario.answer else None, body_of(scenario)) == (status, body)


def test_every_documented_success_is_in_the_table() -> None:
    """Each success status is met, and completes."""
    for status in (200, 201, 202):
        scenario = TABLE[f"success-{status}"]
        assert scenario.kind is C
        assert scenario.came == Response(status, scenario.came.headers, scenario.came.body)  # type: ignore[union-attr]


def test_each_token_of_the_table_is_given_once() -> None:
    """No token is given twice, so that it can be told which answer a token came from."""
    given_ones = [s.came.token for s in TABLE.values() if isinstance(s.came, Response) and s.came.token]
    own = [token for token in given_ones if token.startswith("token-number")]
    assert len(own) > 15
    assert len(set(own)) == len(own)


def test_only_what_never_ends_takes_the_patience() -> None:
    """A scenario that does not end by itself is ended when patience is over; the rest is over at once or soon."""
    for s in TABLE.values():
        assert (s.seconds == PATIENCE) is (s.delivery in (Delivery.SILENT, Delivery.ENDLESS)), s.name
        assert s.seconds in (0.0, PATIENCE) or (s.delivery is Delivery.SLOW and s.seconds < 1), s.name


# What the published SDK does, by endpoint behaviour: the rows of that table in the facts, and where they are met.
# name: its class, the HTTP status, what the body says
OK = {"status": 200, "success": True}
GIVES = {"data": {"token": TOKEN}}
HTML = b"<!doctype html><title>-</title><p>Please wait."
FACTS: dict[str, tuple[Kind, int, Any]] = {
    # 200/201/202, documented success with data.token
    "success-200": (C, 200, {**OK, **GIVES}),
    "success-201": (C, 201, {"status": 201, "success": True, **GIVES}),
    "success-202": (C, 202, {"status": 202, "success": True, "data": {"token": TOKEN, "message": "تم تحديث الجلسة"}}),
    # {"success":true,"status":200}
    "success-without-data": (U, 200, OK),
    # 200, data: {}
    "success-data-empty": (U, 200, {**OK, "data": {}}),
    # 200, data.token null / number
    "success-token-null": (U, 200, {**OK, "data": {"token": None}}),
    "success-token-number": (U, 200, {**OK, "data": {"token": 5}}),
    # 200, success: false, no data
    "false-without-data": (F, 200, {"status": 200, "success": False}),
    # 200, success: false with data.token
    "false-with-token": (F, 200, {"status": 200, "success": False, **GIVES}),
    # 200, body status 204, or "200" as a string, or no success member, with data.token
    "success-status-204": (U, 200, {"status": 204, "success": True, **GIVES}),
    "status-as-string": (F, 200, {"status": "200", "success": True, **GIVES}),
    "success-missing": (F, 200, {"status": 200, **GIVES}),
    # HTTP 204, or 200 with an empty body
    "http-204": (F, 204, b""),
    "body-empty": (F, 200, b""),
    # 200 with HTML, truncated JSON, [], null, a number; 302 to an HTML page
    "html-200": (F, 200, HTML),
    "body-array": (F, 200, []),
    "body-null": (F, 200, None),
    "body-number": (F, 200, 200),
    "redirect-302-to-html": (F, 302, b""),
    # 401, 403, 422, 429, 500 (JSON, HTML or empty)
    **{f"error-{s}": (F, s, load().examples[n].body) for s, n in {
        401: "unauthorized", 403: "forbidden", 422: "validation_failed", 429: "too_many_requests", 500: "server_error"}.items()},
    **{f"error-{s}-html": (F, s, HTML) for s in (401, 403, 422, 429, 500)},
    **{f"error-{s}-empty": (F, s, b"") for s in (401, 403, 422, 429, 500)},
    # five concurrent calls, one 401
    "error-401-at-once": (F, 401, load().examples["unauthorized"].body),
}  # fmt: skip
# The other rows: connection refused / reset / aborted, name not resolved, offline, time-out; never answers.
NETWORK = ("refused", "reset", "aborted", "unresolved", "offline", "timed-out", "silent", "truncated", "closed", "endless")
OTHERS: dict[str, Kind] = {
    "error-401-again": F,
    "error-401-and-again": F,
    "success-extra-members": C,
    "success-other-spelling": C,
    "success-slow": C,
    "success-200-at-once": C,
    **{f"error-{status}": F for status in (400, 404, 405, 406, 409, 410, 502, 503, 504)},
    "error-500-says-success": F,
    "error-401-with-token": F,
    "success-data-null": U,
    **{f"success-token-{value}": U for value in ("object", "empty", "true", "array")},
    "success-status-201-in-200": U,
    "success-with-bom": U,
    "success-as-text": U,
    "false-with-error": F,
    "success-as-string": F,
    "success-null": F,
    "status-missing": F,
    "status-of-an-error": F,
    "http-203": F,
    "http-206": F,
    "http-205": F,
    "body-string": F,
    "body-true": F,
    "body-cut-json": F,
    "body-empty-object": F,
    "redirect-301-to-html": F,
    "redirect-303-to-html": F,
    **{f"network-{how}": F for how in NETWORK},
    "network-reset-at-once": F,
    "error-500-listener-throws": F,
    "network-refused-listener-throws": F,
    "success-200-at-page-load": C,
    "success-data-empty-at-page-load": U,
    "error-401-at-page-load": F,
    "error-429-at-page-load": F,
    "error-500-at-page-load": F,
    "network-reset-at-page-load": F,
}


@pytest.mark.parametrize(("name", "kind", "status", "body"), [(n, *row) for n, row in FACTS.items()], ids=FACTS)
def test_every_row_of_the_facts_is_met(name: str, kind: Kind, status: int, body: Any) -> None:
    """Each endpoint behaviour that the facts speak of is in the table, and has the class that it has there."""
    scenario = TABLE[name]
    assert scenario.answer is not None
    assert (scenario.kind, scenario.answer.status, body_of(scenario)) == (kind, status, body)
    assert scenario.delivery is Delivery.WHOLE
    assert scenario.calls == (AT_ONCE if name.endswith("-at-once") else 1)


def test_every_other_scenario_has_the_class_that_was_written_down() -> None:
    """The class of each scenario stands here too, written by hand, and none is missing."""
    met = {**TABLE, **LOADS}
    written = {**{name: row[0] for name, row in FACTS.items()}, **OTHERS}
    assert {name: s.kind for name, s in met.items()} == written


def test_truncated_json_is_whole_on_the_wire() -> None:
    """JSON that is cut off comes with a length of its own; a body that the connection cuts off is another scenario."""
    cut = TABLE["body-cut-json"]
    assert isinstance(cut.came, Response)
    assert not cut.came.reading.readable
    assert cut.came.body.startswith(b'{"status": 200')
    assert TABLE["network-truncated"].came == Failure("truncated", "no whole answer: truncated")


@pytest.mark.parametrize("how", NETWORK)
def test_no_answer_is_a_failure(how: str) -> None:
    """Whatever the network does, a scenario without an answer is a failure, even if an answer was on its way."""
    scenario = TABLE[f"network-{how}"]
    assert isinstance(scenario.came, Failure)
    assert scenario.came.kind == how
    assert scenario.conditions == {("transport", how)}
    assert (scenario.answer is not None) is (how in ("truncated", "aborted", "endless"))


def test_redirects_lead_to_the_landing_page() -> None:
    """No redirect leads a client away from the stage."""
    for name, scenario in TABLE.items():
        if scenario.answer and 300 <= scenario.answer.status < 400:
            assert dict(scenario.answer.headers)["location"] == LANDING, name


@pytest.mark.parametrize("status", NO_BODY)
def test_no_body_comes_where_none_can(status: int) -> None:
    """A body given to a status that has none never reaches a client."""
    came = Scenario("s", Answer(status, (), b"never seen")).came
    assert isinstance(came, Response)
    assert came.body == b""


@pytest.mark.parametrize(
    ("delivery", "reaches", "arrives", "ends"),
    [
        (Delivery.WHOLE, True, True, True),
        (Delivery.SLOW, True, True, True),
        (Delivery.TRUNCATED, True, False, True),
        (Delivery.ABORTED, True, False, True),
        (Delivery.RESET, True, False, True),
        (Delivery.CLOSED, True, False, True),
        (Delivery.SILENT, True, False, False),
        (Delivery.ENDLESS, True, False, False),
        (Delivery.REFUSED, False, False, True),
        (Delivery.UNRESOLVED, False, False, True),
        (Delivery.OFFLINE, False, False, True),
        (Delivery.TIMED_OUT, False, False, True),
    ],
)
def test_delivery(delivery: Delivery, reaches: bool, arrives: bool, ends: bool) -> None:
    """Each delivery says whether a server is reached, a whole answer comes, and the exchange is over by itself."""
    assert (delivery.reaches, delivery.arrives, delivery.ends) == (reaches, arrives, ends)


# --- what is said of answers ------------------------------------------------------------------------------------------


def came(body: Any, status: int = 200, label: str | None = "application/json") -> Response:
    """An answer with a body: bytes, or what becomes JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, (("content-type", label),) if label is not None else (), raw)


HTTP_200 = {("http", "2xx"), ("http status", "200")}
SUCCESS = HTTP_200 | {("body", "object"), ("success", "true"), ("status", "number"), ("status", "same"), ("data", "object")}
TRAITS: dict[str, tuple[Response | Failure, set[tuple[str, str]]]] = {
    "a success": (came(success_body(TOKEN)), SUCCESS | {("token", "usable")}),
    "a status of another number": (
        came(success_body(TOKEN, status=201)),
        SUCCESS - {("status", "same")} | {("token", "usable"), ("status", "other")},
    ),
    "a status that is the same number": (came(success_body(TOKEN, status=200.0)), SUCCESS | {("token", "usable")}),
    "an empty token": (came(success_body("")), SUCCESS | {("token", "empty")}),
    "a blank token": (came(success_body(" ")), SUCCESS | {("token", "empty")}),
    **{
        f"a token that is {name}": (came(success_body(value)), SUCCESS | {("token", name)})
        for name, value in {"null": None, "number": 5, "true": True, "false": False, "object": {}, "array": []}.items()
    },
    "no token": (came({**OK, "data": {}}), SUCCESS | {("token", "missing")}),
    "data that is a list": (came({**OK, "data": []}), SUCCESS - {("data", "object")} | {("data", "array"), ("token", "missing")}),
    "an empty object": (
        came({}),
        HTTP_200 | {("body", "object"), ("success", "missing"), ("status", "missing"), ("status", "other"), ("data", "missing")},
    ),
    "a flag that is a text": (
        came(success_body(TOKEN, success="true", status="200")),
        HTTP_200
        | {("body", "object"), ("success", "string"), ("status", "string"), ("status", "other"), ("data", "object")}
        | {("token", "usable")},
    ),
    "an error": (
        came({"status": 401, "success": False, "error": {}}, 401),
        {("http", "4xx"), ("http status", "401"), ("body", "object"), ("success", "false"), ("status", "number")}
        | {("status", "same"), ("data", "missing")},
    ),
    "a list": (came([]), HTTP_200 | {("body", "array")}),
    "null": (came(None), HTTP_200 | {("body", "null")}),
    "a number": (came(200.5), HTTP_200 | {("body", "number")}),
    "a text": (came("ok"), HTTP_200 | {("body", "string")}),
    "true": (came(True), HTTP_200 | {("body", "boolean")}),
    "zero": (came(0), HTTP_200 | {("body", "number"), ("body", "falsy")}),
    "false": (came(False), HTTP_200 | {("body", "boolean"), ("body", "falsy")}),
    "an empty text": (came(""), HTTP_200 | {("body", "string"), ("body", "falsy")}),
    "nothing": (came(b"", label=None), HTTP_200 | {("type", "none"), ("body", "empty"), ("fault", "the body is empty")}),
    "a page": (
        came(b"<p>", 503, "text/html; charset=utf-8"),
        {("http", "5xx"), ("http status", "503"), ("type", "text/html"), ("body", "no JSON")}
        | {("fault", "syntax error at character 0: expecting value")},
    ),
    "another charset": (
        came([], label='application/json; charset="ISO-8859-1"'),
        HTTP_200 | {("body", "array"), ("charset", "iso-8859-1")},
    ),
    "a charset that says nothing": (came([], label='Application/JSON;charset="UTF-8"'), HTTP_200 | {("body", "array")}),
    "a name twice": (
        came(b'{"success": false, "status": 200, "success": true}'),
        SUCCESS - {("data", "object")} | {("data", "missing"), ("fault", "duplicate key 'success'")},
    ),
    "a byte order mark": (
        came(b"\xef\xbb\xbf[]"),
        HTTP_200 | {("body", "array"), ("fault", "the body begins with a byte order mark")},
    ),
    "a reset": (Failure("reset", "connection reset"), {("transport", "reset")}),
}


@pytest.mark.parametrize(("response", "said"), TRAITS.values(), ids=TRAITS)
def test_traits(response: Response | Failure, said: set[tuple[str, str]]) -> None:
    """Everything unusual about an answer is told once, and nothing else is."""
    found = list(traits(response))
    assert set(found) == said
    assert len(found) == len(said)


def test_conditions_say_how_many_call_and_who_throws() -> None:
    """The conditions tell what the page does meanwhile beside what the answer says."""
    plain = Scenario("s", error(401))
    assert plain.conditions == set(traits(plain.came))
    assert Scenario("s", error(401), calls=5).conditions - plain.conditions == {("calls", "at once")}
    assert Scenario("s", error(401), calls=0).conditions - plain.conditions == {("calls", "at page load")}
    assert Scenario("s", error(401), throwing=True).conditions - plain.conditions == {("listener", "throws")}


def test_no_answer_stands_in_the_repr() -> None:
    """The repr of a scenario shows no answer, for a recorded one may hold a token of an environment."""
    assert TOKEN not in repr(refreshed(TOKEN))


# --- what readers make of odd bodies ----------------------------------------------------------------------------------

GOOD = '"status": 200, "data": {"token": "a-token-0123456789"}'
READ: dict[str, tuple[Kind, str]] = {
    "success twice, the last is true": (U, '{"success": false, "success": true, %s}'),
    "success twice, the last is false": (F, '{"success": true, %s, "success": false}'),
    "success twice, both true": (U, '{"success": true, %s, "success": true}'),
    "success twice, the last is a text": (F, '{"success": true, %s, "success": "true"}'),
    "success twice, once escaped": (F, '{"success": true, %s, "succes\\u0073": false}'),
    "status twice, the last is an error": (F, '{"success": true, %s, "status": 401}'),
    "status twice, the last is a success": (U, '{"status": 401, "success": true, %s}'),
    "data twice, the last is null": (U, '{"success": true, %s, "data": null}'),
    "Success in capitals": (F, '{"Success": true, %s}'),
    "a member __proto__": (C, '{"success": true, %s, "__proto__": {"success": false}}'),
    "a member of __proto__": (F, '{"__proto__": {"success": true}, %s}'),
    "NaN beside a success": (U, '{"success": true, %s, "n": NaN}'),
    "a comment": (F, '{"success": true, %s} // ok'),
    "a comma too much": (F, '{"success": true, %s,}'),
    "single quotes": (F, "{'success': true, %s}"),
    "white space around": (C, '\r\n\t {"success": true, %s} \n'),
    "a no-break space around": (F, '\u00a0{"success": true, %s}'),
    "two values": (F, '{"success": true, %s}{}'),
    "200.0": (C, '{"success": true, "data": {"token": "x"}, "status": 200.0}'),
    "2e2": (C, '{"success": true, "data": {"token": "x"}, "status": 2e2}'),
    "200 as the nearest double": (C, '{"success": true, "data": {"token": "x"}, "status": 200.000000000000001}'),
    "0200": (F, '{"success": true, "data": {"token": "x"}, "status": 0200}'),
    "true for 1": (F, '{"success": 1, %s}'),
    "a lone surrogate": (U, '{"success": true, %s, "s": "\\ud83d"}'),
    "an emoji in two escapes": (C, '{"success": true, %s, "s": "\\ud83d\\ude00"}'),
}


@pytest.mark.parametrize(("kind", "text"), READ.values(), ids=READ)
def test_odd_bodies_are_read_as_javascript_reads_them(kind: Kind, text: str) -> None:
    """The last of two members counts, and what JSON.parse refuses is never a success that a client must take."""
    assert Scenario("s", Answer(200, (("content-type", "application/json"),), text.replace("%s", GOOD).encode())).kind is kind


LABELS = {
    "none": (C, None),
    "UTF-8": (C, "utf-8"),
    "UTF-8 in capitals and quotes": (C, '"UTF-8"'),
    "Latin": (U, "iso-8859-1"),
    "Arabic": (U, "windows-1256"),
    "UTF-16": (U, "utf-16"),
    "nonsense": (U, "x"),
    "empty": (U, ""),
}


@pytest.mark.parametrize(("kind", "charset"), LABELS.values(), ids=LABELS)
def test_charset(kind: Kind, charset: str | None) -> None:
    """Under a label that says something else than UTF-8 a success may be taken either way, and a failure is one."""
    label = [("content-type", "application/json" if charset is None else f"application/json; charset={charset}")]
    assert Scenario("s", json_answer(200, success_body(TOKEN), label)).kind is kind
    assert Scenario("s", json_answer(200, success_body(TOKEN, success=False), label)).kind is F
    assert Scenario("s", json_answer(401, success_body(TOKEN), label)).kind is F


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_other_encodings(encoding: str) -> None:
    """A success in an encoding that some readers guess and others do not may be taken either way."""
    raw = json.dumps(success_body(TOKEN)).encode(encoding)
    assert Scenario("s", Answer(200, (("content-type", "application/json"),), raw)).kind is U


# --- the order --------------------------------------------------------------------------------------------------------


def test_interleaved() -> None:
    """A refresh that completes comes first, and after each scenario that does not complete; each gives a token of its own."""
    sequence = [TABLE[name] for name in ("error-401", "success-201", "success-data-empty", "success-202", "network-reset")]
    found = list(interleaved(sequence, tokens()))
    assert [s.name for s in found] == [
        "success-200", "error-401", "success-200", "success-201", "success-data-empty", "success-200", "success-202",
        "network-reset", "success-200",
    ]  # fmt: skip
    given_ones = [s.came.token for s in found if s.name == "success-200" and isinstance(s.came, Response)]
    assert given_ones == ["token-number-0001", "token-number-0002", "token-number-0003", "token-number-0004"]
    assert [s.name for s in interleaved([], tokens())] == ["success-200"]


# --- what Hypothesis makes --------------------------------------------------------------------------------------------


def usable(value: Any) -> bool:
    """Whether a body gives a token that can be used."""
    data = value.get("data") if isinstance(value, dict) else None
    token = data.get("token") if isinstance(data, dict) else None
    return isinstance(token, str) and bool(token.strip())


def strictly(raw: bytes) -> Any:
    """The value of strict JSON in UTF-8, or `...`; another reading than the one under test."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    def never(constant: str) -> Any:
        raise ValueError(constant)

    def depth(value: Any) -> int:
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + max(map(depth, inside), default=0)

    try:
        value = json.loads(raw.decode(), object_pairs_hook=once, parse_constant=never)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        return value if depth(value) <= 100 else ...
    except (ValueError, RecursionError):
        return ...


def completes(scenario: Scenario) -> bool:
    """Whether a scenario completes by the document's own schemas."""
    answer = scenario.answer
    if answer is None or scenario.delivery not in (Delivery.WHOLE, Delivery.SLOW) or answer.status not in (200, 201, 202):
        return False
    label = Message()
    for name, value in answer.headers:
        label[name] = value
    if label.get_content_type() != "application/json" or "content-type" not in label:
        return False
    if label.get_content_charset("utf-8") != "utf-8":
        return False
    body = strictly(answer.body)
    return body is not ... and load().validator_for(answer.status).is_valid(body) and usable(body)


def check_class(scenario: Scenario) -> None:
    """The class of a scenario agrees with the schemas, with its status and with its flag."""
    answer, kind = scenario.answer, scenario.kind
    assert (kind is C) is completes(scenario)
    if answer is None or not scenario.delivery.arrives or answer.status not in (200, 201, 202):
        assert kind is F
        return
    body = strictly(answer.body)
    if body is ...:
        return
    clean_success = isinstance(body, dict) and body.get("success") is True
    said = body.get("status") if clean_success else None
    number = isinstance(said, (int, float)) and not isinstance(said, bool)
    assert (kind is not F) is (clean_success and number and 200 <= said < 300)


@settings(max_examples=100, deadline=None, database=None)
@given(scenarios())
def test_the_class_agrees_with_the_schemas(scenario: Scenario) -> None:
    """Completed is what the schemas call a success, with a token, cleanly labelled and written; an error status never is."""
    check_class(scenario)
    if isinstance(scenario.came, Response) and scenario.came.status >= 400:
        assert scenario.kind is F


@settings(max_examples=60, deadline=None, database=None)
@given(answers(), st.sampled_from([200, 201, 202, 400, 401, 404, 429, 500, 503]))
def test_the_class_agrees_whatever_the_status(answer: Answer, status: int) -> None:
    """The same body under another status is a success only with its own status, and never with an error status."""
    check_class(Scenario("s", Answer(status, answer.headers, answer.body)))


@pytest.mark.parametrize("scenario", [*TABLE.values(), *LOADS.values()], ids=lambda s: s.name)
def test_the_class_of_what_has_a_name_agrees_with_the_schemas(scenario: Scenario) -> None:
    """The table and the schemas say the same."""
    check_class(scenario)


def member(scenario: Scenario, name: str) -> Any:
    """A member of the body, `...` when it is not there; another value than any JSON where there is no object."""
    body = json_or_nothing(scenario)
    return body.get(name, ...) if isinstance(body, dict) else Kind


def json_or_nothing(scenario: Scenario) -> Any:
    """The JSON that comes, if any does."""
    return scenario.came.reading.value if isinstance(scenario.came, Response) else None


def http(scenario: Scenario) -> int:
    """The HTTP status that comes, 0 when none does."""
    return scenario.came.status if isinstance(scenario.came, Response) else 0


def label(scenario: Scenario) -> str:
    """The media type that comes."""
    return scenario.came.media_type if isinstance(scenario.came, Response) else "nothing"


DOCUMENTED = {e.status for e in load().examples.values()}
MET: dict[str, Any] = {
    **{f"{kind.value}": lambda s, kind=kind: s.kind is kind for kind in Kind},
    **{f"delivered {d}": lambda s, d=d: s.delivery is d for d in (
        Delivery.WHOLE, Delivery.SLOW, Delivery.TRUNCATED, Delivery.ABORTED, Delivery.RESET, Delivery.CLOSED)},
    **{f"{n} calls": lambda s, n=n: s.calls == n for n in (1, 2, AT_ONCE)},
    "a listener that throws": lambda s: s.throwing,
    "no listener that throws": lambda s: not s.throwing,
    "success true": lambda s: member(s, "success") is True,
    "success false": lambda s: member(s, "success") is False,
    "success: false in a 2xx": lambda s: member(s, "success") is False and 200 <= http(s) < 300,
    "success: false with a token": lambda s: member(s, "success") is False and usable(json_or_nothing(s)),
    "success missing": lambda s: member(s, "success") is ...,
    "success null": lambda s: member(s, "success") is None,
    "success as a text": lambda s: isinstance(member(s, "success"), str),
    "status missing": lambda s: member(s, "status") is ...,
    "status as a text": lambda s: isinstance(member(s, "status"), str),
    "a token missing in a success": lambda s: member(s, "success") is True and not usable(json_or_nothing(s)),
    "no object": lambda s: isinstance(s.came, Response) and s.came.reading.readable and not isinstance(json_or_nothing(s), dict),
    "no JSON": lambda s: isinstance(s.came, Response) and bool(s.came.body) and not s.came.reading.readable,
    "HTML": lambda s: label(s) == "text/html",
    "HTML in a 2xx": lambda s: label(s) == "text/html" and 200 <= http(s) < 300,
    "no label": lambda s: label(s) == "",
    "an empty body": lambda s: isinstance(s.came, Response) and not s.came.body,
    "an empty body in a 2xx": lambda s: isinstance(s.came, Response) and not s.came.body and 200 <= http(s) < 300,
    **{f"{c}xx": lambda s, c=c: http(s) // 100 == c for c in (2, 3, 4, 5)},
    "a documented error": lambda s: http(s) >= 400 and http(s) in DOCUMENTED,
    "an error that is not documented": lambda s: http(s) >= 400 and http(s) not in DOCUMENTED,
    "a 2xx beyond the documented": lambda s: 202 < http(s) < 300,
    "a redirect": lambda s: http(s) in (301, 302, 303),
    "a fault of the encoding": lambda s: isinstance(s.came, Response) and bool(s.came.reading.encoding_faults),
}  # fmt: skip


def made(number: int) -> list[Scenario]:
    """Two hundred scenarios, always the same for a number."""
    found: list[Scenario] = []

    @seed(number)
    @settings(
        max_examples=200,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios())
    def collect(scenario: Scenario) -> None:
        found.append(scenario)

    collect()
    return found


@pytest.fixture(scope="module")
def examples() -> list[Scenario]:
    """Some hundred scenarios: a thousand at most, fewer if all that is looked for is among them."""
    found: list[Scenario] = []
    for number in range(5):
        found += made(number)
        if all(any(map(there, found)) for there in MET.values()):
            break
    return found


@pytest.mark.parametrize("there", MET.values(), ids=MET)
def test_the_strategies_reach_it(examples: list[Scenario], there: Any) -> None:
    """What is generated holds each kind of thing that clients stumble over."""
    assert any(there(scenario) for scenario in examples)


def test_the_strategies_stay_on_the_stage(examples: list[Scenario]) -> None:
    """Every generated scenario ends soon, reaches a server, leads nowhere else, and is shown by a browser."""
    for s in examples:
        assert s.delivery.ends
        assert s.delivery.reaches
        assert 0 <= s.seconds <= SLOWEST
        assert (s.delivery is Delivery.SLOW) is (s.seconds > 0)
        assert (s.answer is None) is (s.delivery in (Delivery.RESET, Delivery.CLOSED))
        if s.answer:
            assert 200 <= s.answer.status < 600
            assert s.answer.status not in LEFT_TO_BROWSERS
            assert not (s.answer.status in (*NO_BODY, 205) and s.answer.body)
            names = [name.lower() for name, _ in s.answer.headers]
            assert not {"set-cookie", "www-authenticate", "content-encoding", "content-length", "connection"} & set(names)
            assert [v for n, v in s.answer.headers if n.lower() == "location"] in ([], [LANDING])


def test_no_answer_is_made_that_a_browser_keeps_to_itself(examples: list[Scenario], monkeypatch: pytest.MonkeyPatch) -> None:
    """No generated answer has a status that browsers keep to themselves, even where the most common ones are on that list."""
    common = (200, 401)
    assert {s.answer.status for s in examples if s.answer} >= set(common)
    monkeypatch.setattr(strategies, "LEFT_TO_BROWSERS", common)
    assert not {s.answer.status for s in made(0) if s.answer} & set(common)


def test_what_is_made_is_judged_like_an_exchange() -> None:
    """A scenario and the exchange that it makes have one class."""
    for s in TABLE.values():
        assert Exchange(Request("POST", "https://store.example/auth/refresh"), s.came).kind is s.kind
    assert success(200, TOKEN) == refreshed(TOKEN).answer
    assert page(503).status == 503
