"""One history of MLflow's, written down in each of its ways, by hand."""

import sqlite3
from contextlib import closing
from urllib.parse import unquote, urlsplit

import psycopg
import pymysql

FIRST, SECOND, GONE = "a" * 32, "b" * 32, "c" * 32
MODEL = "m-" + "d" * 32
POINTS = [(1000, 0.5, 0), (1001, 0.25, 1), (1002, float("nan"), 2)]

TABLES = """
CREATE TABLE alembic_version (version_num VARCHAR(32));
CREATE TABLE experiments (experiment_id INTEGER, name TEXT, artifact_location TEXT, lifecycle_stage TEXT,
    creation_time BIGINT);
CREATE TABLE experiment_tags ("key" TEXT, value TEXT, experiment_id INTEGER);
CREATE TABLE runs (run_uuid TEXT, name TEXT, source_type TEXT, source_name TEXT, user_id TEXT, status TEXT,
    start_time BIGINT, end_time BIGINT, lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER);
CREATE TABLE params ("key" TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags ("key" TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE metrics ("key" TEXT, value DOUBLE PRECISION, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN);
CREATE TABLE datasets (dataset_uuid TEXT, experiment_id INTEGER, name TEXT, digest TEXT, dataset_source_type TEXT,
    dataset_source TEXT, dataset_schema TEXT, dataset_profile TEXT);
CREATE TABLE inputs (input_uuid TEXT, source_type TEXT, source_id TEXT, destination_type TEXT, destination_id TEXT,
    step BIGINT);
CREATE TABLE input_tags (input_uuid TEXT, name TEXT, value TEXT);
CREATE TABLE logged_models (model_id TEXT, experiment_id INTEGER, name TEXT, artifact_location TEXT,
    creation_timestamp_ms BIGINT, status INTEGER, lifecycle_stage TEXT, model_type TEXT, source_run_id TEXT,
    status_message TEXT);
CREATE TABLE logged_model_params (model_id TEXT, param_key TEXT, param_value TEXT);
CREATE TABLE logged_model_tags (model_id TEXT, tag_key TEXT, tag_value TEXT);
CREATE TABLE logged_model_metrics (model_id TEXT, metric_name TEXT, metric_timestamp_ms BIGINT, metric_step BIGINT,
    metric_value DOUBLE PRECISION, run_id TEXT, dataset_name TEXT, dataset_digest TEXT);
CREATE TABLE registered_models (name TEXT, description TEXT);
CREATE TABLE registered_model_tags ("key" TEXT, value TEXT, name TEXT);
CREATE TABLE registered_model_aliases (alias TEXT, version INTEGER, name TEXT);
CREATE TABLE model_versions (name TEXT, version INTEGER, description TEXT, user_id TEXT, current_stage TEXT,
    source TEXT, run_id TEXT, status TEXT);
CREATE TABLE model_version_tags ("key" TEXT, value TEXT, name TEXT, version INTEGER);
"""


def history(folder):
    """The rows of each table; files lie in a folder."""
    files = folder / "files"
    for run_id in (FIRST, MODEL):
        (files / run_id / "notes").mkdir(parents=True)
        (files / run_id / "notes" / "a.txt").write_text("hello", encoding="utf-8")
    return {
        "experiments": [
            (0, "Default", str(files), "active", 1),
            (3, "first", str(files), "active", 2),
            (4, "gone", str(files), "deleted", 3),
        ],
        "experiment_tags": [("team", "a", 3)],
        "runs": [
            (FIRST, "one", "LOCAL", "train.py", "ann", "FINISHED", 1000, 2000, "active", str(files / FIRST), 3),
            (SECOND, "two", "LOCAL", "train.py", "ann", "FAILED", 1500, 1600, "deleted", str(files / SECOND), 3),
            (GONE, "three", "LOCAL", "train.py", "ann", "RUNNING", 1700, None, "active", "s3://bucket/x", 4),
        ],
        "params": [("alpha", "0.5", FIRST), ("a/b", "x", FIRST)],
        "tags": [("mlflow.runName", "one", FIRST), ("note", "\u00fc", FIRST)],
        "metrics": [
            *(("loss/train", 0.0 if v != v else v, ts, FIRST, step, v != v) for ts, v, step in POINTS),
            ("acc", 0.75, 1005, FIRST, 7, False),
        ],
        "datasets": [("D", 3, "data", "123", "local", "/data.csv", None, '{"rows": 1}')],
        "inputs": [("I", "DATASET", "D", "RUN", FIRST, 0), ("J", "RUN_OUTPUT", FIRST, "MODEL_OUTPUT", MODEL, 7)],
        "input_tags": [("I", "mlflow.data.context", "training")],
        "logged_models": [(MODEL, 3, "lin", str(files / MODEL), 1003, 2, "active", "regressor", FIRST, None)],
        "logged_model_params": [(MODEL, "depth", "3")],
        "logged_model_tags": [(MODEL, "kind", "linear")],
        "logged_model_metrics": [(MODEL, "acc", 1005, 7, 0.75, FIRST, "data", "123")],
        "registered_models": [("clf", "a model")],
        "registered_model_tags": [("k", "v", "clf")],
        "registered_model_aliases": [("champion", 3, "clf")],
        "model_versions": [
            ("clf", 1, "", "ann", "Deleted_Internal", "", None, "READY"),
            ("clf", 2, "second", "ann", "Staging", f"{files / FIRST}/notes", FIRST, "READY"),
            ("clf", 3, "", "ann", "None", f"models:/{MODEL}", FIRST, "READY"),
        ],
        "model_version_tags": [("stage", "x", "clf", 2)],
    }


def database(folder):
    """An SQLite database; returns its URI."""
    path = folder / "mlflow.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES)
        for table, values in history(folder).items():
            marks = ", ".join("?" * len(values[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
    return f"sqlite:///{path}"


def database_on_postgresql(folder, server, name):
    """A database on a server of PostgreSQL; returns its URI."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    with psycopg.connect(f"{server}/{name}") as connection:
        connection.execute(TABLES)
        for table, values in history(folder).items():
            marks = ", ".join(["%s"] * len(values[0]))
            connection.cursor().executemany(f"INSERT INTO {table} VALUES ({marks})", values)
    return f"{server}/{name}"


def connected_to_mariadb(uri):
    """A connection to a database of MariaDB, in which names are quoted as in the other systems."""
    parts = urlsplit(uri)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        password=unquote(parts.password),
        database=parts.path[1:] or None,
        sql_mode="ANSI_QUOTES",
        charset="utf8mb4",
        autocommit=True,
    )


def database_on_mariadb(folder, server, name):
    """A database on a server of MariaDB; returns its URI, as MLflow has it."""
    uri = f"mysql+pymysql:{server.partition(':')[2]}/{name}"
    with connected_to_mariadb(server) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    with connected_to_mariadb(uri) as connection, connection.cursor() as cursor:
        for statement in filter(str.strip, TABLES.split(";")):
            cursor.execute(statement)
        for table, values in history(folder).items():
            marks = ", ".join(["%s"] * len(values[0]))
            cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
    return uri


def rows_on_mariadb(uri):
    """Everything that is in a database of MariaDB, and what its tables are."""
    with connected_to_mariadb(uri) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        tables = [name for (name,) in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f'SHOW CREATE TABLE "{table}"')
            made = cursor.fetchone()
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = (made, sorted(map(repr, cursor.fetchall())))
        return found


def texts_of(uri):
    """Everything that is in a database of PostgreSQL, as text."""
    with psycopg.connect(uri) as connection:
        found = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
        ).fetchall()
        return {
            f"{schema}.{table}": sorted(map(repr, connection.execute(f'SELECT t::text FROM {schema}."{table}" t')))
            for schema, table in found
        }


def folder_of(folder):
    """An mlruns folder; returns its path."""
    root = folder / "mlruns"
    first = f"3/{FIRST}"
    run = "artifact_uri: x\nexperiment_id: '{}'\nlifecycle_stage: {}\nrun_id: {}\nrun_name: {}\nstart_time: {}\n"
    run += "end_time: {}\nstatus: {}\nuser_id: ann\n"
    files = {
        "0/meta.yaml": "experiment_id: '0'\nname: Default\nartifact_location: x\nlifecycle_stage: active\n",
        "3/meta.yaml": "experiment_id: '3'\nname: first\nartifact_location: x\nlifecycle_stage: active\n",
        "3/tags/team": "a",
        f"{first}/meta.yaml": run.format(3, "active", FIRST, "one", 1000, 2000, 3),
        f"{first}/params/alpha": "0.5",
        f"{first}/params/a/b": "x",
        f"{first}/tags/mlflow.runName": "one",
        f"{first}/tags/note": "\u00fc",
        f"{first}/metrics/loss/train": "".join(f"{ts} {value} {step}\n" for ts, value, step in [*POINTS, POINTS[0]]),
        f"{first}/metrics/acc": "1005 0.75 7 data 123\n",
        f"{first}/artifacts/notes/a.txt": "hello",
        f"{first}/inputs/I/meta.yaml": "source_type: DATASET\nsource_id: D\ntags: {mlflow.data.context: training}\n",
        f"{first}/outputs/{MODEL}/meta.yaml": "source_type: RUN_OUTPUT\nstep: 7\n",
        "3/datasets/D/meta.yaml": (
            "name: data\ndigest: '123'\nsource_type: local\nsource: /data.csv\nschema: ''\nprofile: '{\"rows\": 1}'\n"
        ),
        f"3/{SECOND}/meta.yaml": run.format(3, "deleted", SECOND, "two", 1500, 1600, 4),
        f"3/models/{MODEL}/meta.yaml": (
            f"model_id: {MODEL}\nname: lin\nstatus: 2\nmodel_type: regressor\nsource_run_id: {FIRST}\n"
            "creation_timestamp: 1003\nlifecycle_stage: active\n"
        ),
        f"3/models/{MODEL}/params/depth": "3",
        f"3/models/{MODEL}/tags/kind": "linear",
        f"3/models/{MODEL}/metrics/acc": f"1005 0.75 7 {FIRST} data 123\n",
        f"3/models/{MODEL}/artifacts/notes/a.txt": "hello",
        ".trash/4/meta.yaml": "experiment_id: '4'\nname: gone\nartifact_location: x\nlifecycle_stage: deleted\n",
        f".trash/4/{GONE}/meta.yaml": run.format(4, "active", GONE, "three", 1700, "null", 1),
        "models/clf/meta.yaml": "name: clf\ndescription: a model\naliases: {}\n",
        "models/clf/tags/k": "v",
        "models/clf/aliases/champion": "3",
        "models/clf/version-1/meta.yaml": "current_stage: Deleted_Internal\nversion: 1\n",
        "models/clf/version-2/meta.yaml": (
            f"current_stage: Staging\ndescription: second\nuser_id: ann\nversion: 2\nrun_id: {FIRST}\n"
            f"source: '{root / first}/artifacts/notes'\n"
        ),
        "models/clf/version-2/tags/stage": "x",
        "models/clf/version-3/meta.yaml": (
            f"current_stage: None\nuser_id: ann\nversion: 3\nrun_id: {FIRST}\nmodel_id: {MODEL}\n"
            f"source: models:/{MODEL}\n"
        ),
    }
    for key, text in files.items():
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(root)
