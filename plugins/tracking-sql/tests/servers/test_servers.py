"""What is particular to stores on database servers."""

import json
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from hookline import search
from hookline.cli import cli
from hookline.entities import Batch, ExperimentChange, LifecycleStage, Metric, NewRun, RunChange, RunStatus
from hookline.errors import HooklineError, InvalidState, InvalidValue, NotFound, Refused, Unavailable
from hookline.interfaces import TrackingStore
from hookline.providers import resolve
from hookline.testing.store_suite import at_once
from hookline_tracking_sql import schema
from hookline_tracking_sql.database_commands import _DIALECTS
from hookline_tracking_sql.dialects.base import Dialect
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.kept_overviews import LEAST_POINTS
from hookline_tracking_sql.opening import create_schema, open_existing, revision
from hookline_tracking_sql.options import ServerOptions
from hookline_tracking_sql.upgrades import upgrade_database

Execute = Callable[[str], list[Any]]
Opens = Callable[..., Any]


@pytest.fixture
def opens(system: str, uri: str) -> Any:
    """A function that opens the store; all are closed after the test."""
    opened: list[Any] = []
    target = f"hookline_tracking_sql.{system}:{system.capitalize()}TrackingStore"

    def open_store(options: ServerOptions | None = None, uri: str = uri) -> Any:
        opened.append(resolve(target)(uri, options))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def dialect(system: str) -> Callable[..., Dialect]:
    found: Callable[..., Dialect] = resolve(_DIALECTS[system])
    return found


def described(database: Database) -> dict[str, Any]:
    """The tables of a database with their columns, keys, indexes, and how many triggers there are."""
    with database.reading() as connection:
        inspector = sa.inspect(connection)
        return {
            name: (
                [(each["name"], str(each["type"]), each["nullable"]) for each in inspector.get_columns(name)],
                inspector.get_pk_constraint(name)["constrained_columns"],
                sorted((each["name"], str(each["column_names"])) for each in inspector.get_indexes(name)),
                sorted(str(each["constrained_columns"]) for each in inspector.get_foreign_keys(name)),
                sorted(str(each["column_names"]) for each in inspector.get_unique_constraints(name)),
            )
            for name in inspector.get_table_names()
        }


def triggers(system: str, execute: Execute) -> list[Any]:
    place = "current_schema()" if system == "postgresql" else "database()"
    return sorted(
        execute(
            "SELECT trigger_name, event_manipulation, event_object_table FROM information_schema.triggers "
            f"WHERE trigger_schema = {place}"
        )
    )


def test_migrations_make_what_the_metadata_says(
    system: str, uri: str, dialect: Callable[..., Dialect], execute: Execute
) -> None:
    with closing(Database(dialect(uri))) as database:
        assert upgrade_database(database) == (None, schema.HEAD)
        migrated = described(database), triggers(system, execute)
        with database.writing() as connection:
            schema.metadata.drop_all(connection)
        create_schema(database)
        assert (described(database), triggers(system, execute)) == migrated
        assert revision(database) == schema.HEAD
    assert len(migrated[0]) == len(schema.metadata.tables)
    assert len(migrated[1]) == 6


@pytest.mark.parametrize("axis", ["step", "time", "relative"])
def test_a_long_series_is_charted_from_its_overview_as_its_points_say(opens: Opens, axis: str) -> None:
    store = opens()
    run_id = store.create_run(NewRun("0", start_time=1000)).info.run_id
    points = [Metric("m", step % 1009 / 7, step // 2, 1000 + 3 * step) for step in range(LEAST_POINTS + 5000)]
    store.log_batch(run_id, Batch(points[5000:]))
    store.update_run(run_id, RunChange(status=RunStatus.FINISHED, end_time=200_000))
    with store._database.reading() as connection:
        assert len(connection.execute(sa.select(schema.overviews.c.axis)).fetchall()) == 3
    for late in ([], points[:5000]):
        if late:
            store.log_batch(run_id, Batch(late))  # what the overview says is no longer all
        for view in ({}, {"start": 9000, "end": 30_000}):
            found = store.chart([run_id], "m", x=axis, width=100, **view)
            assert found == TrackingStore.chart(store, [run_id], "m", x=axis, width=100, **view)


def test_what_was_stored_is_there_when_the_store_is_opened_again(opens: Opens) -> None:
    store = opens()
    gone = store.create_experiment("gone").experiment_id
    store.update_experiment(gone, ExperimentChange(lifecycle_stage=LifecycleStage.DELETED))
    run_id = store.create_run(NewRun("0")).info.run_id
    values = [1.0, float("inf"), float("-inf"), -0.0, 5e-324, 1.7976931348623157e308, float("nan")]
    store.log_batch(
        run_id, Batch([Metric(f"m{n}", value, n) for n, value in enumerate(values)], {"p": "1"}, {"t": "2"})
    )
    before = store.get_run(run_id)
    assert [str(before.data.metrics[f"m{n}"]) for n in range(len(values))] == [*map(str, values)]
    store.close()
    with pytest.raises(InvalidState, match="was closed"):
        store.get_run(run_id)
    again = opens()
    assert repr(again.get_run(run_id)) == repr(before)
    assert again.get_experiment(gone).lifecycle_stage is LifecycleStage.DELETED


def test_zero_is_found_whatever_its_sign(opens: Opens) -> None:
    store = opens()
    runs = {value: store.create_run(NewRun("0")).info.run_id for value in ("-0.0", "0.0", "-1.0", "1.0")}
    for value, run_id in runs.items():
        store.log_batch(run_id, Batch([Metric("m", float(value))]))
    for test, found in {"= 0": 2, "!= 0": 2, ">= 0": 3, "<= -0.0": 3, "> 0": 1, "< 0": 1}.items():
        assert store.count_runs(["0"], search.parse(search.RUNS, f"metrics.m {test}")) == found, test


def test_processes_that_open_a_new_store_at_once_make_one(opens: Opens) -> None:
    stores = at_once(*[partial(opens)] * 4)
    ids = {store.create_experiment(f"e{number}").experiment_id for number, store in enumerate(stores)}
    assert len(ids) == 4


def test_a_writer_that_waits_too_long_says_so(opens: Opens) -> None:
    busy, late = opens(), opens(ServerOptions(busy_timeout=0.2))
    run_id = busy.create_run(NewRun("0")).info.run_id
    with busy._database.writing() as connection:
        connection.execute(sa.select(sa.func.count()).select_from(schema.runs))
        with pytest.raises(Unavailable, match="busy timeout"):
            late.log_batch(run_id, Batch([Metric("m", 1.0)]))
        assert late.get_run(run_id).data.metrics == {}, "readers do not wait"
    late.log_batch(run_id, Batch([Metric("m", 1.0)]))
    assert late.get_run(run_id).data.metrics == {"m": 1.0}


def test_connections_that_the_server_closed_are_replaced(system: str, opens: Opens, execute: Execute) -> None:
    store = opens()
    run_id = store.create_run(NewRun("0")).info.run_id
    for number in range(3):
        if system == "postgresql":
            others = "pid <> pg_backend_pid() AND application_name = 'hookline'"
            execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}")
        else:
            listed = "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND db = database()"
            for (process,) in execute(listed):
                with suppress(Exception):
                    execute(f"KILL {process}")
        if number % 2:
            store.get_run(run_id)
        store.log_batch(run_id, Batch([Metric("m", float(number), number)]))
    assert store.get_run(run_id).data.metrics == {"m": 2.0}
    assert sum(len(block) for block in store.metric_history(run_id, "m")) == 3


def test_a_failed_batch_leaves_nothing(opens: Opens) -> None:
    store = opens()
    run_id = store.create_run(NewRun("0")).info.run_id
    store.log_batch(run_id, Batch(params={"p": "1"}))
    with pytest.raises(InvalidValue):
        store.log_batch(run_id, Batch([Metric("m", 1.0)], {"p": "2"}))
    store.log_batch(run_id, Batch([Metric("n", 1.0)]))
    assert store.get_run(run_id).data.metrics == {"n": 1.0}


def test_a_text_that_cannot_be_stored_is_named(system: str, opens: Opens) -> None:
    store = opens()
    run_id = store.create_run(NewRun("0")).info.run_id
    if system == "postgresql":
        with pytest.raises(InvalidValue, match=r"NUL|0x00"):
            store.log_batch(run_id, Batch(params={"p": "a\0b"}))
    else:
        with pytest.raises(InvalidValue, match="too long"):
            store.put_document("n", "k" * 501, 1)
    store.log_batch(run_id, Batch(params={"p": "b"}))
    assert store.get_run(run_id).data.params == {"p": "b"}


def test_a_database_of_mlflow_is_refused_and_left_as_it_is(opens: Opens, execute: Execute, uri: str) -> None:
    for table in ("experiments", "runs", "metrics"):
        execute(f"CREATE TABLE {table} (id integer)")
    with pytest.raises(Refused, match=r"one of MLflow"):
        opens()
    place = "current_schema()" if uri.startswith("postgresql") else "database()"
    count = f"SELECT count(*) FROM information_schema.tables WHERE table_schema = {place}"
    assert execute(count)[0][0] == 3


def test_a_newer_schema_is_left_as_it_is(
    opens: Opens, uri: str, dialect: Callable[..., Dialect], execute: Execute
) -> None:
    opens().close()
    execute("UPDATE hookline_schema SET version_num = '9999'")
    with pytest.raises(InvalidState, match=r"newer version \(schema 9999"):
        opens()
    with closing(open_existing(dialect(uri))) as database, pytest.raises(InvalidState, match="newer version"):
        upgrade_database(database)


@pytest.mark.parametrize("what", ["password", "port", "database"])
def test_a_server_that_refuses_is_named_without_the_password(what: str, system: str, opens: Opens, uri: str) -> None:
    place = uri.partition("?")[0]
    address = uri.partition("@")[2].partition("/")[0]
    wrong, kind = {
        "password": (uri.replace(":not-a-secret@", ":a-wrong-one@"), Refused),
        "port": (uri.replace(address, "127.0.0.1:1"), Unavailable),
        "database": (f"{place.rpartition('/')[0]}/no_such_database", Refused),
    }[what]
    with pytest.raises(kind) as caught:
        opens(uri=wrong)
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "wrong-one" not in str(caught.value)


@pytest.mark.parametrize("place", ["", "not a port", "127.0.0.1:port/x"])
def test_a_uri_of_another_form_is_explained(place: str, system: str, opens: Opens) -> None:
    with pytest.raises(InvalidValue, match=r"(postgresql|mariadb)://hookline:PASSWORD@"):
        opens(uri=f"{system}://{place}")


def test_the_commands_know_servers(opens: Opens, uri: str, execute: Execute, tmp_path: Path) -> None:
    def hookline(*words: str) -> Any:
        return CliRunner().invoke(cli, [*words])

    assert hookline("db", "check", uri).exit_code == 1, "no tables are there yet"
    opens().close()
    done = hookline("db", "check", uri, "--json")
    assert (done.exit_code, json.loads(done.output)["problems"]) == (0, [])
    assert "not-a-secret" not in done.output
    assert hookline("db", "upgrade", uri).exit_code == 0
    copied = hookline("db", "backup", str(tmp_path / "copy.db"), uri)
    assert (copied.exit_code, "pg_dump, mariadb-dump" in copied.output) == (2, True)
    execute("DROP TABLE hookline_aliases")
    done = hookline("db", "check", uri)
    assert (done.exit_code, "hookline_aliases is not there" in done.output) == (1, True)


def test_a_run_that_is_deleted_for_good_is_counted_no_more(opens: Opens, execute: Execute) -> None:
    store = opens()
    run_id = store.create_run(NewRun("0")).info.run_id
    store.log_batch(run_id, Batch([Metric("m", 1.0)], {"p": "1"}, {"t": "2"}))
    store.update_run(run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))
    store.purge(2**62, discard=lambda _purged: None)
    with pytest.raises(NotFound):
        store.get_run(run_id)
    assert store.run_keys(["0"]) == []
    for table in ("segments", "blocks", "series", "params", "tags", "writers"):
        assert execute(f"SELECT count(*) FROM hookline_{table}")[0][0] == 0


def test_an_error_of_a_statement_tells_no_sql(opens: Opens, execute: Execute) -> None:
    store = opens()
    run_id = store.create_run(NewRun("0")).info.run_id
    execute("DROP TABLE hookline_params")
    with pytest.raises(HooklineError) as caught:
        store.log_batch(run_id, Batch(params={"p": "1"}))
    assert "INSERT" not in str(caught.value)
