"""A server under eight writers and two readers, killed and started again five times: nothing lost, nothing twice.

`HOOKLINE_TEST_LOAD_SECONDS` says for how long (default 15; 600 is the full load), `HOOKLINE_TEST_LOAD_URI` on which
store (default a new SQLite file).
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX"), pytest.mark.slow]

SECONDS = float(os.environ.get("HOOKLINE_TEST_LOAD_SECONDS", "15"))
STORE = os.environ.get("HOOKLINE_TEST_LOAD_URI", "")
API = "/api/2.0/mlflow"
KILLS, WRITERS, READERS = 5, 8, 2
BATCH = 200
MOST_MEMORY = 400


class Server:
    """A server that is killed and started again on one port."""

    def __init__(self, folder):
        self.folder, self.port, self.process, self.memory = folder, 0, None, []

    def start(self):
        command = [sys.executable, "-m", "hookline", "server", "--json", "--port", str(self.port)]
        command += ["--tracking", STORE, "--durability", "intake"] if STORE else []
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))}
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=clean, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        said = "".join(iter(self.process.stdout.readline, "}\n")) + "}"
        self.port = int(json.loads(said)["url"].rpartition(":")[2])

    def kill(self):
        self.note_memory()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=60)

    def note_memory(self):
        status = Path(f"/proc/{self.process.pid}/status")
        if status.exists():
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            self.memory.append(int(lines["VmRSS"].split()[0]) // 1024)


class Client:
    """One connection, made again where it broke."""

    def __init__(self, server, until):
        self.server, self.until, self.connection = server, until, None

    def ask(self, method, path, fields):
        """Return an answer; a request whose answer did not come is sent again until the time is over."""
        while True:
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
                self.connection.request(method, f"{API}/{path}", fields, {"Content-Type": "application/json"})
                answer = self.connection.getresponse()
                body = answer.read()
                assert answer.status == 200, body
                return json.loads(body)
            except (OSError, http.client.HTTPException):
                self.close()
                if time.monotonic() > self.until + 60:
                    raise
                time.sleep(0.05)

    def post(self, path, **fields):
        return self.ask("POST", path, json.dumps(fields))

    def get(self, path, **fields):
        query = "&".join(f"{name}={value}" for name, value in fields.items())
        return self.ask("GET", f"{path}?{query}", None)

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


@contextmanager
def client_of(server, until):
    made = Client(server, until)
    try:
        yield made
    finally:
        made.close()


class Load:
    """What writers were told is stored."""

    def __init__(self, server, seconds):
        self.server, self.until = server, time.monotonic() + seconds
        self.points, self.ended, self.failures, self.requests = Counter(), set(), [], Counter()
        self.lock = threading.Lock()

    def attempt(self, work):
        try:
            with client_of(self.server, self.until) as client:
                while time.monotonic() < self.until:
                    work(client)
        except BaseException as error:
            self.failures.append(error)
            raise

    def write(self, client):
        """Log a run: batches, single points, params and tags, and its end."""
        run_id = client.post("runs/create", experiment_id="0", start_time=1)["run"]["info"]["run_id"]
        for first in range(0, 4 * BATCH, BATCH):
            if time.monotonic() >= self.until:
                return
            steps = range(first, first + BATCH)
            metrics = [{"key": "m", "value": step / 7, "timestamp": step, "step": step} for step in steps]
            client.post("runs/log-batch", run_id=run_id, metrics=metrics, params=[{"key": f"p{first}", "value": "1"}])
            with self.lock:
                self.points[run_id] += BATCH
                self.requests["batches"] += 1
            for step in range(first, first + 5):
                client.post("runs/log-metric", run_id=run_id, key="one", value=step, timestamp=step, step=step)
                with self.lock:
                    self.points[run_id, "one"] += 1
                    self.requests["points"] += 1
            client.post("runs/set-tag", run_id=run_id, key="t", value=str(first))
        client.post("runs/update", run_id=run_id, status="FINISHED", end_time=2)
        with self.lock:
            self.ended.add(run_id)

    def read(self, client):
        """Search, and read a history."""
        found = client.post("runs/search", experiment_ids=["0"], max_results=50, order_by=["metrics.m DESC"])
        for run in found.get("runs", [])[:2]:
            client.get("metrics/get-history", run_id=run["info"]["run_id"], metric_key="m")
        with self.lock:
            self.requests["searches"] += 1
        time.sleep(0.02)


def test_nothing_is_lost_or_twice_under_load(tmp_path):
    server = Server(tmp_path)
    server.start()
    load = Load(server, SECONDS)
    work = [load.write] * WRITERS + [load.read] * READERS
    threads = [threading.Thread(target=load.attempt, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        time.sleep(SECONDS / (KILLS + 1))
        server.kill()
        server.start()
    for thread in threads:
        thread.join()
    server.note_memory()
    assert load.failures == []
    try:
        with client_of(server, time.monotonic()) as client:
            check(load, client)
    finally:
        server.kill()
    total = sum(load.points.values())
    print(
        f"\n{SECONDS:.0f} s on {STORE.partition(':')[0] or 'sqlite'}: {total} points in {dict(load.requests)}, "
        f"{len(load.ended)} runs ended, {KILLS} kills, memory before each and at the end {server.memory} MB"
    )
    assert total > 1000
    assert max(server.memory, default=0) < MOST_MEMORY


def check(load, client):
    """Compare what writers were told with what MLflow's API reads."""
    for place, count in load.points.items():
        run_id, key = place if isinstance(place, tuple) else (place, "m")
        found = client.get("metrics/get-history", run_id=run_id, metric_key=key)["metrics"]
        steps = [int(each["step"]) for each in found]
        assert len(steps) == len(set(steps)), f"{key} of {run_id} has points twice"
        assert len(steps) >= count, f"{key} of {run_id} lost {count - len(steps)} points"
    for run_id in {place[0] if isinstance(place, tuple) else place for place in load.points}:
        status = client.get("runs/get", run_id=run_id)["run"]["info"]["status"]
        assert status == ("FINISHED" if run_id in load.ended else "RUNNING")
