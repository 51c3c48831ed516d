"""Artifacts in an object store."""

import os
import resource
import time
from collections.abc import Callable

from comparison.adapters.base import ObjectArtifacts
from comparison.jobs import Figures, Job
from comparison.measuring import disk_bytes
from comparison.objects import object_store

MEGABYTE = 1 << 20
SMALL = 10_240


def one_file(job: Job) -> Figures:
    """One large file up, and down again."""
    source = job.place() / "big.bin"
    with source.open("wb") as stream:
        for _ in range(job.size["megabytes"]):
            stream.write(os.urandom(MEGABYTE))
    size = job.size["megabytes"] * MEGABYTE
    up, down, *cpu = up_and_down(job, lambda store: store.put_file(source), size)
    return {"up": size / 1e6 / up, "down": size / 1e6 / down, "up_cpu": cpu[0], "down_cpu": cpu[1]}


def many_files(job: Job) -> Figures:
    """A folder of small files up, and down again."""
    source = job.place() / "small"
    source.mkdir()
    count = job.size["files"]
    for number in range(count):
        (source / f"f{number:05}").write_bytes(os.urandom(SMALL))
    up, down, *cpu = up_and_down(job, lambda store: store.put_folder(source), count * SMALL)
    return {"up": count / up, "down": count / down, "up_cpu": cpu[0], "down_cpu": cpu[1]}


def up_and_down(job: Job, put: Callable[[ObjectArtifacts], None], expected: int) -> tuple[float, float, float, float]:
    """Return the seconds up and down, then those of the client's CPU; both begin with nothing left to write."""
    folders = [job.place() / name for name in ("server", "state", "target")]
    for each in folders:
        each.mkdir()
    server, state, target = folders
    with object_store(server):
        store: ObjectArtifacts = job.area("ObjectArtifacts")
        store.start(state)
        store.open_run()
        up, up_cpu = timed(lambda: put(store))
        down, down_cpu = timed(lambda: store.get(target))
        if disk_bytes(target) < expected:
            raise RuntimeError(f"{disk_bytes(target)} bytes came back instead of {expected}")
        store.finish()
    return up, down, up_cpu, down_cpu


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds of some work, and those of this process's CPU: the server is another process."""
    os.sync()
    before, used = time.perf_counter(), cpu_seconds()
    work()
    return time.perf_counter() - before, cpu_seconds() - used


def cpu_seconds() -> float:
    """Return the seconds of CPU that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
