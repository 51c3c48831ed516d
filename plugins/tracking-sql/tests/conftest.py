"""What the tests of this plugin share."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hookline.entities import NewRun
from hookline_tracking_sql.options import SqlOptions
from hookline_tracking_sql.store import SqlTrackingStore

OpenStore = Callable[..., SqlTrackingStore]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a store that is not there yet."""
    return tmp_path / "folder" / "store.db"


@pytest.fixture
def uri(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def open_store(uri: str) -> Iterator[OpenStore]:
    """A function that opens the store; all are closed after the test."""
    opened: list[SqlTrackingStore] = []

    def opens(options: SqlOptions | None = None) -> SqlTrackingStore:
        opened.append(SqlTrackingStore(uri, options))
        return opened[-1]

    yield opens
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> SqlTrackingStore:
    return open_store()


@pytest.fixture
def run_id(store: SqlTrackingStore) -> str:
    return store.create_run(NewRun("0", run_name="run")).info.run_id


@pytest.fixture
def execute(path: Path) -> Callable[..., list[tuple[object, ...]]]:
    """A function that executes a statement on the store's file by a connection of its own."""

    def executes(statement: str, *parameters: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(path)) as connection, connection:
            return connection.execute(statement, parameters).fetchall()

    return executes


@pytest.fixture
def trace(store: SqlTrackingStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that SQLite executed for the store, from now on, without those of transactions."""
    seen: list[str] = []

    def note(statement: str) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "--")):
            seen.append(statement)

    engine = store._database._engine
    for connect in (store._database.writing, store._database.reading):
        with connect() as connection:
            connection.connection.driver_connection.set_trace_callback(note)
    assert engine.pool.checkedout() == 1, "the writer's; one reader waits in the pool, and is taken again"
    return seen
