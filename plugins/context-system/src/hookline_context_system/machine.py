"""What psutil tells of the machine and of this process, under the names that MLflow gave such metrics where it has one.

What a system or a container does not tell is left out.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import psutil
from attrs import frozen

from hookline.entities import SYSTEM_PREFIX
from hookline_context_system.gpus import Gpus

SHORTEST = 0.5
"""Seconds. The ticks that a system counts CPU time in make rates over less time noise: those before are repeated."""
LONGEST = 60.0
"""Seconds. Rates over more would say how the machine did before the run."""
_MEGABYTE = 1e6
_NOT_TOLD = (psutil.Error, OSError, RuntimeError, ValueError)
"""What psutil raises where a file of the system is missing, forbidden or of another form, and NotImplementedError."""
_GROWTH = {
    "disk_read_bytes": "disk_read_bytes_per_second",
    "disk_write_bytes": "disk_write_bytes_per_second",
    "network_receive_bytes": "network_receive_bytes_per_second",
    "network_transmit_bytes": "network_transmit_bytes_per_second",
}
_TRAFFIC = {
    "network_receive_bytes": "network_receive_megabytes",
    "network_transmit_bytes": "network_transmit_megabytes",
}


@frozen
class _Reading:
    """Counters that only grow, at one moment."""

    moment: float
    counters: Mapping[str, float]


class Machine:
    """This machine and this process, sampled again and again by one caller at a time.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._process = psutil.Process()
        self._gpus = Gpus()
        self._first: _Reading | None = None
        self._last: _Reading | None = None
        self._counted_last: Mapping[str, float] = {}

    def sample(self) -> dict[str, float]:
        """Return the metrics of this moment."""
        told = {**_told(_memory, _disk, self._resident), **self._counted(), **self._gpus.sample()}
        return {f"{SYSTEM_PREFIX}{name}": float(value) for name, value in told.items()}

    def _counted(self) -> Mapping[str, float]:
        """Return rates since the last sample, and the traffic since the first."""
        now, last = self._clock(), self._last
        if last is not None and now - last.moment < SHORTEST:
            return self._counted_last
        reading = _Reading(now, _told(_cpu_times, self._cpu_time, _disk_traffic, _network_traffic))
        self._first = self._first or reading
        recent = last is not None and now - last.moment <= LONGEST
        rates = _rates(last, reading) if last is not None and recent else {}
        traffic = {name: value / _MEGABYTE for name, value in _growth(self._first, reading, _TRAFFIC).items()}
        self._last, self._counted_last = reading, {**rates, **traffic}
        return self._counted_last

    def _resident(self) -> dict[str, float]:
        return {"process_memory_usage_megabytes": self._process.memory_info().rss / _MEGABYTE}

    def _cpu_time(self) -> dict[str, float]:
        times = self._process.cpu_times()
        return {"process": times.user + times.system}


def _told(*questions: Callable[[], Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for ask in questions:
        with suppress(*_NOT_TOLD):
            found.update(ask())
    return found


def _growth(before: _Reading, now: _Reading, names: Mapping[str, str]) -> dict[str, float]:
    """Return by how much counters grew; one that was set back, as when a device comes and goes, did not."""
    return {
        name: max(0.0, now.counters[counter] - before.counters[counter])
        for counter, name in names.items()
        if counter in now.counters and counter in before.counters
    }


def _rates(before: _Reading, now: _Reading) -> dict[str, float]:
    elapsed = now.moment - before.moment
    rates = {name: value / elapsed for name, value in _growth(before, now, _GROWTH).items()}
    cpu = _growth(before, now, {"busy": "busy", "all": "all", "process": "process"})
    if cpu.get("all"):
        rates["cpu_utilization_percentage"] = min(100.0, 100 * cpu["busy"] / cpu["all"])
    if "process" in cpu:
        rates["process_cpu_utilization_percentage"] = 100 * cpu["process"] / elapsed
    return rates


def _memory() -> dict[str, float]:
    memory = psutil.virtual_memory()
    return {
        "system_memory_usage_megabytes": memory.used / _MEGABYTE,
        "system_memory_usage_percentage": memory.percent,
        "system_memory_available_megabytes": memory.available / _MEGABYTE,
    }


def _disk() -> dict[str, float]:
    disk = psutil.disk_usage(os.curdir)
    return {
        "disk_usage_megabytes": disk.used / _MEGABYTE,
        "disk_usage_percentage": disk.percent,
        "disk_available_megabytes": disk.free / _MEGABYTE,
    }


def _cpu_times() -> dict[str, float]:
    """Return seconds of all CPUs. Not by `psutil.cpu_percent`, which keeps what it compares with for each thread."""
    times = psutil.cpu_times()._asdict()
    every = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)  # which are in user and nice
    return {"busy": every - times["idle"] - times.get("iowait", 0.0), "all": every}


def _disk_traffic() -> dict[str, float]:
    traffic = psutil.disk_io_counters()
    return {"disk_read_bytes": traffic.read_bytes, "disk_write_bytes": traffic.write_bytes} if traffic else {}


def _network_traffic() -> dict[str, float]:
    traffic = psutil.net_io_counters()
    names = ("network_receive_bytes", "network_transmit_bytes")
    return dict(zip(names, (traffic.bytes_recv, traffic.bytes_sent), strict=True)) if traffic else {}
