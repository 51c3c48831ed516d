"""An overview: what the full segments of a series hold along one axis, in few enough buckets to be read with a chart.

Its buckets are columns of a `Grid`, so that a chart with columns at least as long is exact without the segments. See
docs/formats/segments.md.
"""

import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

from hookline.charts import Bucket, Buckets, Grid, Summary
from hookline_tracking_sql.columns import (
    little,
    numbers_of,
    pack_integers,
    pack_numbers,
    unpack_integers,
    unpack_numbers,
)
from hookline_tracking_sql.stretches import Place, Read, Stretch, in_line

MOST_BUCKETS = 1024
"""How many columns the range of an overview is cut into at most: as many as a chart on a wide screen has."""

_HEAD = struct.Struct("<BqqI")
_LENGTH = struct.Struct("<I")
_WIDE = 8

Between: TypeAlias = Callable[[int | None, int | None], Iterable[Stretch]]
"""Returns what lies in a range of x, both ends included, of the points that an overview is about, in order."""


class Sums(NamedTuple):
    """Buckets as columns, each within one column of a grid.

    Attributes:
        shift: of the grid.
        starts, ends: of the first and the last point of each bucket.
        minima, maxima, lasts: of finite values; NaN where a bucket has none.
        odd: how many values are NaN, infinity, negative infinity; empty where all are finite.
    """

    shift: int
    starts: "array[int]"
    ends: "array[int]"
    counts: "array[int]"
    minima: "array[float]"
    maxima: "array[float]"
    lasts: "array[float]"
    odd: "tuple[array[int], ...]" = ()

    def part(self, low: int, high: int) -> "Sums":
        """Return some of the buckets."""
        return Sums(self.shift, *(each[low:high] for each in self[1:7]), tuple(each[low:high] for each in self.odd))

    def summary(self, begin: int, end: int) -> Summary:
        """Return the summary of some buckets, at least one."""
        count = self.counts[begin] if end - begin == 1 else sum(self.counts[begin:end])
        if not self.odd:
            if end - begin == 1:
                return Summary(count, self.minima[begin], self.maxima[begin], self.lasts[begin])
            return Summary(count, min(self.minima[begin:end]), max(self.maxima[begin:end]), self.lasts[end - 1])
        odd = (sum(each[begin:end]) for each in self.odd)
        known = [index for index in range(begin, end) if self.minima[index] == self.minima[index]]
        if not known:
            return Summary(count, self.minima[begin], self.maxima[begin], self.lasts[begin], *odd)
        least, greatest = min(self.minima[index] for index in known), max(self.maxima[index] for index in known)
        return Summary(count, least, greatest, self.lasts[known[-1]], *odd)


def sums_of(shift: int, buckets: Sequence[Bucket]) -> Sums:
    """Return buckets, at least one, of a grid as columns."""
    _, starts, ends, summaries = zip(*buckets, strict=True)
    counts, minima, maxima, lasts, *odd = zip(*summaries, strict=True)
    return Sums(
        shift,
        *(array("q", each) for each in (starts, ends, counts)),
        *(array("d", each) for each in (minima, maxima, lasts)),
        tuple(array("q", each) for each in odd) if any(map(any, odd)) else (),
    )


class Overview(Stretch):
    """The points of many segments along an axis, known by their sums.

    Args:
        sums: cut by a grid that counts from `origin`.
        ends: the places of the first and the last point.
        width: how many columns the view has, from which follows whether the sums are fine enough.
        between: reads the points where they are not.
    """

    def __init__(
        self, sums: Sums, ends: tuple[Place, Place], *, origin: int, between: Between, width: int = MOST_BUCKETS
    ) -> None:
        super().__init__(*ends, sum(sums.counts))
        self.sums, self._origin, self._between, self._width = sums, origin, between, width

    @cached_property
    def _read(self) -> Sequence[Stretch]:
        return list(self._between(self.sums.starts[0], self.sums.ends[-1]))

    def parts(self) -> Sequence[Stretch]:
        """Return the segments."""
        return self._read

    def points(self) -> Read:
        """Read them all."""
        return in_line([each.points() for each in self._read])

    def cut(self, start: int | None, end: int | None) -> Iterator[Stretch]:
        """Yield what lies in a range of x: from the sums what lies in whole buckets, the rest from the segments."""
        sums = self.sums
        first = sums.starts[0] if start is None else max(start, sums.starts[0])
        last = sums.ends[-1] if end is None else min(end, sums.ends[-1])
        if last < first:
            return
        if Grid(first, last, self._width, self._origin).shift < sums.shift:
            yield from self._between(first, last)
            return
        low, high = bisect_left(sums.starts, first), bisect_right(sums.ends, last)
        if low and sums.ends[low - 1] >= first:
            yield from self._between(first, min(sums.ends[low - 1], last))
        if low < high:
            yield self._some(low, high)
        if low <= high < len(sums.starts) and sums.starts[high] <= last:
            yield from self._between(sums.starts[high], last)

    def _some(self, low: int, high: int) -> "Overview":
        if (low, high) == (0, len(self.sums.starts)):
            return self
        sums = self.sums.part(low, high)
        ends = (sums.starts[0], 0), (sums.ends[-1], 0)  # what is cut is in order already, for which y was needed
        return Overview(sums, ends, origin=self._origin, between=self._between, width=self._width)

    def draw(self, buckets: Buckets, grid: Grid) -> None:
        """Add the points, which are read where the columns are shorter than those of the sums."""
        sums = self.sums
        if grid.shift < sums.shift:
            for stretch in self._read:
                stretch.draw(buckets, grid)
            return
        begin, starts = 0, sums.starts
        while begin < len(starts):
            column = grid.column(starts[begin])
            end = bisect_left(starts, grid.begin(column + 1), begin + 1)
            buckets.add(column, starts[begin], sums.ends[end - 1], sums.summary(begin, end))
            begin = end


def pack_overview(overview: Overview) -> bytes:
    """Return an overview as bytes."""
    shift, *integers = overview.sums[:4]
    head = _HEAD.pack(shift, overview.first[1], overview.last[1], len(overview.sums.starts))
    packed = [*map(_integers, integers), *map(_numbers, overview.sums[4:7]), *map(_integers, overview.sums.odd)]
    return head + b"".join(_LENGTH.pack(len(each)) + each for each in packed)


def unpack_overview(packed: bytes) -> tuple[Sums, tuple[Place, Place]]:
    """Return the sums of an overview, and the places of its first and its last point."""
    shift, y_first, y_last, count = _HEAD.unpack_from(packed)
    columns, place = [], _HEAD.size
    while place < len(packed):
        [length] = _LENGTH.unpack_from(packed, place)
        place += _LENGTH.size
        columns.append(packed[place : place + length])
        place += length
    starts, ends, counts = (_integers_of(each, count) for each in columns[:3])
    numbers = (numbers_of("d", each) if count == 1 else unpack_numbers(each, 0, count) for each in columns[3:6])
    sums = Sums(shift, starts, ends, counts, *numbers, tuple(_integers_of(each, count) for each in columns[6:]))
    return sums, ((starts[0], y_first), (ends[-1], y_last))


def _integers(values: "array[int]") -> bytes:
    return little(values[:1]) + (pack_integers(values) or b"")


def _integers_of(packed: bytes, count: int) -> "array[int]":
    first: int = numbers_of("q", packed[:_WIDE])[0]
    return unpack_integers(packed[_WIDE:] or None, first, 0, count)


def _numbers(values: "array[float]") -> bytes:
    return little(values) if len(values) == 1 else pack_numbers(values, dense=True)
