"""`hookline server` over database servers: several processes, killed and started again."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from hookline import search
from hookline.providers import resolve

pytest.importorskip("hookline_server")
API = "/api/2.0/mlflow"


@contextmanager
def served(folder: Path, uri: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A server of two processes on a free port; gives its parent process and its address."""
    command = [sys.executable, "-m", "hookline", "server", "--port", "0", "--json", "--tracking", uri]
    command += ["--workers", "2", "--artifact-scheme", "s3"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    try:
        said = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        yield process, said["url"].removeprefix("http://")
    finally:
        process.kill()
        process.communicate(timeout=60)


class Client:
    """One connection to a server."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=60)

    def close(self) -> None:
        self._connection.close()

    def post(self, path: str, **fields: Any) -> Any:
        self._connection.request("POST", f"{API}/{path}", json.dumps(fields), {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return json.loads(body)


def test_what_was_answered_is_there_once_after_the_server_was_killed(uri: str, system: str, tmp_path: Path) -> None:
    acknowledged: list[tuple[str, str, int]] = []
    for _ in range(3):
        with served(tmp_path, uri) as (process, address):
            with closing(Client(address)) as client:
                run_id = client.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]

            def log(key: str, run_id: str = run_id, address: str = address) -> None:
                with closing(Client(address)) as client, suppress(OSError, http.client.HTTPException):
                    for step in range(100_000):
                        client.post("runs/log-metric", run_id=run_id, key=key, value=step, timestamp=1, step=step)
                        acknowledged.append((run_id, key, step))

            threads = [threading.Thread(target=log, args=(f"m{number}",)) for number in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(1)
            os.killpg(process.pid, signal.SIGKILL)
            for thread in threads:
                thread.join()
    assert len(acknowledged) > 50
    target = f"hookline_tracking_sql.{system}:{system.capitalize()}TrackingStore"
    with closing(resolve(target)(uri)) as store:
        found = [
            (run_id, key, step)
            for run_id, key in {each[:2] for each in acknowledged}
            for block in store.metric_history(run_id, key)
            for step in block.steps
        ]
        statuses = {run.info.status.value for run in store.search_runs(["0"], search.parse(search.RUNS)).items}
    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))
    assert statuses == {"RUNNING"}  # nobody said otherwise


def test_numbers_of_versions_and_aliases_are_linearizable_over_processes(uri: str, tmp_path: Path) -> None:
    with served(tmp_path, uri) as (process, address):
        with closing(Client(address)) as client:
            client.post("registered-models/create", name="wine")
        numbers: list[int] = []

        def register() -> None:
            with closing(Client(address)) as client:
                for _ in range(15):
                    made = client.post("model-versions/create", name="wine", source="s3://models/wine")
                    number = int(made["model_version"]["version"])
                    numbers.append(number)
                    client.post("registered-models/alias", name="wine", alias="newest", version=str(number))

        threads = [threading.Thread(target=register) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(numbers) == list(range(1, 91))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
