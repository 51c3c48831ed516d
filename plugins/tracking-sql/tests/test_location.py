"""Which files are opened, and that those of others are left as they are."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hookline.entities import NewRun
from hookline.errors import HooklineError, InvalidValue, Refused
from hookline_tracking_sql.location import Contents, database_path, inspect
from hookline_tracking_sql.registry import SqlModelRegistry
from hookline_tracking_sql.store import SqlTrackingStore

MLFLOW = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('f4a9b2c7d1e6');
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name VARCHAR(256) NOT NULL);
INSERT INTO experiments VALUES (0, 'Default');
CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250), experiment_id INTEGER);
CREATE TABLE params (key VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL);
CREATE TABLE metrics (key VARCHAR(250) NOT NULL, value FLOAT NOT NULL, run_uuid VARCHAR(32) NOT NULL);
CREATE TABLE tags (key VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL);
"""
MLFLOW_USERS = """
CREATE TABLE alembic_version_auth (version_num VARCHAR(32) NOT NULL);
CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR(255));
CREATE TABLE experiment_permissions (id INTEGER PRIMARY KEY);
CREATE TABLE registered_model_permissions (id INTEGER PRIMARY KEY);
"""
Opens = Callable[[str], object]


def make(path: Path, script: str, journal: str = "DELETE") -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.executescript(script)


def everything(folder: Path) -> dict[str, bytes]:
    """The bytes of all files of a folder."""
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sqlite:////data/runs.db", "/data/runs.db"),
        ("sqlite:////data/with space & 100%.db", "/data/with space & 100%.db"),
        ("SQLITE:////data/runs.db", "/data/runs.db"),
        ("sqlite:///runs.db", "{cwd}/runs.db"),
        ("sqlite:///a/../b.db", "{cwd}/a/../b.db"),
        ("sqlite:///~/runs.db", "{home}/runs.db"),
    ],
)
def test_a_uri_names_a_file(uri: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert str(database_path(uri)) == expected.format(cwd=tmp_path, home=tmp_path / "home")


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("sqlite:", "in memory"),
        ("sqlite://", "in memory"),
        ("sqlite:///", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file:shared?mode=memory", "in memory"),
        ("sqlite://runs.db", "sqlite:///runs.db"),
        ("sqlite:runs.db", "sqlite:///runs.db"),
        ("sqlite:/data/runs.db", "form sqlite:///PATH"),
        ("sqlite:///runs.db?timeout=5", "tracking.options"),
    ],
)
def test_another_uri_is_refused_with_the_right_one(uri: str, problem: str) -> None:
    with pytest.raises(InvalidValue, match=problem):
        database_path(uri)


@pytest.mark.parametrize("script", [MLFLOW, MLFLOW_USERS], ids=["tracking", "users"])
@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
@pytest.mark.parametrize("opens", [SqlTrackingStore, SqlModelRegistry])
def test_a_database_of_mlflow_is_left_as_it_is(opens: Opens, journal: str, script: str, tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    make(path, script, journal)
    before = everything(tmp_path)
    with pytest.raises(Refused, match=r"database of MLflow.*nothing in it was changed.*Choose another file"):
        opens(f"sqlite:///{path}")
    assert everything(tmp_path) == before


def test_a_database_of_mlflow_that_is_in_use_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(MLFLOW)  # stays in the log as long as this connection is open
        before = path.read_bytes()
        with pytest.raises(Refused, match="database of MLflow"):
            SqlTrackingStore(f"sqlite:///{path}")
        assert path.read_bytes() == before
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'hookline%'").fetchone() == (0,)


@pytest.mark.parametrize(
    "content",
    [b"run,metric\n1,2\n", b"\0" * 4096, b"SQLite format 2\0" + b"\0" * 200, b"SQLite format 3\0" + b"\1" * 5000],
    ids=["text", "zeros", "another version", "a damaged database"],
)
def test_a_file_that_is_no_database_is_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(content)
    with pytest.raises(HooklineError, match=r"(no|not a|damaged) SQLite database|cannot be read now"):
        SqlTrackingStore(f"sqlite:///{path}")
    assert everything(tmp_path) == {"data": content}


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="is a folder"):
        SqlTrackingStore(f"sqlite:///{tmp_path}")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Refused, match="file"):
        SqlTrackingStore(f"sqlite:///{tmp_path}/file/store.db")


def test_the_folder_of_a_new_store_is_made(store: SqlTrackingStore, path: Path) -> None:
    assert inspect(path) is Contents.OURS


def test_a_database_may_be_shared_with_a_program_that_is_not_mlflow(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    make(path, "CREATE TABLE runs (kilometres REAL); INSERT INTO runs VALUES (42.2); PRAGMA application_id = 77")
    assert inspect(path) is Contents.OTHERS
    with closing(SqlTrackingStore(f"sqlite:///{path}")) as store:
        run = store.create_run(NewRun("0"))
    assert inspect(path) is Contents.OURS
    with closing(SqlTrackingStore(f"sqlite:///{path}")) as store:
        assert store.get_run(run.info.run_id).info == run.info
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT kilometres FROM runs").fetchall() == [(42.2,)]
        assert connection.execute("PRAGMA application_id").fetchone() == (77,)


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with closing(SqlTrackingStore(f"sqlite:///{path}")) as store:
        assert store.get_experiment("0").name == "Default"
