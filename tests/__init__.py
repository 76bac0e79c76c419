"""Proof that the suite does what it says."""
