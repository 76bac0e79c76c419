"""Every liar, by the rule that it breaks; one module for each part of `contracts/rules/provider/`, and for what they share."""

from __future__ import annotations

from tests.liars.build import Lies
from tests.liars.catalogue.answer import ANSWER
from tests.liars.catalogue.fits import FITS
from tests.liars.catalogue.guard import GUARD
from tests.liars.catalogue.manners import MANNERS
from tests.liars.catalogue.promise import PROMISE
from tests.liars.catalogue.sent import SENT
from tests.liars.catalogue.session import SESSION
from tests.liars.catalogue.whose import WHOSE
from tests.liars.catalogue.wire import WIRE

_PARTS: tuple[Lies, ...] = (WIRE, ANSWER, PROMISE, SESSION, GUARD, WHOSE, MANNERS, FITS, SENT)
CATALOGUE: Lies = {rule: tuple(liar for part in _PARTS for liar in part.get(rule, ())) for part in _PARTS for rule in part}
