"""What is particular to a database of MLflow's on a real server of PostgreSQL."""

import os
import subprocess
import sys

import psycopg
import pytest
from mlflow_histories import FIRST, texts_of

from hookline.errors import HooklineError, InvalidValue, NotSupported, PluginError, Refused, Unavailable
from hookline_import_mlflow.command import open_source
from hookline_import_mlflow.importing import Importer
from hookline_import_mlflow.postgresql import PostgresqlSource


def executed(uri, *statements):
    with psycopg.connect(uri, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def bring(workspace, uri):
    place = open_source(uri)
    try:
        return Importer(workspace, place).run()
    finally:
        place.close()


def as_user(uri, name, password):
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{name}:{password}@{rest.partition('@')[2]}"


@pytest.fixture
def reader(on_postgresql):
    """The URI of the same database for a user who may read it and nothing else, with a password that needs care."""
    name = f"reader_of_{on_postgresql.rpartition('/')[2]}"
    executed(
        on_postgresql,
        f"CREATE ROLE {name} LOGIN PASSWORD 's@/:?#%cret'",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}",
    )
    yield as_user(on_postgresql, name, "s%40%2F%3A%3F%23%25cret")
    executed(on_postgresql, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"])
def test_the_right_to_read_is_enough(workspace, reader, scheme):
    assert bring(workspace, reader.replace("postgresql", scheme, 1)).problems == []


@pytest.mark.parametrize("statement", ["DELETE FROM runs", "CREATE TABLE x (y INT)", "SELECT nextval('numbers')"])
def test_the_transaction_refuses_to_write(on_postgresql, statement):
    executed(on_postgresql, "CREATE SEQUENCE numbers")
    before = texts_of(on_postgresql)
    place = PostgresqlSource(on_postgresql)
    with pytest.raises(Unavailable, match="read-only transaction"):
        place._rows(statement)
    place.close()
    assert texts_of(on_postgresql) == before


def test_one_state_is_read_whatever_is_logged_meanwhile(workspace, on_postgresql):
    place = open_source(on_postgresql)
    executed(
        on_postgresql,
        f"INSERT INTO metrics VALUES ('acc', 0.8, 1006, '{FIRST}', 8, false)",
        "INSERT INTO experiments VALUES (9, 'later', '', 'active', 9)",
    )
    report = Importer(workspace, place).run()
    place.close()
    assert (report.found["points"], report.problems) == (4, [])
    assert workspace.tracking.get_experiment_by_name("later") is None
    (problem,) = bring(workspace, on_postgresql).problems  # a run that had ended, and was gone on with
    assert "'acc' differ" in problem


def test_a_schema_can_be_named(workspace, on_postgresql):
    executed(on_postgresql, "ALTER SCHEMA public RENAME TO elsewhere", "CREATE SCHEMA public")
    with pytest.raises(InvalidValue, match="no tables of MLflow"):
        open_source(on_postgresql)
    assert bring(workspace, f"{on_postgresql}?options=-csearch_path%3Delsewhere").problems == []


def test_infinities_and_equal_values_come_as_they_are(workspace, on_postgresql):
    most = sys.float_info.max
    executed(
        on_postgresql,
        f"INSERT INTO metrics VALUES ('odd', {most!r}, 1, '{FIRST}', 1, false), ('odd', 0, 1, '{FIRST}', 2, false), "
        f"('odd', 0, 1, '{FIRST}', 2, true), ('odd', -{most!r}, 1, '{FIRST}', 3, false)",
    )
    assert bring(workspace, on_postgresql).problems == []
    found = [point.value for block in workspace.tracking.metric_history(FIRST, "odd") for point in block]
    assert [repr(each) for each in found] == [repr(most), "0.0", "nan", repr(-most)]


def test_many_points_are_found_by_run_and_not_in_the_order_of_the_key(on_postgresql):
    executed(
        on_postgresql,
        "INSERT INTO metrics SELECT 'm' || k, s, s, md5(r::text), s, false "
        "FROM generate_series(1, 5) k, generate_series(1, 100) s, generate_series(1, 100) r",
        "CREATE UNIQUE INDEX metric_pk ON metrics (key, timestamp, step, run_uuid, value, is_nan)",
        "CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid)",
        "ANALYZE metrics",
    )
    place = PostgresqlSource(on_postgresql)
    asked = "DECLARE c CURSOR FOR SELECT * FROM metrics WHERE run_uuid = md5('7') ORDER BY key, timestamp, step"
    plan = "\n".join(row["QUERY PLAN"] for row in place._rows(f"EXPLAIN {asked}"))
    place.close()
    assert "index_metrics_run_uuid" in plan


@pytest.mark.parametrize(
    ("statement", "error", "said"),
    [
        ("REVOKE ALL ON params FROM {reader}", Refused, "permission denied for table params"),
        ("ALTER TABLE params RENAME COLUMN value TO other", NotSupported, "tables of an MLflow that is known"),
        ("ALTER ROLE {reader} PASSWORD 'another'", Refused, "password authentication failed"),
        ("ALTER ROLE {reader} NOLOGIN", Refused, "not permitted to log in"),
    ],
)
def test_what_the_server_refuses_is_said_without_the_password(workspace, on_postgresql, reader, statement, error, said):
    executed(on_postgresql, statement.format(reader=reader.partition("://")[2].partition(":")[0]))
    with pytest.raises(error, match=said) as caught:
        bring(workspace, reader)
    assert "cret" not in str(caught.value)


def test_a_connection_that_is_lost_is_said_and_the_next_call_goes_on(workspace, on_postgresql, monkeypatch):
    apply = workspace.tracking.apply

    def cut(delivery):
        apply(delivery)
        ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'hookline import%'"
        executed(on_postgresql, ending)

    monkeypatch.setattr(workspace.tracking, "apply", cut)
    with pytest.raises(Unavailable, match="call it again"):
        bring(workspace, on_postgresql)
    monkeypatch.setattr(workspace.tracking, "apply", apply)
    assert bring(workspace, on_postgresql).problems == []


def test_no_password_is_shown_or_stored(home, reader):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))}
    command = [sys.executable, "-m", "hookline", "import", "mlflow", reader]
    for more in (["--json"], ["--experiment", "nothing like it"]):
        done = subprocess.run([*command, *more], cwd=home, env=environment, capture_output=True, text=True, check=False)
        assert not any(each in done.stdout + done.stderr for each in ("cret", "Traceback"))
    assert done.returncode == 1
    written = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert written
    assert not any(b"cret" in each for each in written)


def test_a_missing_driver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "hookline_import_mlflow.postgresql")
    with pytest.raises(PluginError, match=r"hookline-import-mlflow\[postgresql\]") as caught:
        open_source("postgresql://host/mlflow")
    assert isinstance(caught.value, HooklineError)
