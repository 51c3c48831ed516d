"""What is particular to a database of MLflow's on a real server of MariaDB."""

import os
import subprocess
import sys

import pytest
from mlflow_histories import FIRST, connected_to_mariadb, rows_on_mariadb

from hookline.errors import InvalidValue, NotSupported, PluginError, Refused, Unavailable
from hookline_import_mlflow.command import open_source
from hookline_import_mlflow.importing import Importer
from hookline_import_mlflow.mariadb import MariadbSource

PASSWORD = "s@/:?#%cret"
QUOTED = "s%40%2F%3A%3F%23%25cret"


def executed(uri, *statements):
    with connected_to_mariadb(uri) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def bring(workspace, uri):
    place = open_source(uri)
    try:
        return Importer(workspace, place).run()
    finally:
        place.close()


@pytest.fixture
def name_of_reader(on_mariadb):
    """A user who may read the database and nothing else, with a password that needs care."""
    name = f"r_{on_mariadb.rpartition('/')[2]}"
    database = on_mariadb.rpartition("/")[2]
    executed(
        on_mariadb,
        f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT ON {database}.* TO {name}@'127.0.0.1'",
    )
    yield name
    executed(on_mariadb, f"DROP USER {name}@'127.0.0.1'")


@pytest.fixture
def reader(on_mariadb, name_of_reader):
    """The URI of the same database for that user."""
    scheme, _, rest = on_mariadb.partition("://")
    return f"{scheme}://{name_of_reader}:{QUOTED}@{rest.partition('@')[2]}"


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "mysql+mysqldb"])
def test_the_right_to_read_is_enough(workspace, reader, scheme):
    assert bring(workspace, f"{reader.replace('mysql+pymysql', scheme, 1)}?charset=utf8mb4").problems == []


@pytest.mark.parametrize("statement", ["DELETE FROM runs", "CREATE TABLE x (y INT)", "DROP TABLE runs"])
def test_the_transaction_refuses_to_write(on_mariadb, statement):
    before = rows_on_mariadb(on_mariadb)
    place = MariadbSource(on_mariadb)
    with pytest.raises(Unavailable, match="READ ONLY transaction"):
        place._rows(statement)
    place.close()
    assert rows_on_mariadb(on_mariadb) == before


def test_one_state_is_read_whatever_is_logged_meanwhile(workspace, on_mariadb):
    place = open_source(on_mariadb)
    executed(
        on_mariadb,
        f"INSERT INTO metrics VALUES ('acc', 0.8, 1006, '{FIRST}', 8, false)",
        "INSERT INTO experiments VALUES (9, 'later', '', 'active', 9)",
    )
    report = Importer(workspace, place).run()
    place.close()
    assert (report.found["points"], report.problems) == (4, [])
    assert workspace.tracking.get_experiment_by_name("later") is None
    (problem,) = bring(workspace, on_mariadb).problems  # a run that had ended, and was gone on with
    assert "'acc' differ" in problem


def test_infinities_and_equal_values_come_as_they_are(workspace, on_mariadb):
    most = sys.float_info.max
    values = [most, 0.0, -most, 0.1 + 0.2, 1e-310, 5e-324, -2.2250738585072014e-308, 123456789.12345679]
    rows = ", ".join(f"('odd', {value!r}, {at}, '{FIRST}', {at}, false)" for at, value in enumerate(values))
    executed(on_mariadb, f"INSERT INTO metrics VALUES {rows}, ('odd', 0, 99, '{FIRST}', 99, true)")
    assert bring(workspace, on_mariadb).problems == []
    found = [point.value for block in workspace.tracking.metric_history(FIRST, "odd") for point in block]
    assert [repr(each) for each in found] == [*map(repr, values), "nan"]


def test_keys_that_the_database_takes_for_equal_are_two_series(workspace, on_mariadb, monkeypatch):
    """Its tables compare texts without case; a series comes as one block all the same."""
    rows = ", ".join(
        f"('{key}', {at}, {at}, '{FIRST}', {at}, false)" for at in range(50) for key in ("Lr", "lr", "l\u00e9r")
    )
    executed(on_mariadb, f"INSERT INTO metrics VALUES {rows}")
    place = open_source(on_mariadb)
    (run,) = (each for each in place.runs("3") if each.run_id == FIRST)
    assert sorted(each.key for each in place.points(run)) == ["Lr", "loss/train", "lr", "l\u00e9r"]
    place.close()
    assert bring(workspace, on_mariadb).problems == []
    assert workspace.tracking.get_run(FIRST).data.metrics["lr"] == 49


@pytest.mark.parametrize(
    ("statement", "error", "said"),
    [
        ("REVOKE SELECT ON {database}.* FROM {user}", Refused, "Access denied|command denied"),
        ("ALTER TABLE params RENAME COLUMN value TO other", NotSupported, "tables of an MLflow that is known"),
        ("ALTER USER {user} IDENTIFIED BY 'another'", Refused, "Access denied"),
        ("ALTER USER {user} ACCOUNT LOCK", Refused, "locked"),
    ],
)
def test_what_the_server_refuses_is_said_without_the_password(
    workspace, on_mariadb, name_of_reader, reader, statement, error, said
):
    database = on_mariadb.rpartition("/")[2]
    executed(on_mariadb, statement.format(user=f"{name_of_reader}@'127.0.0.1'", database=database))
    with pytest.raises(error, match=said) as caught:
        bring(workspace, reader)
    assert "cret" not in str(caught.value)


def test_a_connection_that_is_lost_is_said_and_the_next_call_goes_on(workspace, on_mariadb, monkeypatch):
    apply = workspace.tracking.apply
    place = open_source(on_mariadb)
    number = place._connection.thread_id()

    def cut(delivery):
        apply(delivery)
        executed(on_mariadb, f"KILL {number}")
        monkeypatch.setattr(workspace.tracking, "apply", apply)

    monkeypatch.setattr(workspace.tracking, "apply", cut)
    with pytest.raises(Unavailable, match="call it again"):
        Importer(workspace, place).run()
    place.close()
    assert bring(workspace, on_mariadb).problems == []


def test_a_password_need_not_be_in_the_uri(workspace, on_mariadb, reader, tmp_path, monkeypatch):
    bare = reader.replace(f":{QUOTED}", "")
    with pytest.raises(Refused, match="using password: NO"):
        open_source(bare)
    monkeypatch.setenv("MYSQL_PWD", PASSWORD)
    open_source(bare).close()
    monkeypatch.delenv("MYSQL_PWD")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".my.cnf").write_text(f'[client]\npassword="{PASSWORD}"\n', encoding="utf-8")
    open_source(bare).close()
    (tmp_path / ".my.cnf").write_text(f"password={PASSWORD}\n", encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"my\.cnf cannot be read") as caught:
        open_source(bare)
    assert "cret" not in str(caught.value)


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
    monkeypatch.setitem(sys.modules, "pymysql", None)
    monkeypatch.delitem(sys.modules, "hookline_import_mlflow.mariadb", raising=False)
    with pytest.raises(PluginError, match=r"hookline-import-mlflow\[mariadb\]"):
        open_source("mysql://host/mlflow")
