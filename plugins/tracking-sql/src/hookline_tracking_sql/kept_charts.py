"""Charts that were drawn lately: of series that nothing was added to, the same view is the same chart."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

MOST_BUCKETS = 250_000
"""How many buckets are kept, of 72 bytes each; the longest unused charts go first."""

What = TypeVar("What", bound=Hashable)
State = TypeVar("State")
Chart = TypeVar("Chart")


class KeptCharts(Generic[What, State, Chart]):
    """Charts by what they show, each with the state of its series then. Thread safe.

    The state of a series is how many points it has, which only ever grow in number, and from where x counts.
    """

    def __init__(self, most: int = MOST_BUCKETS) -> None:
        self._most, self._size = most, 0
        self._lock = Lock()
        self._found: OrderedDict[What, tuple[State, Chart, int]] = OrderedDict()

    def get(self, what: What, state: State) -> Chart | None:
        """Return a chart, which is not to be changed; None where it is not kept, or the series has changed."""
        with self._lock:
            known = self._found.get(what)
            if known is None or known[0] != state:
                return None
            self._found.move_to_end(what)
            return known[1]

    def put(self, what: What, state: State, chart: Chart, size: int) -> None:
        """Keep a chart of so many buckets."""
        with self._lock:
            *_, before = self._found.pop(what, (None, None, 0))
            self._found[what] = state, chart, size
            self._size += size - before
            while self._size > self._most:
                _, (*_, gone) = self._found.popitem(last=False)
                self._size -= gone
