"""Logging from one process, as a training does it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from comparison.adapters.base import Logging
from comparison.jobs import Figures, Job, tell
from comparison.measuring import Stopwatch, disk_bytes, percentile

SETTLE_SECONDS = 3.0
"""How long a killed client's helper process, which may outlive it, is left to write."""
COUNT_SECONDS = 300.0
DATABASE = re.compile(r"\.db(-wal|-shm)?$")


def started(job: Job) -> Logging:
    """Return an adapter with an open run that has logged one point of another metric, so that it is warm."""
    client: Logging = job.area("Logging")
    client.start(job.place())
    client.open_run(0)
    client.log_metric("warm", 0.0, 0)
    return client


def calls(client: Logging, wanted: int, budget: float) -> list[float]:
    """Log points one call at a time, and return the seconds of each call; fewer where the budget ends."""
    clock, log = time.perf_counter, client.log_metric
    took: list[float] = []
    end = clock() + budget
    for step in range(wanted):
        before = clock()
        log("loss", step * 0.5, step)
        after = clock()
        took.append(after - before)
        if after > end:
            break
    return took


def log_metric(job: Job) -> Figures:
    """Log point by point, then end the run: the rate counts until then."""
    client = started(job)
    watch = Stopwatch()
    took = calls(client, job.size["points"], job.budget)
    client.end_run()
    client.finish()
    wall, cpu = watch.read()
    return {
        "per_s": len(took) / wall,
        "p50_us": percentile(took, 50) * 1e6,
        "p99_us": percentile(took, 99) * 1e6,
        "stall_ms": max(took) * 1e3,
        "cpu_us": cpu / len(took) * 1e6,
        "bytes_per_point": disk_bytes(job.place()) / len(took),
        "done": len(took),
        "wanted": job.size["points"],
    }


def sustained(job: Job) -> Figures:
    """Log as fast as it goes and flush; then another process counts, while the run is open still."""
    client = started(job)
    log, clock, wanted = client.log_metric, time.perf_counter, job.size["points"]
    watch, own, done = Stopwatch(), time.thread_time(), 0
    end = clock() + job.budget
    while done < wanted and (done % 256 or clock() < end):
        log("loss", done * 0.5, done)
        done += 1
    foreground = time.thread_time() - own
    client.flush()
    wall, cpu = watch.read()
    found = job.with_task("logging:count").elsewhere(COUNT_SECONDS)
    client.end_run()
    client.finish()
    return {
        "per_s": done / wall,
        "background_us": max(0.0, cpu - foreground) / done * 1e6,
        "cpu_us": cpu / done * 1e6,
        "missing": done - found["points"] if "points" in found else found.get("skipped") or found.get("error"),
        "done": done,
        "wanted": wanted,
    }


def count(job: Job) -> Figures:
    """Count the points of "loss" that are there."""
    client: Logging = job.area("Logging")
    client.start(job.place())
    return {"points": client.count(job.place())}


def log_batch(job: Job) -> Figures:
    """Log 1,000 points in each call: ten metrics, a hundred steps."""
    client = started(job)
    batches = [
        [(f"m{each % 10}", each * 0.5, number * 100 + each // 10) for each in range(1000)]
        for number in range(job.size["batches"])
    ]
    watch, done = Stopwatch(), 0
    for batch in batches:
        client.log_batch(batch)
        done += 1
        if watch.wall > job.budget:
            break
    client.end_run()
    client.finish()
    wall, cpu = watch.read()
    points = done * 1000
    return {
        "per_s": points / wall,
        "cpu_us": cpu / points * 1e6,
        "bytes_per_point": disk_bytes(job.place()) / points,
        "done": done,
        "wanted": len(batches),
    }


def small_runs(job: Job) -> Figures:
    """Log whole runs inside of a git repository that has uncommitted changes, after one that opens everything."""
    repository(job.place())
    before = disk_bytes(job.place())
    opening = Stopwatch()
    client: Logging = job.area("Logging")
    client.start(job.place())
    small_run(client, job.size["runs"])
    opened, _ = opening.read()
    watch, done = Stopwatch(), 0
    for number in range(job.size["runs"]):
        small_run(client, number)
        done += 1
        if watch.wall > job.budget:
            break
    client.finish()
    wall, cpu = watch.read()
    return {
        "first_ms": opened * 1e3,
        "per_s": done / wall,
        "cpu_ms": cpu / done * 1e3,
        "bytes_per_run": (disk_bytes(job.place()) - before) / (done + 1),
        "done": done,
        "wanted": job.size["runs"],
    }


def small_run(client: Logging, number: int) -> None:
    """Log one run of ten params, five tags and twenty metrics at ten steps."""
    params = {f"p{each}": f"v{each}" for each in range(10)}
    client.open_run(number, params)
    client.log_params(params)
    client.set_tags({f"t{each}": f"v{each}" for each in range(5)})
    for step in range(10):
        client.log_metrics({f"m{each}": step * 0.1 + each for each in range(20)}, step)
    client.end_run()


def repository(folder: Path) -> None:
    """Make a folder a git repository with a commit and a change that is not committed, and this program its script.

    Products look for the repository of the script that runs, not for that of the working directory.
    """
    script = folder / "train.py"
    script.write_text("print(1)\n" * 200, encoding="utf-8")
    identity = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost"]
    for words in (["init", "-q"], ["add", "train.py"], [*identity, "commit", "-q", "-m", "Train"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    script.write_text("print(2)\n" * 200, encoding="utf-8")
    sys.argv[0] = sys.modules["__main__"].__file__ = str(script)


def create_run(job: Job) -> Figures:
    """Start runs, timing nothing but the start, and end each."""
    client: Logging = job.area("Logging")
    client.start(job.place())
    took: list[float] = []
    end = time.perf_counter() + job.budget
    for number in range(job.size["runs"] + 1):
        before = time.perf_counter()
        client.open_run(number)
        took.append(time.perf_counter() - before)
        client.end_run()
        if time.perf_counter() > end and number:
            break
    client.finish()
    first, *rest = took
    return {
        "first_ms": first * 1e3,
        "p50_ms": percentile(rest, 50) * 1e3,
        "p99_ms": percentile(rest, 99) * 1e3,
        "done": len(rest),
        "wanted": job.size["runs"],
    }


def disk(job: Job) -> Figures:
    """Look at the folder after the last call, and after the run ended and the library was closed."""
    client = started(job)
    done = len(calls(client, job.size["points"], job.budget))
    fresh, in_database = disk_bytes(job.place()), database_bytes(job.place())
    client.end_run()
    client.finish()
    return {
        "fresh": fresh / done,
        **({"fresh_database": in_database / done} if in_database else {}),
        "ended": disk_bytes(job.place()) / done,
        "done": done,
        "wanted": job.size["points"],
    }


def database_bytes(folder: Path) -> int:
    """Return how many bytes the SQLite files below a folder have, with their logs."""
    return sum(path.stat().st_size for path in folder.rglob("*.db*") if path.is_file() and DATABASE.search(path.name))


def kill_burst(job: Job) -> Figures:
    """Kill the client right after its last call of a burst, and count what another process finds."""
    return survived(job, "logging:until_killed")


def kill_paced(job: Job) -> Figures:
    """The same with a millisecond between the calls."""
    return survived(job, "logging:until_killed_paced")


def survived(job: Job, task: str) -> Figures:
    """Return how many points were acknowledged before the kill and how many are there after it."""
    acked = job.with_task(task).elsewhere(job.budget * 4)
    if "acked" not in acked:
        raise RuntimeError(f"the client did not get to be killed: {acked}")
    time.sleep(SETTLE_SECONDS)
    found = job.with_task("logging:count").elsewhere(COUNT_SECONDS)
    if "points" not in found:
        raise RuntimeError(f"nobody could read what survived: {found}")
    lost = 100 * (1 - found["points"] / acked["acked"])
    return {"acked": acked["acked"], "survived": found["points"], "lost_percent": lost, **_limits(acked, job)}


def _limits(acked: Figures, job: Job) -> dict[str, Any]:
    return {"done": acked["acked"], "wanted": job.size["points"]}


def until_killed(job: Job) -> Figures:
    """Log a burst, say how much was acknowledged, and die."""
    return _die_after(job, 0.0)


def until_killed_paced(job: Job) -> Figures:
    """Log a point each millisecond, say how much was acknowledged, and die."""
    return _die_after(job, 0.001)


def _die_after(job: Job, pause: float) -> Figures:
    client, done = started(job), 0
    end = time.perf_counter() + job.budget
    while done < job.size["points"] and time.perf_counter() < end:
        client.log_metric("loss", done * 0.5, done)
        done += 1
        if pause:
            time.sleep(pause)
    tell({"acked": done})
    os.kill(os.getpid(), signal.SIGKILL)
    return {}
