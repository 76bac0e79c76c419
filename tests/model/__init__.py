"""Proof of model."""
