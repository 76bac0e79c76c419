"""Proof of har."""
