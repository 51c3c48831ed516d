"""The order of a history, (timestamp, step, value) with NaN on top, and cutting what is in it."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import le, lt

from hookline.entities import Points
from hookline_tracking_sql.columns import is_progression

SEGMENT_POINTS = 4096
"""A segment of so many points is full; shorter ones are merged."""


def in_order(points: Points) -> Points:
    """Return points in the order of a history."""
    if _ascends(points):  # as nearly every series is written
        return points
    steps, timestamps, values = points.steps, points.timestamps, points.values

    def place(index: int) -> tuple[int, int, bool, float]:
        value = values[index]
        return (timestamps[index], steps[index], value != value, 0.0 if value != value else value)

    order = sorted(range(len(points)), key=place)
    return Points(
        points.key,
        array("q", [steps[index] for index in order]),
        array("q", [timestamps[index] for index in order]),
        array("d", [values[index] for index in order]),
    )


def is_sorted(numbers: Sequence[int]) -> bool:
    """Return whether numbers never go down."""
    return all(map(le, numbers, islice(numbers, 1, None)))


def joined(first: Points, second: Points) -> Points:
    """Return the points of one behind those of another."""
    return Points(
        first.key, first.steps + second.steps, first.timestamps + second.timestamps, first.values + second.values
    )


def index_of(points: Points, moment: tuple[int, int]) -> int:
    """Return how many of some points in order come before a (timestamp, step)."""
    pairs = _Pairs(points)
    return bisect_left(pairs, moment)


def blocks(points: Points, size: int = SEGMENT_POINTS, *, whole: bool = False) -> Iterator[Points]:
    """Cut points in order into blocks of `size` and a shorter one; with `whole` the last block is a longer one.

    A block is longer where points of one timestamp and step would be in two: a reader could not tell their order.
    """
    begin = 0
    pairs = _Pairs(points)
    while begin < len(points):
        end = begin + size
        if whole and len(points) - end < size:
            end = len(points)
        longest = min(end + size, len(points))
        while end < longest and pairs[end] == pairs[end - 1]:
            end += 1
        yield points.part(begin, end)
        begin = end


class _Pairs(Sequence[tuple[int, int]]):
    """The (timestamp, step) of points."""

    def __init__(self, points: Points) -> None:
        self._points = points

    def __len__(self) -> int:
        return len(self._points)

    def __getitem__(self, index: int) -> tuple[int, int]:  # type: ignore[override]
        return self._points.timestamps[index], self._points.steps[index]


def _ascends(points: Points) -> bool:
    timestamps, steps = points.timestamps, points.steps
    if len(points) > 1 and timestamps[1] > timestamps[0] and is_progression(timestamps):
        return True
    if all(map(lt, timestamps, islice(timestamps, 1, None))):
        return True
    moments = zip(timestamps, steps, strict=True)
    return all(map(lt, moments, islice(zip(timestamps, steps, strict=True), 1, None)))
