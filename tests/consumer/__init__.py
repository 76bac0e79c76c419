"""Proof of consumer."""
