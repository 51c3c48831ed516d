"""Segments: points of one series in one row, in the order of a history: docs/formats/segments.md."""

import struct
from array import array
from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

from hookline.charts import summarise
from hookline.entities import Points
from hookline_tracking_sql.columns import (
    least_difference,
    numbers_of,
    pack_integers,
    pack_numbers,
    unpack_integers,
    unpack_numbers,
)
from hookline_tracking_sql.ordering import SEGMENT_POINTS, blocks, in_order
from hookline_tracking_sql.outlines import (
    PART_POINTS,
    Facts,
    facts_of,
    facts_of_moments,
    pack_facts,
    pack_outline,
)

_ONE = struct.Struct("<d")


class Segment(NamedTuple):
    """Step and timestamp of the first point, how many points there are, and the columns, packed.

    One with facts is kept in two rows; its columns are None where only the first was read.
    """

    timestamp: int
    step: int
    size: int
    facts: bytes | None
    numbers: bytes | None
    steps: bytes | None = None
    timestamps: bytes | None = None
    outline: bytes | None = None

    @property
    def row(self) -> tuple[Any, ...]:
        """What its row has behind the columns that tell segments apart."""
        columns = self[4:7] if self.facts is None else (None, None, None)
        return (self.size, self.facts, *columns)

    @property
    def block(self) -> tuple[Any, ...]:
        """What its block has behind them, where it has facts."""
        return self[4:]


class Totals(NamedTuple):
    """What points add to the summary of their series; a value that is None is NaN, or not there."""

    size: int
    last_value: float | None
    last_step: int
    last_timestamp: int
    min_value: float | None
    min_step: int | None
    max_value: float | None
    max_step: int | None


class Packed(NamedTuple):
    """Points that were logged together: their segments, usually one, and their totals."""

    segments: Sequence[Segment]
    totals: Totals


def pack_columns(points: Points) -> Packed:
    """Return some points of one series, at least one and in any order, as they are stored."""
    size = len(points.steps)
    if size == 1:
        return _pack_one(points.steps[0], points.timestamps[0], points.values[0])
    if size < SEGMENT_POINTS:
        return _pack_some(points)
    points = in_order(points)
    # No short segment is left over between full ones: merged with later points it would reach over those.
    packed = [pack(block, dense=True) for block in blocks(points, whole=True)]
    facts = facts_of(points)
    return Packed(packed, _totals(points, facts, _latest(points.steps, facts.greatest_step)))


def pack(points: Points, *, dense: bool = False) -> Segment:
    """Return the segment of points in order, at least one; with `dense` it is smaller, has an outline, takes longer."""
    steps, timestamps = pack_integers(points.steps), pack_integers(points.timestamps)
    return _segment(points, steps, timestamps, facts_of(points, steps), dense=dense)


def _pack_some(points: Points) -> Packed:
    """Return less than a full segment of points that are probably in order, which their packed columns may tell."""
    moments = _moments(points.steps.tobytes(), points.timestamps.tobytes())
    if not moments.ascend:
        ordered = in_order(points)
        if ordered is not points:
            points, moments = ordered, _moments(ordered.steps.tobytes(), ordered.timestamps.tobytes())
    elif len(points.steps) < PART_POINTS and moments.facts[0]:
        values = points.values.tolist()
        if isfinite(sum(values)):
            return _pack_few(points, values, moments)
    facts = Facts(*moments.facts, summarise(points.values))
    segment = _segment(points, moments.packed_steps, moments.packed_timestamps, facts)
    return Packed((segment,), _totals(points, facts, moments.last))


def _pack_few(points: Points, values: "list[float]", moments: "_Moments") -> Packed:
    """Return points as nearly all are that a small run logs: less than a part, ascending and finite."""
    steps, timestamps, last = points.steps, points.timestamps, moments.last
    numbers = pack_numbers(points.values, dense=False)
    size, first = len(values), (timestamps[0], steps[0])
    segment = Segment(*first, size, None, numbers, moments.packed_steps, moments.packed_timestamps)
    least, greatest = min(values), max(values)
    lowest, highest = steps[values.index(least)], steps[values.index(greatest)]
    totals = Totals(size, values[last], steps[last], timestamps[last], least, lowest, greatest, highest)
    return Packed((segment,), totals)


class _Moments(NamedTuple):
    """What the steps and timestamps of points say, whatever the values are.

    Attributes:
        ascend: whether they alone say that the points are in the order of a history.
        facts: those about steps and timestamps; `last`: the index of the latest point; true of points in order.
    """

    packed_steps: bytes | None
    packed_timestamps: bytes | None
    ascend: bool
    facts: tuple[bool, int, int, int, int]
    last: int


@lru_cache(maxsize=8)
def _moments(steps: bytes, timestamps: bytes) -> _Moments:
    """Return what columns say, by the bytes of their arrays: series that were logged together mostly have the same."""
    whole, times = array("q", steps), array("q", timestamps)
    packed_steps, packed_timestamps = pack_integers(whole), pack_integers(times)
    later, further = least_difference(packed_timestamps), least_difference(packed_steps)
    ascend = later is not None and (later > 0 or (later == 0 and further is not None and further > 0))
    facts = facts_of_moments(whole, times, packed_steps)
    return _Moments(packed_steps, packed_timestamps, ascend, facts, _latest(whole, facts[-1]))


def _segment(
    points: Points, steps: bytes | None, timestamps: bytes | None, facts: Facts, *, dense: bool = False
) -> Segment:
    count, value = len(points), points.values[0]
    if count == 1:
        return Segment(points.timestamps[0], points.steps[0], 1, None, _ONE.pack(value))
    return Segment(
        points.timestamps[0],
        points.steps[0],
        count,
        pack_facts(facts) if count >= PART_POINTS else None,
        pack_numbers(points.values, dense=dense),
        steps,
        timestamps,
        pack_outline(points) if dense and count > PART_POINTS else None,
    )


def unpack(segment: Segment, key: str) -> Points:
    """Return the points of a segment."""
    points = Points(key)
    unpack_onto(points, segment)
    return points


def unpack_onto(points: Points, segment: Segment) -> None:
    """Add the points of a segment behind others."""
    count = segment.size
    if count == 1:
        points.steps.append(segment.step)
        points.timestamps.append(segment.timestamp)
    else:
        points.steps.extend(unpack_integers(segment.steps, segment.step, 0, count))
        points.timestamps.extend(unpack_integers(segment.timestamps, segment.timestamp, 0, count))
    points.values.extend(unpack_values(segment.numbers, 0, count))


def unpack_values(numbers: bytes | None, begin: int, end: int) -> "array[float]":
    """Return the values of a segment from index `begin` to `end`."""
    assert numbers is not None, "who unpacks a segment has opened it"
    if len(numbers) == _ONE.size:  # a single point: others have a byte more
        return numbers_of("d", numbers)
    return unpack_numbers(numbers, begin, end)


def _totals(points: Points, facts: Facts, last: int) -> Totals:
    """Return the totals of points in order, at least one, of which `last` is the index of the latest."""
    latest, known = points.values[last], facts.values
    least: float | None = known.minimum
    greatest: float | None = known.maximum
    if not facts.finite:  # infinities count here
        real = [value for value in points.values if value == value]
        least, greatest = (min(real), max(real)) if real else (None, None)
    ascending = facts.steps_sorted
    return Totals(
        len(points),
        None if latest != latest else latest,
        points.steps[last],
        points.timestamps[last],
        least,
        _first_step(points, least, ascending),
        greatest,
        _first_step(points, greatest, ascending),
    )


def _pack_one(step: int, timestamp: int, value: float) -> Packed:
    known = None if value != value else value
    known_step = None if known is None else step
    totals = Totals(1, known, step, timestamp, known, known_step, known, known_step)
    return Packed((Segment(timestamp, step, 1, None, _ONE.pack(value)),), totals)


def _latest(steps: "array[int]", greatest: int) -> int:
    """Return the index of the point with the greatest rank (see `Metric.rank`) of points in order."""
    last = len(steps) - 1
    while steps[last] != greatest:  # of one step, the order of a history is that of ranks
        last -= 1
    return last


def _first_step(points: Points, value: float | None, ascending: bool) -> int | None:
    """Return the least step at which points have a value."""
    if value is None:
        return None
    if ascending:
        return points.steps[points.values.index(value)]
    return min(step for step, each in zip(points.steps, points.values, strict=True) if each == value)
