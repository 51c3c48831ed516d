"""Figures for Prometheus: requests by operation and status, and how long they took."""

from bisect import bisect_left
from collections import defaultdict
from threading import Lock

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds."""


class Counter:
    """A number that only grows. Thread safe."""

    def __init__(self, name: str, meaning: str) -> None:
        self._lock = Lock()
        self._name, self._meaning, self._count = name, meaning, 0

    def add(self, count: int) -> None:
        """Count so many."""
        with self._lock:
            self._count += count

    def text(self) -> str:
        """Return it in Prometheus' text format."""
        return f"# HELP {self._name} {self._meaning}\n# TYPE {self._name} counter\n{self._name} {self._count}\n"


class Monitor:
    """Counts requests. Thread safe. The names of operations are the server's own, so that they are few."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[tuple[str, int], int] = defaultdict(int)
        self._times: dict[str, list[int]] = {}
        self._sums: dict[str, float] = defaultdict(float)

    def note(self, operation: str, status: int, seconds: float) -> None:
        """Count a request; `operation` is "" where none was found."""
        with self._lock:
            self._counts[operation, status] += 1
            self._sums[operation] += seconds
            times = self._times.get(operation)
            if times is None:
                times = self._times[operation] = [0] * (len(BUCKETS) + 1)
            times[bisect_left(BUCKETS, seconds)] += 1

    def text(self) -> str:
        """Return the figures in Prometheus' text format (version 0.0.4)."""
        with self._lock:
            lines = [
                "# HELP hookline_requests_total Requests by operation and status.",
                "# TYPE hookline_requests_total counter",
                *(
                    f'hookline_requests_total{{operation="{operation}",status="{status}"}} {count}'
                    for (operation, status), count in sorted(self._counts.items())
                ),
                "# HELP hookline_request_seconds How long requests took.",
                "# TYPE hookline_request_seconds histogram",
            ]
            for operation, times in sorted(self._times.items()):
                lines += self._histogram(operation, times)
        return "\n".join(lines) + "\n"

    def _histogram(self, operation: str, times: list[int]) -> list[str]:
        lines, total = [], 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), times, strict=True):
            total += count
            lines.append(f'hookline_request_seconds_bucket{{operation="{operation}",le="{bound}"}} {total}')
        lines.append(f'hookline_request_seconds_sum{{operation="{operation}"}} {self._sums[operation]:.6f}')
        lines.append(f'hookline_request_seconds_count{{operation="{operation}"}} {total}')
        return lines
