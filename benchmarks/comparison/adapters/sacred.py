"""Sacred with its file observer, which writes metrics every ten seconds and at the end."""

import json
from collections.abc import Mapping
from pathlib import Path

from comparison.adapters import base


class Logging(base.Logging):
    """`Run.log_scalar`."""

    def start(self, folder: Path) -> None:
        import sacred
        from sacred.observers import FileStorageObserver

        sacred.SETTINGS.CAPTURE_MODE = "no"
        sacred.SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = False
        self._sacred, self._observer, self._folder, self._is_open = sacred, FileStorageObserver, folder, False

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        experiment = self._sacred.Experiment("benchmark", save_git_info=False)
        experiment.observers.append(self._observer(str(self._folder)))
        experiment.main(lambda: None)
        self._run = experiment._create_run(config_updates=dict(params or {}))
        self._run._get_captured_output = lambda: None  # the heartbeat asks for it, and nothing is captured
        self._run._emit_started()
        self._is_open = True

    def log_metric(self, key: str, value: float, step: int) -> None:
        self._run.log_scalar(key, value, step)

    def end_run(self) -> None:
        if self._is_open:
            self._is_open = False
            self._run._emit_heartbeat()
            self._run._emit_completed(None)
            self._run._wait_for_observers()

    def count(self, folder: Path) -> int:
        files = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*/metrics.json")]
        return sum(len(each.get("loss", {}).get("values", ())) for each in files)


class Commands(base.Commands):
    """The import."""

    module = "sacred"
