"""What each provider rule says: tables of exchanges, one module for each part of `contracts/rules/provider/`."""

from __future__ import annotations

from tests.kit.judgements import Table
from tests.rules.provider.answer import ANSWER
from tests.rules.provider.fits import FITS
from tests.rules.provider.guard import GUARD
from tests.rules.provider.manners import MANNERS
from tests.rules.provider.origin import ORIGIN
from tests.rules.provider.promise import PROMISE
from tests.rules.provider.session import SESSION
from tests.rules.provider.token import TOKEN
from tests.rules.provider.whose import WHOSE
from tests.rules.provider.wire import WIRE

TABLE: Table = {**WIRE, **ANSWER, **PROMISE, **SESSION, **GUARD, **WHOSE, **TOKEN, **MANNERS, **FITS, **ORIGIN}
