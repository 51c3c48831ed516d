"""Sources and workspaces for the tests. `tox -e databases` installs PostgreSQL and MariaDB."""

import itertools
import os
import sys
import tempfile
from pathlib import Path

import pytest

from hookline import Config, Workspace

sys.path.insert(0, str(Path(__file__).parent))
from mlflow_histories import database, database_on_mariadb, database_on_postgresql, folder_of

SERVERS = Path(__file__).parents[2] / "tracking-sql" / "tests" / "servers"
NEEDED = "HOOKLINE_TEST_DATABASES"
_numbers = itertools.count()


def _server(name):
    """Run a real server; yield its URI."""
    if not os.environ.get(NEEDED):
        pytest.skip(f"needs a real server: tox -e databases, which sets {NEEDED}")
    sys.path.insert(0, str(SERVERS))
    import database_servers

    folder = tempfile.TemporaryDirectory(prefix="hookline-servers-", ignore_cleanup_errors=True)
    with folder as place, getattr(database_servers, name)(Path(place)) as uri:
        yield uri


@pytest.fixture(scope="session")
def postgresql_server():
    """The URI of a server of PostgreSQL, without a database."""
    for uri in _server("postgresql"):
        yield uri.rpartition("/")[0]


@pytest.fixture(scope="session")
def mariadb_server():
    """The URI of a server of MariaDB, without a database."""
    yield from _server("mariadb")


@pytest.fixture
def on_postgresql(postgresql_server, tmp_path):
    """The URI of a new database of PostgreSQL, with a history, for a user who owns it."""
    return database_on_postgresql(tmp_path, postgresql_server, f"test_{os.getpid()}_{next(_numbers)}")


@pytest.fixture
def on_mariadb(mariadb_server, tmp_path):
    """The URI of a new database of MariaDB, with a history, for a user who owns it."""
    # Databases whose names begin with `test_` are everybody's there.
    return database_on_mariadb(tmp_path, mariadb_server, f"mlflow_{os.getpid()}_{next(_numbers)}")


@pytest.fixture(params=["a database", "a folder", "PostgreSQL", "MariaDB"])
def source(request, tmp_path):
    """A place where MLflow recorded."""
    if request.param in ("PostgreSQL", "MariaDB"):
        return request.getfixturevalue(f"on_{request.param.lower()}")
    return (folder_of if request.param == "a folder" else database)(tmp_path)


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
