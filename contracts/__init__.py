"""Contract tests for the refresh of a customer's access token on Salla storefronts.

    document ──► probes ──► exchange ──► rules ──► verdicts ──► report

The names below are for tests and programs of your own. Each is imported when it is first used, because every pytest run imports
this package, also one that uses none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

__version__ = "0.1.0"
__all__ = [
    "RefreshClient",
    "RefreshConsumer",
    "RefreshMock",
    "Store",
    "Target",
    "__version__",
    "judge_consumer",
    "judge_provider",
]

if TYPE_CHECKING:
    from contracts.consumer.protocol import RefreshConsumer
    from contracts.consumer.reference import RefreshClient
    from contracts.judge import judge_consumer, judge_provider
    from contracts.provider.mock import RefreshMock
    from contracts.provider.store import Store
    from contracts.provider.target import Target
else:
    _HOMES: Final = {
        "RefreshClient": "contracts.consumer.reference",
        "RefreshConsumer": "contracts.consumer.protocol",
        "RefreshMock": "contracts.provider.mock",
        "Store": "contracts.provider.store",
        "Target": "contracts.provider.target",
        "judge_consumer": "contracts.judge",
        "judge_provider": "contracts.judge",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)
