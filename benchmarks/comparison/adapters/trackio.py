"""Trackio, in its local SQLite files."""

import os
from collections.abc import Mapping
from pathlib import Path

from comparison.adapters import base

PROJECT = "benchmark"


class Logging(base.Logging):
    """`trackio.log`, which a thread writes behind the caller."""

    def start(self, folder: Path) -> None:
        os.environ.update(TRACKIO_DIR=str(folder), HF_HUB_OFFLINE="1", GRADIO_ANALYTICS_ENABLED="False")
        import trackio

        self._trackio, self._is_open = trackio, False

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        self._trackio.init(project=PROJECT, name=f"r{number}", config=dict(params or {}))
        self._is_open = True

    def log_metric(self, key: str, value: float, step: int) -> None:
        self._trackio.log({key: value}, step=step)

    def log_metrics(self, values: Mapping[str, float], step: int) -> None:
        self._trackio.log(dict(values), step=step)

    def end_run(self) -> None:
        if self._is_open:
            self._is_open = False
            self._trackio.finish()

    def count(self, folder: Path) -> int:
        from trackio.sqlite_storage import SQLiteStorage

        logs = [SQLiteStorage.get_logs(PROJECT, run) for run in SQLiteStorage.get_runs(PROJECT)]
        return sum("loss" in each for run in logs for each in run)


class Commands(base.Commands):
    """The command line."""

    module = "trackio"
    script = "trackio"
