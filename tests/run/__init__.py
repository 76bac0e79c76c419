"""Proof of run."""
