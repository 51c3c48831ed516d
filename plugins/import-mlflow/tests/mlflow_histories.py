"""One history of MLflow's, written down in both of its ways, by hand."""

import sqlite3
from contextlib import closing

FIRST, SECOND, GONE = "a" * 32, "b" * 32, "c" * 32
MODEL = "m-" + "d" * 32
POINTS = [(1000, 0.5, 0), (1001, 0.25, 1), (1002, float("nan"), 2)]

TABLES = """
CREATE TABLE alembic_version (version_num VARCHAR(32));
CREATE TABLE experiments (experiment_id INTEGER, name, artifact_location, lifecycle_stage, creation_time BIGINT);
CREATE TABLE experiment_tags (key, value, experiment_id INTEGER);
CREATE TABLE runs (run_uuid, name, source_type, source_name, user_id, status, start_time BIGINT, end_time BIGINT,
    lifecycle_stage, artifact_uri, experiment_id INTEGER);
CREATE TABLE params (key, value, run_uuid);
CREATE TABLE tags (key, value, run_uuid);
CREATE TABLE metrics (key, value FLOAT, timestamp BIGINT, run_uuid, step BIGINT, is_nan BOOLEAN);
CREATE TABLE datasets (dataset_uuid, experiment_id INTEGER, name, digest, dataset_source_type, dataset_source,
    dataset_schema, dataset_profile);
CREATE TABLE inputs (input_uuid, source_type, source_id, destination_type, destination_id, step BIGINT);
CREATE TABLE input_tags (input_uuid, name, value);
CREATE TABLE logged_models (model_id, experiment_id INTEGER, name, artifact_location, creation_timestamp_ms BIGINT,
    status INTEGER, lifecycle_stage, model_type, source_run_id, status_message);
CREATE TABLE logged_model_params (model_id, param_key, param_value);
CREATE TABLE logged_model_tags (model_id, tag_key, tag_value);
CREATE TABLE logged_model_metrics (model_id, metric_name, metric_timestamp_ms BIGINT, metric_step BIGINT,
    metric_value FLOAT, run_id, dataset_name, dataset_digest);
CREATE TABLE registered_models (name, description);
CREATE TABLE registered_model_tags (key, value, name);
CREATE TABLE registered_model_aliases (alias, version INTEGER, name);
CREATE TABLE model_versions (name, version INTEGER, description, user_id, current_stage, source, run_id, status);
CREATE TABLE model_version_tags (key, value, name, version INTEGER);
"""


def database(folder):
    """An SQLite database; returns its URI."""
    files = folder / "files"
    for run_id in (FIRST, MODEL):
        (files / run_id / "notes").mkdir(parents=True)
        (files / run_id / "notes" / "a.txt").write_text("hello", encoding="utf-8")
    rows = {
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
    path = folder / "mlflow.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES)
        for table, values in rows.items():
            marks = ", ".join("?" * len(values[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
    return f"sqlite:///{path}"


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
