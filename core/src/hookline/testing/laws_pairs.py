"""The laws of charts of one metric over another; part of `TrackingStoreSuite`. They are computed from points alone."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import count, groupby
from random import Random
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.entities import Batch, ChartPairs, Metric, NewRun, RunChange, RunStatus
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import TrackingStore
from hookline.testing import strategies
from hookline.testing.store_suite import StoreSuite

Row: TypeAlias = tuple[float, float, float, int, float | None, float | None, float | None, int, int, int]
"""A bucket: x, least and greatest x, points, minimum, maximum, last value (None where none is finite), what is odd."""
Said: TypeAlias = tuple[list[Row], int, int]
"""The buckets, how many points have no x, and how many of the metric on the x axis have no partner."""

LEAST_POWER = -1080
LONG = 12_000
"""More points than are joined at equal steps."""


def said(chart: ChartPairs) -> Said:
    """Return what a chart says."""
    places = (chart.xs, chart.x_minima, chart.x_maxima)
    numbers = (chart.minima, chart.maxima, chart.last_values)
    odd = (chart.nans, chart.positive_infinities, chart.negative_infinities)
    assert {each.typecode for each in (*places, *numbers)} == {"d"}
    assert {each.typecode for each in (chart.counts, *odd)} == {"q"}
    known = [[None if math.isnan(each) else each for each in one] for one in numbers]
    return list(zip(*places, chart.counts, *known, *odd, strict=True)), chart.unpaired, chart.unpaired_x


def expected(
    points: Sequence[Metric], places: Sequence[Metric], width: int, start: float | None = None, end: float | None = None
) -> Said:
    """Return what the chart of points over others must say where both are joined at equal steps."""
    of_y, of_x = _by_step(points), _by_step(places)
    finite = {step: [x for x in xs if math.isfinite(x)] for step, xs in of_x.items()}
    known = {step: xs for step, xs in finite.items() if xs}
    pairs = [(known[step][-1], step) for step in sorted(of_y) if step in known]
    shown = sorted(
        (x, step)
        for x, step in pairs
        if (start is None or max(known[step]) >= start) and (end is None or min(known[step]) <= end)
    )
    rows = []
    for bucket in _columns(shown, width):
        xs = [x for _, step in bucket for x in known[step]]
        values = [value for _, step in bucket for value in of_y[step]]
        rows.append((bucket[-1][0], min(xs), max(xs), *_row(values)))
    unpaired = sum(len(values) for step, values in of_y.items() if step not in known)
    return rows, unpaired, sum(len(values) for step, values in of_x.items() if step not in of_y)


def _by_step(points: Sequence[Metric]) -> Mapping[int, list[float]]:
    ordered = sorted(points, key=lambda each: (each.step, each.timestamp, *each.rank[2:]))
    return {step: [each.value for each in at] for step, at in groupby(ordered, key=lambda each: each.step)}


def _columns(pairs: Sequence[tuple[float, int]], width: int) -> list[list[tuple[float, int]]]:
    if len(pairs) <= width:
        return [[each] for each in pairs]

    def column(x: float, power: int) -> int:
        return math.floor((Fraction(x) + Fraction(2) ** 1024) / Fraction(2) ** power)

    first, last = pairs[0][0], pairs[-1][0]
    # Below the greatest power with which there are too many columns there is none that has few enough.
    near = LEAST_POWER if first == last else math.frexp(max(abs(first), abs(last)))[1] - 70 - width.bit_length()
    power = next(each for each in count(max(near, LEAST_POWER)) if column(last, each) - column(first, each) < width)
    return [list(at) for _, at in groupby(pairs, key=lambda each: column(each[0], power))]


def _row(values: list[float]) -> tuple[Any, ...]:
    finite = [value for value in values if math.isfinite(value)]
    known = (min(finite), max(finite), finite[-1]) if finite else (None, None, None)
    nans = sum(math.isnan(value) for value in values)
    return (len(values), *known, nans, values.count(math.inf), values.count(-math.inf))


class PairLaws(StoreSuite):
    """A metric over another one: joined by step, no point of it is lost, and what has no partner is counted."""

    def test_points_are_joined_with_the_metric_on_the_x_axis_at_their_steps(self, store: TrackingStore) -> None:
        """Whatever was logged first; what is not finite has no place on the x axis, and is counted on the other."""
        run_id = _started(store)
        places = [Metric("x", x, step, 1) for step, x in enumerate([4.0, 1.5, math.nan, math.inf, 0.25, 0.25, 9.0])]
        values = {0: 1.0, 1: math.nan, 2: 3.0, 3: 4.0, 4: 1e9, 5: -1e9, 8: 2.0}
        points = [Metric("y", value, step, 2) for step, value in values.items()]
        points.append(Metric("y", -math.inf, 0, 3))
        store.log_batch(run_id, Batch(points[::-1]))
        store.log_batch(run_id, Batch(places))
        [chart] = store.chart_pairs([run_id], "y", "x")
        assert (chart.run_id, chart.key, chart.x_key, chart.steps, len(chart)) == (run_id, "y", "x", 1, 4)
        assert list(chart.xs) == [0.25, 0.25, 1.5, 4.0]
        assert list(chart.counts) == [1, 1, 1, 2]
        assert (chart.unpaired, chart.unpaired_x) == (3, 1)
        for width in (1, 2, 3, 4, 9):
            [chart] = store.chart_pairs([run_id], "y", "x", width=width)
            assert said(chart) == expected(points, places, width)

    def test_a_range_of_x_shows_what_lies_in_it(self, store: TrackingStore) -> None:
        """Both ends included."""
        run_id = _started(store)
        noise = Random(3)
        places = [Metric("x", noise.gauss(0, 1), step, 1) for step in range(0, 600, 2)]
        points = [Metric("y", noise.gauss(0, 1), step, 1) for step in range(0, 600, 3)]
        store.log_batch(run_id, Batch([*places, *points]))
        middle = places[30].value  # also one of y's
        for start, end in ((None, None), (middle, None), (None, middle), (middle, middle), (-0.5, 0.5), (1, -1)):
            for width in (7, 1000):
                [chart] = store.chart_pairs([run_id], "y", "x", width=width, start=start, end=end)
                assert said(chart) == expected(points, places, width, start, end), (start, end, width)

    def test_long_series_are_joined_in_columns_of_steps_until_they_are_looked_at_closer(
        self, store: TrackingStore
    ) -> None:
        """Nothing is lost that has a partner, and a small part is joined at equal steps."""
        run_id = _started(store)
        places = [Metric("x", step / 100, step, 1) for step in range(LONG)]
        points = [Metric("y", float(step % 50), step, 1) for step in range(0, LONG, 2)]
        points[4001] = Metric("y", 1e9, 8002, 1)
        for begin in range(0, LONG, 1000):
            store.log_batch(run_id, Batch(places[begin : begin + 1000]))
        store.log_batch(run_id, Batch(points))
        store.compact(run_id)
        [chart] = store.chart_pairs([run_id], "y", "x", width=300)
        assert chart.steps == 16
        assert (chart.unpaired, chart.unpaired_x, sum(chart.counts)) == (0, 0, len(points))
        assert 100 < len(chart) <= 300
        assert max(chart.maxima) == 1e9
        assert all(
            least <= x <= greatest for x, least, greatest in zip(chart.xs, chart.x_minima, chart.x_maxima, strict=True)
        )
        for width in (5, 1000):
            [part] = store.chart_pairs([run_id], "y", "x", width=width, start=80.0, end=80.4)
            rows = expected(points, places, width, 80.0, 80.4)[0]
            assert (said(part)[0], part.steps) == (rows, 1)

    def test_pairs_are_of_the_runs_that_were_asked_for(self, store: TrackingStore) -> None:
        """In the given order; a run without one of the metrics has no buckets, and says how much has no partner."""
        both, alone, bare = (_started(store) for _ in range(3))
        store.log_batch(both, Batch([Metric("x", 1.0, 1), Metric("y", 2.0, 1)]))
        store.log_batch(alone, Batch([Metric("y", 2.0, 1), Metric("y", 2.0, 2)]))
        charts = store.chart_pairs([bare, alone, both], "y", "x")
        assert [(each.run_id, len(each), each.unpaired, each.unpaired_x) for each in charts] == [
            (bare, 0, 0, 0),
            (alone, 0, 2, 0),
            (both, 1, 0, 0),
        ]
        assert [each.unpaired_x for each in store.chart_pairs([alone], "x", "y")] == [2]
        assert list(store.chart_pairs([], "y", "x")) == []

    def test_pairs_of_an_unknown_run_are_refused(self, store: TrackingStore) -> None:
        """As a chart of it is."""
        with pytest.raises(NotFound):
            store.chart_pairs(["0" * 32], "y", "x")

    @pytest.mark.parametrize(
        "view", [{"width": 0}, {"width": 1.5}, {"start": math.nan}, {"end": math.inf}, {"end": "9"}], ids=str
    )
    def test_a_view_of_pairs_that_makes_no_sense_is_refused(self, store: TrackingStore, view: dict[str, Any]) -> None:
        """Each of its parts is checked."""
        with pytest.raises(InvalidValue):
            store.chart_pairs([_started(store)], "y", "x", **view)

    def test_any_pairs_are_exact(self, store: TrackingStore) -> None:
        """Random points of both metrics, at steps that often meet, the least and the greatest doubles among them."""

        @strategies.bounded
        @given(_points("x"), _points("y"), st.integers(1, 6), _ends(), _ends())
        def check(
            places: list[Metric], points: list[Metric], width: int, start: float | None, end: float | None
        ) -> None:
            run_id = _started(store)
            store.log_batch(run_id, Batch(places))
            store.log_batch(run_id, Batch(points))
            store.update_run(run_id, RunChange(status=RunStatus.FINISHED, end_time=1))
            [chart] = store.chart_pairs([run_id], "y", "x", width=width, start=start, end=end)
            assert said(chart) == expected(points, places, width, start, end)

        check()


def _started(store: TrackingStore) -> str:
    return store.create_run(NewRun("0", start_time=1000)).info.run_id


def _points(key: str) -> st.SearchStrategy[list[Metric]]:
    steps = st.one_of(st.integers(-3, 9), st.integers(-3, 9), strategies.int64)
    values = st.one_of(st.floats(-2, 2), strategies.metric_values)
    point = st.builds(Metric, st.just(key), value=values, step=steps, timestamp=st.integers(0, 5))
    return st.lists(point, max_size=12)


def _ends() -> st.SearchStrategy[float | None]:
    return st.one_of(st.none(), st.none(), st.floats(-2, 2))
