"""Providers, real and mocked: what answers `POST /auth/refresh`."""
