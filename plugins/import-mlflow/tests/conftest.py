"""Sources and workspaces for the tests."""

import sys
from pathlib import Path

import pytest

from hookline import Config, Workspace

sys.path.insert(0, str(Path(__file__).parent))
from mlflow_histories import database, folder_of


@pytest.fixture(params=[database, folder_of], ids=["a database", "a folder"])
def source(request, tmp_path):
    """A place where MLflow recorded."""
    return request.param(tmp_path)


@pytest.fixture
def home(tmp_path):
    """The folder of the workspace."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "hookline.yaml").touch()
    return folder


@pytest.fixture
def workspace(home):
    """An empty workspace on SQLite and a folder."""
    with Workspace(Config.load(home, environ={})) as made:
        yield made
