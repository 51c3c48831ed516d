"""Tracking servers under load from this process, a thread for each connection."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from comparison import databases
from comparison.adapters.base import Reading, Serving
from comparison.data import FILTER, ORDER, PAGE, matching, runs
from comparison.jobs import Figures, Job
from comparison.measuring import descendants_cpu, percentile
from comparison.tasks.asking import PREFIX, STORE, Connection, NotThere, free_port, wait_for

BATCH = 1000
MOST_AHEAD, AHEAD_BYTES = 5000, 16 << 20
"""Requests that are written down before they are sent."""
Request = tuple[str, dict[str, object]]


def writes(job: Job, database: str = "") -> Figures:
    """Runs created, points one by one over one and over eight connections, batches: so long each.

    Args:
        database: the URI of an empty one; empty: the product's own default.
    """
    with _served(job, job.place(), database) as (port, process, start_s):
        figures: Figures = {"start_s": start_s, "idle_mb": memory_mb(process.pid)}
        return figures | _measured(port, job.size["milliseconds"] / 1000)


def writes_on_postgresql(job: Job) -> Figures:
    """The same on PostgreSQL."""
    with databases.postgresql(job.place(), free_port()) as uri:
        return writes(job, uri)


def seed(job: Job, database: str = "") -> Figures:
    """Fill the seed folder with runs and with one run of many points, without the server."""
    store: Reading = job.area("Reading")
    store.database = database
    store.start(job.seeded())
    store.seed_runs(runs(job.size["runs"]))
    store.seed_points(job.size["points"])
    store.finish()
    return {}


def seed_on_postgresql(job: Job) -> Figures:
    """The same on PostgreSQL, whose files lie in the seed folder."""
    with databases.postgresql(job.seeded(), free_port()) as uri:
        return seed(job, uri)


def reads(job: Job, database: str = "") -> Figures:
    """Pages of searches, a history, and the points of a chart, over one connection."""
    with _served(job, job.seeded(), database) as (port, process, _):
        asked = Questions(port)
        figures: Figures = {}
        for name, (question, right) in asked.all(job.size).items():
            try:
                answer = json.loads(question())
            except NotThere:  # the cell stays empty
                continue
            asked.reconnect()  # what was read of a large answer took its time
            if not right(answer):
                raise RuntimeError(f"the answer to {name!r} is wrong: {str(answer)[:200]}")
            figures |= _timed(name, question, job.size["milliseconds"] / 1000)
        return figures | {"mb": memory_mb(process.pid)}


def reads_on_postgresql(job: Job) -> Figures:
    """The same on PostgreSQL."""
    with databases.postgresql(job.seeded(), free_port()) as uri:
        return reads(job, uri)


def _timed(name: str, question: Callable[[], bytes], seconds: float) -> Figures:
    """Ask for so long, at least three times; CPU is counted in ticks of 10 ms, so over all of them."""
    took: list[float] = []
    cpu, began = descendants_cpu(), time.perf_counter()
    while len(took) < 3 or time.perf_counter() - began < seconds:
        asked = time.perf_counter()
        question()
        took.append(time.perf_counter() - asked)
        if took[-1] > seconds * 3:
            break
    cpu = descendants_cpu() - cpu
    return {f"{name}_ms": percentile(took, 50) * 1e3, f"{name}_cpu_ms": cpu / len(took) * 1e3}


class Questions:
    """What is asked of a store that `seed` filled."""

    def __init__(self, port: int) -> None:
        self._client = Connection(port)
        found = json.loads(self._client.ask("/experiments/search", {"max_results": 100}))
        self._experiments = [each["experiment_id"] for each in found["experiments"]]
        long = json.loads(self._search(filter="metrics.loss >= 0", max_results=1)())
        self._run_id = long["runs"][0]["info"]["run_id"]

    def reconnect(self) -> None:
        """Go on over a fresh connection."""
        self._client.close()
        self._client.open()

    def _search(self, **options: object) -> Callable[[], bytes]:
        return lambda: self._client.ask("/runs/search", {"experiment_ids": self._experiments, **options})

    def all(self, size: dict[str, int]) -> dict[str, tuple[Callable[[], bytes], Callable[[Any], bool]]]:
        """Return by name a request, and whether its answer is right."""
        of_run = {"run_id": self._run_id, "run_uuid": self._run_id, "metric_key": "loss"}
        spread = {"run_ids": self._run_id, "metric_key": "loss", "max_results": 320}
        long, points = min(1000, size["runs"] + 1), size["points"]

        def get(path: str, fields: dict[str, object]) -> Callable[[], bytes]:
            return lambda: self._client.get(f"{path}?{urlencode(fields)}")

        return {
            "filtered": (
                self._search(filter=FILTER, order_by=[ORDER], max_results=PAGE),
                lambda found: len(found["runs"]) == min(PAGE, matching(size["runs"])),
            ),
            "page": (self._search(max_results=1000), lambda found: len(found["runs"]) == long),
            "history": (get("/metrics/get-history", of_run), lambda found: len(found["metrics"]) == points),
            "chart": (
                get("/metrics/get-history-bulk-interval", spread),
                lambda found: 0 < len(found["metrics"]) <= 330,
            ),
        }


@contextmanager
def _served(job: Job, folder: Path, database: str) -> Iterator[tuple[int, "subprocess.Popen[bytes]", float]]:
    """Start the server over the store in a folder; its port, its process, and after how many seconds it answered."""
    serving: Serving = job.area("Serving")
    serving.database = database
    port = free_port()
    with started(job, folder, serving.command(folder, port), port, STORE) as (process, start_s):
        yield port, process, start_s


@contextmanager
def started(
    job: Job, folder: Path, command: tuple[list[str], dict[str, str]], port: int, path: str
) -> Iterator[tuple["subprocess.Popen[bytes]", float]]:
    """Run a server until the context ends; its process, and after how many seconds it answered a GET of a path."""
    words, variables = command
    began = time.perf_counter()
    with (job.place() / "log").open("wb") as log:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_for(port, process, path)
            start_s = time.perf_counter() - began
            settle()
            yield process, start_s
        finally:
            process.terminate()
            process.wait(60)


def _measured(port: int, seconds: float) -> Figures:
    client = Connection(port)
    new: Request = ("/runs/create", {"experiment_id": "0", "start_time": 1, "run_name": "r"})
    run_id = json.loads(client.ask(*new))["run"]["info"]["run_id"]
    client.close()

    def point(connection: int, number: int) -> Request:
        named = {"run_id": run_id, "key": f"m{connection}", "value": number * 0.5}
        return "/runs/log-metric", {**named, "timestamp": 1_700_000_000_000 + number, "step": number}

    def batch(connection: int, number: int) -> Request:
        first = number * BATCH
        points = [
            {"key": f"b{each % 10}", "value": each * 0.5, "timestamp": 1_700_000_000_000 + each, "step": each}
            for each in range(first, first + BATCH)
        ]
        return "/runs/log-batch", {"run_id": run_id, "metrics": points}

    figures: Figures = {}
    for name, connections, make in (
        ("create", 1, lambda _connection, _number: new),
        ("metric", 1, point),
        ("metric8", 8, point),
        ("batch", 1, batch),
    ):
        figures |= load(port, name, connections, make, seconds)
    figures["batch_points_per_s"] = figures["batch_per_s"] * BATCH
    return figures


def load(
    port: int,
    name: str,
    connections: int,
    make: Callable[[int, int], Request],
    seconds: float,
    prefix: str = PREFIX,
) -> dict[str, float]:
    """Send requests as fast as they are answered; return rate, p50 and the server's CPU a request.

    Requests are written down ahead, some thousands at a time, and the clock runs while they are sent: what the asking
    process takes to make them is nobody's speed. The server's CPU is counted meanwhile, too.
    """
    clients = [Connection(port, prefix) for _ in range(connections)]
    ahead = min(MOST_AHEAD, AHEAD_BYTES // len(clients[0].written(*make(0, 0)))) // connections or 1
    took: list[float] = []
    wall, first, cpu = 0.0, 0, descendants_cpu()
    while wall < seconds:
        sent = [
            [client.written(*make(number, each)) for each in range(first, first + ahead)]
            for number, client in enumerate(clients)
        ]
        began = time.perf_counter()
        stop = began + seconds - wall
        threads = [
            threading.Thread(target=_send_all, args=(client, some, stop, took))
            for client, some in zip(clients, sent, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall += time.perf_counter() - began
        first += ahead
    cpu = descendants_cpu() - cpu
    for client in clients:
        client.close()
    return {
        f"{name}_per_s": len(took) / wall,
        f"{name}_p50_ms": percentile(took, 50) * 1e3,
        f"{name}_cpu_ms": cpu / len(took) * 1e3,
    }


def _send_all(client: "Connection", requests: Iterable[bytes], stop: float, took: list[float]) -> None:
    """Send requests until the time is over; note how long each one took."""
    for request in requests:
        began = time.perf_counter()
        if began >= stop:
            return
        client.send(request)
        took.append(time.perf_counter() - began)


def settle() -> None:
    """Return when what was started is idle: helpers may import for long after the first answer."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        before = descendants_cpu()
        time.sleep(1.0)
        if descendants_cpu() - before < 0.1:
            return


def memory_mb(pid: int) -> float:
    """Return the proportional share of memory of a process and its descendants, in MB; NaN without /proc."""
    parents: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(map(_share, family)) / 1000 if parents else float("nan")


def _share(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
