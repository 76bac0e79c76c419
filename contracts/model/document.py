"""The contract as data: `openapi/refresh.yaml`, loaded once, and everything that the code reads from it.

Every path, status, header, example and rule of the suite comes from here. None of them is written down a second time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).resolve().parents[1]
# In an installed wheel the document is inside the package; in a checkout it is beside the package.
_PLACES = (_HERE / "openapi" / "refresh.yaml", _HERE.parent / "openapi" / "refresh.yaml")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class RuleText:
    """What the document says about a rule: whom it binds (`role`), its level, its sentence, and its sources.

    `why` says what goes wrong when the rule is broken. `exercised` says what has to happen before the rule can be judged.
    `conforming` is an example that keeps the rule, `breaking` one that breaks it: an exchange as text on the wire for a provider
    rule, a list of outcomes for a consumer rule.
    """

    id: str
    role: str
    level: str
    text: str
    source: tuple[str, ...]
    why: str
    exercised: str
    conforming: Any
    breaking: Any


@dataclass(frozen=True)
class Example:
    """A named answer of the document: an HTTP status and the JSON body that goes with it."""

    name: str
    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Document:
    """The contract. `raw` is the parsed YAML; every property is looked up in it."""

    raw: dict[str, Any]
    sha256: str

    @property
    def version(self) -> str:
        """The version of the contract, which is not that of the suite."""
        return str(self.raw["info"]["version"])

    @cached_property
    def path(self) -> str:
        """The path of the endpoint."""
        return str(next(iter(self.raw["paths"])))

    @cached_property
    def method(self) -> str:
        """The only method that refreshes, in upper case."""
        return str(next(iter(self.raw["paths"][self.path]))).upper()

    @cached_property
    def operation(self) -> dict[str, Any]:
        """The operation object of the refresh."""
        return self.raw["paths"][self.path][self.method.lower()]  # type: ignore[no-any-return]

    @cached_property
    def success_statuses(self) -> frozenset[int]:
        """The statuses that a success may have, in HTTP and in the body."""
        return frozenset(self.raw["components"]["schemas"]["Success"]["properties"]["status"]["enum"])

    @cached_property
    def headers(self) -> dict[str, tuple[str, ...]]:
        """The headers that the SDK sends: lower-case name to example values. `{token}` stands for the last token."""
        found = {name: tuple(values) for name, values in self.operation["x-client-headers"].items()}
        for parameter in self.operation["parameters"]:
            parameter = self.resolve(parameter)
            found[parameter["name"].lower()] = tuple(e["value"] for e in parameter["examples"].values())
        return found

    @cached_property
    def browser_headers(self) -> dict[str, tuple[str, ...]]:
        """What a browser adds to a call of a page, as `headers`. `{origin}` and `{shop}` stand for the shop's own addresses.

        The second origin is a foreign one, and the second `sec-fetch-site` goes with it.
        """
        return {name: tuple(values) for name, values in self.operation["x-browser-headers"].items()}

    @property
    def foreign_origin(self) -> str:
        """An origin that is no shop's."""
        return self.browser_headers["origin"][1]

    @cached_property
    def examples(self) -> dict[str, Example]:
        """Every example answer by its name. The HTTP status of an example under 4XX or 5XX is the status in its body."""
        found = {}
        for response in self.operation["responses"].values():
            for name, example in response["content"]["application/json"]["examples"].items():
                found[name] = Example(name, int(example["value"]["status"]), example["value"])
        return found

    @cached_property
    def rules(self) -> dict[str, RuleText]:
        """Rule id to rule, in the order of the document."""
        return {r["id"]: RuleText(**{**r, "source": tuple(r["source"])}) for r in self.raw["x-rules"]}

    def source(self, name: str) -> str:
        """The title and the address of the source called `name`."""
        entry = self.raw["x-sources"][name]
        return f"{entry['title']} <{entry['url']}>"

    def resolve(self, node: Any) -> Any:
        """The node that `$ref` points at in this document; a node without `$ref` is returned as it is."""
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self.raw
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def schema_for(self, http_status: int) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the body for an HTTP status. KeyError: the contract has no answer with this status."""
        responses = self.operation["responses"]
        key = next(k for k in (str(http_status), f"{http_status // 100}XX", None) if k is None or k in responses)
        if key is None:
            raise KeyError(f"the contract has no answer with HTTP status {http_status}")
        schema = responses[key]["content"]["application/json"]["schema"]
        return {**schema, "components": self.raw["components"]}

    @cache  # noqa: B019 - a process has one document
    def validator_for(self, http_status: int) -> Any:
        """A `jsonschema_rs` validator for `schema_for(http_status)`."""
        import jsonschema_rs

        return jsonschema_rs.Draft202012Validator(self.schema_for(http_status))

    def __hash__(self) -> int:
        return hash(self.sha256)


@cache
def load() -> Document:
    """The contract that ships with this package. FileNotFoundError: the installation is broken."""
    for place in _PLACES:
        if place.is_file():
            data = place.read_bytes()
            return Document(yaml.load(data, _Loader), hashlib.sha256(data).hexdigest())  # noqa: S506 - this is the safe loader, in C
    raise FileNotFoundError(f"openapi/refresh.yaml is in neither of {', '.join(map(str, _PLACES))}: install the package again")
