"""Charts that were drawn lately: of a series that nothing was added to, the same view is the same chart."""

from collections import OrderedDict
from threading import Lock
from typing import TypeAlias

from hookline.entities import ChartSeries, ChartView

MOST_BUCKETS = 250_000
"""How many buckets are kept, of 72 bytes each; the longest unused charts go first."""

What: TypeAlias = tuple[str, str, ChartView]
"""Run, key and view."""
State: TypeAlias = tuple[int, int]
"""How many points the series has, which only ever grow in number, and from where x counts."""


class KeptCharts:
    """Charts by what they show, each with the state of its series then. Thread safe."""

    def __init__(self, most: int = MOST_BUCKETS) -> None:
        self._most, self._size = most, 0
        self._lock = Lock()
        self._found: OrderedDict[What, tuple[State, ChartSeries]] = OrderedDict()

    def get(self, what: What, state: State) -> ChartSeries | None:
        """Return a chart, which is not to be changed; None where it is not kept, or the series has changed."""
        with self._lock:
            known = self._found.get(what)
            if known is None or known[0] != state:
                return None
            self._found.move_to_end(what)
            return known[1]

    def put(self, what: What, state: State, chart: ChartSeries) -> None:
        """Keep a chart."""
        with self._lock:
            before = self._found.pop(what, None)
            if before is not None:
                self._size -= len(before[1].starts)
            self._found[what] = state, chart
            self._size += len(chart.starts)
            while self._size > self._most:
                _, (_, gone) = self._found.popitem(last=False)
                self._size -= len(gone.starts)
