"""Evidence as HAR: it is judged again as it was judged, holds no secret, and a file of somebody else blames nobody wrongly."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from contracts.har import BadEvidence, Track, replaying
from contracts.har.reading import read
from contracts.judge import judge_provider
from contracts.model.document import load
from contracts.model.part import Part
from contracts.model.tokens import claims_of
from contracts.provider.mock import RefreshMock
from contracts.provider.serving import serve
from contracts.provider.store import Store
from contracts.provider.target import Target
from contracts.redaction.redactor import Redactor
from tests.hostile.ran import forms
from tests.kit import replays
from tests.kit.exchanges import jwt
from tests.kit.recordings import JWT, PATH, call


@pytest.fixture(scope="module")
def log() -> dict[str, Any]:
    """The log of a run on the mock: not to be changed."""
    mock = RefreshMock()
    return replays.written(judge_provider(Target.in_process(mock.handler, mock.session), budget=60))


def given(tmp_path: Path, log: object) -> Path:
    """A file that holds a log."""
    path = tmp_path / "given.har"
    path.write_text(json.dumps({"log": log}))
    return path


# --- our own ----------------------------------------------------------------------------------------------------------


def test_a_recording_is_judged_as_the_target_was() -> None:
    """Every verdict and the conclusion are the same, and nothing had to be carried along."""
    store = Store()
    with serve(store.app) as url:
        judgement = judge_provider(Target.at(url, store.log_in()))
    replays.same(judgement)
    _, track = replays.again(judgement)
    assert not track.carried
    assert len(track.exchanges) == judgement.requests


def test_a_target_that_went_away_is_not_blamed_in_the_recording_either() -> None:
    """Exchanges that were met but not judged stay so, and the reason is the same."""
    judgement = judge_provider(Target.at("http://127.0.0.1:9", "session=abcdefgh"))
    replays.same(judgement)
    found, track = replays.again(judgement)
    assert track.exchanges
    assert not track.judged
    assert found.reason
    assert "cannot be reached" in found.reason


def secretive(body: bytes, *headers: tuple[str, str]) -> Any:
    """The judgement of a target that gives the same answer to everything."""
    import httpx

    given = [("content-type", "application/json"), *headers]
    return judge_provider(
        Target.in_process(lambda request: httpx.Response(200, headers=given, content=body), "session=s3cr3t/Session+Value=="),
        budget=30,
    )


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"success": True, "status": 200, "data": {"token": JWT}}).encode(),
        json.dumps({"success": True, "status": 200, "data": {"token": JWT}}).encode("utf-16"),
        b'{"success":true,"status":200,"data":{"token":"' + JWT.replace("J", "\\u004a").encode() + b'"}}',
        b'{"success":true,"status":200,"token":"opaque/T0ken==","data":{"token":"opaque\\/T0ken=="}}',
        b'\xff\xfe{"token":"opaque/T0ken=="' + JWT.encode(),
        b"[" * 90_000 + JWT.encode(),
    ],
    ids=["plain", "UTF-16", "escaped", "opaque", "no text", "long"],
)
def test_no_secret_is_written_and_the_verdicts_stay(body: bytes) -> None:
    """Whatever form a secret has, it is not in the file; a rule that it mattered to says the same."""
    judgement = secretive(body, ("set-cookie", "session=the-next-session; Path=/"), ("x-token", "opaque/T0ken=="))
    redactor = Redactor()
    redactor.learn_cookies("session=s3cr3t/Session+Value==")
    text = json.dumps(replays.written(judgement, redactor)).encode()
    bodies = b"".join(x.response.body for x in replays.again(judgement, redactor)[1].exchanges if x.response)
    for secret in (JWT, "opaque/T0ken==", "s3cr3t/Session+Value==", "the-next-session"):
        found = [form for form in forms(secret) if form.encode().lower() in (text + bodies).lower()]
        assert not found, secret
    replays.same(judgement)


def test_the_same_secret_has_the_same_stand_in() -> None:
    """Tokens that differ stay different, those that are the same stay the same, and a JWT keeps its times."""
    token = jwt(exp=1893456000, iat=1_000_000_000, sub="june")
    body = json.dumps({"success": True, "status": 200, "data": {"token": token}}).encode()
    judgement = secretive(body, ("date", formatdate(usegmt=True)))
    tokens = {x.response.token for x in replays.again(judgement)[1].exchanges if x.response}
    assert len(tokens) == 1
    assert token not in tokens
    claims = claims_of(str(tokens.pop()))
    assert claims
    assert set(claims) == {"redacted", "exp", "iat"}
    assert (claims["exp"], claims["iat"]) == (1893456000, 1_000_000_000)
    assert judgement.verdicts["token-is-new"] == "warn"
    store = Store()
    with serve(store.app) as url:
        kept = replays.again(judge_provider(Target.at(url, store.log_in())))[1]
    given = [x.response.token for x in kept.exchanges if x.response and x.response.token]
    assert len(set(given)) == len(given) > 10


def test_what_a_rule_cannot_see_any_more_is_carried() -> None:
    """A body too long to keep is cut; what was found in the whole of it is still found, in the words of then."""
    body = json.dumps({"success": True, "status": 200, "data": {"token": JWT}, "pad": "x" * 90_000, "last": 1}).encode()
    judgement = secretive(body[:-1] + b',"last":2}')
    found, track = replays.again(judgement)
    assert track.carried
    assert found.verdicts == judgement.verdicts
    assert found.verdicts["body-is-strict-json"] == "fail"
    assert "duplicate key 'last'" in next(f.actual for f in found.findings if f.rule == "body-is-strict-json")


def test_the_file_is_a_har(log: dict[str, Any]) -> None:
    """It has what HAR 1.2 asks of each entry; numbers and lists are such."""
    assert log["version"] == "1.2"
    assert {"name", "version"} <= set(log["creator"])
    assert [page["id"] for page in log["pages"]] == ["provider"]
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        assert {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"} <= set(
            entry["request"]
        )
        response = entry["response"]
        assert {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"} <= set(response)
        assert {"size", "mimeType"} <= set(response["content"])
        assert entry["timings"]["wait"] == entry["time"] >= 0


OWN_FAULTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another version": (lambda log: log["_contract"].update(version=99), "another version"),
    "a page without facts": (lambda log: log["pages"][0].pop("_contract"), "not as this suite writes it"),
    "an unknown part": (lambda log: log["pages"][0].update(id="other"), "not as this suite writes it"),
    "a status that is none": (lambda log: log["entries"][3]["response"].update(status="x"), "not as this suite writes it"),
    "a time that is none": (lambda log: log["entries"][3].update(startedDateTime=7), "not as this suite writes it"),
    "a body that is none": (lambda log: log["entries"][0]["response"]["content"].update(encoding="rot13"), "not as this suite"),
    "entries that are none": (lambda log: log["entries"].insert(0, None), "not as this suite writes it"),
    "no page": (lambda log: log["pages"].clear(), "holds nothing that was judged"),
}


@pytest.mark.parametrize(("spoil", "said"), OWN_FAULTS.values(), ids=OWN_FAULTS)
def test_a_file_of_ours_that_was_spoiled_is_one_sentence(tmp_path: Path, log: dict[str, Any], spoil: Any, said: str) -> None:
    """Whoever edits the evidence is told so."""
    spoil(spoiled := copy.deepcopy(log))
    with pytest.raises(BadEvidence, match=said):
        read(given(tmp_path, spoiled), base_url=None, endpoint=PATH)


NO_HAR: dict[str, tuple[bytes, str]] = {
    "empty": (b" \n", "is empty"),
    "cut": (b'{"log": {"entries": [', "ends in the middle"),
    "no JSON": (b"<html>" + b" " * 50, "is no JSON at character 0"),
    "an archive": (b"PK\x03\x04\xff\xfe", "is no text"),
    "another document": (b'{"openapi": "3.1.0"}', "is no HAR"),
    "a list": (b"[]", "is no HAR"),
    "entries that are none": (b'{"log": {"entries": 3}}', "is no HAR"),
    "bottomless": (b'{"log":' + b"[" * 200_000, "is no JSON that can be read"),
    "no call": (
        b'{"log": {"entries": [{"request": {"url": "https://a.example/x"}}, 7, null]}}',
        "no call of /auth/refresh among 3",
    ),
}


@pytest.mark.parametrize(("data", "said"), NO_HAR.values(), ids=NO_HAR)
def test_a_file_that_is_no_har_is_one_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    """It says what the file is not, and what to do."""
    (tmp_path / "given.har").write_bytes(data)
    with pytest.raises(BadEvidence, match=said):
        read(tmp_path / "given.har", base_url=None, endpoint=PATH)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """So is a folder."""
    for path, said in ((tmp_path / "nothing.har", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(BadEvidence, match=said):
            read(path, base_url=None, endpoint=PATH)


# --- somebody else's --------------------------------------------------------------------------------------------------


def foreign(tmp_path: Path, *entries: Any, base_url: str | None = None) -> Track:
    """What is read from such a file."""
    return read(given(tmp_path, {"version": "1.2", "entries": list(entries)}), base_url=base_url, endpoint=PATH)[Part.PROVIDER]


def verdicts(track: Track) -> dict[str, str]:
    """The verdicts of every rule that spoke."""
    judgement = replaying.judged(track)
    judgement.rules = set(load().rules)
    return {id: said for id, said in judgement.verdicts.items() if said != "not-exercised"}


def test_a_recorded_success_keeps_what_it_shows(tmp_path: Path) -> None:
    """What a browser saves is judged by the rules that can be seen in it; whose session it was, nobody knows."""
    found = verdicts(foreign(tmp_path, call(), {"request": {"url": "https://store.example/cart"}}))
    assert set(found.values()) == {"pass"}
    assert "status-mirrors-http" in found
    assert not {"one-answer-in-time", "body-is-utf8", "no-input-needed", "refuses-without-session"} & set(found)


def test_a_recorded_fault_is_found(tmp_path: Path) -> None:
    """As in an answer of now."""
    found = verdicts(foreign(tmp_path, call(text='{"success": false, "status": 201}')))
    assert {id for id, said in found.items() if said == "fail"} == {"status-mirrors-http", "success-flag-is-truthful"}


LEFT_OUT: dict[str, tuple[dict[str, Any], str]] = {
    "never answered": ({"response__status": 0}, "1 without an answer"),
    "aborted": ({"response___error": "net::ERR_ABORTED"}, "1 without an answer"),
    "no body saved": ({"response__content__text": ...}, "1 saved without its body"),
    "size unknown": ({"response__content__text": ..., "response__content__size": -1}, "1 saved without its body"),
    "from a cache": ({"_fromCache": "disk"}, "1 not from the network"),
    "no response": ({"response": ...}, "1 not as HAR 1.2 says"),
    "headers that are none": ({"response__headers": 7}, "1 not as HAR 1.2 says"),
    "an unknown encoding": ({"response__content__encoding": "gzip"}, "1 not as HAR 1.2 says"),
    "no time": ({"time": "NaN"}, "1 not as HAR 1.2 says"),
    "a body elsewhere": ({"response__content__text": ..., "response__content___file": "../x"}, "1 whose body is in a file"),
}


@pytest.mark.parametrize(("change", "said"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_call_that_cannot_be_judged_is_left_out_and_counted(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """Nobody is blamed for what a browser did not save; alone, such a call is no evidence."""
    track = foreign(tmp_path, call(**change), call())
    assert track.remark == f"2 calls found, of which not judged: {said}" + (" that is not there" if "in a file" in said else "")
    assert set(verdicts(track).values()) == {"pass"}
    with pytest.raises(BadEvidence, match="none that can be judged"):
        foreign(tmp_path, call(**change))


def test_an_empty_body_that_was_saved_is_one(tmp_path: Path) -> None:
    """A refresh that is answered with nothing is wrong, and a redirect has no body worth saving."""
    empty = {"response__content": {"size": 0, "mimeType": ""}, "response__headers": []}
    assert verdicts(foreign(tmp_path, call(**empty)))["body-is-strict-json"] == "fail"
    assert verdicts(foreign(tmp_path, call(302, **empty)))["no-redirect"] == "fail"


def test_time_in_the_queue_of_a_browser_does_not_count(tmp_path: Path) -> None:
    """What the endpoint did not take, it is not blamed for."""
    x = foreign(tmp_path, call()).exchanges[0]
    assert x.response
    assert x.response.seconds == pytest.approx(0.1)
    slow = call(time=9000.0, timings={"blocked": 8000})
    assert verdicts(foreign(tmp_path, slow))["answers-within-5-seconds"] == "pass"


def test_bodies_beside_the_file_are_read(tmp_path: Path) -> None:
    """Playwright can put them there; their bytes are those of the answer."""
    (tmp_path / "body.json").write_bytes(b"\xef\xbb\xbf{}")
    track = foreign(tmp_path, call(response__content={"size": 5, "_file": "body.json"}))
    assert verdicts(track)["body-is-utf8"] == "fail"


def test_several_hosts_ask_which(tmp_path: Path) -> None:
    """Two shops in one file are not one implementation."""
    other = call(request__url=f"https://other.example{PATH}")
    with pytest.raises(BadEvidence, match=r"several hosts \(other.example, store.example\); say which with --base-url"):
        foreign(tmp_path, call(), other)
    track = foreign(tmp_path, call(), other, base_url="https://other.example")
    assert (track.facts["name"], len(track.exchanges)) == ("other.example", 1)
    with pytest.raises(BadEvidence, match=r"no call of third\.example of"):
        foreign(tmp_path, call(), base_url="https://third.example")


def test_preflights_are_no_refreshes(tmp_path: Path) -> None:
    """A browser asks before it calls another origin."""
    preflight = call(204, request__method="OPTIONS", response__content={"size": 0, "mimeType": ""}, response__headers=[])
    assert set(verdicts(foreign(tmp_path, preflight, call())).values()) == {"pass"}
