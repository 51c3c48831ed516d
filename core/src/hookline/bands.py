"""Bands: groups of runs on a chart, computed from the buckets of each run on a grid that all of them share.

A run counts between its points too, by its latest value: runs that log at different steps would otherwise take turns in
the mean, which would jump from one to the other.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import fsum, isfinite, nan
from operator import itemgetter
from typing import NamedTuple, Protocol

from hookline.charts import Bucket, Buckets, Grid, Summary, joined
from hookline.entities import ChartBand


class RunInView(Protocol):
    """The points of a run that a view shows.

    Attributes:
        origin: the x at which the axis of the chart begins for this run.
        ends: the first and the last x of the points, not counted from there; None where there is no point.
    """

    @property
    def origin(self) -> int: ...  # noqa: D102 - see above

    @property
    def ends(self) -> tuple[int, int] | None: ...  # noqa: D102

    def draw(self, buckets: Buckets, grid: Grid) -> None:
        """Add the points to buckets, cut by a grid."""


class PointsInView(NamedTuple):
    """The points of a run that a view shows, in its order."""

    origin: int
    xs: "array[int]"
    values: "array[float]"

    @property
    def ends(self) -> tuple[int, int] | None:
        """See `RunInView`."""
        return (self.xs[0], self.xs[-1]) if self.xs else None

    def draw(self, buckets: Buckets, grid: Grid) -> None:
        """Add the points to buckets, cut by a grid."""
        buckets.add_points(grid, self.xs, self.values)


def bands_of(
    groups: Mapping[str, Sequence[str]], key: str, runs: Mapping[str, RunInView], width: int
) -> list[ChartBand]:
    """Return the bands of groups.

    Args:
        groups: the ids of the runs of each.
        runs: what the view shows of each run, by its id.
        width: how many columns the range of all runs is cut into at most.
    """
    ends = [(run.ends[0] - run.origin, run.ends[1] - run.origin) for run in runs.values() if run.ends]
    if not ends:
        return [ChartBand(group, key) for group in groups]
    first, last = min(map(itemgetter(0), ends)), max(map(itemgetter(1), ends))
    drawn = {run_id: _drawn(run, first, last, width) for run_id, run in runs.items()}
    return [
        _band(group, key, [drawn[run_id] for run_id in dict.fromkeys(run_ids)]) for group, run_ids in groups.items()
    ]


def _drawn(run: RunInView, first: int, last: int, width: int) -> list[Bucket]:
    buckets = Buckets()
    if run.ends:
        run.draw(buckets, Grid(first + run.origin, last + run.origin, width, run.origin))
    return [each._replace(start=each.start - run.origin, end=each.end - run.origin) for each in buckets.found]


def _band(group: str, key: str, runs: Sequence[Sequence[Bucket]]) -> ChartBand:
    rows = list(_rows(runs))
    if not rows:
        return ChartBand(group, key)
    integers, numbers = (list(zip(*kind, strict=True)) for kind in zip(*rows, strict=True))
    starts, ends, counts, counted, *others = (array("q", column) for column in integers)
    return ChartBand(group, key, starts, ends, counts, counted, *(array("d", each) for each in numbers), *others)


def _rows(runs: Sequence[Sequence[Bucket]]) -> Iterator[tuple[tuple[int, ...], tuple[float, float, float]]]:
    """Yield of each bucket the whole numbers, and mean, least and greatest value."""
    latest: dict[int, float] = {}
    by_column = sorted((bucket.column, number, bucket) for number, run in enumerate(runs) for bucket in run)
    for column, found in groupby(by_column, key=itemgetter(0)):
        here = [(number, bucket) for _, number, bucket in found]
        latest.update((number, bucket.summary.last) for number, bucket in here if isfinite(bucket.summary.last))
        points = _together(bucket.summary for _, bucket in here)
        known = [*latest.values(), *(each for each in (points.minimum, points.maximum) if isfinite(each))]
        spread = (_mean(list(latest.values())), min(known), max(known)) if known else (nan, nan, nan)
        start, end = min(bucket.start for _, bucket in here), max(bucket.end for _, bucket in here)
        yield (start, end, points.size, len(latest), *points[4:]), spread
        for number, _ in here:
            if runs[number][-1].column == column:
                latest.pop(number, None)


def _together(summaries: Iterable[Summary]) -> Summary:
    found, *more = summaries
    for each in more:
        found = joined(found, each)
    return found


def _mean(values: Sequence[float]) -> float:
    """Return the mean of finite values, at least one."""
    try:
        return fsum(values) / len(values)
    except OverflowError:  # the sum is no double, but the mean is one
        return fsum(value / len(values) for value in values)
