"""Tells a target that cannot be judged from one that is wrong, by what its answers have in common. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from contracts.model.exchange import Exchange, Failure, Response
from contracts.rules.signs import challenge, how_to_follow, moved_to, said_by, wants_csrf

ABSENT: Final = ("unreachable", "tls", "http2")  # failures before a request could even be understood
GATEWAY: Final = (502, 503, 504)  # the statuses of a gateway behind which nothing answers
NOT_NOW: Final = 503  # the one of them that says that the request was not carried out
CHECK: Final = "check --base-url and --refresh-path"
CSRF: Final = (
    "put all cookies of the page into REFRESH_COOKIE (XSRF-TOKEN is sent back as x-xsrf-token), "
    "or give the header that it wants in REFRESH_HEADERS"
)


@dataclass
class TargetHealth:
    """Counts of the answers so far, and what the last of a kind said. Recordings hold them by these names."""

    answers: int = 0
    missing: int = 0  # 404
    pages: int = 0  # HTML
    gateways: int = 0
    moved: int = 0  # redirects to another address of the same path
    logged_in: int = 0
    refused: int = 0  # 401, 403 or 419 to the logged-in session
    unavailable: int = 0  # 503
    challenged: int = 0  # by a firewall
    page: str = field(default="", repr=False)  # the title of the last page
    moved_to: str = field(default="", repr=False)
    challenge: str = field(default="", repr=False)
    refusal: str = field(default="", repr=False)  # what the last refusal said
    refusal_status: int = 0

    def count(self, exchange: Exchange) -> None:
        """Count one more answer."""
        response = exchange.response
        if response is None:
            return
        self.answers += 1
        self.missing += response.status == 404
        if "html" in response.media_type and not response.reading.readable:
            self.pages += 1
            self.page = said_by(response) or self.page
        self.gateways += response.status in GATEWAY
        self.unavailable += is_not_now(response)
        if found := challenge(response):
            self.challenged += 1
            self.challenge = found
        if found := moved_to(response, exchange.request.url):
            self.moved += 1
            self.moved_to = found
        if exchange.situation.session == "valid" and exchange.request.method == "POST":
            self._count_logged_in(response)

    def _count_logged_in(self, response: Response) -> None:
        self.logged_in += 1
        if is_refusal(response):
            self.refused += 1
            self.refusal, self.refusal_status = said_by(response), response.status

    def no_endpoint(self, path: str) -> str | None:
        """Why this is no refresh endpoint at all, in one sentence; None if it may be one."""
        if not self.answers:
            return None
        if self.challenged == self.answers:
            return (
                f"every answer was a firewall's challenge ({self.challenge}), which only a browser passes; "
                "put this machine on its allow-list, or give the header that it lets through in REFRESH_HEADERS"
            )
        if self.missing == self.answers:
            return f"every answer was a 404: there is no endpoint at {path}; {CHECK}"
        if self.unavailable == self.answers:
            return (
                "every answer was a 503: the target is under maintenance, or a limiter answers so (nginx's limit_req does); "
                "try again when it is up, or lower --refresh-rate"
            )
        if self.gateways == self.answers:
            return (
                "every answer was 502, 503 or 504: nothing answers behind the gateway; "
                "start what stands behind it, and try again when it answers"
            )
        if self.moved == self.answers:
            return f"every answer was a redirect to {self.moved_to}; {how_to_follow(self.moved_to, path)}"
        if self.pages == self.answers:
            titled = f' ("{self.page}")' if self.page else ""
            advice = CSRF if wants_csrf(0, self.page) else CHECK
            return f"every answer was an HTML page{titled}: this is no refresh endpoint; {advice}"
        return None

    @property
    def session_refused(self) -> bool:
        """Whether the logged-in session was refused every time."""
        return self.logged_in >= 3 and self.refused == self.logged_in

    @property
    def session_refusal(self) -> str | None:
        """That the session was refused every time, in what words, and what to do; None if it was not."""
        if not self.session_refused:
            return None
        quoted = f', the last time with "{self.refusal}"' if self.refusal else ""
        advice = "log in again and set REFRESH_COOKIE anew"
        if wants_csrf(self.refusal_status, self.refusal):
            advice = CSRF
        return f"the session was refused (HTTP {self.refusal_status}) every time{quoted}; {advice}"


def is_refusal(response: Response) -> bool:
    """Whether the session was not accepted. 419 is Laravel's refusal of a request without its token against forgery."""
    return response.status in (401, 403, 419) and not response.claims_success


def is_unavailable(answer: Response | Failure) -> bool:
    """Whether the target itself did not answer: no connection, or a gateway that says so."""
    return answer.kind in ABSENT if isinstance(answer, Failure) else answer.status in GATEWAY


def is_not_now(answer: Response | Failure) -> bool:
    """Whether the target says that it is unavailable now: the request was not carried out, and may be sent again later."""
    return isinstance(answer, Response) and answer.status == NOT_NOW


def is_answer_lost(answer: Response | Failure) -> bool:
    """Whether the request may have been carried out though its answer did not come."""
    return answer.kind not in ABSENT if isinstance(answer, Failure) else answer.status in GATEWAY
