"""Liars about what stands on the wire: a whole answer, its label, its bytes, and its JSON."""

from __future__ import annotations

from tests.liars import changes as c
from tests.liars import wire
from tests.liars.build import Liar, Lies, altering, lie
from tests.liars.changes import BOM, HTML, NAN, SUCCESS_TWICE
from tests.liars.conditions import (
    after,
    all_of,
    empty_session,
    every,
    got,
    has_body,
    has_json,
    only,
    overlapping,
    posted,
    queried,
    refused,
    sends,
    sends_long,
    some_session,
    succeeded,
    wrong_method,
)
from tests.liars.dressed import DRESSED
from tests.liars.kit import Answer, Change, When


def _speaks(name: str, sentence: str, speak: wire.Speak, when: When, deadline: float = 10.0) -> Liar:
    return Liar(name, "", sentence, wire.wired(speak, when), always=False, deadline=deadline)


def _recoded(encoding: str, note: str) -> Change:
    return c.then(c.with_members(note=note), c.spelled(lambda body: body.decode().encode(encoding)))


def _status_twice(answer: Answer) -> Answer:
    return c.appended(b'"status": %d' % answer.json()["status"])(answer)


_USD, _AR = sends(currency="USD"), sends(accept_language="ar")
_BOTTOMLESS = b'"note": ' + b"[" * 100_000 + b"]" * 100_000

WIRE: Lies = {
    "one-answer-in-time": (
        _speaks("silent-once", "never answers the second refresh", wire.forever, only(2, succeeded), deadline=1.0),
        _speaks("stuck-once", "stops halfway in the second refresh", wire.stuck, only(2, succeeded), deadline=1.0),
        _speaks("drips-once", "drips without an end at the second refresh", wire.dripping, only(2, succeeded), deadline=1.0),
        _speaks("hangs-up", "closes the line without an answer", wire.nothing, posted),
        _speaks("hangs-up-tenth", "closes the line at every tenth POST", wire.nothing, every(10, posted)),
        _speaks("hangs-up-empty", "hangs up on an empty session", wire.nothing, all_of(refused, empty_session)),
        _speaks("hangs-up-get", "hangs up on GET", wire.nothing, got("GET")),
        _speaks("cut-short", "sends less of a body than it says", wire.cut_short, posted),
        _speaks("cut-chunk", "sends a chunked body without its end", wire.cut_chunk, posted),
        _speaks("cut-short-usd", "cuts the body short with currency: USD", wire.cut_short, all_of(succeeded, _USD)),
        _speaks("garbage", "speaks no HTTP at all", wire.garbage, posted),
        _speaks("garbage-refusal", "speaks no HTTP at all where it refuses", wire.garbage, refused),
        _speaks("no-number", "sends every third status line without a number", wire.no_number, every(3, posted)),
        _speaks("answers-twice", "sends a second answer behind the first", wire.twice, posted),
        _speaks("answers-twice-tenth", "sends a second answer behind every tenth", wire.twice, every(10, posted)),
        _speaks("two-lengths", "sends two lengths that differ", wire.two_lengths, posted),
    ),
    "content-type-is-json": (
        lie("html-label", "labels right JSON as text/html", posted, c.headed(content_type="text/html")),
        lie("text-json-label", "labels right JSON as text/json", posted, c.headed(content_type="text/json")),
        lie("javascript-label", "labels right JSON as a script", posted, c.headed(content_type="application/javascript")),
        lie("jsonp-label", "has a label that only begins like JSON's", posted, c.headed(content_type="application/jsonp")),
        lie("no-label", "sends right JSON without a content type", posted, c.headed(content_type=None)),
        lie("with-language-ar", "labels it as HTML with accept-language: ar", succeeded, HTML, _AR),
        lie(
            "with-refusal-sdk-html",
            "labels refusals as HTML with x-requested-with and s-source",
            refused,
            HTML,
            sends(x_requested_with="XMLHttpRequest", s_source="twilight"),
        ),
        lie("tenth-answer-html", "labels every tenth answer as HTML", posted, HTML, every(10)),
        lie("overlap-html", "labels it as HTML when two overlap", succeeded, HTML, overlapping, waits=True),
        lie("long-header-html", "labels it as HTML with a header over 1 KB", succeeded, HTML, sends_long),
        lie("json-html", "labels it as HTML with a JSON body", posted, HTML, has_json),
        lie("after-get-html", "labels it as HTML after a GET", posted, HTML, after(got("GET"))),
        lie("empty-html", "labels refusals of an empty session as HTML", refused, HTML, empty_session),
        lie("combined-usd-body-html", "labels it as HTML with currency: USD and a JSON body", succeeded, HTML, _USD, has_json),
        lie(
            "beyond-after-get-query",
            "labels it as HTML after another method and with a query",
            *(succeeded, HTML, after(wrong_method), queried),
            promised=False,
        ),
    ),
    "body-is-utf8": (
        lie("bom", "begins with a byte order mark", posted, BOM),
        lie("latin-1", "has Latin-1 bytes in a text", posted, _recoded("latin-1", "déjà")),
        lie("windows-1256", "has Arabic in an old code page", posted, _recoded("windows-1256", "تم")),
        lie("utf-16", "speaks UTF-16 with its mark", posted, _recoded("utf-16", "تم"), just=False),
        lie(
            "charset-utf-16",
            "labels UTF-8 as UTF-16",
            posted,
            c.headed(content_type="application/json; charset=utf-16"),
        ),
        lie(
            "charset-latin-1",
            "labels UTF-8 as Latin-1",
            posted,
            c.headed(content_type='application/json; charset="ISO-8859-1"'),
        ),
        lie("with-language-en", "has a BOM with accept-language: en", succeeded, BOM, sends(accept_language="en")),
        lie("tenth-bom", "has a BOM in every tenth answer", posted, BOM, every(10)),
        lie("made-up-ar", "has a BOM for a made-up session and Arabic", refused, BOM, some_session, _AR),
        lie(
            "combined-dressed-bom",
            "does all that is allowed, and has a BOM with currency: USD",
            *(succeeded, BOM, _USD),
            beneath=DRESSED,
        ),
        lie(
            "combined-two-faults",
            "has a BOM and, in the same answer, an unknown media type, with s-source",
            *(succeeded, c.then(BOM, HTML), sends("s-source")),
        ),
        lie(
            "combined-packed-bom",
            "has a BOM with accept-language: ar, packed by gzip",
            *(posted, c.zipped),
            beneath=(*DRESSED, altering(all_of(succeeded, _AR), BOM)),
            always=False,
        ),
        lie(
            "beyond-body-overlap",
            "has a BOM with a body when two overlap",
            *(succeeded, BOM, has_body, overlapping),
            waits=True,
            promised=False,
        ),
    ),
    "body-is-strict-json": (
        lie("duplicate-key", "says the member status twice", posted, _status_twice),
        lie(
            "duplicate-key-deep",
            "says a key twice, deep in an extra member",
            posted,
            c.appended(b'"meta": [{"a": {"b": 1, "b": 2}}]'),
        ),
        lie(
            "duplicate-key-escaped",
            "says a key twice, once with an escape",
            posted,
            c.appended(b'"meta": {"name": 1, "n\\u0061me": 2}'),
        ),
        lie("nan", "says NaN in an extra member", posted, NAN),
        lie("infinity", "says -Infinity in an extra member", posted, c.appended(b'"rate": -Infinity')),
        lie("huge-number", "says a number beyond reach", posted, c.appended(b'"rate": 1e999')),
        lie("lone-surrogate", "has half a pair in a text", posted, c.appended(b'"note": "\\ud83d"')),
        lie("bottomless", "nests without a bottom", posted, c.appended(_BOTTOMLESS), just=False),
        lie("trailing-comma", "has a comma too many", posted, c.spelled(lambda body: body.rstrip()[:-1] + b",}"), just=False),
        lie("two-texts", "has a second JSON text behind the first", posted, c.spelled(lambda body: body + b"{}"), just=False),
        lie("raw-newline", "has a bare newline in a text", posted, c.appended(b'"note": "a\nb"'), just=False),
        lie("empty-body", "sends nothing for a body", posted, c.as_is(b""), just=False),
        lie("truncated-json", "sends JSON without its end", posted, c.spelled(lambda body: body[:-1]), just=False),
        lie("with-user-id", "says NaN with s-user-id", succeeded, NAN, sends("s-user-id")),
        lie(
            "with-accept-json",
            "says success twice with accept: application/json",
            *(succeeded, SUCCESS_TWICE, sends(accept="application/json")),
        ),
        lie("second-nan", "says NaN in the second success", succeeded, NAN, only(2)),
        lie("overlap-duplicate", "says success twice when two overlap", succeeded, SUCCESS_TWICE, overlapping, waits=True),
        lie(
            "combined-dressed-nan",
            "does all that is allowed, and says NaN with a body",
            *(succeeded, NAN, has_body),
            beneath=DRESSED,
        ),
        lie(
            "combined-usd-overlap-nan",
            "says NaN when two overlap with currency: USD",
            *(succeeded, NAN, _USD, overlapping),
            waits=True,
        ),
        Liar(
            "combined-chunks-nan",
            "",
            "does all that is allowed, in tiny chunks, and says NaN with currency: USD",
            wire.wired(wire.in_pieces, posted, *DRESSED, altering(all_of(succeeded, _USD), NAN)),
            always=False,
        ),
    ),
}
