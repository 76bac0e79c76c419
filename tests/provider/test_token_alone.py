"""A customer's token without the session: no stranger has it, and one request asks whether it is accepted."""

from __future__ import annotations

import pytest

from contracts.judge import judge_provider
from contracts.model.exchange import Exchange
from contracts.model.part import Part
from contracts.provider.mock import RefreshMock
from contracts.provider.probes import BEARER
from contracts.provider.target import Target
from contracts.report.model import report
from contracts.result import RunResult
from contracts.rules.judgement import ProviderJudgement
from contracts.settings import Settings
from tests.kit.endpoints import judged
from tests.liars import ODD

QUESTION = "asked with the last token alone"


def bearer(exchange: Exchange) -> str:
    """The token in the header Authorization."""
    return (exchange.request.header("authorization") or "").removeprefix("Bearer ")


@pytest.fixture
def judgement() -> ProviderJudgement:
    """What the gate says of the mock."""
    mock = RefreshMock()
    return judge_provider(Target.in_process(mock.handler, mock.session, other_cookie=mock.other_session))


def test_a_stranger_never_has_the_customers_token(judgement: ProviderJudgement) -> None:
    """Only requests with the customer's session carry a token that was given; those of strangers carry a made-up one."""
    exchanges = list(judgement.observation.evidence.values())
    given = {x.response.token for x in exchanges if x.response} - {None}
    with_token = {x.situation.session for x in exchanges if bearer(x) in given}
    assert with_token == {"valid", BEARER}
    assert {x.situation.session for x in exchanges if bearer(x) == "made-up"} >= {"none", "empty", "made-up"}


def test_the_last_request_asks_with_the_last_token_alone(judgement: ProviderJudgement) -> None:
    """It comes last, because an environment may end the session over it, and has no cookie."""
    *before, last = judgement.observation.evidence.values()
    assert (last.situation.session, last.request.header("cookie")) == (BEARER, None)
    given = [x.response.token for x in before if x.situation.customer == "first" and x.response and x.response.token]
    assert bearer(last) == given[-1]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("honest", "it was refused (HTTP 401)"),
        ("bearer-accepted", "it was accepted: whoever has a token can renew it without the session's cookie (HTTP 200)"),
    ],
)
def test_the_report_says_whether_the_token_alone_is_accepted(name: str, said: str) -> None:
    """It is a sentence of the report, and breaks no rule."""
    (odd,) = (odd for odd in ODD if odd.name == name)
    with odd.make() as running:
        judgement = judged(running)
    checks = report(RunResult(judgements={Part.PROVIDER: judgement}, settings=Settings())).checks
    assert [check.said for check in checks if check.what == QUESTION] == [said]
    assert judgement.verdict == "conformant", judgement.reason
