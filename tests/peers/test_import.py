"""What real MLflow of three majors recorded, brought by `hookline import mlflow`."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "plugins" / "tracking-sql" / "tests" / "servers"))
from database_servers import mariadb, postgresql
from servers import theirs

PEERS = os.environ.get("HOOKLINE_PEERS", "")
pytestmark = pytest.mark.skipif(not PEERS, reason="HOOKLINE_PEERS names no folder; `tox -e peers` makes it")
SCRIPT = Path(__file__).parent / "clients" / "history.py"


def clean(**more):
    return {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))} | more


def hookline(folder, *words):
    command = [sys.executable, "-m", "hookline", *words]
    return subprocess.run(command, cwd=folder, env=clean(), capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize(
    ("peer", "place", "registry"),
    [
        ("mlflow", "sqlite:///{}/mlflow.db", True),
        ("mlflow", "file://{}/runs", True),
        ("mlflow-2", "sqlite:///{}/mlflow.db", True),
        ("mlflow-2", "file://{}/runs", True),
        ("mlflow-1", "sqlite:///{}/mlflow.db", True),
        ("mlflow-1", "file://{}/runs", False),
    ],
)
def test_what_mlflow_recorded_is_here(tmp_path, peer, place, registry):
    there = tmp_path / "there"
    there.mkdir()
    imported(tmp_path, there, peer, place.format(there), registry)


def test_what_mlflow_s_server_has_is_here(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    with theirs(str(Path(PEERS) / "mlflow" / "bin" / "python"), there) as url:
        imported(tmp_path, there, "mlflow", url, registry=True)


@pytest.fixture(scope="module")
def server_of_postgresql():
    folder = tempfile.TemporaryDirectory(prefix="hookline-servers-", ignore_cleanup_errors=True)
    with folder as place, postgresql(Path(place)) as uri:
        yield uri


@pytest.fixture(scope="module")
def server_of_mariadb():
    folder = tempfile.TemporaryDirectory(prefix="hookline-servers-", ignore_cleanup_errors=True)
    with folder as place, mariadb(Path(place)) as uri:
        yield uri


@pytest.fixture
def name(request):
    """The name of a database."""
    return re.sub(r"\W", "_", request.node.name)[-40:]


@pytest.fixture
def on_postgresql(server_of_postgresql, name):
    """The URI of an empty database."""
    with psycopg.connect(server_of_postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    server = server_of_postgresql.rpartition("/")[0].partition(":")[2]
    return f"postgresql+psycopg2:{server}/{name}"  # the driver that every SQLAlchemy of these peers knows


@pytest.fixture
def on_mariadb(server_of_mariadb, name):
    """The URI of an empty database."""
    parts = urlsplit(server_of_mariadb)
    with (
        pymysql.connect(
            host=parts.hostname, port=parts.port, user=parts.username, password=parts.password
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"CREATE DATABASE {name}")
    return f"mysql+pymysql:{server_of_mariadb.partition(':')[2]}/{name}"


@pytest.fixture(params=["on_postgresql", "on_mariadb"])
def empty_database(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("peer", ["mlflow", "mlflow-2", "mlflow-1"])
def test_what_mlflow_recorded_in_a_database_of_a_server_is_here(tmp_path, empty_database, peer):
    there = tmp_path / "there"
    there.mkdir()
    imported(tmp_path, there, peer, empty_database, registry=True)


def test_what_mlflow_s_server_keeps_in_such_a_database_is_read_from_there(tmp_path, empty_database):
    there = tmp_path / "there"
    there.mkdir()
    with theirs(str(Path(PEERS) / "mlflow" / "bin" / "python"), there, empty_database) as url:
        words = (empty_database, "--artifact-root", str(there / "files"))
        imported(tmp_path, there, "mlflow", url, registry=True, read=words)


def imported(tmp_path, there, peer, uri, registry, read=()):
    """Have a peer record something at a place, and bring it from there, or by the words of `read`."""
    python = str(Path(PEERS) / peer / "bin" / "python")
    made = subprocess.run(
        [python, "-W", "ignore", str(SCRIPT), uri, "registry" if registry else ""],
        cwd=there,
        env=clean(MLFLOW_ALLOW_FILE_STORE="true"),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert made.returncode == 0, made.stderr[-3000:]
    said = json.loads(made.stdout.splitlines()[-1])
    for new in (True, False):
        done = hookline(tmp_path, "import", "mlflow", *(read or (uri,)), "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        report = json.loads(done.stdout)
        assert report["problems"] == []
        assert report["missing_files"] == 0
        assert report["brought" if new else "present"]["runs"] == said["runs"]
        assert report["found"]["points"] == 3 * 51 + (peer == "mlflow")
        assert report["found"].get("versions", 0) == int(registry)
    run = json.loads(hookline(tmp_path, "runs", "show", said["run_id"], "--json").stdout)
    assert run["info"]["lifecycle_stage"] == "deleted"
    assert run["data"]["params"] == {"alpha": "0.2", "a/b": "x"}
    if registry:
        version = json.loads(hookline(tmp_path, "models", "versions", "clf", "--json").stdout)
        assert [(each["version"], each["current_stage"]) for each in version] == [(2, "Staging")]
