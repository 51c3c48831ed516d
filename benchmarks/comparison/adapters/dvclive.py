"""DVCLive, writing its TSV files: no experiment, report or system metrics beside them."""

from collections.abc import Mapping
from pathlib import Path

from comparison.adapters import base


class Logging(base.Logging):
    """`Live.log_metric`."""

    def start(self, folder: Path) -> None:
        from dvclive import Live

        self._live, self._folder = Live, folder

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        options = {"save_dvc_exp": False, "dvcyaml": None, "report": None, "monitor_system": False}
        self._run = self._live(dir=str(self._folder / f"r{number}"), **options)

    def log_metric(self, key: str, value: float, step: int) -> None:
        self._run.step = step
        self._run.log_metric(key, value)

    def log_params(self, params: Mapping[str, str]) -> None:
        self._run.log_params(dict(params))

    def flush(self) -> None:
        """Nothing is left to do: each call appends its line to the file."""

    def end_run(self) -> None:
        self._run.end()

    def count(self, folder: Path) -> int:
        from dvclive.utils import parse_tsv

        return sum(len(parse_tsv(path)) for path in folder.glob("r*/plots/metrics/loss.tsv"))


class Commands(base.Commands):
    """The import."""

    module = "dvclive"
