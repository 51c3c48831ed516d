"""Charts of one metric over another: the buckets of both along the steps, joined, and cut along x.

Short series are joined at equal steps. Of longer ones the steps of a column are taken together, so that no run costs
more than two charts however long it is; a part of x that is looked at closer has shorter columns, down to single steps.
"""

from array import array
from collections.abc import Iterable, Sequence
from math import isfinite
from operator import attrgetter
from typing import NamedTuple, Protocol

from attrs import evolve

from hookline.charts import Bucket, Buckets, Grid, Summary, joined
from hookline.entities import ChartPairs, ChartSeries, PairsView

MOST_POINTS = 10_000
"""Series of so many points are joined at equal steps."""
MOST_COLUMNS = 1024
"""So many columns at most are the steps of a longer series cut into: what overviews answer from one row."""

_LEAST_STEP = -(2**63)
_LEAST_POWER = 1074
"""Every double is a whole multiple of 2 to the power of minus this."""
_LEAST_X = 1 << 1024 + _LEAST_POWER


class Draw(Protocol):
    """Returns the chart by step of a metric of the run; from `start` to `end`, both included."""

    def __call__(self, key: str, width: int, start: int | None, end: int | None) -> ChartSeries: ...  # noqa: D102


class _Pair(NamedTuple):
    """What both metrics have in a column of steps: on x the last, the least and the greatest value; the points of y."""

    x: float
    least: float
    greatest: float
    first_step: int
    last_step: int
    points: Summary


class _Joined(NamedTuple):
    """The pairs in the order of their steps, how many powers of two of steps a column has, and what has no partner."""

    pairs: Sequence[_Pair]
    shift: int
    unpaired: int
    unpaired_x: int


def pairs_of(run_id: str, keys: tuple[str, str], draw: Draw, view: PairsView) -> ChartPairs:
    """Return the chart of a run.

    Args:
        keys: the metric, and the one on the x axis.
    """
    found = _joined(keys, draw, None, None)
    while (shown := _shown(found.pairs, view)) and found.shift:
        closer = _joined(keys, draw, shown[0].first_step, shown[-1].last_step)
        if closer.shift >= found.shift:
            break
        found = closer
    return _chart(ChartPairs(run_id, *keys, 1 << found.shift, found.unpaired, found.unpaired_x), shown, view.width)


def _joined(keys: tuple[str, str], draw: Draw, start: int | None, end: int | None) -> _Joined:
    drawn = [draw(key, MOST_COLUMNS, start, end) for key in keys]
    sizes = [sum(each.counts) for each in drawn]
    shift = 0
    if max(sizes) > MOST_POINTS:
        shift = max(Grid(each.starts[0], each.ends[-1], MOST_COLUMNS).shift for each in drawn if len(each))
    else:
        known_sizes = zip(keys, drawn, sizes, strict=True)
        drawn = [
            each if size <= MOST_COLUMNS else draw(key, MOST_POINTS, start, end) for key, each, size in known_sizes
        ]
    points, places = (_by_column(each, shift) for each in drawn)
    known = {each.column: each for each in places if isfinite(each.summary.last)}
    pairs = [_pair(each, known[each.column]) for each in points if each.column in known]
    columns = {each.column for each in points}
    return _Joined(
        pairs,
        shift,
        sum(each.summary.size for each in points if each.column not in known),
        sum(each.summary.size for each in places if each.column not in columns),
    )


def _by_column(series: ChartSeries, shift: int) -> Sequence[Bucket]:
    """Return the buckets of a chart in columns that are whole ones of its own."""
    buckets = Buckets()
    of_points = zip(
        *(series.counts, series.minima, series.maxima, series.last_values),
        *(series.nans, series.positive_infinities, series.negative_infinities),
        strict=True,
    )
    for start, end, summary in zip(series.starts, series.ends, of_points, strict=True):
        buckets.add(start - _LEAST_STEP >> shift, start, end, Summary(*summary))
    return buckets.found


def _pair(points: Bucket, place: Bucket) -> _Pair:
    of_x = place.summary
    first, last = min(points.start, place.start), max(points.end, place.end)
    return _Pair(of_x.last, of_x.minimum, of_x.maximum, first, last, points.summary)


def _shown(pairs: Iterable[_Pair], view: PairsView) -> Sequence[_Pair]:
    return [
        each
        for each in pairs
        if (view.start is None or each.greatest >= view.start) and (view.end is None or each.least <= view.end)
    ]


def _chart(empty: ChartPairs, pairs: Sequence[_Pair], width: int) -> ChartPairs:
    """Return pairs as at most `width` buckets: columns of x whose length is a power of two, if they are more."""
    rows: list[_Pair] = []
    ordered = sorted(pairs, key=attrgetter("x"))  # equal x stay in the order of their steps
    places = [_exact(each.x) for each in ordered] if len(ordered) > width else []
    grid = Grid(places[0], places[-1], width, -_LEAST_STEP) if places else None
    column = None
    for number, pair in enumerate(ordered):
        before, column = column, number if grid is None else grid.column(places[number])
        rows.append(_together(rows.pop(), pair) if rows and column == before else pair)
    if not rows:
        return empty
    xs, least, greatest, _, _, summaries = zip(*rows, strict=True)
    counts, minima, maxima, last, *others = zip(*summaries, strict=True)
    nans, up, down = (array("q", each) for each in others)
    return evolve(
        empty,
        xs=array("d", xs),
        x_minima=array("d", least),
        x_maxima=array("d", greatest),
        counts=array("q", counts),
        minima=array("d", minima),
        maxima=array("d", maxima),
        last_values=array("d", last),
        nans=nans,
        positive_infinities=up,
        negative_infinities=down,
    )


def _together(first: _Pair, second: _Pair) -> _Pair:
    return second._replace(
        least=min(first.least, second.least),
        greatest=max(first.greatest, second.greatest),
        points=joined(first.points, second.points),
    )


def _exact(x: float) -> int:
    """Return a double as the whole multiple that it is of the least one, counted from below all of them."""
    over, under = x.as_integer_ratio()
    return (over << _LEAST_POWER + 1 - under.bit_length()) + _LEAST_X
