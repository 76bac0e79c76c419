"""One exchange as an entry of a HAR file, and back."""

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


def entry(exchange: Exchange, hide: Pseudonyms, **more: Any) -> dict[str, Any]:
    """The entry, without secrets; `more` goes into its own member."""
    hide.learn(exchange)
    answer = exchange.answer
    seconds = round(answer.seconds * 1000, 3)
    own: dict[str, Any] = {"index": exchange.index, **more}
    if exchange.situation != Situation():
        own["situation"] = _situation(exchange.situation)
    if isinstance(answer, Failure):
        own["failure"] = {"kind": answer.kind, "message": hide.text(answer.message)}
    elif answer.trailing_bytes:
        own["behind"] = answer.trailing_bytes
    made: dict[str, Any] = {
        "startedDateTime": datetime.datetime.fromtimestamp(exchange.started, datetime.UTC).isoformat(),
        "time": seconds,
        "request": request_entry(exchange.request, hide),
        "response": _response(answer, hide).asdict(),
        "cache": {},
        "timings": harfile.Timings(send=0, wait=seconds, receive=0).asdict(),
        MEMBER: own,
    }
    if isinstance(answer, Failure):
        made["response"]["_error"] = hide.text(answer.message)
    return made


def request_entry(r: Request, hide: Pseudonyms) -> dict[str, Any]:
    """What was sent. The query stays in the URL, where it was written."""
    posted = None
    if r.body:
        posted = harfile.PostData(mimeType=hide.text(r.header("content-type") or ""), text=hide.raw(r.body).decode("latin-1"))
    return harfile.Request(
        r.method, hide.text(r.url), HTTP, headers=_headers(r.headers, hide), postData=posted, bodySize=len(r.body)
    ).asdict()


def _response(answer: Response | Failure, hide: Pseudonyms) -> harfile.Response:
    if isinstance(answer, Failure):
        return harfile.Response(0, "", HTTP)
    body = hide.raw(answer.body)
    text, encoding = body_text(body)
    return harfile.Response(
        answer.status,
        HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else "",
        HTTP,
        headers=_headers(answer.headers, hide),
        content=harfile.Content(
            size=len(body), mimeType=hide.text(answer.header("content-type") or ""), text=text, encoding=encoding
        ),
        redirectURL=hide.text(answer.header("location") or ""),
        bodySize=len(body),
    )


def body_text(body: bytes) -> tuple[str, str | None]:
    """A body as text, or as Base64 where readers of text would change it; and which of the two."""
    try:
        if not body.startswith(codecs.BOM_UTF8):
            return body.decode(), None
    except UnicodeDecodeError:
        pass
    return base64.b64encode(body).decode(), "base64"


def body_bytes(text: str, encoding: str | None) -> bytes:
    """The body again. ValueError: it is no Base64, or its encoding is not known."""
    if encoding is None:
        return text.encode("utf-8", "surrogatepass")
    if encoding != "base64":
        raise ValueError(f"the encoding {encoding[:20]!r} is not known")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("the body is no Base64") from None


def _headers(headers: tuple[tuple[str, str], ...], hide: Pseudonyms) -> list[harfile.Record]:
    return [harfile.Record(name, hide.header(name, value)) for name, value in headers]


def _situation(s: Situation) -> dict[str, Any]:
    return {**asdict(s), "conditions": sorted(map(list, s.conditions))}


def exchange(found: dict[str, Any]) -> Exchange:
    """The exchange of an entry of our own. KeyError, TypeError, ValueError: it is none."""
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
        said = own["situation"]
        situation = Situation(**{**said, "conditions": frozenset((str(k), str(v)) for k, v in said["conditions"])})
    return Exchange(request(found["request"]), answer, situation, int(own["index"]), started(found))


def request(r: dict[str, Any]) -> Request:
    """The request of an entry."""
    body = r["postData"].get("text", "").encode("latin-1") if "postData" in r else b""
    return Request(str(r["method"]), str(r["url"]), pairs(r["headers"]), body)


def pairs(headers: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Headers in their order; without those that HTTP/2 makes of the request line."""
    return tuple((str(h["name"]), str(h["value"])) for h in headers if not str(h["name"]).startswith(":"))


def started(found: dict[str, Any]) -> float:
    """When it began, in seconds since the epoch. ValueError: no time is given."""
    return datetime.datetime.fromisoformat(str(found["startedDateTime"])).timestamp()
