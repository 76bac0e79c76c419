"""`--refresh-replay`: recorded evidence is judged again, offline, with the same verdicts; what cannot be is one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.report import files
from tests.kit.gates import Gate, Ran
from tests.kit.recordings import call
from tests.liars import LIARS, changes
from tests.liars.home import new_home
from tests.liars.kit import Answer, Asked, altered

EVIDENCE = f"refresh-report/{files.EVIDENCE}"


def facts(ran: Ran) -> dict[str, Any]:
    """What a report says, without what differs from run to run: the time, and the line that runs a finding again."""
    told = {name: value for name, value in ran.report.items() if name not in ("seconds", "power")}
    for rule in told["rules"]:
        for finding in rule["findings"]:
            finding.pop("rerun")
    return told


def replayed(gate: Gate, tmp_path: Path, first: Ran, *words: str) -> Ran:
    """The run judged again, from a copy of its evidence."""
    (tmp_path / "kept.har").write_bytes((tmp_path / EVIDENCE).read_bytes())
    again = gate("--refresh-replay", "kept.har", *words)
    assert facts(again) == facts(first)
    assert again.code == first.code
    assert (tmp_path / EVIDENCE).read_bytes() == (tmp_path / "kept.har").read_bytes()
    return again


def pays_in_dollars(asked: Asked, answer: Answer) -> bool:
    """When the store goes wrong."""
    return asked.headers.get("currency") == "USD" and answer.status == 200


def test_a_broken_target_and_its_clients_are_judged_the_same(gate: Gate, tmp_path: Path) -> None:
    """To the rule and to the word, with the answers that clients met, when the target is long gone and nobody is logged in."""
    home = new_home()
    with serve(altered(home.app, pays_in_dollars, changes.with_members(success=False))) as url:
        first = gate("-m", "not sdk", "--base-url", url, cookie=home.cookie)
    assert first.code == 1
    assert first.report["recorded"]
    again = replayed(gate, tmp_path, first)
    assert "success-flag-is-truthful" in again.last
    assert "--refresh-replay kept.har" in again.out
    assert home.cookie.partition("=")[2] not in (tmp_path / "kept.har").read_text()


def test_the_default_run_is_judged_the_same(gate: Gate, tmp_path: Path) -> None:
    """All implementations at once, with pytest-xdist too."""
    first = gate("-m", "not sdk")
    assert first.code == 0
    replayed(gate, tmp_path, first)
    assert facts(gate("--refresh-replay", "kept.har", "-n", "2")) == facts(first)


def test_a_part_of_a_recording_can_be_judged(gate: Gate, tmp_path: Path) -> None:
    """What is not in it is left out; asked for alone, it is a mistake that says what there is. The recording stays."""
    assert gate("-m", "mock").code == 0
    before = (tmp_path / EVIDENCE).read_bytes()
    ran = gate("--refresh-replay", EVIDENCE)
    assert ran.code == 0
    assert [i["name"] for i in ran.report["implementations"]] == ["mock"]
    assert (tmp_path / EVIDENCE).read_bytes() == before
    ran = gate("--refresh-replay", EVIDENCE, "-m", "sdk or consumer")
    assert ran.code == 4
    assert "holds nothing of what was asked for; it can be judged with -m mock" in ran.out + ran.err
    assert (tmp_path / EVIDENCE).read_bytes() == before


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "--refresh-replay given.har is empty"),
        (b'{"log": {"entries": [{"req', "--refresh-replay given.har ends in the middle; save the HAR again"),
        (json.dumps({"log": {"entries": []}}).encode(), "holds no call of /auth/refresh among 0 requests"),
    ],
    ids=["empty", "cut", "foreign"],
)
def test_a_file_that_cannot_be_judged_ends_with_4(gate: Gate, tmp_path: Path, data: bytes, said: str) -> None:
    """One sentence, and nothing else happens."""
    (tmp_path / "given.har").write_bytes(data)
    ran = gate("--refresh-replay", "given.har")
    assert ran.code == 4
    assert said in ran.out + ran.err
    assert not (tmp_path / "refresh-report").exists()


def test_a_foreign_recording_says_what_it_does_not_show(gate: Gate, tmp_path: Path) -> None:
    """Green is no verdict when most rules cannot be seen; what was left out is said."""
    (tmp_path / "saved.har").write_text(json.dumps({"log": {"entries": [call(), call(response__status=0)]}}))
    ran = gate("--refresh-replay", "saved.har")
    assert ran.code == 10
    assert "2 calls found, of which not judged: 1 without an answer" in ran.out
    assert "the recording does not show it; to judge all of it, run without --refresh-replay" in ran.last
    assert ran.report["implementations"][0]["name"] == "store.example"


def test_an_interrupted_or_halted_run_is_judged_the_same(gate: Gate, tmp_path: Path) -> None:
    """A target that cannot be reached stays one that cannot be reached."""
    first = gate("-m", "provider", "--base-url", "http://127.0.0.1:9", cookie="session=abcdefgh")
    assert first.code == 10
    replayed(gate, tmp_path, first)


def test_there_are_liars_to_replay() -> None:
    """`tests/provider/test_liars.py` has each of them judged again."""
    assert len(LIARS) > 200


def test_secrets_of_a_foreign_recording_are_not_told(gate: Gate, tmp_path: Path) -> None:
    """A HAR that a person saved may hold a real session; the report of it does not."""
    token = "opaque/T0ken-of-a-customer"
    body = json.dumps({"success": True, "status": 201, "data": {"token": token}})
    headers = [
        {"name": "cookie", "value": "session=s3cr3t/Session+Value=="},
        {"name": "authorization", "value": f"Bearer {token}"},
    ]
    (tmp_path / "saved.har").write_text(json.dumps({"log": {"entries": [call(text=body, request__headers=headers)]}}))
    ran = gate("--refresh-replay", "saved.har", "-vv", "--showlocals")
    assert ran.code == 1
    left = [path.read_text("utf-8") for path in (tmp_path / "refresh-report").iterdir()] + [ran.out, ran.err]
    for secret in (token, "s3cr3t/Session+Value=="):
        assert not [text for text in left if secret in text]


def test_the_store_is_not_asked(gate: Gate, tmp_path: Path) -> None:
    """Nothing is sent, even to a target that is up and named."""
    store = Store()
    asked = [0]

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        asked[0] += 1
        await store.app(scope, receive, send)

    with serve(app) as url:
        first = gate("-m", "provider", "--base-url", url, "--refresh-max-requests", "30", cookie=store.log_in())
        sent = asked[0]
        replayed(gate, tmp_path, first, "--base-url", url)
        assert asked[0] == sent
