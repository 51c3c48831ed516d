"""Stretches of a series along the x axis of a chart: points in order, known by summaries until their values are needed.

The order is (x, y, value), where y is the timestamp where x is the step, and the step where x is the timestamp.
"""

from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from hookline.charts import Buckets, Grid
from hookline.entities import Points
from hookline_tracking_sql.columns import unpack_integers
from hookline_tracking_sql.ordering import in_order, is_sorted
from hookline_tracking_sql.outlines import PART_POINTS, Facts, Outline
from hookline_tracking_sql.parts import Parts
from hookline_tracking_sql.segments import Segment, unpack, unpack_values

Place: TypeAlias = tuple[int, int]
"""The x and y of a point."""


class Stretch(ABC):
    """Some points of a series that lie together.

    Attributes:
        first, last: where it begins and ends.
        size: how many points there are.
    """

    first: Place
    last: Place
    size: int

    def __init__(self, first: Place, last: Place, size: int) -> None:
        self.first, self.last, self.size = first, last, size

    @abstractmethod
    def points(self) -> "Read":
        """Return the points."""

    def parts(self) -> Sequence["Stretch"]:
        """Return the smaller stretches of which it consists."""
        return [self]

    def cut(self, start: int | None, end: int | None) -> "Iterable[Stretch]":
        """Return what lies in a range of x, both ends included, in order."""
        first, last = self.first[0], self.last[0]
        if (start is not None and last < start) or (end is not None and first > end):
            return []
        if (start is None or first >= start) and (end is None or last <= end):
            return [self]
        return self.within(start, end)

    def within(self, start: int | None, end: int | None) -> "Iterable[Stretch]":
        """Return the same, where the range begins or ends inside."""
        return self.points().cut(start, end)

    def draw(self, buckets: Buckets, grid: Grid) -> None:
        """Add the points to the buckets of a chart."""
        read = self.points()
        buckets.add_points(grid, read.xs, read.values)


class Read(Stretch):
    """Points that were read, as columns in order."""

    def __init__(self, xs: "array[int]", ys: "array[int]", values: "array[float]") -> None:
        super().__init__((xs[0], ys[0]), (xs[-1], ys[-1]), len(xs))
        self.xs, self.ys, self.values = xs, ys, values

    def points(self) -> "Read":
        """Return itself."""
        return self

    def cut(self, start: int | None, end: int | None) -> Sequence["Read"]:
        """Return what lies in a range, both ends included: one stretch or none."""
        low = 0 if start is None else bisect_left(self.xs, start)
        high = len(self.xs) if end is None else bisect_right(self.xs, end)
        return [Read(self.xs[low:high], self.ys[low:high], self.values[low:high])] if low < high else []


class Row(NamedTuple):
    """What a segment says of itself, and how to read it in full."""

    segment: Segment
    facts: Facts
    open: Callable[[], Segment]


class Full(Stretch):
    """A segment with facts whose points are in order along the axis."""

    def __init__(self, row: Row, *, by_step: bool) -> None:
        segment, facts = row.segment, row.facts
        times, steps = (segment.timestamp, facts.last_timestamp), (segment.step, facts.last_step)
        (first, last), (y_first, y_last) = (steps, times) if by_step else (times, steps)
        super().__init__((first, y_first), (last, y_last), segment.size)
        self._row, self._by_step = row, by_step

    def points(self) -> Read:
        """Read them all, which are in order."""
        points = unpack(self._row.open(), "")
        places = (points.steps, points.timestamps) if self._by_step else (points.timestamps, points.steps)
        return Read(*places, points.values)

    def parts(self) -> Sequence[Stretch]:
        """Return stretches of a few points where the segment has an outline."""
        segment = self._row.open()
        if segment.outline is None:
            return [self.points()]
        read = self.points()
        places = list(zip(read.xs, read.ys, strict=True))
        starts = range(0, segment.size, PART_POINTS)
        ends = [min(start + PART_POINTS, segment.size) for start in starts]
        return [
            _Slice(self._row, start, places[start], places[end - 1], by_step=self._by_step)
            for start, end in zip(starts, ends, strict=True)
        ]

    def within(self, start: int | None, end: int | None) -> Iterable[Stretch]:
        """Return what lies in a range of x, for which only the parts that reach into it are read."""
        segment = self._row.open()
        if segment.outline is None:
            return self.points().cut(start, end)
        outline = Outline(segment.outline, segment.size)
        starts = outline.steps if self._by_step else outline.timestamps
        low = 0 if start is None else max(0, bisect_left(starts, start) - 1)
        high = outline.size if end is None else bisect_right(starts, end)
        points = PART_POINTS * low, min(PART_POINTS * high, segment.size)
        return _read(segment, points, (outline.steps[low], outline.timestamps[low]), by_step=self._by_step).cut(
            start, end
        )

    def draw(self, buckets: Buckets, grid: Grid) -> None:
        """Add it whole where it lies in one column, else by its parts."""
        column = grid.column(self.first[0])
        if self.last[0] < grid.begin(column + 1):
            buckets.add(column, self.first[0], self.last[0], self._row.facts.values)
            return
        segment = self._row.open()
        if segment.outline is None:
            super().draw(buckets, grid)
        else:
            Parts(segment, by_step=self._by_step).draw(buckets, grid)


class _Slice(Stretch):
    """Some points of a segment."""

    def __init__(self, row: Row, low: int, first: Place, last: Place, *, by_step: bool) -> None:
        high = min(low + PART_POINTS, row.segment.size)
        super().__init__(first, last, high - low)
        self._row, self._low, self._high, self._by_step = row, low, high, by_step

    def points(self) -> Read:
        """Read them."""
        first = self.first if self._by_step else self.first[::-1]
        return _read(self._row.open(), (self._low, self._high), first, by_step=self._by_step)


def _read(segment: Segment, points: tuple[int, int], first: tuple[int, int], *, by_step: bool) -> Read:
    """Return the points of a segment from one index to another, of which the first has this step and timestamp."""
    steps = unpack_integers(segment.steps, first[0], *points)
    timestamps = unpack_integers(segment.timestamps, first[1], *points)
    xs, ys = (steps, timestamps) if by_step else (timestamps, steps)
    return Read(xs, ys, unpack_values(segment.numbers, *points))


def read_points(points: Points, *, by_step: bool) -> Read:
    """Return points, at least one, in order along an axis."""
    points = in_order(points)
    steps, timestamps, values = points.steps, points.timestamps, points.values
    if not by_step:
        return Read(timestamps, steps, values)
    if is_sorted(steps):
        return Read(steps, timestamps, values)
    order = sorted(range(len(steps)), key=steps.__getitem__)  # equal steps stay in the order of the history
    return Read(
        array("q", [steps[index] for index in order]),
        array("q", [timestamps[index] for index in order]),
        array("d", [values[index] for index in order]),
    )


def arranged(stretches: Iterable[Stretch], *, by_step: bool) -> Iterator[Stretch]:
    """Yield the points of stretches as ones that do not overlap, in order."""
    for group in _overlapping(sorted(stretches, key=lambda stretch: stretch.first)):
        parts = [part for stretch in group for part in stretch.parts()] if len(group) > 1 else group
        if len(parts) > len(group):
            yield from arranged(parts, by_step=by_step)
        elif len(group) > 1:
            yield _together([part.points() for part in parts], by_step=by_step)
        else:
            yield group[0]


def _overlapping(stretches: Iterable[Stretch]) -> Iterator[list[Stretch]]:
    """Group stretches, which are ordered by where they begin, into those that reach into each other."""
    group: list[Stretch] = []
    reached: Place | None = None
    for stretch in stretches:
        if reached is not None and stretch.first > reached:
            yield group
            group, reached = [], None
        group.append(stretch)
        reached = stretch.last if reached is None else max(reached, stretch.last)
    if group:
        yield group


def in_line(read: Sequence[Read]) -> Read:
    """Return points that were read, and follow each other, as one stretch."""
    xs, ys, values = array("q"), array("q"), array("d")
    for each in read:
        xs.extend(each.xs)
        ys.extend(each.ys)
        values.extend(each.values)
    return Read(xs, ys, values)


def _together(read: Sequence[Read], *, by_step: bool) -> Read:
    """Return points that were read as one stretch."""
    points = Points("")
    for each in read:
        steps, timestamps = (each.xs, each.ys) if by_step else (each.ys, each.xs)
        points.steps.extend(steps)
        points.timestamps.extend(timestamps)
        points.values.extend(each.values)
    return read_points(points, by_step=by_step)
