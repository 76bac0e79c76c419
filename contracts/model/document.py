"""The contract as data: `openapi/refresh.yaml`, loaded once, with what the code reads from it.

Every path, status, header, example and rule of the suite comes from here; none is written down a second time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).resolve().parents[1]
# In an installed wheel the document lies inside the package; in a checkout beside it.
_PLACES = (_HERE / "openapi" / "refresh.yaml", _HERE.parent / "openapi" / "refresh.yaml")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class RuleText:
    """What the document says of a rule: who it binds, how strongly, in one sentence, and on whose word.

    `why` says what goes wrong when it is broken, `exercised` what has to happen for it to be judged. The examples, one that keeps
    it and one that breaks it, are exchanges as they stand on the wire, or a list of outcomes for a rule that binds clients.
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
    """The contract. `raw` is the YAML as read; the rest is looked up in it."""

    raw: dict[str, Any]
    sha256: str

    @property
    def version(self) -> str:
        """The version of the contract (not of the suite)."""
        return str(self.raw["info"]["version"])

    @cached_property
    def path(self) -> str:
        """Path of the endpoint."""
        return str(next(iter(self.raw["paths"])))

    @cached_property
    def method(self) -> str:
        """The one method that refreshes, in capitals."""
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
        """Headers that the SDK sends (lower case), each with its example values; `{token}` stands for the last token."""
        found = {name: tuple(values) for name, values in self.operation["x-client-headers"].items()}
        for parameter in self.operation["parameters"]:
            parameter = self.resolve(parameter)
            found[parameter["name"].lower()] = tuple(e["value"] for e in parameter["examples"].values())
        return found

    @cached_property
    def examples(self) -> dict[str, Example]:
        """Every example answer by its name; under 4XX and 5XX the HTTP status is the body's."""
        found = {}
        for response in self.operation["responses"].values():
            for name, example in response["content"]["application/json"]["examples"].items():
                found[name] = Example(name, int(example["value"]["status"]), example["value"])
        return found

    @cached_property
    def rules(self) -> dict[str, RuleText]:
        """The rules by id, in the order of the document."""
        return {r["id"]: RuleText(**{**r, "source": tuple(r["source"])}) for r in self.raw["x-rules"]}

    def source(self, name: str) -> str:
        """A source in words: its title and address."""
        entry = self.raw["x-sources"][name]
        return f"{entry['title']} <{entry['url']}>"

    def resolve(self, node: Any) -> Any:
        """The node itself, or what its `$ref` points at in this document."""
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self.raw
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def schema_for(self, http_status: int) -> dict[str, Any]:
        """JSON Schema (2020-12) of the body that goes with an HTTP status. KeyError: the status has no place here."""
        responses = self.operation["responses"]
        key = next(k for k in (str(http_status), f"{http_status // 100}XX", None) if k is None or k in responses)
        if key is None:
            raise KeyError(f"the contract has no answer with HTTP status {http_status}")
        schema = responses[key]["content"]["application/json"]["schema"]
        return {**schema, "components": self.raw["components"]}

    @cache  # noqa: B019 - there is one document in a process
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
            return Document(yaml.load(data, _Loader), hashlib.sha256(data).hexdigest())  # noqa: S506 - it is the safe one, in C
    raise FileNotFoundError(f"openapi/refresh.yaml is in neither of {', '.join(map(str, _PLACES))}: install the package again")
