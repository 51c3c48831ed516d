"""Servers that the peers' tests ask: ours, and MLflow's own."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

PATIENCE = 180


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command, folder, url, ready="/api/2.0/mlflow/experiments/get?experiment_id=0"):
    """Run a server until the block ends; it must answer first."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))}
    environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(f"{url}{ready}"):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def ours(folder, *options):
    """Our server over a new SQLite store."""
    port = free_port()
    command = [sys.executable, "-m", "hookline", "server", "--port", str(port), *options]
    return running(command, folder, f"http://127.0.0.1:{port}", "/ready")


def theirs(python, folder, database=None):
    """MLflow's server over a database, or a new SQLite store, with one worker."""
    port = free_port()
    uri = database or f"sqlite:///{folder}/mlflow.db"
    store = ["--backend-store-uri", uri, "--artifacts-destination", f"{folder}/files"]
    command = [python, "-m", "mlflow", "server", "--port", str(port), "--workers", "1", *store]
    return running(command, folder, f"http://127.0.0.1:{port}")
