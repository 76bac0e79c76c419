"""Writes an exchange as an entry of a HAR file, and reads it back."""

from __future__ import annotations

import base64
import binascii
import codecs
import datetime
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

import harfile

from contracts.har import MEMBER
from contracts.model.exchange import Exchange, Failure, Request, Response, Situation
from contracts.redaction.pseudonyms import Pseudonyms

HTTP: Final = "HTTP/1.1"


def entry(exchange: Exchange, pseudonyms: Pseudonyms, **more: Any) -> dict[str, Any]:
    """The entry of an exchange, with pseudonyms for its secrets. `more` is added to its `_contract` member."""
    pseudonyms.learn(exchange)
    answer = exchange.answer
    seconds = round(answer.seconds * 1000, 3)
    own: dict[str, Any] = {"index": exchange.index, **more}
    if exchange.situation != Situation():
        own["situation"] = _situation(exchange.situation, pseudonyms)
    if isinstance(answer, Failure):
        own["failure"] = {"kind": answer.kind, "message": pseudonyms.text(answer.message)}
    elif answer.trailing_bytes:
        own["behind"] = answer.trailing_bytes
    made: dict[str, Any] = {
        "startedDateTime": datetime.datetime.fromtimestamp(exchange.started, datetime.UTC).isoformat(),
        "time": seconds,
        "request": request_entry(exchange.request, pseudonyms),
        "response": _response(answer, pseudonyms).asdict(),
        "cache": {},
        "timings": harfile.Timings(send=0, wait=seconds, receive=0).asdict(),
        MEMBER: own,
    }
    if isinstance(answer, Failure):
        made["response"]["_error"] = pseudonyms.text(answer.message)
    return made


def request_entry(r: Request, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """The request of an entry. The query stays in the URL and is not repeated in `queryString`."""
    posted = None
    if r.body:
        posted = harfile.PostData(
            mimeType=pseudonyms.text(r.header("content-type") or ""), text=pseudonyms.raw(r.body).decode("latin-1")
        )
    return harfile.Request(
        r.method, pseudonyms.text(r.url), HTTP, headers=_headers(r.headers, pseudonyms), postData=posted, bodySize=len(r.body)
    ).asdict()


def _response(answer: Response | Failure, pseudonyms: Pseudonyms) -> harfile.Response:
    if isinstance(answer, Failure):
        return harfile.Response(0, "", HTTP)
    body = pseudonyms.raw(answer.body)
    text, encoding = body_text(body)
    return harfile.Response(
        answer.status,
        HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else "",
        HTTP,
        headers=_headers(answer.headers, pseudonyms),
        content=harfile.Content(
            size=len(body), mimeType=pseudonyms.text(answer.header("content-type") or ""), text=text, encoding=encoding
        ),
        redirectURL=pseudonyms.text(answer.header("location") or ""),
        bodySize=len(body),
    )


def body_text(body: bytes) -> tuple[str, str | None]:
    """A body as text and None, or as Base64 and `base64` if a reader of text would change it."""
    try:
        if not body.startswith(codecs.BOM_UTF8):
            return body.decode(), None
    except UnicodeDecodeError:
        pass
    return base64.b64encode(body).decode(), "base64"


def body_bytes(text: str, encoding: str | None) -> bytes:
    """The bytes of a body. ValueError: the text is not Base64, or the encoding is unknown."""
    if encoding is None:
        return text.encode("utf-8", "surrogatepass")
    if encoding != "base64":
        raise ValueError(f"the encoding {encoding[:20]!r} is not known")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("the body is no Base64") from None


def _headers(headers: tuple[tuple[str, str], ...], pseudonyms: Pseudonyms) -> list[harfile.Record]:
    return [harfile.Record(name, pseudonyms.header(name, value)) for name, value in headers]


def _situation(s: Situation, pseudonyms: Pseudonyms) -> dict[str, Any]:
    return {**asdict(s), "conditions": sorted(map(list, s.conditions)), "lost": pseudonyms.text(s.lost)}


def exchange(found: dict[str, Any]) -> Exchange:
    """The exchange of an entry that this suite wrote. KeyError, TypeError, ValueError: the entry is invalid."""
    own = found[MEMBER]
    seconds = float(found["time"]) / 1000
    answer: Response | Failure
    if "failure" in own:
        answer = Failure(str(own["failure"]["kind"]), str(own["failure"]["message"]), seconds)
    else:
        r = found["response"]
        body = body_bytes(r["content"].get("text", ""), r["content"].get("encoding"))
        answer = Response(int(r["status"]), pairs(r["headers"]), body, seconds, int(own.get("behind", 0)))
    situation = Situation()
    if "situation" in own:
        fields = own["situation"]
        situation = Situation(**{**fields, "conditions": frozenset((str(k), str(v)) for k, v in fields["conditions"])})
    return Exchange(request(found["request"]), answer, situation, int(own["index"]), started(found))


def request(r: dict[str, Any]) -> Request:
    """The request of an entry."""
    body = r["postData"].get("text", "").encode("latin-1") if "postData" in r else b""
    return Request(str(r["method"]), str(r["url"]), pairs(r["headers"]), body)


def pairs(headers: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    """The headers in order, without the pseudo-headers of HTTP/2, such as `:path`."""
    return tuple((str(h["name"]), str(h["value"])) for h in headers if not str(h["name"]).startswith(":"))


def started(found: dict[str, Any]) -> float:
    """When the exchange began, in seconds since the epoch. ValueError: the entry has no valid time."""
    return datetime.datetime.fromisoformat(str(found["startedDateTime"])).timestamp()
