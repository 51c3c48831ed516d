"""Aim, in its embedded repository."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from comparison.adapters import base


class Logging(base.Logging):
    """`Run.track`, without system metrics."""

    def start(self, folder: Path) -> None:
        import aim

        self._aim, self._repo = aim, aim.Repo(str(folder), init=True)

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        options = {"experiment": f"r{number}", "system_tracking_interval": None, "log_system_params": False}
        self._run = self._aim.Run(repo=self._repo, **options)

    def log_metric(self, key: str, value: float, step: int) -> None:
        self._run.track(value, name=key, step=step)

    def log_metrics(self, values: Mapping[str, float], step: int) -> None:
        self._run.track(dict(values), step=step)

    def log_params(self, params: Mapping[str, str]) -> None:
        self._run["hparams"] = dict(params)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        for key in tags:
            self._run.add_tag(key)

    def end_run(self) -> None:
        self._run.close()

    def count(self, folder: Path) -> int:
        reindex(folder)
        return sum(series_lengths(folder))


def reindex(folder: Path) -> None:
    """Make all runs listed: without it those are not whose process was killed or has just ended."""
    command = [str(Path(sys.executable).parent / "aim"), "storage", "--repo", str(folder), "reindex"]
    subprocess.run(command, input=b"y\n", capture_output=True, check=False)


def series_lengths(folder: Path) -> list[int]:
    """Return how many points each metric "loss" of a repository has."""
    import aim

    metrics = [metric for run in aim.Repo(str(folder)).iter_runs() for metric in run.metrics()]
    return [len(metric.values.sparse_list()[0]) for metric in metrics if metric.name == "loss"]


class Reading(base.Reading):
    """Histories through `Repo`."""

    def start(self, folder: Path) -> None:
        self._folder = folder

    def seed_points(self, points: int) -> None:
        logging = Logging()
        logging.start(self._folder)
        logging.open_run(0)
        for step in range(points):
            logging.log_metric("loss", step * 0.5, step)
        logging.end_run()
        reindex(self._folder)

    def history(self) -> int:
        return sum(series_lengths(self._folder))


class Commands(base.Commands):
    """The command line."""

    module = "aim"
    script = "aim"
    version = "version"
