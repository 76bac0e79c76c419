"""Proof of provider."""
