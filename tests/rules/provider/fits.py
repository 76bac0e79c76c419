"""Whether a body fits the schema of its status."""

from __future__ import annotations

from tests.kit.exchanges import NOBODY, answer, exchange
from tests.kit.judgements import Table, breaks, holds, silent

FITS: Table = {
    "body-fits-schema": (
        holds("a success", exchange(answer())),
        holds("null where null may be", exchange(answer(data={"token": "t", "redirect_url": None, "message": None}))),
        holds("members that nobody documented", exchange(answer(data={"token": "t", "extra": [1]}, more={"a": None}))),
        holds("texts by field", exchange(answer(422, error={"code": 1, "message": "No.", "fields": {"a": ["No."]}}), **NOBODY)),
        holds("an empty list of fields", exchange(answer(401, error={"code": "x", "message": "No.", "fields": []}), **NOBODY)),
        breaks(
            "a number and a list for texts",
            exchange(answer(data={"token": "t", "case": 7, "redirect_url": []})),
            words=(
                "/data/case: a text; /data/redirect_url: a text or null",
                "/data/case is 7; /data/redirect_url is []",
            ),
        ),
        breaks(
            "a number for the fields",
            exchange(answer(401, error={"code": "x", "message": "No.", "fields": 5}), **NOBODY),
            words=("/error/fields: an object or a list or null", "/error/fields is 5"),
        ),
        breaks("a list for the case of an error that has no status of its own", exchange(answer(418, error={"case": []}))),
        holds("a wrong flag, which success-flag-is-truthful judges", exchange(answer(success=False))),
        holds("a status as a text, which status-is-number judges", exchange(answer(200, {"status": "200", "success": True}))),
        holds("no object, which success-is-boolean judges", exchange(answer(200, b"[]"))),
        holds("no data, which success-carries-token judges", exchange(answer(data=[]))),
        holds("an empty token, which success-carries-token judges", exchange(answer(data={"token": ""}))),
        holds("an error that is no object, which error-has-object judges", exchange(answer(401, error="gone"), **NOBODY)),
        holds("no code and no message, which error-says-why judges", exchange(answer(401, error={"code": True, "message": 5}))),
        silent("no JSON", exchange(answer(200, b"<html>"))),
        silent("NaN for a text", exchange(answer(200, b'{"success": true, "status": 200, "data": {"case": NaN}}'))),
        silent("a lone surrogate", exchange(answer(200, b'{"success": true, "data": {"case": "\\ud800"}}'))),
        silent("a status that the document does not know", exchange(answer(206, data={"case": 7}))),
        silent("another method", exchange(answer(405, error={"fields": 5}), "GET")),
    ),
}
