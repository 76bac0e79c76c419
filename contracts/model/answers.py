"""Answers of the endpoint, built from the contract's examples. They are raw, so that they can be wrong on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.model.document import load

JSON_HEADERS = (("Content-Type", "application/json"),)


class UnknownExample(KeyError):
    """The contract has no example of this name; the message lists those it has."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would show it quoted


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer as it is on the wire: the status, the headers in order, and the bytes of the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def without_body(self) -> Answer:
        """This answer as a HEAD request gets it: without the body, with its Content-Length."""
        headers = (*self.headers, ("Content-Length", str(len(self.body))))
        return Answer(self.status, headers, b"")


def json_answer(status: int, body: object, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """An answer with `body` as JSON. Its Content-Type is `application/json`, unless `headers` hold another."""
    own = tuple(headers)
    labelled = any(name.lower() == "content-type" for name, _ in own)
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Answer(status, own if labelled else (*JSON_HEADERS, *own), raw)


def example(name: str) -> Answer:
    """The contract's example called `name`, with the headers that the contract documents beside it."""
    document = load()
    if name not in document.examples:
        known = ", ".join(sorted(document.examples))
        raise UnknownExample(f"the contract has no example {name!r}; it has: {known}")
    chosen = document.examples[name]
    return json_answer(chosen.status, chosen.body, documented_headers(chosen.status))


def success(status: int, token: str) -> Answer:
    """A success that carries `token`: the contract's example for `status`, with the token replaced."""
    chosen = _example_for(status)
    data = {**chosen.get("data", {}), "token": token}
    return json_answer(status, {**chosen, "data": data}, documented_headers(status))


def error(status: int) -> Answer:
    """The error that the contract documents for `status`. Without an example of its own, it is that of its range."""
    return json_answer(status, {**_example_for(status), "status": status}, documented_headers(status))


def documented_headers(status: int) -> tuple[tuple[str, str], ...]:
    """The response headers that the contract documents for `status`, with their example values."""
    document = load()
    responses: Mapping[str, Any] = document.operation["responses"]
    response = responses.get(str(status)) or responses.get(f"{status // 100}XX") or {}
    headers = response.get("headers", {})
    return tuple((name, str(document.resolve(header)["schema"]["example"])) for name, header in headers.items())


def _example_for(status: int) -> dict[str, Any]:
    bodies = load().examples.values()
    exact = [chosen.body for chosen in bodies if chosen.status == status]
    # The range's own example comes last in the document: 4XX is "any other refusal".
    nearby = [chosen.body for chosen in bodies if chosen.status // 100 == status // 100]
    if not exact and not nearby:
        raise ValueError(f"the contract documents no answer with status {status}")
    return dict(exact[0] if exact else nearby[-1])
