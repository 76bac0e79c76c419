"""JSON that readers choke on."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from tests.hostile.kit import FAULTLESS, SESSION, TOKEN, Asked, Behave, Behaviour, always, honestly, http

bodies = partial(Behaviour, "JSON")
STRICT = "body-is-strict-json"
FEW = ("--refresh-max-requests", "10")  # a megabyte that is hard to read each time
UTF8 = "body-is-utf8"
PLAIN = '{"status": 200, "success": true, "data": {"token": "t"}}'


def says(body: bytes | str, status: bytes = b"200 OK") -> Behave:
    """This body for everyone."""
    return always(http(body if isinstance(body, bytes) else body.encode(), status=status))


def beside(raw: str) -> Behave:
    """The honest body with one more member, spelled by hand."""
    return honestly(change=lambda body, asked: (json.dumps(body)[:-1] + f', "more": {raw}}}').encode())


def member(name: str, value: Any) -> Behave:
    """The honest body with one more member."""
    return honestly(change=lambda body, asked: {**body, name: value})


def deep_token(body: dict[str, Any], asked: Asked) -> Any:
    """The token 60 levels down, where none is documented."""
    inner: Any = {"token": f"{TOKEN}-{asked.number}"}
    for _ in range(60):
        inner = {"data": inner}
    return {**body, "data": inner} if "data" in body else body


BODIES = (
    bodies("deep-arrays", "100,000 arrays in each other.", says("[" * 100_000 + "]" * 100_000), word=STRICT, options=FEW),
    bodies("deep-unclosed", "A million open brackets.", says("[" * 999_999), word=STRICT, options=FEW),
    bodies(
        "empty-objects", "333,000 empty objects: 1 MB of text, 20 MB of values.", says("[" + "{}," * 332_000 + "{}]"), options=FEW
    ),
    bodies("small-objects", "An honest answer with 140,000 small objects.", beside("[" + '{"":0},' * 140_000 + "0]"), FAULTLESS),
    bodies("duplicate-keys", "10,000 duplicate keys.", says("{" + '"success":true,' * 10_000 + '"status":200}'), word=STRICT),
    bodies("huge-int-as-status", "A status of 300 digits.", says(PLAIN.replace("200", "2" * 300)), word="status-in-enum"),
    bodies("huge-exponent", "1e999999.", beside("1e999999"), word=STRICT),
    bodies("long-fraction", "A fraction of 900,000 digits.", beside("0." + "1" * 900_000), FAULTLESS),
    bodies("nan", "NaN and infinities.", beside("[NaN, Infinity, -Infinity]"), word=STRICT),
    bodies("lone-surrogates", "Lone surrogates in keys and values.", beside('{"\\ud800": "\\udfff"}'), word=STRICT),
    bodies("surrogate-token", "A lone surrogate in the token.", says(PLAIN.replace('"t"', '"token-\\ud800-token"')), word=STRICT),
    bodies("many-surrogates", "160,000 lone surrogates.", beside('"' + "\\ud800" * 160_000 + '"'), word=STRICT, options=FEW),
    bodies("bom", "A byte order mark.", says(b"\xef\xbb\xbf" + PLAIN.encode()), word=UTF8),
    bodies("overlong", "Overlong UTF-8.", says(PLAIN.encode().replace(b'"t"', b'"\xc0\xaf\xf8\x88\x80\x80\x80"')), word=UTF8),
    bodies("nuls", "NUL bytes between the letters.", says(PLAIN.encode().replace(b",", b",\0")), word="body-is-"),
    bodies("long-string", "An honest answer with 900 KB of text.", member("more", "x" * 900_000), FAULTLESS),
    bodies(
        "dunder-keys",
        "__proto__, __class__ and their like.",
        beside('{"__proto__": {"success": true}, "__class__": "os.system", "constructor": {}, "$ref": "file:///etc/passwd"}'),
        FAULTLESS,
    ),
    bodies("success-as-list", "success is a list.", says(PLAIN.replace("true", "[true]")), word="success-is-boolean"),
    bodies(
        "all-of-other-types",
        "Every member of another type.",
        says('{"status": [[]], "success": {"a": []}, "data": [{"token": {"token": []}}], "error": 0}'),
        word="success-is-boolean",
    ),
    bodies(
        "giant-token",
        "A token of 900 KB.",
        honestly(change=lambda body, asked: json.dumps(body).replace(TOKEN, TOKEN * 45_000).encode()),
        FAULTLESS,
    ),
    bodies("deep-token", "The token 60 levels down.", honestly(change=deep_token), FAULTLESS),
    bodies(
        "like-jwts",
        "The beginning of a JWT, 300,000 times, in an error.",
        says('{"status": 401, "success": false, "error": {"code": "a", "message": "' + "eyJ" * 300_000 + '"}}', b"401 No"),
        frozenset({1, 10}),
    ),
    bodies(
        "like-traces",
        "Half of a stack trace, over and over.",
        says(
            '{"status": 500, "success": false, "error": {"code": "a", "message": "' + "at a.b.c ( at x" * 60_000 + '"}}',
            b"500 No",
        ),
    ),
    bodies(
        "jwt-bottomless",
        "A JWT whose payload nests 6,000 deep.",
        says(PLAIN.replace('"t"', '"eyJhbGciOiJub25lIn0.%s.AAAAAAAA"' % ("W1tb" * 2000))),
    ),
    bodies(
        "session-as-key",
        "The session as the name of a member.",
        honestly(change=lambda body, asked: {**body, SESSION: SESSION}),
        FAULTLESS,
    ),
)
