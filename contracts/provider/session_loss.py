"""The doubt whether the session was lost together with an answer that did not arrive."""

from __future__ import annotations

from typing import Final

from contracts.model.exchange import Failure, Response
from contracts.provider.target import Target
from contracts.rules.target_health import is_answer_lost, is_refusal

MAX_REFUSALS: Final = 3  # after a lost answer; with so many the session was lost with it


class SessionLoss:
    """Decides whether a refusal of the logged-in session may have an innocent cause.

    A request may have been carried out though its answer was lost. If that answer held a new session, then the target rightly
    refuses the old one. The doubt ends with the next success, or when the customer logs in again.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self.doubted = False
        self._lost_answer = 0  # the number of the exchange
        self._refusals = 0

    def explains(self, answer: Response | Failure, number: int) -> bool:
        """Whether the session may be refused because it was lost; to be asked once for each answer to it, in their order."""
        if is_answer_lost(answer):
            self.doubted, self._lost_answer = True, number
        elif isinstance(answer, Response) and answer.claims_success:
            self.doubted, self._refusals = False, 0
        elif isinstance(answer, Response) and is_refusal(answer) and self.doubted:
            self._refusals += 1
            self.doubted = not self._target.renew_session()
            return True
        return False

    @property
    def reason_to_stop(self) -> str | None:
        """Why going on makes no sense, once the session has shown to be lost."""
        if self._refusals < MAX_REFUSALS:
            return None
        return f"the answer to request {self._lost_answer} did not come, and the session was lost with it; log in again"
