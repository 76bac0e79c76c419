"""The public face of the package: a few names that are imported late."""

from __future__ import annotations

import subprocess
import sys

import pytest

import contracts

OURS = [name for name in contracts.__all__ if name != "__version__"]
LOADED = "import contracts, sys; print([name for name in sys.modules if name.startswith('contracts.')])"


def test_the_names_are_sorted() -> None:
    """`__all__` names each thing once, in order."""
    assert contracts.__all__ == sorted(set(contracts.__all__))


@pytest.mark.parametrize("name", OURS)
def test_a_public_name_is_the_thing_itself(name: str) -> None:
    """What the package gives under a name is called so where it lives."""
    assert getattr(contracts, name).__name__ == name


def test_every_public_name_can_be_imported_at_once() -> None:
    """`from contracts import *` gives all public names."""
    found: dict[str, object] = {}
    exec("from contracts import *", found)
    assert set(contracts.__all__) <= set(found)


def test_another_name_is_an_error() -> None:
    """A name that is not public gives the same error as in any module."""
    with pytest.raises(AttributeError, match="module 'contracts' has no attribute 'RefreshMocks'"):
        contracts.RefreshMocks  # type: ignore[attr-defined] # noqa: B018


def test_the_package_alone_loads_nothing() -> None:
    """`import contracts` imports no module of the package, and so none of the libraries that these need."""
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, encoding="utf-8", timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_the_judges_take_what_the_package_gives() -> None:
    """A client and a target made from the public names are judged by a line each."""
    client = contracts.RefreshClient("https://store.example", timeout=1.0)
    mock = contracts.RefreshMock()
    target = contracts.Target.in_process(mock.handler, mock.session)
    judgements = contracts.judge_consumer(client, only=["generated"]), contracts.judge_provider(target, only=["named"])
    for judgement in judgements:
        verdicts = list(judgement.verdicts.values())
        assert "pass" in verdicts
        assert not {"fail", "warn"} & set(verdicts)
