"""Liars about the types of members that a schema documents."""

from __future__ import annotations

from tests.liars import changes as c
from tests.liars.build import Lies, lie
from tests.liars.conditions import no_session, refused, sends, succeeded

FITS: Lies = {
    "body-fits-schema": (
        lie(
            "case-number",
            "has a number for data.case and a list for data.redirect_url",
            succeeded,
            c.with_data(case=7, redirect_url=[]),
        ),
        lie("message-object", "has an object for data.message", succeeded, c.with_data(message={"ar": "تم"})),
        lie("fields-number", "has a number for error.fields", refused, c.with_error(fields=5)),
        lie("error-case-list", "has a list for error.case", refused, c.with_error(case=["session_expired"])),
        lie(
            "fields-text-nobody",
            "has a text for error.fields without a session",
            refused,
            c.with_error(fields="none"),
            no_session,
        ),
        lie(
            "case-number-usd",
            "has a number for data.case with currency: USD",
            *(succeeded, c.with_data(case=7), sends(currency="USD")),
        ),
    ),
}
