"""FastTrackML's server, which speaks MLflow's API; filled over it, since it has no other way in."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from comparison.adapters import base
from comparison.tasks.asking import Connection, free_port, wait_for
from comparison.tasks.serving import BATCH

MOMENT = 1_700_000_000_000


class Serving(base.Serving):
    """`fml server`."""

    def command(self, folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
        server = [str(Path(sys.executable).parent / "fml"), "server", "-a", f"127.0.0.1:{port}", "-l", "error"]
        store = self.database.replace("postgresql:", "postgres:") or f"sqlite://{folder}/fml.db"
        return [*server, "-d", store, "--default-artifact-root", f"{folder}/artifacts"], {}


class Reading(base.Reading):
    """Fills the store through a server of its own."""

    def start(self, folder: Path) -> None:
        port, serving = free_port(), Serving()
        serving.database = self.database
        command, _ = serving.command(folder, port)
        self._log = (folder / "seed.log").open("wb")
        self._process = subprocess.Popen(
            command, cwd=folder, env=os.environ, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        wait_for(port, self._process)
        self._client = Connection(port)

    def _run(self, number: int) -> str:
        made = self._client.ask_json(
            "/runs/create", {"experiment_id": "0", "run_name": f"r{number}", "start_time": MOMENT + number}
        )
        run_id: str = made["run"]["info"]["run_id"]
        return run_id

    def seed_runs(self, runs: Iterable[tuple[int, Mapping[str, str], Mapping[str, float]]]) -> None:
        for number, params, metrics in runs:
            run_id, moment = self._run(number), MOMENT + number
            points = [{"key": key, "value": value, "timestamp": moment, "step": 1} for key, value in metrics.items()]
            texts = [{"key": key, "value": value} for key, value in params.items()]
            self._client.ask("/runs/log-batch", {"run_id": run_id, "metrics": points, "params": texts})
            self._client.ask("/runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": moment})

    def seed_points(self, points: int) -> None:
        run_id = self._run(10**9)
        for first in range(0, points, BATCH):
            steps = range(first, min(points, first + BATCH))
            batch = [{"key": "loss", "value": step * 0.5, "timestamp": MOMENT + step, "step": step} for step in steps]
            self._client.ask("/runs/log-batch", {"run_id": run_id, "metrics": batch})

    def finish(self) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(60)
        self._log.close()
