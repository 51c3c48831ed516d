"""A long segment on a chart: cut where columns end, with no more points read than those of the parts that are cut."""

from array import array
from bisect import bisect_left

from hookline.charts import Buckets, Grid, Summary, joined, summarise
from hookline_tracking_sql.columns import progression_of, unpack_integers
from hookline_tracking_sql.outlines import PART_POINTS, Outline
from hookline_tracking_sql.segments import Segment, unpack_values


class Parts:
    """The points of a segment with an outline, in order along an axis.

    Args:
        segment: with its columns.
        by_step: whether the axis is the step, else the time.
    """

    def __init__(self, segment: Segment, *, by_step: bool) -> None:
        assert segment.outline is not None, "who draws by parts has looked"
        self._size, self._numbers = segment.size, segment.numbers
        self._outline = Outline(segment.outline, segment.size)
        self._starts = self._outline.steps if by_step else self._outline.timestamps
        self._packed = segment.steps if by_step else segment.timestamps
        self._stride = progression_of(self._packed)
        self._read: tuple[int, array[int]] = (-1, self._starts)

    def draw(self, buckets: Buckets, grid: Grid) -> None:
        """Add the points to the buckets of a chart, cut by its columns."""
        point, x = 0, self._starts[0]
        while point < self._size:
            column = grid.column(x)
            edge = grid.begin(column + 1)
            end, last, following = self._cut(point, x, edge)
            buckets.add(column, x, last, self._summary(point, end))
            point, x = end, following

    def _cut(self, point: int, x: int, edge: int) -> tuple[int, int, int]:
        """Return the first index behind `point`, which is at `x`, that lies at or beyond an edge; and its neighbours.

        Returns:
            That index, where the point before it lies, and where it lies itself, which is arbitrary at the end.
        """
        stride = self._stride
        if stride is not None:
            end = self._size if not stride else min(self._size, point - (x - edge) // stride)
            last = x + stride * (end - 1 - point)
            return end, last, last + stride
        part = bisect_left(self._starts, edge, point // PART_POINTS) - 1
        xs = self._places(part)
        inside = bisect_left(xs, edge)
        end = part * PART_POINTS + inside
        if inside < len(xs):
            return end, xs[inside - 1], xs[inside]
        return end, xs[-1], self._starts[part + 1] if end < self._size else 0

    def _places(self, part: int) -> "array[int]":
        """Return where the points of a part lie; the last ones are kept, since narrow columns cut a part often."""
        known, xs = self._read
        if known != part:
            low = part * PART_POINTS
            xs = unpack_integers(self._packed, self._starts[part], low, min(low + PART_POINTS, self._size))
            self._read = part, xs
        return xs

    def _summary(self, begin: int, end: int) -> Summary:
        """Return the summary of some points, at least one: of whole parts from the outline, of others from them."""
        outline = self._outline
        first, last = -(-begin // PART_POINTS), end // PART_POINTS if end < self._size else outline.size
        if first > last:
            return summarise(unpack_values(self._numbers, begin, end))
        low, high = first * PART_POINTS, last * PART_POINTS
        if not outline.is_finite:
            return self._joined(begin, end, (low, high) if low < high else (low, low))
        least, greatest = outline.minima[first:last], outline.maxima[first:last]
        latest = outline.lasts[last - 1]
        for start, stop in ((begin, low), (high, end)):
            if start < stop:
                values = unpack_values(self._numbers, start, stop)
                least.append(min(values))
                greatest.append(max(values))
                latest = values[-1] if stop == end else latest
        return Summary(end - begin, min(least), max(greatest), latest)

    def _joined(self, begin: int, end: int, whole: tuple[int, int]) -> Summary:
        """Return the same where some values may not be finite."""
        low, high = whole
        pieces = []
        if begin < low:
            pieces.append(summarise(unpack_values(self._numbers, begin, low)))
        if low < high:
            pieces.append(self._outline.summary(low // PART_POINTS, high // PART_POINTS))
        if high < end:
            pieces.append(summarise(unpack_values(self._numbers, high, end)))
        found = pieces[0]
        for piece in pieces[1:]:
            found = joined(found, piece)
        return found
