"""What each consumer rule says: tables of outcomes, one module for each part of `contracts/rules/consumer.py`."""

from __future__ import annotations

from tests.kit.judgements import Table
from tests.rules.consumer.call import CALL
from tests.rules.consumer.completed import COMPLETED
from tests.rules.consumer.failed import FAILED
from tests.rules.consumer.manners import MANNERS
from tests.rules.consumer.unspecified import UNSPECIFIED

TABLE: Table = {**CALL, **COMPLETED, **FAILED, **UNSPECIFIED, **MANNERS}
