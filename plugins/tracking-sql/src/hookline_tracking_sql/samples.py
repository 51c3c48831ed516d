"""A few points of a long series, read at their places: the others are not unpacked."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from hookline.entities import Points
from hookline.samples import spread
from hookline_tracking_sql.columns import integer_at, least_difference, progression_of, unpack_integers
from hookline_tracking_sql.segments import Segment, unpack_values


def sample_at_places(key: str, segments: Sequence[Segment], size: int, start: int | None, end: int | None) -> Points:
    """Return the sample of segments that `rise`, as `TrackingStore.metric_sample` does."""
    begins = [0, *accumulate(segment.size for segment in segments)]
    low = 0 if start is None else _place_of(segments, begins, start)
    high = begins[-1] if end is None else _place_of(segments, begins, end + 1)
    found, number = Points(key), 0
    for place in spread(range(low, high), size):
        while place >= begins[number + 1]:
            number += 1
        segment, index = segments[number], place - begins[number]
        found.steps.append(integer_at(segment.steps, segment.step, index))
        found.timestamps.append(integer_at(segment.timestamps, segment.timestamp, index))
        found.values.extend(unpack_values(segment.numbers, index, index + 1))
    return found


def rise(segments: Iterable[Segment]) -> bool:
    """Return whether each point of segments, in their order, has a greater step than the one before.

    It is so where steps are written as they come. Where columns do not tell at once the answer is no.
    """
    last: int | None = None
    for segment in segments:
        if last is not None and segment.step <= last:
            return False
        if segment.size > 1:
            least = least_difference(segment.steps)
            if least is None or least <= 0:
                return False
        last = integer_at(segment.steps, segment.step, segment.size - 1)
    return True


def _place_of(segments: Sequence[Segment], begins: Sequence[int], step: int) -> int:
    """Return how many points come before a step."""
    number = bisect_left(segments, step, key=lambda segment: segment.step) - 1
    if number < 0:
        return 0
    return begins[number] + bisect_left(_steps_of(segments[number]), step)


def _steps_of(segment: Segment) -> "Sequence[int] | array[int]":
    stride = progression_of(segment.steps) if segment.size > 1 else None
    if stride:
        return range(segment.step, segment.step + stride * segment.size, stride)
    return unpack_integers(segment.steps, segment.step, 0, segment.size)
