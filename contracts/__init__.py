"""Contract tests for the refresh of a customer's access token on Salla storefronts.

    document ──► probes ──► exchange ──► rules ──► verdicts ──► report

The core (document, strict_json, exchange, rules, verdict) is pure: it imports no pytest, no network, no browser.
"""

__version__ = "0.1.0"
