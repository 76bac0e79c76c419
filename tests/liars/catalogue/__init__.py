"""Every liar, by the rule that it breaks; one module for each part of `contracts/rules/provider/`."""

from __future__ import annotations

from tests.liars.build import Lies
from tests.liars.catalogue.answer import ANSWER
from tests.liars.catalogue.fits import FITS
from tests.liars.catalogue.guard import GUARD
from tests.liars.catalogue.manners import MANNERS
from tests.liars.catalogue.promise import PROMISE
from tests.liars.catalogue.whose import WHOSE
from tests.liars.catalogue.wire import WIRE

CATALOGUE: Lies = {**WIRE, **ANSWER, **PROMISE, **GUARD, **WHOSE, **MANNERS, **FITS}
