"""Fixtures of the core's own tests."""

import pytest

import hookline
from hookline.testing import memory_workspace


@pytest.fixture
def workspace(tmp_path):
    """A workspace whose stores are in memory."""
    with memory_workspace(tmp_path / "home") as made:
        yield made
        made.runs.end_open("FINISHED")


@pytest.fixture
def fluent(workspace):
    """The fluent functions on a workspace in memory, with nothing active."""
    hookline.use(workspace)
    yield hookline
    while hookline.active_run():
        hookline.end_run()
    hookline.use(None)
