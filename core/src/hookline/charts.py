"""Charts of series: what the buckets are, computed from points. Stores that know summaries of points use the parts.

Points are in the order of (x, the other of step and timestamp, value). Where they are no more than the view's width,
each is a bucket. Where they are more, a `Grid` cuts the range from the first x to the last into columns, and the points
of a column are a bucket; columns without points are left out.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import inf, isfinite, nan
from typing import NamedTuple

from hookline.entities import ChartSeries, ChartView, Points

_LEAST = -(2**63)


class Summary(NamedTuple):
    """What a bucket says about its points; `minimum`, `maximum` and `last` are NaN where no value is finite."""

    size: int
    minimum: float
    maximum: float
    last: float
    nans: int = 0
    positive_infinities: int = 0
    negative_infinities: int = 0


def summarise(values: Sequence[float]) -> Summary:
    """Return the summary of points, at least one, by their values in the order of the points."""
    if isfinite(sum(values)):  # then every one of them is
        return Summary(len(values), min(values), max(values), values[-1])
    finite = [value for value in values if isfinite(value)]
    up, down = values.count(inf), values.count(-inf)
    nans = len(values) - len(finite) - up - down
    if not finite:
        return Summary(len(values), nan, nan, nan, nans, up, down)
    return Summary(len(values), min(finite), max(finite), finite[-1], nans, up, down)


def joined(first: Summary, second: Summary) -> Summary:
    """Return the summary of points together; those of `second` come after those of `first`."""
    least, greatest, last = second.minimum, second.maximum, second.last
    if least != least:
        least, greatest, last = first.minimum, first.maximum, first.last
    elif first.minimum == first.minimum:
        least, greatest = min(first.minimum, least), max(first.maximum, greatest)
    return Summary(
        first.size + second.size,
        least,
        greatest,
        last,
        first.nans + second.nans,
        first.positive_infinities + second.positive_infinities,
        first.negative_infinities + second.negative_infinities,
    )


class Grid:
    """Columns over the range from one x to another, numbered from 0: the shortest of which there are not too many.

    Their length is a power of two, and they begin at its multiples, so that every column of one grid consists of whole
    columns of a finer one, whatever their ranges are: summaries of the finer ones make those of the others.

    Args:
        first, last: the range, both included.
        width: how many columns there are at most.
        origin: the x from which is counted.

    Attributes:
        shift: the power of two.
    """

    def __init__(self, first: int, last: int, width: int, origin: int = 0) -> None:
        self._base = origin + _LEAST  # a multiple of every length; columns that begin at 0 alone would never be one
        low, high, shift = first - self._base, last - self._base, 0
        while (high >> shift) - (low >> shift) >= width:
            shift += 1
        self.shift, self._first = shift, low >> shift

    def column(self, x: int) -> int:
        """Return the column in which an x lies."""
        return (x - self._base >> self.shift) - self._first

    def begin(self, column: int) -> int:
        """Return the least x that may lie in a column."""
        return self._base + (column + self._first << self.shift)


class Bucket(NamedTuple):
    """The points of a series in one column: the x of the first and of the last, and what they are."""

    column: int
    start: int
    end: int
    summary: Summary


class Buckets:
    """Collects the buckets of a series, given parts of it in the order of x, each within one column.

    Attributes:
        found: what was added, in order.
    """

    def __init__(self) -> None:
        self.found: list[Bucket] = []
        self._column = -1

    def add(self, column: int, start: int, end: int, summary: Summary) -> None:
        """Add points from x `start` to `end`."""
        if column == self._column:
            _, start, _, before = self.found.pop()
            summary = joined(before, summary)
        self.found.append(Bucket(column, start, end, summary))
        self._column = column

    def add_points(self, grid: Grid, xs: "array[int]", values: "array[float]") -> None:
        """Add points as columns, cut by a grid."""
        begin = 0
        while begin < len(xs):
            column = grid.column(xs[begin])
            end = bisect_left(xs, grid.begin(column + 1), begin)
            self.add(column, xs[begin], xs[end - 1], summarise(values[begin:end]))
            begin = end

    def series(self, run_id: str, key: str, origin: int = 0) -> ChartSeries:
        """Return what was added; x counts from `origin`."""
        if not self.found:
            return ChartSeries(run_id, key)
        _, starts, ends, summaries = zip(*self.found, strict=True)
        counts, minima, maxima, last, *others = zip(*summaries, strict=True)
        return ChartSeries(
            run_id,
            key,
            array("q", [x - origin for x in starts]),
            array("q", [x - origin for x in ends]),
            array("q", counts),
            *(array("d", column) for column in (minima, maxima, last)),
            *(array("q", column) for column in others),
        )


def chart_columns(
    run_id: str, key: str, xs: "array[int]", values: "array[float]", width: int, origin: int = 0
) -> ChartSeries:
    """Return the chart of points that are in order."""
    buckets = Buckets()
    if len(xs) <= width:
        for number, (x, value) in enumerate(zip(xs, values, strict=True)):
            buckets.add(number, x, x, summarise((value,)))
    else:
        buckets.add_points(Grid(xs[0], xs[-1], width, origin), xs, values)
    return buckets.series(run_id, key, origin)


def chart_history(run_id: str, key: str, history: Iterable[Points], view: ChartView, origin: int = 0) -> ChartSeries:
    """Return the chart of a series.

    Args:
        history: its points, ordered by (timestamp, step, value).
        origin: the run's start where `view.x` is `relative`, else 0.
    """
    return chart_columns(run_id, key, *points_in_view(history, view, origin), view.width, origin)


def points_in_view(history: Iterable[Points], view: ChartView, origin: int) -> "tuple[array[int], array[float]]":
    """Return x, not counted from `origin`, and value of the points of a history that a view shows, in its order."""
    xs, values = array("q"), array("d")
    for block in history:
        xs.extend(block.steps if view.x == "step" else block.timestamps)
        values.extend(block.values)
    if view.x == "step":
        xs, values = by_step(xs, values)
    begin = 0 if view.start is None else bisect_left(xs, view.start + origin)
    end = len(xs) if view.end is None else bisect_right(xs, view.end + origin)
    return xs[begin:end], values[begin:end]


def by_step(steps: "array[int]", values: "array[float]") -> "tuple[array[int], array[float]]":
    """Return the points of a history, as two columns, in the order of (step, timestamp, value)."""
    order = sorted(range(len(steps)), key=steps.__getitem__)  # equal steps stay in the order of the history
    return array("q", [steps[index] for index in order]), array("d", [values[index] for index in order])
