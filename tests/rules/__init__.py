"""Proof of rules."""
