"""All that is allowed, all at once: what else is wrong with such answers must not hide behind it."""

from __future__ import annotations

from dataclasses import replace

from tests.liars import changes as c
from tests.liars.build import altering
from tests.liars.conditions import refused, succeeded
from tests.liars.kit import Answer, written

_LABELLED = c.headed(content_type='Application/JSON; Charset="UTF-8"')
_ARABIC = c.with_members(note="تم التحديث 🎉", next=None)


def _pretty(answer: Answer) -> Answer:
    return replace(answer, body=b"\r\n" + written(answer.json(), indent=2) + b"\n")


def _cookies(answer: Answer) -> Answer:
    return replace(answer, headers=(*answer.headers, ("set-cookie", "lang=ar; Path=/"), ("x-request-id", "7")))


def _fraction(answer: Answer) -> Answer:
    return replace(answer, body=answer.body.replace(b'"status": 201', b'"status": 201.0', 1))


CREATED = c.then(c.coded(201, 201), _ARABIC, _pretty, _fraction, _LABELLED, _cookies)
REFUSAL = c.then(_ARABIC, _pretty, _LABELLED, _cookies)
# 201, a status with a fraction, Arabic, indented, a charset in capitals, cookies of its own.
DRESSED = (altering(succeeded, CREATED), altering(refused, REFUSAL))
