"""Hosts: this machine, a place to try things on, or a shop with customers in it."""

from __future__ import annotations

import pytest

from contracts.model.hosts import is_loopback, looks_like_production
from contracts.settings import Mistake, read

PRODUCTION = [
    "https://salla.sa",
    "https://demostore.salla.sa",
    "https://API.Salla.dev/store/v1",
    "https://www.shop.com",
    "https://shop.brand.com.",
    "https://store.brand.com:8443",
    "https://api.brand.com",
    "https://eu.prod.brand.com",
    "https://prod-eu.brand.com",
    "https://live.brand.com",
]
TRIAL = [
    "http://127.0.0.1:8123",
    "http://[::1]:8123",
    "http://10.1.2.3",
    "http://localhost",
    "https://store.example",
    "https://nobody.invalid",
    "https://www.shop.test",
    "https://staging.brand.com",
    "https://store.staging.brand.com",
    "https://api-stg2.brand.com",
    "https://www.dev.brand.com",
    "https://sandbox.salla.sa",
    "https://preview-17.shop.com",
    "https://brand.com",
    "https://livestock.brand.com",
    "https://reproduction.brand.com",
]


@pytest.mark.parametrize("url", PRODUCTION)
def test_production_asks_first(url: str) -> None:
    """A host that looks like production is judged only if the user says so."""
    assert looks_like_production(url)
    with pytest.raises(Mistake, match="--refresh-allow-production"):
        read({"base_url": url}, {})
    assert read({"base_url": url, "allow_production": True}, {}).base_url == url


@pytest.mark.parametrize("url", TRIAL)
def test_other_places_do_not_ask(url: str) -> None:
    """Addresses, reserved names, and hosts that are called staging, test or the like are judged without a question."""
    assert not looks_like_production(url)
    assert read({"base_url": url}, {}).base_url == url


def test_a_project_says_itself_what_production_is() -> None:
    """A project's own pattern decides alone, in both directions; a broken pattern is a mistake."""
    ours = {"production": r"^brand\.com$"}
    with pytest.raises(Mistake, match=r"brand\.com looks like production"):
        read({"base_url": "https://BRAND.com", **ours}, {})
    assert read({"base_url": "https://www.shop.com", **ours}, {}).base_url
    assert read({"base_url": "https://www.shop.com", "production": "^$"}, {}).base_url
    with pytest.raises(Mistake, match="refresh_production is no regular expression"):
        read({"base_url": "https://brand.com", "production": "("}, {})


@pytest.mark.parametrize("url", ["http://127.8.8.8", "http://[::1]:1", "http://LOCALHOST", "http://a.localhost:1"])
def test_this_machine(url: str) -> None:
    """Loopback is this machine, by address and by name."""
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["http://10.0.0.1", "http://localhost.example", "http://127.0.0.1.example"])
def test_another_machine(url: str) -> None:
    """A name that only begins like loopback is another machine."""
    assert not is_loopback(url)
