"""The contract itself: it validates, its examples fit its schemas, its rules, sources and events are whole.

Each check is a function from a document to complaints. The document as written gets none, and a document with
one fault put in gets some, so that no check is silent because it looks at nothing.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from contracts.model.document import RuleText

SOURCE = Path(__file__).parents[2] / "openapi" / "refresh.yaml"
Document = dict[str, Any]
Check = Callable[[Document], Iterator[str]]


@pytest.fixture(scope="module")
def document() -> Document:
    """The document as written."""
    return yaml.safe_load(SOURCE.read_bytes())  # type: ignore[no-any-return]


def operation(document: Document) -> Document:
    """The one operation."""
    return document["paths"]["/auth/refresh"]["post"]  # type: ignore[no-any-return]


def validators(document: Document) -> dict[str, jsonschema_rs.Draft202012Validator]:
    """By response key, what validates its body."""
    return {
        key: jsonschema_rs.Draft202012Validator(
            {**response["content"]["application/json"]["schema"], "components": document["components"]}
        )
        for key, response in operation(document)["responses"].items()
    }


def statuses(key: str) -> range:
    """The HTTP statuses that a response key stands for."""
    return range(int(key[0]) * 100, int(key[0]) * 100 + 100) if key.endswith("XX") else range(int(key), int(key) + 1)


def specification(document: Document) -> Iterator[str]:
    """Complaints of openapi-spec-validator."""
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        yield error.message


def examples(document: Document) -> Iterator[str]:
    """Responses without an example, examples that break their schema or belong to another status."""
    for key, validator in validators(document).items():
        found = operation(document)["responses"][key]["content"]["application/json"].get("examples", {})
        if not found:
            yield f"{key} has no example"
        for name, example in found.items():
            yield from (f"{key} {name}: {error.message}" for error in validator.iter_errors(example["value"]))
            if example["value"].get("status") not in statuses(key):
                yield f"{key} {name}: the status in the body belongs elsewhere"


def successes(document: Document) -> Iterator[str]:
    """Success schemas that take what is no success, or refuse more than they should."""
    keys = [key for key in operation(document)["responses"] if key.startswith("2")]
    if keys != ["200", "201", "202"]:
        yield f"the successes are {keys}"
    for key in keys:
        valid, status = validators(document)[key].is_valid, int(key)
        good = {"success": True, "status": status}
        allowed = {
            "the minimum": good,
            "the status as a float": {**good, "status": float(status)},
            "data": {**good, "data": {"token": "t"}},
            "extra members": {**good, "extra": 1, "data": {"token": "t", "extra": [None]}},
        }
        refused = {
            "another success status": {**good, "status": 200 if status != 200 else 201},
            "status 204": {**good, "status": 204},
            "status 400": {**good, "status": 400},
            "a status that is text": {**good, "status": key},
            "a status that is null": {**good, "status": None},
            "success false": {**good, "success": False},
            "a success that is text": {**good, "success": "true"},
            "a success that is 1": {**good, "success": 1},
            "no status": {"success": True},
            "no success": {"status": status},
            "an empty token": {**good, "data": {"token": ""}},
            "an array": [good],
            "null": None,
        }
        yield from (f"{key} refuses {what}" for what, body in allowed.items() if not valid(body))
        yield from (f"{key} takes {what}" for what, body in refused.items() if valid(body))


def errors(document: Document) -> Iterator[str]:
    """Error schemas that take what is no error, or refuse more than they should."""
    keys = [key for key in operation(document)["responses"] if not key.startswith("2")]
    documented = {"400", "401", "403", "404", "405", "406", "410", "422", "429", "4XX", "5XX"}
    yield from (f"{key} is missing" for key in documented.difference(keys))
    for key in keys:
        valid, status = validators(document)[key].is_valid, statuses(key)[-1]
        good = {"success": False, "status": status, "error": {"code": "c", "message": "m"}}
        allowed = {
            "an example of itself": good,
            "an empty error": {**good, "error": {}},
            "extra members": {
                **good,
                "extra": 1,
                "error": {"code": 7, "extra": 1, "fields": {"name": ["text"]}},
            },
            "an empty list of fields": {**good, "error": {"fields": []}},
        }
        refused = {
            "success true": {**good, "success": True},
            "a success that is 0": {**good, "success": 0},
            "no success": {k: v for k, v in good.items() if k != "success"},
            "no status": {k: v for k, v in good.items() if k != "status"},
            "no error": {k: v for k, v in good.items() if k != "error"},
            "an error that is text": {**good, "error": "m"},
            "an error that is null": {**good, "error": None},
            "status 200": {**good, "status": 200},
            "a status of the other hundred": {**good, "status": 500 if key.startswith("4") else 400},
            "a status that is text": {**good, "status": str(status)},
            "an array": [good],
        }
        yield from (f"{key} refuses {what}" for what, body in allowed.items() if not valid(body))
        yield from (f"{key} takes {what}" for what, body in refused.items() if valid(body))


def headers(document: Document) -> Iterator[str]:
    """Headers that are required, have fewer than two values to vary, or values against their schema."""
    for reference in operation(document)["parameters"]:
        parameter = document["components"]["parameters"][reference["$ref"].rpartition("/")[2]]
        name, values = parameter["name"], [example["value"] for example in parameter["examples"].values()]
        if parameter["in"] != "header" or parameter.get("required"):
            yield f"{name} is not an optional header"
        if len(set(values)) < 2:
            yield f"{name} has no two values"
        valid = jsonschema_rs.Draft202012Validator(parameter["schema"]).is_valid
        yield from (f"{name} may not be {value!r}" for value in values if not valid(value))


def rules(document: Document) -> Iterator[str]:
    """Rules whose id is not its own, that say too little, or that have no known source."""
    seen: set[str] = set()
    for rule in document["x-rules"]:
        name, text = rule.get("id", "?"), rule.get("text", "")
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name):
            yield f"{name} is no id in words"
        if name in seen:
            yield f"{name} stands twice"
        seen.add(name)
        if rule.get("level") not in ("MUST", "SHOULD"):
            yield f"{name} has no level"
        if rule.get("role") not in ("provider", "consumer"):
            yield f"{name} has no role"
        if not (text[:1].isupper() and text.endswith(".") and text.count(" ") > 3):
            yield f"{name} is not told in a sentence"
        if not rule.get("source"):
            yield f"{name} has no source"
        yield from (f"{name}: no source {s}" for s in rule.get("source", []) if s not in document["x-sources"])
        if unknown := rule.keys() - {field.name for field in fields(RuleText)}:
            yield f"{name} has members that nobody reads: {sorted(unknown)}"


def sources(document: Document) -> Iterator[str]:
    """Sources without a title or an address, or that nothing cites."""
    cited = {s for rule in document["x-rules"] for s in rule.get("source", [])}
    cited |= {event.get("source") for event in document["x-events"].values()}
    pages = [source.get("url") for source in document["x-sources"].values()]
    for name, source in document["x-sources"].items():
        if pages.count(source.get("url")) > 1:
            yield f"{name} has the same page as another source"
        if not source.get("title") or not str(source.get("url")).startswith("https://"):
            yield f"{name} has no title and address"
        if name not in cited:
            yield f"{name} is cited by nothing"


def events(document: Document) -> Iterator[str]:
    """Events that belong to no operation or have no known source."""
    if "onRefreshFailed" not in document["x-events"]:
        yield "onRefreshFailed is missing"
    operations = {o.get("operationId") for path in document["paths"].values() for o in path.values()}
    for name, event in document["x-events"].items():
        if event.get("operation") not in operations:
            yield f"{name} belongs to no operation"
        if event.get("source") not in document["x-sources"]:
            yield f"{name} has no known source"
        if not event.get("wire-name") or not event.get("description"):
            yield f"{name} is not described"


CHECKS: tuple[Check, ...] = (specification, examples, successes, errors, headers, rules, sources, events)
RESPONSES = "paths//auth/refresh/post/responses"
SCHEMAS = "components/schemas"
MISSING = object()
# (check, where, what to put there, the complaint that must come)
FAULTS: tuple[tuple[Check, str, object, str], ...] = (
    (specification, "info/title", MISSING, ""),
    (specification, f"{RESPONSES}/200/description", MISSING, ""),
    (specification, "paths//auth/refresh/post/security", "session", ""),
    (examples, f"{RESPONSES}/200/content/application/json/examples/minimal/value/status", 201, "200 minimal"),
    (
        examples,
        f"{RESPONSES}/4XX/content/application/json/examples/conflict/value/status",
        500,
        "4XX conflict",
    ),
    (examples, f"{RESPONSES}/401/content/application/json/examples/unauthorized/value/success", True, "401"),
    (examples, f"{RESPONSES}/5XX/content/application/json/examples", {}, "5XX has no example"),
    (successes, f"{SCHEMAS}/Success200/allOf/1", {}, "200 takes another success status"),
    (successes, f"{SCHEMAS}/Success201/allOf/1/properties/status", {}, "201 takes another success status"),
    (successes, f"{SCHEMAS}/Success202/allOf/0", {}, "202 takes success false"),
    (successes, f"{SCHEMAS}/Success/properties/success", {"type": "boolean"}, "200 takes success false"),
    (successes, f"{SCHEMAS}/Success/required", ["success"], "200 takes no status"),
    (successes, f"{SCHEMAS}/Success/required", ["status"], "200 takes no success"),
    (successes, f"{SCHEMAS}/Success/additionalProperties", False, "200 refuses extra members"),
    (
        successes,
        f"{SCHEMAS}/Success/properties/data/additionalProperties",
        False,
        "200 refuses extra members",
    ),
    (
        successes,
        f"{SCHEMAS}/Success/properties/data/properties/token/minLength",
        0,
        "200 takes an empty token",
    ),
    (successes, f"{RESPONSES}/202", MISSING, "the successes are"),
    (errors, f"{SCHEMAS}/Error/properties/success", {}, "4XX takes success true"),
    (errors, f"{SCHEMAS}/Error/required", ["success", "status"], "401 takes no error"),
    (errors, f"{SCHEMAS}/Error/required", ["success", "error"], "5XX takes no status"),
    (
        errors,
        f"{SCHEMAS}/Error/properties/error/type",
        ["object", "string"],
        "403 takes an error that is text",
    ),
    (errors, f"{SCHEMAS}/Error/properties/error/additionalProperties", False, "422 refuses extra members"),
    (
        errors,
        f"{RESPONSES}/4XX/content/application/json/schema/allOf/1",
        {},
        "4XX takes a status of the other",
    ),
    (errors, f"{RESPONSES}/410", MISSING, "410 is missing"),
    (headers, "components/parameters/Currency/required", True, "currency is not an optional header"),
    (
        headers,
        "components/parameters/Currency/examples/dollar/value",
        "dollar",
        "currency may not be 'dollar'",
    ),
    (
        headers,
        "components/parameters/SCountry/examples/emirates",
        {"value": "SA"},
        "s-country has no two values",
    ),
    (rules, "x-rules/1/id", "one-answer-in-time", "one-answer-in-time stands twice"),
    (rules, "x-rules/0/id", "R1", "R1 is no id"),
    (rules, "x-rules/0/level", "MAY", "one-answer-in-time has no level"),
    (rules, "x-rules/0/role", "server", "one-answer-in-time has no role"),
    (rules, "x-rules/0/text", "Answers", "one-answer-in-time is not told in a sentence"),
    (rules, "x-rules/0/source", [], "one-answer-in-time has no source"),
    (rules, "x-rules/0/source", ["hearsay"], "one-answer-in-time: no source hearsay"),
    (rules, "x-rules/0/severity", "high", "one-answer-in-time has members that nobody reads"),
    (sources, "x-sources/doc/url", "docs", "doc has no title and address"),
    (sources, "x-sources/doc/url", "https://docs.salla.dev/421123m0", "doc has the same page as another source"),
    (
        sources,
        "x-sources/hearsay",
        {"title": "Hearsay", "url": "https://hearsay.example"},
        "hearsay is cited by",
    ),
    (events, "x-events/onRefreshFailed/operation", "login", "onRefreshFailed belongs to no operation"),
    (events, "x-events/onRefreshFailed/source", "hearsay", "onRefreshFailed has no known source"),
    (events, "x-events/onRefreshFailed", MISSING, "onRefreshFailed is missing"),
)


def broken(document: Document, where: str, what: object) -> Document:
    """A copy of the document with something else, or nothing, in one place."""
    copied = copy.deepcopy(document)
    steps = re.split(r"(?<!/)/", where.replace("//auth/refresh/", "/\0/").replace("application/json", "\1"))
    *parents, last = [s.replace("\0", "/auth/refresh").replace("\1", "application/json") for s in steps]
    node: Any = copied
    for step in parents:
        node = node[int(step)] if isinstance(node, list) else node[step]
    key: Any = int(last) if isinstance(node, list) else last
    if what is MISSING:
        del node[key]
    else:
        node[key] = what
    return copied


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_document_is_whole(document: Document, check: Check) -> None:
    """The document as written gets no complaint."""
    assert list(check(document)) == []


@pytest.mark.parametrize(
    ("check", "where", "what", "complaint"),
    [pytest.param(*fault, id=f"{fault[0].__name__}: {fault[3]} ({'/'.join(fault[1].split('/')[-2:])})") for fault in FAULTS],
)
def test_a_fault_is_seen(document: Document, check: Check, where: str, what: object, complaint: str) -> None:
    """A document with one fault put in gets the complaint that names it."""
    assert any(said.startswith(complaint) for said in check(broken(document, where, what)))


def test_every_check_has_been_seen_to_fail() -> None:
    """No check stands without a fault that it is known to see."""
    assert {fault[0] for fault in FAULTS} == set(CHECKS)
