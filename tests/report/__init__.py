"""Proof of report."""
