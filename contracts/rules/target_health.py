"""Tells a target that cannot be judged from one that is wrong, by what its answers have in common. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.model.exchange import Exchange, Failure, Response

ABSENT: Final = ("unreachable", "tls")  # failures before a request could even be sent
GATEWAY: Final = (502, 503, 504)  # the statuses of a gateway behind which nothing answers


@dataclass
class TargetHealth:
    """Counts of the answers so far. Recordings hold them by these names."""

    answers: int = 0
    missing: int = 0  # 404
    pages: int = 0  # HTML
    gateways: int = 0
    moved: int = 0  # redirects to another address of the same path
    logged_in: int = 0
    refused: int = 0  # 401 or 403 to the logged-in session

    def count(self, exchange: Exchange) -> None:
        """Count one more answer."""
        response = exchange.response
        if response is None:
            return
        self.answers += 1
        self.missing += response.status == 404
        self.pages += "html" in response.media_type and not response.reading.readable
        self.gateways += response.status in GATEWAY
        location = response.header("location") or ""
        same_path = location.partition("?")[0].endswith(_path(exchange.request.url))
        self.moved += response.status in (301, 302, 307, 308) and "://" in location and same_path
        if exchange.situation.session == "valid" and exchange.request.method == "POST":
            self.logged_in += 1
            self.refused += is_refusal(response)

    def no_endpoint(self, path: str) -> str | None:
        """Why this is no refresh endpoint at all, in one sentence; None if it may be one."""
        if not self.answers:
            return None
        if self.missing == self.answers:
            return f"every answer was a 404: there is no endpoint at {path}; check --base-url and --refresh-path"
        if self.pages == self.answers:
            return "every answer was an HTML page: this is no refresh endpoint; check --base-url and --refresh-path"
        if self.gateways == self.answers:
            return "every answer was 502, 503 or 504: nothing answers behind the gateway; try again when it does"
        if self.moved == self.answers:
            return "every answer was a redirect to another address; use that address as --base-url"
        return None

    @property
    def session_refused(self) -> bool:
        """Whether the logged-in session was refused every time."""
        return self.logged_in >= 3 and self.refused == self.logged_in


def is_refusal(response: Response) -> bool:
    """Whether the session was not accepted."""
    return response.status in (401, 403) and not response.claims_success


def is_unavailable(answer: Response | Failure) -> bool:
    """Whether the target itself did not answer: no connection, or a gateway that says so."""
    return answer.kind in ABSENT if isinstance(answer, Failure) else answer.status in GATEWAY


def is_answer_lost(answer: Response | Failure) -> bool:
    """Whether the request may have been carried out though its answer did not come."""
    return answer.kind not in ABSENT if isinstance(answer, Failure) else answer.status in GATEWAY


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2].partition("?")[0]
