"""The gate for clients as its users meet it: exit code, last line, report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.consumer.sdk import available
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.report import files
from tests.kit.gates import Gate
from tests.liars.changes import with_members
from tests.liars.kit import altered

OWN = """
import contextlib
import httpx
import pytest


TRUST = httpx.create_ssl_context()


class Failed(Exception):
    response = None


class Mine:
    token = None

    def __init__(self):
        self.listeners = []

    def on_refresh_failed(self, listener):
        self.listeners.append(listener)

    async def refresh(self):
        async with httpx.AsyncClient(verify=TRUST) as http:
            answer = await http.post("https://shop.example/auth/refresh")
        if not 200 <= answer.status_code < 300:
            raise Failed
        return answer.json()


@pytest.fixture
def refresh_consumer():
    return Mine()
"""
QUICK = ("-m", "consumer", "--refresh-deadline", "1")
NEEDS_SDK = pytest.mark.skipif(available(None) is not None, reason=str(available(None)))


@pytest.fixture
def lying() -> Iterator[tuple[str, str]]:
    """Address and session of a store that says `success: false` to everybody, with a token."""
    store = Store()
    app = altered(store.app, lambda asked, answer: answer.status == 200, with_members(success=False))
    with serve(app) as url:
        yield url, store.log_in()


def test_the_reference_is_conformant(gate: Gate) -> None:
    """The reference keeps every MUST and every SHOULD that concerns it."""
    ran = gate("-m", "consumer", "--refresh-deadline", "2")
    assert ran.code == 0, ran.out
    assert ran.last == "conformant"
    (found,) = ran.report["implementations"]
    assert (found["name"], found["role"], found["kind"]) == ("python", "consumer", "mock")
    said = {v for rule in ran.report["rules"] for v in rule["verdicts"].values()}
    assert said == {"pass", "not-exercised"}


def test_a_client_of_ones_own_is_named_and_blamed(gate: Gate, tmp_path: Path) -> None:
    """A client that calls any address by httpx is judged; what it breaks is shown with the line that runs it again."""
    (tmp_path / "conftest.py").write_text(OWN, "utf-8")
    ran = gate(*QUICK)
    assert ran.code == 1, ran.out
    assert ran.last.startswith("non-conformant: Mine: ")
    assert ran.verdicts("failure-fires-once") == {"fail"}
    again = next(f["rerun"] for r in ran.report["rules"] if r["id"] == "failure-fires-once" for f in r["findings"])
    assert again == "pytest --pyargs contracts -m consumer -k failure-fires-once --refresh-deadline 1"
    assert gate(*again.split()[3:]).code == 1


def test_what_is_known_of_a_client_does_not_fail_the_run(gate: Gate, tmp_path: Path) -> None:
    """With every breach listed the run is green; with `--refresh-strict` it is not."""
    (tmp_path / "conftest.py").write_text(OWN, "utf-8")
    broken = [r["id"] for r in gate(*QUICK).report["rules"] if "fail" in r["verdicts"].values()]
    rules = ", ".join(f'"{rule}"' for rule in broken)
    (tmp_path / "known.toml").write_text(f'[[deviation]]\nrule = [{rules}]\nwhy = "It is new."\n', "utf-8")
    ran = gate(*QUICK, "--refresh-known", "known.toml")
    assert {v for rule in broken for v in ran.verdicts(rule)} == {"known"}
    assert gate(*QUICK, "--refresh-known", "known.toml", "--refresh-strict").code == 1


def test_what_is_no_longer_seen_is_red(gate: Gate, tmp_path: Path) -> None:
    """An entry for something that the reference does not do is `fixed`."""
    (tmp_path / "known.toml").write_text('[[deviation]]\nrule = "failure-rejects"\nwhy = "It was so."\n', "utf-8")
    ran = gate(*QUICK, "--refresh-known", "known.toml")
    assert ran.code == 1
    assert ran.verdicts("failure-rejects") == {"fixed"}
    assert "FIXED failure-rejects" in ran.out


@pytest.mark.parametrize("missing", ["on_refresh_failed", "refresh", "token"])
def test_a_client_that_is_none_makes_the_run_incomplete(gate: Gate, tmp_path: Path, missing: str) -> None:
    """What has not the three members cannot be judged; the last line says what is missing."""
    (tmp_path / "conftest.py").write_text(
        OWN.replace(f"def {missing}(", f"def no_{missing}(").replace(f"    {missing} = None", ""), "utf-8"
    )
    ran = gate(*QUICK, "-x")
    assert ran.code == 10, ran.out
    assert missing in ran.last


def test_clients_meet_what_the_environment_answers(gate: Gate, lying: tuple[str, str]) -> None:
    """One row for each answer, two verdicts: the store breaks the contract, the reference keeps it."""
    url, cookie = lying
    ran = gate("-m", "provider or consumer", "--base-url", url, "--refresh-max-requests", "30", cookie=cookie)
    assert ran.code == 1
    rows = ran.report["recorded"]
    blamed = [row for row in rows if "success-flag-is-truthful" in row["provider"]]
    assert blamed
    assert all(row["consumers"] == {"python": []} for row in rows)
    assert "Answers of the environment" in ran.out
    assert cookie.partition("=")[2] not in ran.out


def test_a_bundle_that_is_not_there_is_a_usage_error(gate: Gate) -> None:
    """`--refresh-sdk` with no file ends with 4 and says so."""
    ran = gate("--refresh-sdk", "no/twilight.min.js")
    assert ran.code == 4
    assert "--refresh-sdk no/twilight.min.js is no file" in ran.out + ran.err


def test_without_a_browser_the_sdk_is_not_judged(gate: Gate) -> None:
    """Who asks for the SDK is told what is missing, and the run is incomplete."""
    ran = gate("-m", "sdk", REFRESH_CHROMIUM="/no/such/browser")
    assert ran.code == 10, ran.out
    assert ran.last.startswith("incomplete: twilight: ")


def test_without_a_browser_the_rest_is_judged(gate: Gate) -> None:
    """Who did not ask for the SDK gets the verdict of the others; the skips say why."""
    ran = gate("-m", "consumer or sdk", "-rs", REFRESH_CHROMIUM="/no/such/browser")
    assert ran.code == 0, ran.out
    assert [i["name"] for i in ran.report["implementations"]] == ["python"]
    assert "REFRESH_CHROMIUM names '/no/such/browser'" in ran.out


@NEEDS_SDK
def test_a_bundle_that_is_no_sdk_cannot_be_judged(gate: Gate, tmp_path: Path) -> None:
    """Any other script is told from an SDK."""
    (tmp_path / "other.js").write_text("window.other = true;", "utf-8")
    ran = gate("-m", "sdk", "--refresh-sdk", "other.js")
    assert ran.code == 10, ran.out
    assert ran.last.startswith("incomplete: ")


@NEEDS_SDK
def test_the_published_sdk_with_and_without_its_list(gate: Gate) -> None:
    """With the list that ships it is conformant and the deviations are known; without, each is named and the run is red."""
    known = gate("-m", "sdk")
    assert known.code == 0, known.out
    listed = [r["id"] for r in known.report["rules"] if "known" in r["verdicts"].values() and r["level"] == "MUST"]
    strict = gate("-m", "sdk", "--refresh-strict", "--refresh-replay", f"refresh-report/{files.EVIDENCE}")
    assert strict.code == 1
    failed = [r["id"] for r in strict.report["rules"] if "fail" in r["verdicts"].values()]
    assert listed == failed == ["failure-rejects", "failure-fires-once", "failure-keeps-token", "no-bogus-token"]
    for scenario in ("http-204", "body-empty", "false-with-token", "success-missing", "status-as-string", "success-data-empty"):
        assert scenario in strict.out
