"""The tests that users run: `pytest --pyargs contracts`."""
