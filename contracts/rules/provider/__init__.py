"""The provider rules: which answers are allowed in which situation.

    wire        one-answer-in-time, content-type-is-json, body-is-utf8, body-is-strict-json
    answer      success-is-boolean … error-has-object, no-redirect
    promise     no-input-needed, extras-change-nothing, repeats-hold, concurrent-calls-hold
    session     session-is-kept
    guard       refuses-without-session, other-methods-never-refresh
    whose       token-belongs-to-customer
    token       success-carries-token, token-is-not-expired, token-is-valid-already, token-is-new
    manners     good manners, which are all SHOULD, as are those of token, fits and origin
    fits        body-fits-schema
    origin      no-foreign-origin-with-credentials

Rules about bodies judge only answers to POST. If a fault keeps a rule from reading an answer, only the rule about that fault
reports it: one fault gives one finding, as far as the evidence allows.
"""

import importlib

from contracts.rules.provider.base import RULE_SET, Memory

__all__ = ["RULE_SET", "Memory"]

# Importing a part registers its rules, in the order of the document.
for _part in ("wire", "answer", "promise", "session", "guard", "whose", "token", "manners", "fits", "origin"):
    importlib.import_module(f"{__name__}.{_part}")
