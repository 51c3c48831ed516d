"""Hookline, through its public API, configured by nothing but a folder."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from comparison.adapters import base
from comparison.data import FILTER, ORDER
from comparison.objects import BUCKET


def open_workspace(folder: Path, database: str = "") -> Any:
    """Return the workspace whose state lies in a folder, but for the tracking store where a database is named."""
    from hookline import Workspace
    from hookline.config import Config

    settings = {"tracking": {"uri": database}} if database else {}
    return Workspace(Config.from_mapping(settings, home=folder / ".hookline"))


class Logging(base.Logging):
    """Runs with the default plugins on."""

    def start(self, folder: Path) -> None:
        self._workspace = open_workspace(folder)

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        self._run = self._workspace.start_run(run_name=f"r{number}")
        self.log_metric = self._run.log_metric
        self.log_metrics = self._run.log_metrics

    def log_batch(self, points: Sequence[base.Point]) -> None:
        series: dict[str, tuple[list[int], list[float]]] = {}
        for key, value, step in points:
            steps, values = series.setdefault(key, ([], []))
            steps.append(step)
            values.append(value)
        steps = next(iter(series.values()))[0]  # as in this row all series of a batch have the same
        self._run.log_series({key: values for key, (_, values) in series.items()}, steps)

    def log_params(self, params: Mapping[str, str]) -> None:
        self._run.log_params(params)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self._run.set_tags(tags)

    def flush(self) -> None:
        self._run.flush()

    def end_run(self) -> None:
        self._run.end()

    def finish(self) -> None:
        self._workspace.close()

    def count(self, folder: Path) -> int:
        with open_workspace(folder) as workspace:
            runs = workspace.runs.search()
            return sum(len(workspace.runs.history(run.info.run_id, "loss")) for run in runs)


class Reading(base.Reading):
    """Searches and histories of a workspace on this machine."""

    def start(self, folder: Path) -> None:
        self._workspace = open_workspace(folder, self.database)
        self._run_id = ""

    def seed_runs(self, runs: Iterable[tuple[int, Mapping[str, str], Mapping[str, float]]]) -> None:
        from hookline.entities import Batch, Metric

        for number, params, metrics in runs:
            run = self._workspace.runs.start(run_name=f"r{number}", surroundings=False)
            points = [Metric(key, value, 1) for key, value in metrics.items()]
            run.log_batch(Batch(metrics=points, params=params))
            run.end()

    def seed_points(self, points: int) -> None:
        from hookline.entities import Batch, Metric

        with self._workspace.runs.start(surroundings=False) as run:
            for first in range(0, points, 1000):
                steps = range(first, min(points, first + 1000))
                run.log_batch(Batch(metrics=[Metric("loss", step * 0.5, step) for step in steps]))

    def search(self, filtered: bool) -> int:
        options = {"filter": FILTER, "order_by": [ORDER]} if filtered else {}
        return len(self._workspace.runs.search(**options, max_results=100))

    def page_all(self) -> int:
        return len(self._workspace.runs.search(max_results=None))

    def history(self) -> int:
        return len(self._workspace.runs.history(self._only_run(), "loss"))

    def chart(self, width: int) -> int:
        if not hasattr(self._workspace.runs, "chart"):
            raise base.NotOffered("this build has no Runs.chart")
        (series,) = self._workspace.runs.chart([self._only_run()], "loss", width=width)
        return len(series)

    def _only_run(self) -> str:
        self._run_id = self._run_id or self._workspace.runs.search()[0].info.run_id
        return self._run_id

    def finish(self) -> None:
        self._workspace.close()


class Artifacts(base.Artifacts):
    """The local artifact store."""

    def start(self, folder: Path) -> None:
        self._workspace = open_workspace(folder)

    def open_run(self) -> None:
        self._run = self._workspace.start_run()

    def put_file(self, path: Path) -> None:
        self._run.log_artifact(path)

    def put_folder(self, path: Path) -> None:
        self._run.log_artifacts(path)

    def get(self, target: Path) -> None:
        self._workspace.runs.download_artifacts(self._run.run_id, None, target)

    def finish(self) -> None:
        self._run.end()
        self._workspace.close()


class ObjectArtifacts(Artifacts, base.ObjectArtifacts):
    """The artifact store of a bucket."""

    def start(self, folder: Path) -> None:
        from hookline import Workspace
        from hookline.config import Config

        settings = {"artifacts": {"uri": f"s3://{BUCKET}/hookline"}}
        self._workspace = Workspace(Config.from_mapping(settings, home=folder / ".hookline"))


class Models(base.Models):
    """Models in folders: signature, manifest of digests, requirements."""

    def start(self, folder: Path) -> None:
        from hookline.models import infer_signature

        self._infer = infer_signature
        self._workspace = open_workspace(folder)

    def save(self, model: Any, rows: Any, path: Path, requirements: Sequence[str] | None) -> None:
        signature = self._infer(rows, model.predict(rows))
        self._workspace.save_model(model, path, signature=signature, requirements=requirements)

    def load(self, path: Path) -> Any:
        return self._workspace.load_model(path)


class Commands(base.Commands):
    """The command line."""

    module = "hookline"
    script = "hookline"

    def run_project(self, project: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
        return self.command("run", str(project), "-P", "alpha=0.1"), {}

    def score(self, model: Path, source: Path, target: Path) -> list[str]:
        return self.command("models", "score", str(model), "-i", str(source), "-o", str(target))


class Serving(base.Serving):
    """The tracking server."""

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        store = ["--tracking", self.database, "--durability", "intake"] if self.database else []
        return [sys.executable, "-m", "hookline", "server", "--port", str(port), *store], {}


class ModelServing(base.ModelServing):
    """`hookline models serve`."""

    def save(self, model: Any, rows: Any, folder: Path) -> None:
        models = Models()
        models.start(folder.parent)
        models.save(model, rows, folder, ("scikit-learn",))

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        words = ["-m", "hookline", "models", "serve", str(folder), "--port", str(port), "--allow-pickle"]
        return [sys.executable, *words], {}
