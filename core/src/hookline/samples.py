"""A few points of a long series: those at steps that are evenly spread."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import le, lt

from hookline.entities import Points
from hookline.errors import InvalidValue


def check_sample(size: int, start: int | None, end: int | None) -> None:
    """Raise `InvalidValue` for a sample of less than one step, or of steps from one to an earlier one."""
    if size < 1:
        raise InvalidValue(f"A sample has at least one step, not {size}.")
    if start is not None and end is not None and start > end:
        raise InvalidValue(f"The steps of a sample begin at {start}, after their end at {end}.")


def spread(things: Sequence[int], size: int) -> Sequence[int]:
    """Return at most `size` of some things: the first of as many nearly equal parts, and of the last one the last.

    The earlier parts are the longer ones, as SQL's NTILE has it, which MLflow's server uses.
    """
    if len(things) <= size:
        return things
    length, longer = divmod(len(things), size)
    return [*(things[number * length + min(number, longer)] for number in range(size - 1)), things[-1]]


def sample(key: str, history: Iterable[Points], size: int, start: int | None, end: int | None) -> Points:
    """Return the sample of a history, as `TrackingStore.metric_sample` does."""
    points = _by_step(key, history)
    steps = points.steps
    low = 0 if start is None else bisect_left(steps, start)
    high = len(steps) if end is None else bisect_right(steps, end)
    points = points.part(low, high)
    steps = points.steps
    if len(steps) <= size:
        return points
    if all(map(lt, steps, islice(steps, 1, None))):  # each point has a step of its own
        return _at(points, spread(range(len(steps)), size))
    wanted = set(spread(sorted(set(steps)), size))
    return _at(points, [at for at, step in enumerate(steps) if step in wanted])


def _by_step(key: str, history: Iterable[Points]) -> Points:
    points = Points(key)
    for block in history:
        points.steps.extend(block.steps)
        points.timestamps.extend(block.timestamps)
        points.values.extend(block.values)
    if all(map(le, points.steps, islice(points.steps, 1, None))):  # as nearly every series is written
        return points
    return _at(points, sorted(range(len(points)), key=lambda at: (points.steps[at], points.timestamps[at])))


def _at(points: Points, places: Iterable[int]) -> Points:
    chosen = list(places)
    return Points(
        points.key,
        array("q", [points.steps[at] for at in chosen]),
        array("q", [points.timestamps[at] for at in chosen]),
        array("d", [points.values[at] for at in chosen]),
    )
