"""Proof of redaction."""
