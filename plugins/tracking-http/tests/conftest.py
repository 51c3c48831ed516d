"""Fixtures of the tests: a real server."""

from hookline_server.testing import serving_at, switch, url

__all__ = ["serving_at", "switch", "url"]
