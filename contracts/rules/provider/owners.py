"""Whose token it is: tells the tokens of two customers apart by what each of them always says.

A token names its customer by claims that stay the same in all tokens of one customer and differ between the two. A time or a
random claim never does. Where there is the claim `sub`, it alone counts: by RFC 7519 it identifies whom the token is about.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Final

from contracts.model.tokens import claims_of

SUBJECT: Final = "sub"
OF_TIME: Final = frozenset({"exp", "iat", "nbf", "jti", "auth_time", "updated_at"})
REMEMBERED: Final = 50  # tokens of each customer whose claims are remembered
MOST: Final = 10_000  # tokens of which is remembered who was given them

Claims = dict[str, str]
"""The name of a claim to its value as JSON."""


@dataclass
class Owners:
    """Who was given which token, and what the latest tokens of each customer say. The sizes are bounded."""

    given: dict[int, str] = field(default_factory=dict)
    sessions: dict[int, str] = field(default_factory=dict)
    said: dict[str, deque[tuple[int, Claims]]] = field(default_factory=dict)
    reported: set[tuple[str, int]] = field(default_factory=set)

    def fault(self, token: str, customer: str, number: int, *, plain: bool) -> str | None:
        """What is wrong about giving this token to this customer in the exchange of this number; None if nothing is known to be.

        `plain`: nothing in the request could have chosen what the token says, apart from the customer.
        """
        mark = hash(token)
        if self.given.get(mark, customer) != customer:
            return "the very token that the other customer was given"
        if len(self.given) < MOST:
            self.given[mark] = customer
        claims = _telling(token, plain=plain)
        if not claims:
            return None
        self.said.setdefault(customer, deque(maxlen=REMEMBERED)).append((number, claims))
        for where, fault in self._foreign(customer):
            if (customer, where) not in self.reported and len(self.reported) < MOST:
                self.reported.add((customer, where))
                return fault if where == number else f"{fault}, in the answer to request {where}"
        return None

    def holder_of(self, session: str, customer: str) -> str:
        """The customer who sent this session first; this customer, if nobody did."""
        if len(self.sessions) < MOST:
            return self.sessions.setdefault(hash(session), customer)
        return self.sessions.get(hash(session), customer)

    def _foreign(self, customer: str) -> Iterator[tuple[int, str]]:
        """The exchanges in which a customer was given a token that names somebody else, each with the fault in words."""
        mine = self.said[customer]
        for other in (said for name, said in self.said.items() if name != customer):
            names = _naming(mine, other)
            shown = ", ".join(sorted(names))
            for number, claims in mine:
                if names and all(claims.get(name) == value for name, value in names.items()):
                    yield number, f"a token that names the other customer ({shown})"
        subjects = [(number, claims[SUBJECT]) for number, claims in mine if SUBJECT in claims]
        # A name that comes back is a customer's; one that changes for good may name a session.
        latest = subjects[-1][1] if subjects else None
        for number, subject in dropwhile(lambda said: said[1] != latest, subjects):
            if subject != latest:
                yield number, f"a token that names another customer than those before and after it ({SUBJECT})"

    @property
    def same_customer(self) -> bool:
        """Whether the tokens of both customers name one and the same."""
        subjects = [{claims.get(SUBJECT) for _, claims in said} for said in self.said.values()]
        return len(subjects) == 2 and subjects[0] == subjects[1] and len(subjects[0]) == 1 and None not in subjects[0]


def _telling(token: str, *, plain: bool) -> Claims:
    """The claims of a token that may name its customer; none if it is no JWT."""
    found = claims_of(token) or {}
    if isinstance(found.get(SUBJECT), (str, int)):
        return {SUBJECT: json.dumps(found[SUBJECT])}
    if not plain:
        return {}
    return {name: json.dumps(value, sort_keys=True) for name, value in list(found.items())[:REMEMBERED] if name not in OF_TIME}


def _naming(mine: deque[tuple[int, Claims]], other: deque[tuple[int, Claims]]) -> Claims:
    """The claims that tell two customers apart, with the values that name the other one.

    Any other claim than `sub` may be about something else, such as a node; it counts only if the other customer's never changed.
    """
    names = {}
    for name in mine[0][1]:
        own, others = (Counter(claims.get(name) for _, claims in said) for said in (mine, other))
        (usual, times), (value, other_times) = own.most_common()[0], others.most_common()[0]
        if value is None or usual in (None, value) or min(times, other_times) < 2:
            continue
        if name == SUBJECT or (others.keys() == {value} and own.keys() <= {usual, value}):
            names[name] = value
    return names
