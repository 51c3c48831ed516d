"""mlflow on SQLite, its default, or on its file store (variant `file`)."""

import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from comparison.adapters import base
from comparison.data import FILTER, ORDER, PAGE
from comparison.objects import BUCKET

EXPERIMENT = "benchmark"


def connect(variant: str, folder: Path) -> Any:
    """Return the mlflow module, pointed at a folder."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # newer versions refuse the file store without it
    import mlflow

    mlflow.set_tracking_uri(f"file://{folder}/mlruns" if variant == "file" else f"sqlite:///{folder}/mlflow.db")
    os.environ["MLFLOW_TRACKING_URI"] = mlflow.get_tracking_uri()
    mlflow.set_experiment(EXPERIMENT)
    return mlflow


class Logging(base.Logging):
    """The fluent functions."""

    def start(self, folder: Path) -> None:
        self._mlflow = connect(self.variant, folder)
        self._client = self._mlflow.MlflowClient()
        from mlflow.entities import Metric

        self._metric = Metric

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        self._run_id = self._mlflow.start_run(run_name=f"r{number}").info.run_id

    def log_metric(self, key: str, value: float, step: int) -> None:
        self._mlflow.log_metric(key, value, step)

    def log_metrics(self, values: Mapping[str, float], step: int) -> None:
        self._mlflow.log_metrics(values, step)

    def log_batch(self, points: Sequence[base.Point]) -> None:
        moment = int(time.time() * 1000)
        metrics = [self._metric(key, value, moment, step) for key, value, step in points]
        self._client.log_batch(self._run_id, metrics=metrics)

    def log_params(self, params: Mapping[str, str]) -> None:
        self._mlflow.log_params(params)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self._mlflow.set_tags(tags)

    def flush(self) -> None:
        """Nothing is left to do: each call returns after its commit."""

    def end_run(self) -> None:
        self._mlflow.end_run()

    def count(self, folder: Path) -> int:
        mlflow = connect(self.variant, folder)
        runs = mlflow.search_runs(output_format="list")
        return sum(len(mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")) for run in runs)


class Reading(base.Reading):
    """The client. The store is filled behind its back, since through the API 10,000 runs take half an hour."""

    def start(self, folder: Path) -> None:
        self._path = folder / "mlflow.db"
        self._mlflow = connect(self.variant, folder)
        self._client = self._mlflow.MlflowClient()
        self._experiment = self._mlflow.get_experiment_by_name(EXPERIMENT).experiment_id
        self._run_id = ""

    def seed_runs(self, runs: Iterable[tuple[int, Mapping[str, str], Mapping[str, float]]]) -> None:
        database = sqlite3.connect(self._path)
        for number, params, metrics in runs:
            run = self._add_run(database, number)
            rows = [(key, value, 1_700_000_000_000, run, 1, False) for key, value in metrics.items()]
            database.executemany(ADD_METRIC, rows)
            database.executemany(ADD_LATEST, rows)
            database.executemany(ADD_PARAM, [(key, value, run) for key, value in params.items()])
        database.commit()
        database.close()

    def seed_points(self, points: int) -> None:
        database = sqlite3.connect(self._path)
        run = self._add_run(database, 10**9)  # the newest, beside any others
        rows = (("loss", step * 0.5, 1_700_000_000_000 + step, run, step, False) for step in range(points))
        database.executemany(ADD_METRIC, rows)
        last = points - 1
        database.execute(ADD_LATEST, ("loss", last * 0.5, 1_700_000_000_000 + last, run, last, False))
        database.commit()
        database.close()

    def _add_run(self, database: sqlite3.Connection, number: int) -> str:
        run, moment = f"{number:032x}", 1_700_000_000_000 + number
        row = (run, f"r{number}", "benchmark", "FINISHED", moment, moment, "active", "nowhere", self._experiment)
        database.execute(ADD_RUN, row)
        tags = {"mlflow.runName": f"r{number}", "mlflow.user": "benchmark", "mlflow.source.type": "LOCAL"}
        database.executemany(ADD_TAG, [(key, value, run) for key, value in tags.items()])
        return run

    def search(self, filtered: bool) -> int:
        options = {"filter_string": FILTER, "order_by": [ORDER]} if filtered else {}
        return len(self._client.search_runs([self._experiment], max_results=PAGE, **options))

    def page_all(self) -> int:
        found, token = 0, None
        while True:
            page = self._client.search_runs([self._experiment], max_results=1000, page_token=token)
            found, token = found + len(page), page.token
            if not token:
                return found

    def history(self) -> int:
        return len(self._client.get_metric_history(self._only_run(), "loss"))

    def chart(self, width: int) -> int:
        """Ask the store what the handler of the UI's charts asks it, without HTTP."""
        from mlflow.tracking._tracking_service.utils import _get_store

        points = _get_store().get_metric_history_bulk_interval(
            run_ids=[self._only_run()], metric_key="loss", max_results=width, start_step=None, end_step=None
        )
        return len(points)

    def _only_run(self) -> str:
        self._run_id = self._run_id or self._client.search_runs([self._experiment])[0].info.run_id
        return self._run_id


ADD_RUN = (
    "INSERT INTO runs (run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri,"
    " experiment_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
ADD_METRIC = "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)"
ADD_LATEST = ADD_METRIC.replace("INTO metrics", "INTO latest_metrics")
ADD_PARAM = "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)"
ADD_TAG = "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)"


class Artifacts(base.Artifacts):
    """The local artifact store."""

    def start(self, folder: Path) -> None:
        os.chdir(folder)
        self._mlflow = connect(self.variant, folder)

    def open_run(self) -> None:
        self._mlflow.end_run()
        self._run_id = self._mlflow.start_run().info.run_id

    def put_file(self, path: Path) -> None:
        self._mlflow.log_artifact(str(path))

    def put_folder(self, path: Path) -> None:
        self._mlflow.log_artifacts(str(path))

    def get(self, target: Path) -> None:
        self._mlflow.artifacts.download_artifacts(run_id=self._run_id, dst_path=str(target))


class ObjectArtifacts(Artifacts, base.ObjectArtifacts):
    """The artifact store of a bucket, by boto3."""

    def start(self, folder: Path) -> None:
        super().start(folder)
        self._mlflow.create_experiment("objects", artifact_location=f"s3://{BUCKET}/mlflow")
        self._mlflow.set_experiment("objects")


class Models(base.Models):
    """`mlflow.sklearn`, loaded through pyfunc."""

    def start(self, folder: Path) -> None:
        self._mlflow = connect(self.variant, folder)

    def save(self, model: Any, rows: Any, path: Path, requirements: Sequence[str] | None) -> None:
        signature = self._mlflow.models.infer_signature(rows, model.predict(rows))
        options = {"pip_requirements": list(requirements)} if requirements is not None else {}
        self._mlflow.sklearn.save_model(
            model, str(path), signature=signature, serialization_format="cloudpickle", **options
        )

    def load(self, path: Path) -> Any:
        return self._mlflow.pyfunc.load_model(str(path))


class Commands(base.Commands):
    """The command line."""

    module = "mlflow"
    script = "mlflow"

    def run_project(self, project: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
        command = self.command("run", str(project), "--env-manager", "local", "-P", "alpha=0.1")
        return command, {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}

    def score(self, model: Path, source: Path, target: Path) -> list[str]:
        if source.suffix != ".csv":
            raise base.NotOffered("`mlflow models predict` reads CSV and JSON")
        files = ["-m", str(model), "-i", str(source), "-o", str(target), "-t", "csv"]
        return self.command("models", "predict", *files, "--env-manager", "local")


class Serving(base.Serving):
    """The tracking server: with its default of four workers, or with one (variant `one`)."""

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        workers = ["--workers", "1"] if self.variant == "one" else []
        database = self.database or f"sqlite:///{folder}/mlflow.db"
        store = ["--backend-store-uri", database, "--artifacts-destination", f"{folder}/files"]
        command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), *store, *workers]
        return command, {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


class ModelServing(base.ModelServing):
    """`mlflow models serve` with one worker, its default."""

    def save(self, model: Any, rows: Any, folder: Path) -> None:
        models = Models(self.variant)
        models.start(folder.parent)
        models.save(model, rows, folder, ("scikit-learn",))

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        options = ["-m", str(folder), "--env-manager", "local", "-p", str(port)]
        here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # it starts `uvicorn` by name
        variables = {"PATH": here, "MLFLOW_DISABLE_TELEMETRY": "true"}
        return [sys.executable, "-m", "mlflow", "models", "serve", *options], variables
