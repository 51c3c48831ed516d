"""Opening: new, known, older and newer databases, and the mode that a file system needs."""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from hookline import system
from hookline.entities import (
    Batch,
    ExperimentChange,
    LifecycleStage,
    Metric,
    NewModelVersion,
    NewRun,
    RunChange,
    RunStatus,
)
from hookline.errors import InvalidState, InvalidValue
from hookline.testing.store_suite import at_once
from hookline_tracking_sql import schema, upgrades
from hookline_tracking_sql.dialects.sqlite import SqliteDialect
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.kept_overviews import LEAST_POINTS, make_missing_overviews
from hookline_tracking_sql.location import APPLICATION_ID, Contents, inspect
from hookline_tracking_sql.opening import create_schema, open_database, open_existing, require_current, revision
from hookline_tracking_sql.options import SqlOptions, Synchronous
from hookline_tracking_sql.registry import SqlModelRegistry
from hookline_tracking_sql.store import SqlTrackingStore

Execute = Callable[..., list[tuple[object, ...]]]
ON_NETWORK = "lies on a network file system"


def definitions(path: Path) -> dict[str, str]:
    """The statements that made the tables and indexes of a database, by their names."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(text.split()) for name, text in rows}


def test_migrations_make_what_the_metadata_says(tmp_path: Path) -> None:
    made, migrated = (Database(SqliteDialect(f"sqlite:///{tmp_path}/{name}.db")) for name in ("made", "migrated"))
    with closing(made), closing(migrated):
        create_schema(made)
        assert upgrades.upgrade_database(migrated) == (None, schema.HEAD)
        assert revision(made) == revision(migrated) == schema.HEAD
    assert definitions(tmp_path / "migrated.db") == definitions(tmp_path / "made.db")


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    assert upgrades.revisions() == schema.SCHEMA_VERSIONS


def test_every_table_and_index_has_our_prefix(store: SqlTrackingStore, path: Path) -> None:
    names = definitions(path).keys() - {"sqlite_sequence"}
    assert len(names) > 20
    assert {name for name in names if not name.startswith("hookline_")} == set()


def test_a_new_database_is_marked_as_ours(store: SqlTrackingStore, execute: Execute) -> None:
    assert execute("PRAGMA application_id") == [(APPLICATION_ID,)]
    assert execute("SELECT version_num FROM hookline_schema") == [(schema.HEAD,)]


def test_a_database_that_lost_its_mark_is_still_ours(store: SqlTrackingStore, path: Path, execute: Execute) -> None:
    store.close()
    execute("PRAGMA application_id = 0")
    assert inspect(path) is Contents.OURS


def test_threads_that_open_a_new_store_at_once_make_one(uri: str) -> None:
    stores = at_once(*[partial(SqlTrackingStore, uri)] * 6)
    ids = {store.create_experiment(f"e{number}").experiment_id for number, store in enumerate(stores)}
    for store in stores:
        store.close()
    assert ids == {"1", "2", "3", "4", "5", "6"}


def test_a_newer_schema_is_left_as_it_is(store: SqlTrackingStore, uri: str, path: Path, execute: Execute) -> None:
    store.close()
    execute("UPDATE hookline_schema SET version_num = '9999'")
    before = path.read_bytes()
    for opens in (SqlTrackingStore, SqlModelRegistry):
        with pytest.raises(InvalidState, match=r"newer version \(schema 9999.*pip install --upgrade"):
            opens(uri)
    with closing(open_existing(SqliteDialect(uri))) as database, pytest.raises(InvalidState, match="newer version"):
        upgrades.upgrade_database(database)
    assert path.read_bytes() == before


def test_an_older_schema_names_the_command(
    store: SqlTrackingStore, uri: str, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    monkeypatch.setattr(schema, "SCHEMA_VERSIONS", ("0000", *schema.SCHEMA_VERSIONS))
    execute("UPDATE hookline_schema SET version_num = '0000'")
    with pytest.raises(InvalidState, match=r"older version .*hookline db upgrade"):
        SqlTrackingStore(uri)


def test_a_store_of_the_first_schema_has_overviews_of_what_ends_once_it_is_upgraded(
    store: SqlTrackingStore, open_store: Callable[[], SqlTrackingStore], uri: str, execute: Execute
) -> None:
    run_id = store.create_run(NewRun("0")).info.run_id
    store.log_batch(run_id, Batch([Metric("m", step % 7, step, step) for step in range(LEAST_POINTS)]))
    before = store.chart([run_id], "m", width=20)
    store.close()
    execute("DROP TABLE hookline_overviews")
    execute("DROP TABLE hookline_intakes")
    execute("UPDATE hookline_schema SET version_num = '0001'")
    with pytest.raises(InvalidState, match=r"older version .*hookline db upgrade"):
        SqlTrackingStore(uri)
    with closing(open_existing(SqliteDialect(uri))) as database:
        assert upgrades.upgrade_database(database) == ("0001", schema.HEAD)
    upgraded = open_store()
    assert upgraded.chart([run_id], "m", width=20) == before
    upgraded.update_run(run_id, RunChange(status=RunStatus.FINISHED, end_time=1))
    assert execute("SELECT count(*), min(count) FROM hookline_overviews") == [(3, LEAST_POINTS)]
    assert upgraded.chart([run_id], "m", width=19) == before


def test_an_upgrade_makes_the_overviews_of_what_ended_before_there_were_any(
    store: SqlTrackingStore, uri: str, execute: Execute
) -> None:
    lengths = {"long": LEAST_POINTS, "longer": LEAST_POINTS + 5000, "short": LEAST_POINTS - 1}
    run_id = store.create_run(NewRun("0")).info.run_id
    for key, length in lengths.items():
        store.log_batch(run_id, Batch([Metric(key, step % 7, step, step) for step in range(length)]))
    store.update_run(run_id, RunChange(status=RunStatus.FINISHED, end_time=1))
    known = execute("SELECT * FROM hookline_overviews ORDER BY key, axis")
    assert len(known) == 2 * 3
    store.close()
    seen: list[tuple[int, int]] = []
    for lost in (("long", "longer"), ("longer", "none")):  # all of them; those that were left when it was broken off
        execute(f"DELETE FROM hookline_overviews WHERE key IN (SELECT id FROM hookline_keys WHERE name IN {lost})")
        count = len(lost) - lost.count("none")
        with closing(open_existing(SqliteDialect(uri))) as database:
            assert make_missing_overviews(database, lambda *each: seen.append(each)) == count
            assert make_missing_overviews(database, lambda *each: seen.append(each)) == 0
        assert execute("SELECT * FROM hookline_overviews ORDER BY key, axis") == known
    assert seen == [(1, 2), (2, 2), (1, 1)]


def test_what_was_stored_is_there_when_the_store_is_opened_again(open_store: Callable[[], SqlTrackingStore]) -> None:
    store = open_store()
    gone = store.create_experiment("gone").experiment_id
    store.update_experiment(gone, ExperimentChange(lifecycle_stage=LifecycleStage.DELETED))
    run_id = store.create_run(NewRun("0")).info.run_id
    store.log_batch(run_id, Batch([Metric("m", 1.0), Metric("m", float("inf"), 2)], {"p": "1"}, {"t": "2"}))
    before = store.get_run(run_id)
    store.close()
    store.close()
    with pytest.raises(InvalidState, match="was closed"):
        store.get_run(run_id)
    again = open_store()
    assert again.get_run(run_id) == before
    assert again.get_experiment(gone).lifecycle_stage is LifecycleStage.DELETED
    assert [len(block) for block in again.metric_history(run_id, "m")] == [2]


def test_a_store_and_a_registry_share_a_file(store: SqlTrackingStore, uri: str) -> None:
    with closing(SqlModelRegistry(uri)) as registry:
        registry.create_model("wine")

        def versions() -> list[int]:
            return [registry.create_version(NewModelVersion("wine", "file:///m")).version for _ in range(20)]

        def runs() -> list[str]:
            return [store.create_run(NewRun("0")).info.run_id for _ in range(20)]

        numbers, ids = at_once(versions, runs)
        assert numbers == list(range(1, 21))
        assert len(set(ids)) == 20


def test_a_local_file_is_written_ahead(store: SqlTrackingStore, execute: Execute) -> None:
    assert execute("PRAGMA journal_mode") == [("wal",)]
    with store._database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.parametrize("existing", [False, True], ids=["new", "written ahead before"])
def test_a_network_file_system_gets_a_safe_mode(
    existing: bool,
    uri: str,
    path: Path,
    execute: Execute,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if existing:
        SqlTrackingStore(uri).close()
        assert execute("PRAGMA journal_mode") == [("wal",)]
    asked: list[Path] = []
    monkeypatch.setattr(system, "is_network_filesystem", lambda place: asked.append(place) or True)
    with caplog.at_level(logging.WARNING, "hookline"), closing(SqlTrackingStore(uri)) as store:
        run_id = store.create_run(NewRun("0")).info.run_id
        store.log_batch(run_id, Batch([Metric("m", 1.0)]))
        assert store.get_run(run_id).data.metrics == {"m": 1.0}
        for transaction in (store._database.writing, store._database.reading):
            with transaction() as connection:
                assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert {each.name for each in path.parent.iterdir()} <= {path.name, f"{path.name}-journal"}
    assert asked == [path]
    assert [record.getMessage().count(ON_NETWORK) for record in caplog.records] == [1]
    assert execute("PRAGMA journal_mode") == [("delete",)]


def test_a_local_file_warns_of_nothing(uri: str, caplog: pytest.LogCaptureFixture) -> None:
    SqlTrackingStore(uri).close()
    assert caplog.records == []


def test_options_reach_the_connections(open_store: Callable[[SqlOptions], SqlTrackingStore]) -> None:
    store = open_store(SqlOptions(busy_timeout=1.5, synchronous=Synchronous.FULL))
    with store._database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 1500


@pytest.mark.parametrize("seconds", [-1.0, 1e9, float("nan")])
def test_a_timeout_is_seconds(seconds: float) -> None:
    with pytest.raises(ValueError, match="busy_timeout"):
        SqlOptions(busy_timeout=seconds)


def test_a_mistake_in_a_uri_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidValue):
        open_database(SqliteDialect("sqlite://store.db"))
    assert list(tmp_path.iterdir()) == []


def test_the_present_schema_is_accepted(uri: str) -> None:
    with closing(open_database(SqliteDialect(uri))) as database:
        require_current(database)
