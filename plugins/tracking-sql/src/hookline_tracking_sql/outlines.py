"""What a segment says about its points, so that a chart need not read them: docs/formats/segments.md.

Facts are about the whole segment; an outline is about each of its parts of 64 points.
"""

import struct
from array import array
from math import nan
from typing import NamedTuple

from hookline.charts import Summary, summarise
from hookline.entities import Points
from hookline_tracking_sql.columns import least_difference, little, numbers_of
from hookline_tracking_sql.ordering import is_sorted

PART_POINTS = 64
"""How many points a part has; shorter segments have no facts, those of one part no outline."""

_FACTS = struct.Struct("<?qqqqdddIII")
_WIDE = 8


class Facts(NamedTuple):
    """What a segment says of itself.

    Attributes:
        steps_sorted: whether its steps never go down.
        last_step, last_timestamp: of its last point.
        values: the summary of its points in their order.
    """

    steps_sorted: bool
    last_step: int
    last_timestamp: int
    least_step: int
    greatest_step: int
    values: Summary

    @property
    def finite(self) -> bool:
        """Whether all values are."""
        return not any(self.values[4:])


def facts_of(points: Points, packed_steps: bytes | None = None) -> Facts:
    """Return the facts of points in the order of a history; their packed steps save a look at all of them."""
    return Facts(*facts_of_moments(points.steps, points.timestamps, packed_steps), summarise(points.values))


def facts_of_moments(
    steps: "array[int]", timestamps: "array[int]", packed_steps: bytes | None
) -> tuple[bool, int, int, int, int]:
    """Return the facts of points in the order of a history but those about their values."""
    least = least_difference(packed_steps)
    ordered = is_sorted(steps) if least is None else least >= 0
    ends = (steps[0], steps[-1]) if ordered else (min(steps), max(steps))
    return ordered, steps[-1], timestamps[-1], *ends


def pack_facts(facts: Facts) -> bytes:
    """Return facts as bytes; how many points they are about is kept apart."""
    return _FACTS.pack(*facts[:-1], *facts.values[1:])


def unpack_facts(packed: bytes, count: int) -> Facts:
    """Return the facts about so many points."""
    ordered, last_step, last_timestamp, least, greatest, *values = _FACTS.unpack(packed)
    return Facts(ordered, last_step, last_timestamp, least, greatest, Summary(count, *values))


def pack_outline(points: Points) -> bytes:
    """Return the outline of points, more than one part of them."""
    values = points.values
    parts = [summarise(values[begin : begin + PART_POINTS]) for begin in range(0, len(points), PART_POINTS)]
    _, *numbers = zip(*parts, strict=True)
    columns = [
        points.timestamps[::PART_POINTS],
        points.steps[::PART_POINTS],
        *(array("d", each) for each in numbers[:3]),
    ]
    counts = b"".join(map(bytes, numbers[3:]))
    return b"".join(map(little, columns)) + (counts if any(counts) else b"")


class Outline:
    """The parts of a segment, in its order.

    Attributes:
        size: how many parts there are.
        timestamps, steps: of the first point of each part.
        minima, maxima, lasts: of the finite values of each part; NaN where it has none.
    """

    def __init__(self, packed: bytes, count: int) -> None:
        self._count, self.size = count, -(-count // PART_POINTS)
        whole = _WIDE * self.size
        self.timestamps: array[int] = numbers_of("q", packed[:whole])
        self.steps: array[int] = numbers_of("q", packed[whole : 2 * whole])
        numbers: array[float] = numbers_of("d", packed[2 * whole : 5 * whole])
        size = self.size
        self.minima, self.maxima, self.lasts = numbers[:size], numbers[size : 2 * size], numbers[2 * size :]
        self._counts = packed[5 * whole :]  # none where all values are finite

    @property
    def is_finite(self) -> bool:
        """Whether all values are."""
        return not self._counts

    def summary(self, begin: int, end: int) -> Summary:
        """Return the summary of the points of some parts, at least one."""
        size = min(end * PART_POINTS, self._count) - begin * PART_POINTS
        if self.is_finite:
            return Summary(size, min(self.minima[begin:end]), max(self.maxima[begin:end]), self.lasts[end - 1])
        known = [index for index in range(begin, end) if self.minima[index] == self.minima[index]]
        least = min((self.minima[index] for index in known), default=nan)
        greatest = max((self.maxima[index] for index in known), default=nan)
        last = self.lasts[known[-1]] if known else nan
        starts = range(0, 3 * self.size, self.size)
        return Summary(size, least, greatest, last, *(sum(self._counts[each + begin : each + end]) for each in starts))
