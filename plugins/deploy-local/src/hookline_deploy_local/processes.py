"""Starting the processes that serve a model, and ending them."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from attrs import evolve, frozen

from hookline.errors import ExecutionFailed
from hookline.system import end_process_tree, how_it_ended, process_identity, start_process
from hookline_deploy_local.records import WorkerProcess
from hookline_lib_scoring.specification import WorkerSpecification

LOG_END = 2000
"""How many characters of a log a message quotes."""


@frozen
class Started:
    """Processes that were started and may not answer yet.

    Attributes:
        ready: the files that they write once they accept connections.
    """

    processes: Sequence["subprocess.Popen[bytes]"]
    ready: Sequence[Path]

    @property
    def workers(self) -> tuple[WorkerProcess, ...]:
        """Who they are; one that is gone already has an identity that fits no process."""
        return tuple(WorkerProcess(each.pid, process_identity(each.pid) or "gone") for each in self.processes)

    def ended(self) -> "subprocess.Popen[bytes] | None":
        """Return a process that has ended, if there is one."""
        return next((each for each in self.processes if each.poll() is not None), None)

    def wait(self, seconds: float) -> None:
        """Return when all accept connections.

        Raises:
            ExecutionFailed: one of them ended, or they took longer than `seconds` (0: no limit).
        """
        deadline = time.monotonic() + seconds
        while not all(path.exists() for path in self.ready):
            gone = self.ended()
            if gone is not None:
                raise ExecutionFailed(f"The server's process {how_it_ended(gone.returncode)}.", gone.returncode)
            if seconds and time.monotonic() > deadline:
                raise ExecutionFailed(f"The server did not start within {seconds:g} s.")
            time.sleep(0.02)

    def stop(self) -> None:
        """End all of them, and what they have started."""
        stop(self.workers)


def start(
    specification: WorkerSpecification,
    count: int,
    folder: Path,
    *,
    seconds: float = 0,
    output: "IO[bytes] | None" = None,
    variables: Mapping[str, str] | None = None,
    working_folder: Path | None = None,
    remember: Callable[[tuple[WorkerProcess, ...]], None] = lambda workers: None,
) -> Started:
    """Start `count` processes that serve one model on one port, and return when all accept connections.

    Args:
        folder: where their specifications and `ready` files are written.
        seconds: how long they may take; 0: no limit.
        output: takes what they print; None: it goes where this process's output goes.
        remember: called after each start with all that were started, so that none is lost.

    Raises:
        ExecutionFailed: one of them did not start; none is left.
    """
    processes: list[subprocess.Popen[bytes]] = []
    ready = tuple(folder / f"ready-{number}.json" for number in range(count))
    try:
        for number in range(count):
            path = folder / f"worker-{number}.json"
            evolve(specification, ready=str(ready[number])).write(path)
            processes.append(_started(path, output, variables, working_folder))
            remember(Started(tuple(processes), ready).workers)
        started = Started(tuple(processes), ready)
        started.wait(seconds)
    except BaseException:
        Started(tuple(processes), ready).stop()
        raise
    return started


def _started(
    path: Path, output: "IO[bytes] | None", variables: Mapping[str, str] | None, folder: Path | None
) -> "subprocess.Popen[bytes]":
    # -P: a file in the working folder must not stand in for a module of the same name.
    argv = [sys.executable, "-P", "-m", "hookline_lib_scoring.worker", str(path)]
    errors = subprocess.STDOUT if output else None
    process = start_process(argv, folder=folder, variables=variables, stdout=output, stderr=errors)
    # Whoever starts a server and lives on collects its exit status; a command that ends leaves it to the system.
    threading.Thread(target=process.wait, daemon=True).start()
    return process


def is_running(worker: WorkerProcess) -> bool:
    """Return whether a process is there, and is the one that was started."""
    return process_identity(worker.pid) == worker.identity


def stop(workers: Sequence[WorkerProcess], patience: float = 15.0) -> None:
    """End processes: all are asked at once, those that do not end within `patience` seconds are made to."""
    running = [each for each in workers if is_running(each)]
    threads = [threading.Thread(target=end_process_tree, args=(each.pid, patience)) for each in running]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def end_of(log: Path) -> str:
    """Return the last lines of a log, "" where there is none."""
    try:
        text = log.read_bytes()[-LOG_END * 4 :].decode(errors="replace").strip()
    except OSError:
        return ""
    return text if len(text) <= LOG_END else "..." + text[-LOG_END:]
