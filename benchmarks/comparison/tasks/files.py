"""Artifacts in a local store."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from comparison.adapters.base import Artifacts
from comparison.jobs import Figures, Job
from comparison.measuring import disk_bytes

MEGABYTE = 1 << 20
SMALL = 10_240


def one_file(job: Job) -> Figures:
    """One large file in, and out again."""
    source = job.place() / "big.bin"
    with source.open("wb") as stream:
        for _ in range(job.size["megabytes"]):
            stream.write(os.urandom(MEGABYTE))
    put, get = there_and_back(job, lambda store: store.put_file(source), job.size["megabytes"] * MEGABYTE)
    total = job.size["megabytes"] * MEGABYTE / 1e6
    return {"put": total / put, "get": total / get}


def many_files(job: Job) -> Figures:
    """A folder of small files in, and out again."""
    source = job.place() / "small"
    source.mkdir()
    for number in range(job.size["files"]):
        (source / f"f{number:05}").write_bytes(os.urandom(SMALL))
    put, get = there_and_back(job, lambda store: store.put_folder(source), job.size["files"] * SMALL)
    return {"put": job.size["files"] / put, "get": job.size["files"] / get}


def there_and_back(job: Job, put: Callable[[Artifacts], None], expected: int) -> tuple[float, float]:
    """Return the seconds of putting and of getting, each begun with nothing left to write to the disk."""
    store: Artifacts = job.area("Artifacts")
    store.start(_new(job.place() / "state"))
    store.open_run()
    target = _new(job.place() / "target")
    os.sync()
    before = time.perf_counter()
    put(store)
    put_seconds = time.perf_counter() - before
    os.sync()  # what the putting left to write is not the getting's
    before = time.perf_counter()
    store.get(target)
    get_seconds = time.perf_counter() - before
    if disk_bytes(target) < expected:
        raise RuntimeError(f"{disk_bytes(target)} bytes came back instead of {expected}")
    store.finish()
    shutil.rmtree(target)
    return put_seconds, get_seconds


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
