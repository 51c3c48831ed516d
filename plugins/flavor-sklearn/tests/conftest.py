"""Settings of this plugin's tests."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """The oldest scikit-learn that we allow uses what the newest scipy announces to remove."""
    config.addinivalue_line("filterwarnings", "ignore:scipy.optimize:DeprecationWarning")
