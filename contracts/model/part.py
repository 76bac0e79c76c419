"""The four parts of the suite. Each judges one kind of implementation."""

from __future__ import annotations

import enum


class Part(enum.StrEnum):
    """What a part judges. Its value is the pytest marker, and the name of the part in HAR files and reports."""

    PROVIDER = "provider"  # the real endpoint
    MOCK = "mock"  # the mocked endpoint
    CONSUMER = "consumer"  # a client in this process
    SDK = "sdk"  # the Twilight SDK in a browser

    @property
    def role(self) -> str:
        """The role whose rules bind it: provider or consumer."""
        return "provider" if self in (Part.PROVIDER, Part.MOCK) else "consumer"
