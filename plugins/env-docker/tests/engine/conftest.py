"""Tests on a real podman, which `tox -e containers` prepares; elsewhere they are skipped."""

from pathlib import Path

import pytest

from hookline_lib_container.testing import engine, engine_address, skip_without_engine, small_engine

__all__ = ["engine", "engine_address", "small_engine"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip_without_engine(items, Path(__file__).parent)
