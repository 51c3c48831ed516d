"""Clocks and sizes, for use inside a contender's process."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

PROCESSES = Path("/proc")


def descendants_cpu() -> float:
    """Return the CPU seconds of this process's ended children and, where there is /proc, its living descendants."""
    ended = getrusage(RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + _living()


def _living() -> float:
    children: dict[int, list[tuple[int, float]]] = {}
    for place in PROCESSES.glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        ticks = sum(int(each) for each in fields[11:15])
        children.setdefault(int(fields[1]), []).append((int(place.parent.name), ticks))
    waiting, found = [os.getpid()], 0.0
    while waiting:
        for process, ticks in children.get(waiting.pop(), ()):
            waiting.append(process)
            found += ticks
    return found / os.sysconf("SC_CLK_TCK")


class Stopwatch:
    """Wall and CPU seconds, of this process and what it started, since it was made; looking costs nothing of them."""

    def __init__(self) -> None:
        self._others = descendants_cpu()
        self._own = time.process_time()
        self._wall = time.perf_counter()

    @property
    def wall(self) -> float:
        """Wall seconds so far."""
        return time.perf_counter() - self._wall

    def read(self) -> tuple[float, float]:
        """Return wall and CPU seconds so far."""
        wall, own = self.wall, time.process_time()
        return wall, own - self._own + descendants_cpu() - self._others


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def repeated(work: Callable[[], Any], budget: float, times: int = 5) -> tuple[float, float]:
    """Return the median wall and CPU seconds of work, after once to warm up; done once only where that is slow."""
    walls, cpus = [], []
    began = time.perf_counter()
    for number in range(times + 1):
        watch = Stopwatch()
        work()
        wall, cpu = watch.read()
        if number or wall > budget / 2:
            walls.append(wall)
            cpus.append(cpu)
        if time.perf_counter() - began > budget:
            break
    return (statistics.median(walls), statistics.median(cpus)) if walls else (wall, cpu)


@dataclass(frozen=True)
class Ran:
    """What one command took."""

    wall: float
    cpu: float
    peak_mb: float


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> Ran:
    """Run a command to its end, which must be a good one, and return what it and its children took."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    said = process.stderr.read() if process.stderr else b""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}: {said.decode(errors='replace')[-500:]}")
    wall = time.perf_counter() - began
    peak = used.ru_maxrss / (1 << 10 if os.uname().sysname == "Linux" else 1 << 20)
    return Ran(wall, used.ru_utime + used.ru_stime, peak)


def disk_bytes(folder: Path, *, compiled: bool = True) -> int:
    """Return the bytes of all files below a folder; `compiled=False` leaves out what Python compiled itself."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum(path.stat().st_size for path in files if compiled or path.suffix != ".pyc")
